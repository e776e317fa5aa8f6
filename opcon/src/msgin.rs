//! Writes OpCon events to the MSGIN folder of an agent, for hosts that cannot reach the OpCon API.
//!
//! The agent reads each file in the folder, sends its contents to OpCon, and deletes it ("MSGIN" in the documentation
//! of the agents, "Defining events" and "Event types" in that of OpCon). There is no response: whether OpCon accepts an
//! event is only in OpCon's log. OpCon parses a date in a property name by the regional settings of its service, not
//! always as `yyyy-mm-dd`.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, ErrorKind};
use crate::file_drop::{self, Access, PreparedFile};
use crate::property::{PropertyName, PropertyValue};

/// The maximum length of an event, in characters.
const MAX_EVENT: usize = 2000;

/// The maximum length of an address, a DNS name, in characters.
const LONGEST_ADDRESS: usize = 253;

/// The event folder of an agent, and the OpCon user that sends the events.
#[derive(Debug, Clone)]
pub struct MsginSettings {
    folder: PathBuf,
    user: String,
    token: SecretString,
}

/// An OpCon event. It contains the user's token and never displays it.
pub struct Event {
    line: SecretString,
}

impl MsginSettings {
    /// Settings with the user's external token. User and token are validated by [`check_part`].
    pub(crate) fn new(folder: PathBuf, user: &str, token: SecretString) -> Self {
        MsginSettings { folder, user: user.to_owned(), token }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Checks that events can be written for the agent. It cannot check that OpCon accepts them.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the folder is missing, or files cannot be created in its parent folder.
    pub fn check(&self) -> Result<(), Error> {
        file_drop::check(&self.folder)
    }

    /// Checks that an event can contain the name, together with any address of an instance.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if it cannot, see [`MsginSettings::add_property`].
    pub fn check_name(&self, name: &PropertyName) -> Result<(), Error> {
        self.add_property(name, &PropertyValue::new("x".repeat(LONGEST_ADDRESS))?).map(|_| ())
    }

    /// The event that sets the property to the value, and creates it if necessary.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if an event cannot contain the name or the value. Events are ASCII with comma-separated
    /// parts and at most 2000 characters. `;`, `=` and `|` are special, `[[` and `{{` begin references, and `*` and `?`
    /// match other names. The handling of empty values and of surrounding spaces is not documented.
    pub fn add_property(&self, name: &PropertyName, value: &PropertyValue) -> Result<Event, Error> {
        let invalid = |wrong: String| {
            Error::new(ErrorKind::Invalid, format!("preparing the event that saves the OpCon property {name}"), wrong)
        };
        let (name, value) = (name.to_string(), value.as_str());
        if !is_printable(&name) || name.contains([',', ';', '=', '|', '*', '?']) {
            return Err(invalid(
                "an event cannot contain the name: one of `, ; = | * ?`, or characters that are not ASCII".into(),
            ));
        }
        if value.is_empty() {
            return Err(invalid("an event cannot contain an empty value".into()));
        }
        if !is_printable(value) || value.contains([',', ';', '=', '|']) || value.contains("[[") || value.contains("{{")
        {
            return Err(invalid(
                "an event cannot contain the value: one of `, ; = | [[ {{`, or characters that are not ASCII".into(),
            ));
        }
        if value.trim() != value {
            return Err(invalid("an event cannot contain the value: spaces around the text".into()));
        }
        let line = format!("$PROPERTY:ADD,{name},{value},{},{}", self.user, self.token.expose_secret());
        match line.len() {
            ..=MAX_EVENT => Ok(Event { line: line.into() }),
            length => Err(invalid(format!("the event has {length} characters; OpCon allows {MAX_EVENT}"))),
        }
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").finish_non_exhaustive()
    }
}

/// Writes events for the agent that watches `folder`, and returns the paths of the files. Each event has its own file,
/// because UNIX agents read one line per file.
///
/// The files are written to the parent folder, which agents do not read, and moved when all of them are on disk. On
/// UNIX they are accessible to their owner only, because they contain the token: the agent must run as the same user or
/// as root.
///
/// # Errors
/// [`ErrorKind::Invalid`] if the files cannot be written, in which case no event is queued, or cannot be moved. The
/// hint then contains the number of queued events.
pub fn write_events(folder: &Path, events: &[Event]) -> Result<Vec<PathBuf>, Error> {
    let line_end = if cfg!(windows) { "\r\n" } else { "\n" };
    let prepared = events.iter().map(|event| {
        PreparedFile::new(folder, "txt", &format!("{}{line_end}", event.line.expose_secret()), Access::Owner)
    });
    release(prepared.collect::<Result<_, _>>()?)
}

/// Moves the files to the folder, in their order.
fn release(files: Vec<PreparedFile>) -> Result<Vec<PathBuf>, Error> {
    let count = files.len();
    let mut released = Vec::new();
    for file in files {
        let path = file.release().map_err(|error| {
            error.with_hint(format!(
                "check OpCon for the {} of {count} events that were queued before the failure",
                released.len()
            ))
        })?;
        released.push(path);
    }
    Ok(released)
}

/// Checks that the text can be part of an event.
pub(crate) fn check_part(text: &str) -> Result<(), &'static str> {
    if text.contains(',') || !is_printable(text) {
        return Err("an event cannot contain the value: a comma, or characters that are not printable ASCII");
    }
    Ok(())
}

