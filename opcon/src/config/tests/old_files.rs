//! Tests of unusual files: those that the Java connector accepted, unknown keys, and very many names.

use super::*;

/// The notes about a file as `line: text`.
fn notes(bytes: impl AsRef<[u8]>) -> Vec<String> {
    read(bytes).unwrap().notes().iter().map(|note| format!("{}: {}", note.line, note.text)).collect()
}

#[test]
fn what_the_java_connector_accepted_is_accepted_and_noted() {
    const CONTROL: &str = "a control character, such as Ctrl-Z or NUL, is ignored";
    const NAME: &str = "the name is not UTF-8 text, and is read as Latin-1";
    for (bytes, noted) in [
        (&b"; caf\xe9\n[CONNECTOR]\nDEBUG=ON\n"[..], &["1: the comment is not UTF-8 text"][..]),
        (b"  # caf\xe9\n[CONNECTOR]\nDEBUG=ON\n", &["1: the comment is not UTF-8 text"]),
        (b"[CONNECTOR] \t\r\nDEBUG=ON\r\n", &["1: blanks after the section name are ignored"]),
        (b"\t[CONNECTOR]\rDEBUG=ON\r", &["1: blanks before the section name are ignored"]),
        (b"[ CONNECTOR ]\nDEBUG\t=\tON\n \t;x\n", &[]),
        (b"[CONNECTOR]\nDEBUG=ON\n\x1a", &[&format!("3: {CONTROL}")]),
        (b"[CONNECTOR]\nDEBUG=ON\x1a", &[&format!("2: {CONTROL}")]),
        (b"[CONNECTOR]\nDEBUG=ON\n\0\0\0", &[&format!("3: {CONTROL}")]),
        (
            b"\x1a\n\xef\xbb\xbf[CONNECTOR]\nDEBUG:ON",
            &[
                &format!("1: {CONTROL}"),
                "2: a byte order mark inside the file is ignored",
                "3: `:` after the key is read as `=`",
            ],
        ),
        (b"[CONNECTOR]\nConnector_Name=caf\xe9\nDEBUG=ON\n", &["2: the value is not UTF-8 text, and no job reads it"]),
        (b"[CONNECTOR]\nDEBUG=\"ON\"\n", &["2: the quotes around the value are ignored"]),
        (
            b"[CONNECTOR]\nDEBUG=ON\n\n[connector]\nDEBUG=ON\nMAX_WAIT_TIME_FOR_STARTUP='5'\n",
            &[
                "4: section [connector] continues the section of line 1",
                "5: `DEBUG` repeats line 2",
                "6: the quotes around the value are ignored",
            ],
        ),
        (
            b"[Caf\xe9]\n[CONNECTOR]\nCaf\xe9=\xe9\nDEBUG=ON\n",
            &[
                &format!("1: {NAME}"),
                &format!("3: {NAME}"),
                "3: unknown key `Caf\u{e9}` in section [CONNECTOR], which is ignored",
            ],
        ),
    ] {
        assert!(read(bytes).unwrap().debug(), "{}", String::from_utf8_lossy(bytes));
        assert_eq!(notes(bytes), noted, "{}", String::from_utf8_lossy(bytes));
    }
    assert!(notes(format!("\u{feff}[CONNECTOR]\r{}", user_section("U").replace('\n', "\r"))).is_empty());
}

#[test]
fn a_value_that_is_not_utf_8_fails_only_the_jobs_that_read_it() {
    let user = [user_section("USER1").as_bytes(), b"[USER2]\nCONNECTOR_USER_ACCESS_KEY=caf\xe9\n"].concat();
    let config = read(&user).unwrap();
    assert!(config.user("USER1").is_ok());
    let error = config.user("USER2").unwrap_err();
    assert_error(&error, "line 5, section [USER2], CONNECTOR_USER_ACCESS_KEY: the value is not UTF-8 text");
    assert_eq!(error.hint(), Some("save the file with UTF-8 encoding"));
    let error = read(b"[CONNECTOR]\nDEBUG=caf\xe9\n").unwrap_err();
    assert_error(&error, "line 2, section [CONNECTOR], DEBUG: the value is not UTF-8 text");
}

#[test]
fn unknown_keys_are_noted_with_what_was_probably_meant() {
    let text = "[CONNECTOR]\ndebugg=ON\nTOKEN=x\n[U]\nCONNECTOR_USER_ACESS_KEY=x\nSOMETHING=else\nVERIFYTLS=False\n";
    let config = read(text).unwrap();
    let notes: Vec<_> = config.notes().into_iter().map(|note| (note.line, note.text, note.hint)).collect();
    let unknown = |key: &str, section: &str| format!("unknown key `{key}` in section [{section}], which is ignored");
    let expected = [
        (2, unknown("debugg", "CONNECTOR"), Some("did you mean `DEBUG`?".to_owned())),
        (3, unknown("TOKEN", "CONNECTOR"), Some("move the key to [OPCON API INFORMATION]".to_owned())),
        (5, unknown("CONNECTOR_USER_ACESS_KEY", "U"), Some("did you mean `CONNECTOR_USER_ACCESS_KEY`?".to_owned())),
        (6, unknown("SOMETHING", "U"), None),
        (7, unknown("VERIFYTLS", "U"), Some("did you mean `VERIFY_TLS`, a key of [OPCON API INFORMATION]?".to_owned())),
    ];
    assert_eq!(notes, expected);
}

#[test]
fn a_file_of_many_sections_and_keys_is_read_at_once() {
    // Comparing every name with every other one takes minutes in a test build.
    let sections: String = (0..40_000).map(|n| format!("[User{n}]\n")).collect();
    let keys: String = (0..40_000).map(|n| format!("Key{n}=\n")).collect();
    let config = read(format!("{sections}[CONNECTOR]\nDEBUG=ON\n{keys}")).unwrap();
    assert!(config.debug());
    let users: Vec<_> = config.users().collect();
    assert_eq!((users.len(), users.iter().filter(|user| config.user(user).is_err()).count()), (40_000, 40_000));
    let error = config.user("nobody").unwrap_err();
    assert!(error.to_string().ends_with("[User18], [User19] and 39980 more"), "{error}");
}
