//! Normalizes command lines written by OpCon agents and job forms into plain arguments.

mod options;
mod order;
mod quoting;
mod raw;
mod raw_arg;
mod values;

use std::ffi::OsString;
use std::path::Path;

use connector_sdk::files::{MIB, read_text};
use connector_sdk::{Error, OperationMeta, Result};

use crate::registry::Registry;
use raw_arg::invalid_input;

pub use options::Options;
pub use quoting::{Quoting, swallows_a_secret};
pub use raw::{given, output_form, positional};
pub use raw_arg::{CommandLine, Files, Origin, RawArg, VERTICAL_TAB};
pub use values::{References, check, check_path, not_replaced, reference};

/// The delimiters of an encrypted value in OpCon. The agent decrypts the value before it starts the job.
const ENCRYPTED: &str = "<smaencrypt>";
/// The prefix of an argument that names an argument file.
const FILE: char = '@';
/// The maximum size of all argument files of a command line, in bytes.
const MAX_FILES: u64 = MIB;
/// The byte order mark that Windows editors and shells write before UTF-8 text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Normalizes the arguments after the program name: replaces `@FILE` with the lines of the file, unless it is
/// elsewhere, splits arguments at vertical tabs, and extracts the function name from any position.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if a file cannot be read, an argument is not valid Unicode, or a value is still
/// encrypted.
pub fn read(arguments: impl Iterator<Item = OsString>, registry: &Registry, files: Files) -> Result<CommandLine> {
    let mut texts = Vec::new();
    for (index, argument) in arguments.enumerate() {
        let text = argument.into_string().map_err(|_| not_unicode(index))?;
        let pieces = order::split_at_vertical_tabs(&text, registry);
        // The program name, to which the first separator may have joined the arguments.
        texts.extend(pieces.into_iter().skip(usize::from(index == 0)));
    }
    let mut quoting = Quoting::of(&texts);
    let (mut args, mut unread, mut size_of_files) = (Vec::new(), Vec::new(), 0);
    for text in texts {
        if let Some(path) = not_here(&text, files) {
            unread.push(path.to_owned());
            continue;
        }
        let is_file = text.starts_with(FILE);
        let expanded = expand(text, quoting, &mut size_of_files)?;
        if is_file {
            quoting = quoting.and(Quoting::of(&expanded));
        }
        args.extend(expanded);
    }
    refuse_encrypted(&args, &Options::of_all(registry))?;
    Ok(CommandLine { unread, ..order::arrange(args, registry, quoting) })
}

/// The arguments of the job of a completed form: the options from the form, then those from the command line. `quoting`
/// says what messages may quote of form and command line.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if a value is still encrypted.
pub fn of_form(
    meta: &'static OperationMeta,
    filled: Vec<String>,
    more: Vec<String>,
    quoting: Quoting,
) -> Result<CommandLine> {
    let arg = |origin| move |text| RawArg { text, origin };
    let more = more.into_iter().map(arg(Origin::CommandLine));
    let args: Vec<_> = filled.into_iter().map(arg(Origin::File)).chain(more).collect();
    let options = Options::of(meta);
    refuse_encrypted(&args, &options)?;
    Ok(CommandLine {
        function: Some(meta.name.to_owned()),
        rest: order::join(args, &options),
        quoting,
        unread: Vec::new(),
    })
}

/// The arguments that need no file access, for settings that must be known when [`read`] fails.
pub fn split_without_files(arguments: impl Iterator<Item = OsString>) -> Vec<String> {
    let texts = arguments.map(|argument| argument.to_string_lossy().into_owned());
    texts.flat_map(|text| text.split(VERTICAL_TAB).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The function that such arguments name.
pub fn function_of(args: &[String], registry: &Registry) -> Option<&'static str> {
    let mut words = positional(args, &Options::of_all(registry)).into_iter().map(|at| &args[at]);
    words.find_map(|word| registry.find(word)).map(|found| found.operation.meta().name)
}

/// The error for an argument that cannot be processed without loss.
pub fn not_unicode(index: usize) -> Error {
    invalid_input(format!("argument {index} is not valid Unicode"))
}

/// The argument file that the argument names, if only the job can read it.
fn not_here(text: &str, files: Files) -> Option<&str> {
    let path = text.strip_prefix(FILE).filter(|path| files == Files::Elsewhere && check_path(path).is_ok())?;
    (reference(path).is_some() || !Path::new(path).exists()).then_some(path)
}

/// Expands an argument file to its lines. The lines are literal: `@` has no special meaning in them. `size_of_files` is
/// the size of all files so far.
fn expand(text: String, quoting: Quoting, size_of_files: &mut u64) -> Result<Vec<RawArg>> {
    let Some(path) = text.strip_prefix(FILE) else {
        return Ok(vec![RawArg { text, origin: Origin::CommandLine }]);
    };
    if let Some(found) = reference(path) {
        return Err(not_replaced("the name of the argument file", &quoting.reference(found), Origin::CommandLine));
    }
    let content = check_path(path).and_then(|()| read_file(Path::new(path), size_of_files));
    let content = content.map_err(|why| {
        invalid_input(format!("argument file{}: {why}", quoting.quoted(path)))
            .hint("check the file: `@FILE` stands for the arguments in FILE, one per line, as UTF-8 text")
    })?;
    let lines = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&content).lines();
    Ok(lines.map(|line| RawArg { text: line.to_owned(), origin: Origin::File }).collect())
}

/// Reads an argument file, unless it makes the files too large.
fn read_file(path: &Path, size_of_files: &mut u64) -> Result<String, String> {
    let content = read_text(path, MAX_FILES).map_err(|error| error.to_string())?;
    *size_of_files += content.len() as u64;
    if *size_of_files > MAX_FILES { Err("all argument files are larger than 1 MiB".to_owned()) } else { Ok(content) }
}

/// Whether the text contains a value that the agent should have decrypted.
pub fn is_encrypted(text: &str) -> bool {
    text.to_ascii_lowercase().contains(ENCRYPTED)
}

/// Rejects values that the agent should have decrypted.
fn refuse_encrypted(args: &[RawArg], options: &Options) -> Result<()> {
    let Some(at) = args.iter().position(|arg| is_encrypted(&arg.text)) else {
        return Ok(());
    };
    let nearest = args[..=at].iter().rev().find(|arg| arg.text.starts_with("--"));
    let option = nearest.and_then(|arg| options.named(&arg.text));
    let option = option.map_or("an argument".to_owned(), |spec| format!("`{}`", spec.option()));
    Err(invalid_input(format!(
        "the value of {option} is still encrypted: the agent did not decrypt it before starting the job"
    ))
    .hint(
        "use an agent that can decrypt (Windows 17.0, UNIX 17.1 with TLS), and enable `Requires XML Escape Sequences` \
         for its machine",
    ))
}

#[cfg(test)]
mod tests;
