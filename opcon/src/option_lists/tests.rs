//! Tests of option lists.

use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Accepts every text except `wrong`.
fn any(text: &str) -> Result<String, String> {
    if text == "wrong" { Err("must be something else".into()) } else { Ok(text.to_owned()) }
}

/// Accepts lines of `A` and `B`.
fn line(keyword: &str, text: &str) -> Result<(String, String), String> {
    if keyword == "A" || keyword == "B" {
        Ok((keyword.to_owned(), any(text)?))
    } else {
        Err("does not begin with A or B".into())
    }
}

fn to_strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_property_has_its_entries_in_quotes() {
    let texts = to_strings(&["Web, old : x86", "b"]);
    let value = to_property("LIST", &texts).unwrap();
    assert_eq!(value.as_str(), r#""Web, old : x86","b""#);
    assert_eq!(from_property("LIST", value.as_str(), any).unwrap(), texts);
    assert_eq!(to_property("LIST", &[]).unwrap().as_str(), "");
}

#[test]
fn properties_kept_by_hand_are_read() {
    assert_eq!(from_property("LIST", " \"a b\" ,\n\"c\" ", any).unwrap(), ["a b", "c"]);
    assert!(from_property("LIST", " ", any).unwrap().is_empty());
}

#[test]
fn wrong_entries_are_named_by_their_number() {
    for (value, reason) in [
        ("a", "entry 1: not in double quotes"),
        ("\"a\",b", "entry 2: not in double quotes"),
        ("\"a\",\"b", "entry 2: the closing quote is missing"),
        ("\"a\" \"b\"", "entry 1: no comma after the entry"),
        ("\"a\", ", "entry 1: no entry after the comma"),
        ("\"a\",\"wrong\"", "entry 2: `wrong` must be something else"),
        ("\"a\nb\"", "entry 1: `a b` must not contain a double quote or a control character"),
        ("\"[[A]]\"", "entry 1: `[[A]]` must not contain `[[`"),
    ] {
        let error = from_property("LIST", value, any).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let expected = format!("reading the option list LIST: {reason}");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
}

#[test]
fn a_property_that_is_too_long_is_refused_with_its_length() {
    let error = to_property("LIST", &to_strings(&["t3.micro"; 364])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "writing the option list LIST: the 364 entries have 4003 characters; OpCon allows 4000"
    );
    assert_eq!(error.hint(), Some("leave out some entries"));
    assert_eq!(to_property("LIST", &to_strings(&["t3.micro"; 363])).unwrap().as_str().len(), 363 * 11 - 1);
}

#[test]
fn texts_that_would_be_more_than_one_entry_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.txt");
    for text in ["a\",\"b", "a\nB b", "[[A]]", "{{A"] {
        let wrong = to_property("LIST", &to_strings(&[text])).unwrap_err().to_string();
        assert!(wrong.starts_with("writing the option list LIST: `"), "{wrong}");
        assert!(write_script(&path, &[("A", text.to_owned())]).is_err());
        assert!(!path.exists());
    }
}

#[test]
fn a_data_script_is_replaced_completely() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.txt");
    assert!(read_script(&path, line).unwrap().is_empty(), "a missing file has no lines");
    write_script(&path, &[("B", "x".to_owned())]).unwrap();
    write_script(&path, &[("A", "a b : c".to_owned()), ("B", "d".to_owned())]).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "A a b : c\nB d\n");
    let lines = read_script(&path, line).unwrap();
    assert_eq!(lines, [("A", "a b : c"), ("B", "d")].map(|(keyword, text)| (keyword.to_owned(), text.to_owned())));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_data_script_kept_by_hand_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.txt");
    fs::write(&path, "\u{feff}B  x\r\n\r\nA y\r\n B a b \r\nA").unwrap();
    let texts: Vec<_> = read_script(&path, line).unwrap().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["x", "y", "a b", ""]);
}

#[test]
fn a_data_script_that_cannot_be_read_or_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lists.txt");
    for (script, reason) in [
        ("A a\nCOLOR red\n", "line 2: `COLOR red` does not begin with A or B"),
        ("\nA wrong", "line 2: `A wrong` must be something else"),
        ("A \"a\"", "line 1: `A \"a\"` must not contain a double quote"),
    ] {
        fs::write(&path, script).unwrap();
        let error = read_script(&path, line).unwrap_err().to_string();
        assert!(error.starts_with(&format!("reading {}: {reason}", path.display())), "{error}");
    }
    let nowhere = folder.path().join("missing").join("lists.txt");
    let error = write_script(&nowhere, &[]).unwrap_err().to_string();
    assert!(error.starts_with(&format!("writing {}: ", nowhere.display())), "{error}");
}

#[test]
fn external_texts_are_sanitized() {
    assert_eq!(sanitize(" The \"new\"\r\n image, [[X]] {{{Y}} "), "The new image, [X] {Y}");
    assert_eq!(sanitize("\" \""), "");
}

proptest! {
    #[test]
    fn sanitized_texts_are_written_and_read_back(texts in vec(".{0,30}", 0..8)) {
        let texts: Vec<_> = texts.iter().map(|text| sanitize(text)).collect();
        let value = to_property("LIST", &texts).unwrap();
        prop_assert_eq!(from_property("LIST", value.as_str(), |text| Ok(text.to_owned())).unwrap(), texts);
    }
}
