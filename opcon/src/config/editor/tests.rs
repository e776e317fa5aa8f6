//! Tests of changes to a `Connector.config`.

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::config::Config;

/// A folder with a `Connector.config` that contains these bytes.
fn file(bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Connector.config");
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// The text after `settings` are set in `before`.
fn changed(before: &str, settings: &[(&str, &str, &str)]) -> String {
    let (folder, path) = file(before);
    let mut editor = ConfigEditor::open(&path).unwrap();
    for (section, key, value) in settings {
        editor.set(section, key, value).unwrap();
    }
    editor.save().unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn only_what_is_set_changes() {
    let before =
        "\u{feff}; made by hand\r\n[CONNECTOR]\r\n debug = ON \r\n\r\n[U]\r\nKEY=old\r\n; end\r\n\r\n[V]\r\nA=1";
    assert_eq!(changed(before, &[("CONNECTOR", "DEBUG", "OFF")]), before.replace("= ON", "= OFF"));
    assert_eq!(changed(before, &[("u", "key", "a=b;c")]), before.replace("old", "a=b;c"));
    assert_eq!(changed(before, &[("U", "NEW", "n")]), before.replace("old\r\n", "old\r\nNEW=n\r\n"));
    assert_eq!(changed(before, &[("V", "B", "2")]), format!("{before}\r\nB=2\r\n"));
    let api = "\r\n\r\n[API]\r\nADDRESS=opcon:9010\r\nTOKEN=t\r\n";
    assert_eq!(changed(before, &[("API", "ADDRESS", "opcon:9010"), ("API", "TOKEN", "t")]), format!("{before}{api}"));
}

/// The bytes after `TOKEN` is set to `new` in the section of the OpCon API.
fn with_token(before: &[u8]) -> Vec<u8> {
    let (_folder, path) = file(before);
    let mut editor = ConfigEditor::open(&path).unwrap();
    editor.set("OPCON API INFORMATION", "TOKEN", "new").unwrap();
    editor.save().unwrap();
    let config = Config::read(&path).unwrap();
    let lines: Vec<_> = config.notes().iter().map(|note| note.line).collect();
    assert!(lines.is_sorted(), "{lines:?}");
    std::fs::read(path).unwrap()
}

#[test]
fn a_file_of_the_java_connector_is_kept_byte_for_byte() {
    for (before, after) in [
        (
            &b"; caf\xe9\n[OPCON API INFORMATION] \n\tTOKEN : \"old\" \x1a"[..],
            &b"; caf\xe9\n[OPCON API INFORMATION] \n\tTOKEN : new \x1a"[..],
        ),
        (b"[U\xfc]\nK=\xe9\n\x1a", b"[U\xfc]\nK=\xe9\n\n[OPCON API INFORMATION]\nTOKEN=new\n\x1a"),
        (b"[U]\rK=1\r\0\0", b"[U]\rK=1\r\r[OPCON API INFORMATION]\rTOKEN=new\r\0\0"),
        (
            b" [OPCON API INFORMATION]\nTOKEN=old\n[U]\n[opcon api information]\nCA_FILE=\xe9\ntoken=old\n",
            b" [OPCON API INFORMATION]\nTOKEN=new\n[U]\n[opcon api information]\nCA_FILE=\xe9\ntoken=new\n",
        ),
        (
            b"[OPCON API INFORMATION]\n[U]\n[OPCON API INFORMATION]\nUSING_TLS=True",
            b"[OPCON API INFORMATION]\n[U]\n[OPCON API INFORMATION]\nUSING_TLS=True\nTOKEN=new\n",
        ),
        (b"\x1a", b"[OPCON API INFORMATION]\nTOKEN=new\n\x1a"),
    ] {
        let (found, after) = (with_token(before), if cfg!(windows) { continue } else { after });
        assert_eq!(found, after, "{}", String::from_utf8_lossy(&found));
    }
}

#[test]
fn a_file_of_many_sections_is_changed_at_once() {
    // Comparing every name with every other one takes minutes in a test build.
    let before: String = (0..40_000).map(|n| format!("[User{n}]\n")).collect();
    assert_eq!(changed(&before, &[("user39999", "KEY", "1")]), format!("{before}KEY=1\n"));
}

#[test]
fn lines_are_counted_as_they_are_read() {
    assert_eq!(changed("[A]\r\r\nB=1\rC=2\nD=3\n", &[("A", "D", "x")]), "[A]\r\r\nB=1\rC=2\nD=x\n");
    assert_eq!(changed("[A]\n[B]\n", &[("A", "C", "1")]), "[A]\nC=1\n[B]\n");
}

#[test]
fn a_missing_file_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Connector.config");
    let mut editor = ConfigEditor::open(&path).unwrap();
    editor.set("CONNECTOR", "DEBUG", "ON").unwrap();
    assert!(!path.exists());
    editor.save().unwrap();
    assert!(Config::read(&path).unwrap().debug());
    #[cfg(unix)]
    assert_eq!(mode(&path), 0o600);
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().unwrap().permissions().mode() & 0o7777
}

#[cfg(unix)]
#[test]
fn permissions_stay() {
    use std::os::unix::fs::PermissionsExt as _;
    for given in [0o640, 0o600, 0o664] {
        let (_folder, path) = file("[A]\n");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(given)).unwrap();
        let mut editor = ConfigEditor::open(&path).unwrap();
        editor.set("A", "B", "1").unwrap();
        editor.save().unwrap();
        assert_eq!(mode(&path), given);
    }
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_is_refused() {
    let (folder, path) = file("[A]\n");
    let link = folder.path().join("link.config");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let error = ConfigEditor::open(&link).err().unwrap();
    assert!(error.to_string().ends_with("link.config: the file is a symbolic link"), "{error}");
    assert_eq!(error.hint(), Some("use the file that the link points to"));
}

#[test]
fn files_that_cannot_be_changed_are_refused() {
    let refusal = |path: &Path| ConfigEditor::open(path).err().unwrap().to_string();
    let (folder, path) = file("[A]\nno setting\n");
    assert!(refusal(&path).ends_with("line 2: expected [section] or KEY = value"));
    assert!(refusal(folder.path()).ends_with("not a regular file"));
    std::fs::write(&path, [0xff]).unwrap();
    assert!(refusal(&path).ends_with("line 1: expected [section] or KEY = value"));
    std::fs::write(&path, "\u{feff}[A]\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()).unwrap();
    assert!(refusal(&path).ends_with("UTF-16 text"));
    std::fs::write(&path, "[A]\n").unwrap();
    let mut permissions = path.metadata().unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    assert!(refusal(&path).ends_with("Connector.config: the file is write-protected"));
}

#[test]
fn a_folder_that_is_gone_is_an_error() {
    let (folder, path) = file("[A]\n");
    let editor = ConfigEditor::open(&path).unwrap();
    folder.close().unwrap();
    let error = editor.save().unwrap_err();
    assert!(error.to_string().starts_with(&format!("writing {}: ", path.display())), "{error}");
}

#[test]
fn invalid_values_are_rejected_and_not_shown() {
    let (_folder, path) = file("[A]\n");
    let mut editor = ConfigEditor::open(&path).unwrap();
    for (section, key, value, reason) in [
        ("A", "K", "secret\n[B]", "the value contains control characters, or has spaces around it"),
        ("A", "K", " secret", "or has spaces around it"),
        ("A]", "K", "secret", "[A]] is not a valid section name"),
        ("", "K", "secret", "is not a valid section name"),
        ("A", "K=", "secret", "K= is not a valid key"),
        ("A", "K:", "secret", "K: is not a valid key"),
        ("A", "", "secret", " is not a valid key"),
        ("A", ";K", "secret", ";K is not a valid key"),
    ] {
        let error = editor.set(section, key, value).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

proptest! {
    #[test]
    fn a_setting_is_read_back_and_the_rest_is_kept(
        lines in proptest::collection::vec("(; [a-z=]{0,5}|[a-z]{1,3} ?= ?[a-z;=]{0,4}|)(\r\n|\n|\r)", 0..6),
        section in 0..3_usize,
        value in "([!-~]([ -~]{0,8}[!-~])?)?|\"[a-z]?\"",
    ) {
        let mut keys = Vec::new();
        let lines = lines.into_iter().filter(|line| {
            let key = line.split('=').next().unwrap_or_default().trim().to_owned();
            let fresh = line.starts_with(';') || key.is_empty() || !keys.contains(&key);
            keys.push(key);
            fresh
        });
        let before = format!("[s0]\n{}[s1]\r\nkey=x", lines.collect::<String>());
        let section = format!("s{section}");
        let after = changed(&before, &[(&section, "key", &value)]);
        let contents = ini::parse(after.as_bytes()).unwrap();
        prop_assert_eq!(&contents.section(&section).unwrap().setting("key").unwrap().value, value.as_bytes());
        let rest = |text: &str| text.split(['\r', '\n']).filter(|line| !line.starts_with("key=") && !line.is_empty()
            && *line != "[s2]").map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(rest(&before), rest(&after));
    }
}
