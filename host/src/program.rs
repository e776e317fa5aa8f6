//! The name of the running program, for commands in its output that users copy.

use std::ffi::OsStr;
use std::sync::OnceLock;

use crate::arguments::VERTICAL_TAB;

/// The default name, if the command line does not contain a usable one.
const DEFAULT_NAME: &str = "awsec2";

static NAME: OnceLock<String> = OnceLock::new();

/// Sets the name from the first program argument. Called once at startup.
pub fn set_name(first: Option<&OsStr>) {
    if let Some(name) = first.and_then(OsStr::to_str).and_then(name_in) {
        NAME.get_or_init(|| name.to_owned());
    }
}

/// The name of the program, e.g. `awsec2`: letters, digits, and `-_.`, without folder and `.exe`.
pub fn name() -> &'static str {
    NAME.get().map_or(DEFAULT_NAME, String::as_str)
}

/// The program name in the first program argument. `None` if it would need quotes in a shell.
fn name_in(first: &str) -> Option<&str> {
    // Job forms join the arguments to it with vertical tabs.
    let path = first.split(VERTICAL_TAB).next().unwrap_or_default();
    let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let end = file.len().saturating_sub(".exe".len());
    let is_program = file.get(end..).is_some_and(|end| end.eq_ignore_ascii_case(".exe"));
    let name = if is_program { &file[..end] } else { file };
    let is_plain = name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    is_plain.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_file_of_the_first_argument() {
        for (first, name) in [
            ("awsec2", Some("awsec2")),
            ("./own-connector", Some("own-connector")),
            ("/opt/ec2/awsec2-1.2_b", Some("awsec2-1.2_b")),
            (r"C:\Program Files\EC2\Own.EXE", Some("Own")),
            ("C:/EC2/own.exe", Some("own")),
            ("awsec2\u{b}StopInstance\u{b}--tag-name\u{b}a/b", Some("awsec2")),
            ("exe", Some("exe")),
            (".exe", None),
            ("", None),
            ("/opt/my program", None),
            ("-x", None),
            ("caf\u{e9}", None),
            ("a;b", None),
        ] {
            assert_eq!(name_in(first), name, "{first}");
        }
    }

    #[test]
    fn an_unusable_first_argument_gives_the_default_name() {
        set_name(None);
        set_name(Some(OsStr::new("$0")));
        assert_eq!(name(), "awsec2");
    }
}