/// Whether the text consists of printable ASCII.
fn is_printable(text: &str) -> bool {
    text.chars().all(|character| character == ' ' || character.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A fake token.
    const TOKEN: &str = "0badcafe-0000-4000-8000-00000000e7e7";

    fn settings(folder: &Path) -> MsginSettings {
        MsginSettings::new(folder.to_owned(), "ocadm", TOKEN.into())
    }

    fn event(name: &str, value: &str) -> Result<Event, Error> {
        settings(Path::new("MSGIN")).add_property(&name.parse().unwrap(), &PropertyValue::new(value).unwrap())
    }

    #[test]
    fn an_event_is_one_line_of_five_parts() {
        let line = |name, value| event(name, value).unwrap().line.expose_secret().to_owned();
        assert_eq!(line("OI.MF_ID", "i-1 i-2"), format!("$PROPERTY:ADD,MF_ID,i-1 i-2,ocadm,{TOKEN}"));
        assert_eq!(
            line("SI.MF_ID.2026-01-31.Night[Sub]", "a \"b\" \\c"),
            format!("$PROPERTY:ADD,SI.MF_ID.2026-01-31.\"Night[Sub]\",a \"b\" \\c,ocadm,{TOKEN}")
        );
    }

    #[test]
    fn invalid_event_parts_are_rejected() {
        for (name, value, reason) in [
            ("A*", "x", "cannot contain the name"),
            ("MI.A.m,n", "x", "cannot contain the name"),
            ("\u{e9}", "x", "cannot contain the name"),
            ("A", "x,y", "cannot contain the value"),
            ("A", "x;y", "cannot contain the value"),
            ("A", "[[B]]", "cannot contain the value"),
            ("A", "{{B}}", "cannot contain the value"),
            ("A", "\u{e9}", "cannot contain the value"),
            ("A", "", "cannot contain an empty value"),
            ("A", " x", "the value: spaces around the text"),
        ] {
            let error = event(name, value).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert!(error.to_string().starts_with("preparing the event that saves the OpCon property "), "{error}");
            assert!(error.to_string().contains(reason), "{name} {value}: {error}");
        }
        let overhead = event("A", "v").unwrap().line.expose_secret().len() - 1;
        assert!(event("A", &"v".repeat(2000 - overhead)).is_ok());
        let error = event("A", &"v".repeat(2001 - overhead)).unwrap_err();
        assert!(error.to_string().ends_with("the event has 2001 characters; OpCon allows 2000"), "{error}");
    }

    #[test]
    fn a_name_that_no_event_can_contain_is_known_before_there_is_a_value() {
        let check = |name: &str| settings(Path::new("MSGIN")).check_name(&name.parse().unwrap());
        let overhead = event("MI.A.m", "v").unwrap().line.expose_secret().len() - 2;
        let longest = format!("MI.A.{}", "m".repeat(2000 - 253 - overhead));
        for name in ["A", "SI.A.2026-01-31.Night[Sub]", &longest] {
            check(name).unwrap();
        }
        for name in ["A*", "MI.A.m,n", "\u{e9}", &format!("{longest}m")] {
            assert_eq!(check(name).unwrap_err().kind(), ErrorKind::Invalid, "{name}");
        }
    }

    #[test]
    fn each_event_gets_a_file_of_its_own() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("MSGIN");
        std::fs::create_dir(&folder).unwrap();
        settings(&folder).check().unwrap();
        let files = write_events(&folder, &[event("A", "1").unwrap(), event("B", "2").unwrap()]).unwrap();
        let texts: Vec<String> = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        assert!(texts[0].starts_with("$PROPERTY:ADD,A,1,ocadm,") && texts[1].starts_with("$PROPERTY:ADD,B,2,ocadm,"));
        assert!(texts.iter().all(|text| text.lines().count() == 1 && text.ends_with('\n')));
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
        assert_eq!(std::fs::read_dir(above.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_missing_folder_is_an_error_without_the_token() {
        let folder = tempfile::tempdir().unwrap().path().join("MSGIN");
        let events = [event("A", "1").unwrap()];
        let error = write_events(&folder, &events).unwrap_err();
        assert!(error.to_string().contains("MSGIN: "), "{error}");
        assert!(settings(&folder).check().is_err());
        assert!(!format!("{error} {error:?} {events:?} {:?}", settings(&folder)).contains(TOKEN));
    }

    #[test]
    fn an_error_contains_the_number_of_queued_events() {
        let above = tempfile::tempdir().unwrap();
        let (first, second) = (above.path().join("first"), above.path().join("second"));
        let prepare = |folder: &Path| {
            std::fs::create_dir(folder).unwrap();
            PreparedFile::new(folder, "txt", "event\n", Access::Owner).unwrap()
        };
        let files = vec![prepare(&first), prepare(&second)];
        std::fs::remove_dir(&second).unwrap();
        let error = release(files).unwrap_err();
        assert!(error.to_string().starts_with(&format!("writing to the folder {}: ", second.display())), "{error}");
        assert_eq!(error.hint(), Some("check OpCon for the 1 of 2 events that were queued before the failure"));
        assert_eq!(std::fs::read_dir(first).unwrap().count(), 1);
    }

    /// Values that an event can contain.
    fn values() -> impl Strategy<Value = String> {
        let possible = |text: String| text.replace([',', ';', '=', '|'], ".").replace("[[", "[").replace("{{", "{");
        "[ -~]{1,40}"
            .prop_map(move |text| possible(text).trim().to_owned())
            .prop_filter("it is not blank", |text| !text.is_empty() && !text.contains("[[") && !text.contains("{{"))
    }

    proptest! {
        #[test]
        fn a_value_is_one_part_of_one_event(value in values()) {
            let line = event("MF_ID", &value).unwrap().line.expose_secret().to_owned();
            let parts: Vec<&str> = line.split(',').collect();
            prop_assert_eq!(parts, ["$PROPERTY:ADD", "MF_ID", value.as_str(), "ocadm", TOKEN]);
            prop_assert_eq!(line.lines().count(), 1);
        }

        #[test]
        fn a_single_special_character_is_rejected(
            before in values(),
            meaning in proptest::sample::select(vec![",", ";", "=", "|", "[[", "{{", "\u{e9}", "\u{2028}"]),
            after in values(),
        ) {
            let error = event("MF_ID", &format!("{before}{meaning}{after}")).unwrap_err();
            prop_assert!(error.to_string().contains("cannot contain the value"), "{}", error);
        }
    }
}
