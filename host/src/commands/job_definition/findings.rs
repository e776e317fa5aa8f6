//! What is wrong or unclear in the arguments of a job because they become a part of an OpCon job definition.

use connector_sdk::{ArgSpec, Error, ErrorKind, OperationMeta, Result};

use crate::arguments::{self, CommandLine, Options, Origin, Quoting, RawArg};
use crate::cli::Definition;
use crate::settings::REGION_NAME;

/// Characters that OpCon does not allow in the parameters of a UNIX job.
const NOT_ON_UNIX: [char; 3] = ['\'', '~', '`'];
const USE_A_FILE: &str = "put the argument in a file on the machine of the job, one argument per line as UTF-8 text, and \
                          use `@FILE` in its place";

/// The arguments of a job, which the definition contains.
pub struct Findings<'a> {
    pub line: &'a CommandLine,
    pub meta: &'static OperationMeta,
    pub is_windows: bool,
    /// Whether the definition is printed, and not written to a file.
    pub is_printed: bool,
}

impl Findings<'_> {
    /// Refuses what no definition can contain.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for other characters than printable ASCII, those that OpCon does not allow, and the
    /// value of a secret argument if the definition is printed.
    pub fn refuse(&self) -> Result<()> {
        let options = Options::of(self.meta);
        let files = self.line.unread.iter().map(|path| (path.as_str(), None));
        let args = self.in_definition().map(|arg| (arg.text.as_str(), options.named(&arg.text)));
        for (text, spec) in args.chain(files) {
            self.refuse_characters(text, spec)?;
        }
        match self.secrets(&options).first().filter(|_| self.is_printed) {
            None => Ok(()),
            Some(spec) => {
                let message =
                    format!("the value of `{}` is secret, and the printed definition would show it", spec.option());
                Err(usage_error(message).hint(
                    "use a reference to an encrypted OpCon property, such as `[[NAME]]`, or `@FILE`\nadd `--smaddi-dir \
                     DIR` to write the definition with the value to a file",
                ))
            }
        }
    }

    /// The warnings about a valid definition.
    pub fn warnings(&self, definition: &Definition) -> Vec<String> {
        let unchecked = definition.unchecked.iter();
        let mut warnings: Vec<String> = unchecked
            .map(|name| format!("`--{name}` contains a reference: the value is checked only when the job runs"))
            .collect();
        for path in &self.line.unread {
            let name = self.line.quoting.quoted(path);
            warnings
                .push(format!("argument file{name}: not read here; its arguments are checked only when the job runs"));
        }
        if self.line.unread.is_empty() && !definition.given.iter().any(|given| given.spec.name == REGION_NAME) {
            warnings.push(format!(
                "no `--{REGION_NAME}`: the job uses the region in the AWS settings of its machine, and fails without one"
            ));
        }
        let options = Options::of(self.meta);
        for spec in self.secrets(&options) {
            let option = spec.option();
            warnings.push(format!("`{option}`: everyone who can read the job in OpCon can read the secret value"));
        }
        let args = self.in_definition().filter(|_| self.is_windows);
        warnings.extend(args.filter_map(|arg| self.replaced_by_agent(arg, options.named(&arg.text))));
        warnings
    }

    /// The arguments that are in the definition themselves, and not in a file.
    fn in_definition(&self) -> impl Iterator<Item = &RawArg> {
        self.line.rest.iter().filter(|arg| arg.origin == Origin::CommandLine)
    }

    fn refuse_characters(&self, text: &str, spec: Option<&ArgSpec>) -> Result<()> {
        let what = spec.map_or("an argument".to_owned(), |spec| format!("the value of `{}`", spec.option()));
        if text.contains(char::is_control) {
            let error = usage_error(format!("{what} contains a line break or another control character"));
            let file = spec.map(|spec| format!("{}-file", spec.name));
            let with_file = self.meta.all_arguments().find(|other| Some(other.name) == file.as_deref());
            return Err(match with_file {
                Some(other) => error.hint(format!("use `{} {}`", other.option(), other.value_name)),
                None => error.hint("use a value of one line, because a job definition has one line"),
            });
        }
        if !text.is_ascii() {
            let message = format!("{what} contains characters that are not ASCII, which SMADDI does not accept");
            return Err(usage_error(message).hint(USE_A_FILE));
        }
        match text.chars().find(|c| NOT_ON_UNIX.contains(c)).filter(|_| !self.is_windows) {
            Some(wrong) => {
                Err(usage_error(format!("{what} contains the character {wrong}, which OpCon does not allow"))
                    .hint(USE_A_FILE))
            }
            None => Ok(()),
        }
    }

    /// The secret options whose value is in the definition, and not only a reference to it.
    fn secrets(&self, options: &Options) -> Vec<&'static ArgSpec> {
        let given = self.in_definition().filter_map(|arg| options.with_value(&arg.text));
        let is_secret = |(spec, value): &(&ArgSpec, &str)| spec.secret && arguments::reference(value) != Some(*value);
        given.filter(is_secret).map(|(spec, _)| spec).collect()
    }

    /// The warning about `%NAME%`, which the Windows agent replaces before it starts the job.
    fn replaced_by_agent(&self, arg: &RawArg, spec: Option<&ArgSpec>) -> Option<String> {
        let name = variable(&arg.text)?;
        let what = spec.map_or("an argument".to_owned(), |spec| format!("`{}`", spec.option()));
        let is_hidden = self.line.quoting == Quoting::Withheld || spec.is_some_and(|spec| spec.secret);
        let found = if is_hidden { "text between two `%`".to_owned() } else { format!("`%{name}%`") };
        Some(format!("{what} contains {found}: the Windows agent replaces it if an environment variable has this name"))
    }
}

/// The first name between two percent signs, as of an environment variable.
fn variable(text: &str) -> Option<&str> {
    let parts: Vec<&str> = text.split('%').collect();
    let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
    inner.iter().copied().find(|name| !name.is_empty() && !name.contains(['=', ' ']))
}

fn usage_error(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn a_variable_is_a_name_between_two_percent_signs() {
        for (text, name) in
            [("%TEMP%\\x", Some("TEMP")), ("50%", None), ("5% of 10%", None), ("%%", None), ("a%b%c%", Some("b"))]
        {
            assert_eq!(variable(text), name, "{text}");
        }
    }
}
