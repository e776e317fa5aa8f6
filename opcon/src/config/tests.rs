//! Tests of `Connector.config`.

use super::*;

mod old_files;

/// Fake keys for the tests.
const KEY_ID: &str = "AKIAMADEUPFORTESTS00";
const SECRET: &str = "made/up+secret/of+no+use/000000000000000";
const TOKEN: &str = "0badcafe-0000-4000-8000-000000000000";

/// Writes these bytes to a `Connector.config` and reads it.
fn read(bytes: impl AsRef<[u8]>) -> Result<Config, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Connector.config");
    std::fs::write(&path, bytes).unwrap();
    let config = Config::read(&path);
    if let Err(error) = &config {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().starts_with(&format!("reading {}: ", path.display())), "{error}");
    }
    config
}

fn user_section(name: &str) -> String {
    let (id, secret) = (encoded::encode(KEY_ID), encoded::encode(SECRET));
    format!("[{name}]\nCONNECTOR_USER_ACCESS_KEY={id}\nCONNECTOR_USER_SECRET_KEY={secret}\n")
}

fn api(lines: &str) -> Result<ApiSettings, Error> {
    read(format!("[OPCON API INFORMATION]\n{lines}\n")).unwrap().opcon_api().map(Option::unwrap)
}

/// Asserts that the error ends in `expected`, and that it contains no secret in any form.
#[track_caller]
fn assert_error(error: &Error, expected: &str) {
    let message = error.to_string();
    assert!(message.ends_with(expected), "{message}");
    for secret in [SECRET, TOKEN, &encoded::encode(SECRET), &encoded::encode(TOKEN)] {
        assert!(!message.contains(secret) && !format!("{error:?}").contains(secret), "{message}");
    }
}

#[test]
fn a_complete_file_is_read() {
    let text = format!(
        "; made by hand\n[CONNECTOR]\nCONNECTOR_NAME=EC2\nMAX_WAIT_TIME_FOR_STARTUP=5\nDEBUG=ON\n\n{}\n\
         [OPCON API INFORMATION]\nADDRESS=opcon.example.com:9010\nUSING_TLS=True\nTOKEN={TOKEN}\n",
        user_section("USER1")
    );
    let config = read(text).unwrap();
    assert_eq!(config.max_wait(), Duration::from_secs(300));
    assert!(config.debug());
    let keys = config.user("USER1").unwrap();
    assert_eq!((keys.access_key_id.as_str(), keys.secret_access_key.expose_secret()), (KEY_ID, SECRET));
    let api = config.opcon_api().unwrap().unwrap();
    assert_eq!(
        (api.address().as_str(), api.token.expose_secret(), &api.trust),
        ("opcon.example.com:9010", TOKEN, &Trust::System)
    );
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let config = read("").unwrap();
    assert_eq!(config.max_wait(), Duration::from_secs(600));
    assert!(!config.debug());
    assert!(config.opcon_api().unwrap().is_none());
    assert!(config.path().ends_with("Connector.config"));
}

#[test]
fn byte_order_mark_line_ends_case_and_spaces_do_not_matter() {
    let text = "\u{feff}[Connector]\r\n  Max_Wait_Time_For_Startup = 7 \r\n# comment\r\ndebug = on\r\n".to_owned()
        + &user_section("User One").replace('\n', "\r\n").replace('=', " = ");
    let config = read(text).unwrap();
    assert_eq!(config.max_wait(), Duration::from_secs(420));
    assert!(config.debug());
    assert!(config.user("USER ONE").is_ok());
}

#[test]
fn values_are_taken_to_the_end_of_the_line() {
    let config = read("[CONNECTOR]\nCONNECTOR_NAME=\"C:\\new\\\nDEBUG=ON ; really\n");
    assert_error(
        &config.unwrap_err(),
        "line 3, section [CONNECTOR], DEBUG: the value must be `ON`, `OFF`, `True` or `False`",
    );
    let text = format!("[{OPCON_API}]\nADDRESS=a:1\nTOKEN={TOKEN}\nCA_FILE=C:\\new;#=1\\\n[CONNECTOR]\nDEBUG=ON\n");
    let config = read(text).unwrap();
    let Trust::SystemAndFile(file) = config.opcon_trust().unwrap() else { panic!("no file") };
    assert!(file.ends_with("C:\\new;#=1\\"), "{file:?}");
    assert!(config.debug());
}

#[test]
fn unknown_keys_are_tolerated_and_empty_ones_are_absent() {
    let config = read("[CONNECTOR]\nSOMETHING=else\nMAX_WAIT_TIME_FOR_STARTUP=\n").unwrap();
    assert_eq!(config.max_wait(), Duration::from_secs(600));
}

#[test]
fn an_invalid_ini_file_is_rejected_with_the_line() {
    for (text, expected) in [
        ("A=1\n", "line 1: a setting before the first [section]"),
        ("[CONNECTOR]\n\nsecret\n", "line 3: expected [section] or KEY = value"),
        ("\n[CONNECTOR\n", "line 2: the closing ] of the section name is missing"),
        ("[A]\n;x\nKEY=1\nkey=2\n", "section [A]: key has different values in lines 3 and 4"),
        ("[A]\r\nKEY=1\r\n[B]\r\n[a]\r\nKEY=\r\n", "section [A]: KEY has different values in lines 2 and 5"),
        ("[A]\n[B\0B]\n", "line 2: a name contains a control character"),
        ("[A] ; comment\n", "line 1: the closing ] of the section name is missing"),
    ] {
        assert_error(&read(text).unwrap_err(), expected);
    }
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let error = read("\u{feff}[CONNECTOR]\n".encode_utf16().flat_map(order).collect::<Vec<_>>()).unwrap_err();
        assert_error(&error, "UTF-16 text");
        assert_eq!(error.hint(), Some("save the file with UTF-8 encoding"));
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Config::read(Path::new("no-such-folder/Connector.config")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("Connector.config: "), "{error}");
}

#[test]
fn waits_that_are_no_minutes_are_refused() {
    for wrong in ["0", "-1", "ten", "1.5", "99999999999"] {
        let error = read(format!("[CONNECTOR]\nMAX_WAIT_TIME_FOR_STARTUP={wrong}\n")).unwrap_err();
        assert_error(&error, "MAX_WAIT_TIME_FOR_STARTUP: the value must be a whole number of minutes, at least 1");
    }
}

#[test]
fn a_missing_user_gets_the_list_of_users() {
    let config =
        read(format!("[CONNECTOR]\n{}{}[OPCON API INFORMATION]\n", user_section("USER1"), user_section("OTHER")))
            .unwrap();
    let error = config.user("NOBODY").unwrap_err();
    assert_error(&error, "no section [NOBODY] for the user id; the file has [USER1], [OTHER]");
    assert_error(&config.user("connector").unwrap_err(), "the file has [USER1], [OTHER]");
    assert_error(&read("").unwrap().user("USER1").unwrap_err(), "the file has no section of a user");
}

#[test]
fn an_invalid_section_of_another_user_is_ignored() {
    let config = read(format!("[BROKEN]\nCONNECTOR_USER_ACCESS_KEY=\n{}", user_section("USER1"))).unwrap();
    assert!(config.user("USER1").is_ok());
    assert_error(
        &config.user("BROKEN").unwrap_err(),
        "line 1, section [BROKEN]: CONNECTOR_USER_ACCESS_KEY is missing or empty",
    );
}

#[test]
fn wrong_keys_are_refused_without_being_quoted() {
    let with_secret = |value: &str| {
        let id = encoded::encode(KEY_ID);
        let text = format!("[U]\nCONNECTOR_USER_ACCESS_KEY={id}\nCONNECTOR_USER_SECRET_KEY={value}\n");
        read(text).unwrap().user("U").unwrap_err()
    };
    assert_error(&with_secret(SECRET), "not hexadecimal");
    assert_error(&with_secret(&format!("{} ; my key", encoded::encode(SECRET))), "not hexadecimal");
    assert_error(
        &with_secret(&encoded::encode(&format!("{SECRET}\n"))),
        "or contains characters that are not valid in a key",
    );
    let encrypted = format!("<SmaEncrypt>{SECRET}</SmaEncrypt>");
    assert_error(&with_secret(&encrypted), "(<SmaEncrypt>): neither OpCon nor its agent decrypted it");
    assert_error(&with_secret(""), "line 1, section [U]: CONNECTOR_USER_SECRET_KEY is missing or empty");
}

#[test]
fn the_token_may_be_clear_or_encoded() {
    for form in [TOKEN.to_owned(), encoded::encode(TOKEN)] {
        let settings = api(&format!("ADDRESS=opcon:9010\nTOKEN={form}")).unwrap();
        assert_eq!(settings.token.expose_secret(), TOKEN);
        assert!(!format!("{settings:?}").contains(TOKEN));
    }
    assert_error(
        &api("ADDRESS=opcon:9010").unwrap_err(),
        "line 1, section [OPCON API INFORMATION]: TOKEN is missing or empty",
    );
    let error = api(&format!("ADDRESS=opcon:9010\nTOKEN={TOKEN} ; for tests")).unwrap_err();
    assert_error(&error, "(a comment needs its own line)");
}

#[test]
fn the_address_is_checked_when_it_is_needed() {
    let section = "line 2, section [OPCON API INFORMATION], ADDRESS: ";
    let error = api(&format!("ADDRESS=https://opcon:9010\nTOKEN={TOKEN}")).unwrap_err();
    assert!(error.to_string().contains(section) && error.to_string().contains("USING_TLS"), "{error}");
    assert_error(&api("").unwrap_err(), "ADDRESS is missing or empty");
}

#[test]
fn certificates_are_chosen_by_three_keys() {
    let trust = |lines: &str| api(&format!("ADDRESS=opcon:9010\nTOKEN={TOKEN}\n{lines}")).unwrap().trust;
    assert_eq!(trust("USING_TLS=False"), Trust::PlainHttp);
    assert_eq!(trust("VERIFY_TLS=false\nCA_FILE=ca.pem"), Trust::Unverified);
    let Trust::SystemAndFile(file) = trust("CA_FILE=ca.pem") else { panic!("the file is not used") };
    assert!(file.is_absolute() && file.ends_with("ca.pem"), "{}", file.display());
    let error = api(&format!("ADDRESS=opcon:9010\nTOKEN={TOKEN}\nVERIFY_TLS=maybe")).unwrap_err();
    assert_error(&error, "VERIFY_TLS: the value must be `ON`, `OFF`, `True` or `False`");
}

fn channel(lines: &str) -> Result<Option<PropertyChannel>, Error> {
    read(format!("[OPCON API INFORMATION]\n{lines}\n")).unwrap().property_channel()
}

#[test]
fn properties_use_the_api_by_default() {
    assert!(read("").unwrap().property_channel().unwrap().is_none());
    for line in ["", "PROPERTY_CHANNEL=\n", "PROPERTY_CHANNEL=API\n"] {
        let Some(PropertyChannel::Api(api)) = channel(&format!("{line}ADDRESS=opcon:9010\nTOKEN={TOKEN}")).unwrap()
        else {
            panic!("it is not the API with {line}")
        };
        assert_eq!(api.address(), "opcon:9010");
    }
    assert_error(&channel("").unwrap_err(), "ADDRESS is missing or empty");
    assert_error(
        &channel("PROPERTY_CHANNEL=mail").unwrap_err(),
        "PROPERTY_CHANNEL: the value must be `api` or `msgin`",
    );
}

#[test]
fn events_need_neither_address_nor_token_of_the_api() {
    for form in [TOKEN.to_owned(), encoded::encode(TOKEN)] {
        let lines = format!("PROPERTY_CHANNEL=msgin\nMSGIN_FOLDER=MSGIN\nMSGIN_USER=ocadm\nMSGIN_TOKEN={form}");
        let Some(PropertyChannel::Msgin(msgin)) = channel(&lines).unwrap() else { panic!("it is not MSGIN") };
        assert!(msgin.folder().is_absolute() && msgin.folder().ends_with("MSGIN"), "{}", msgin.folder().display());
        assert!(!format!("{msgin:?}").contains(TOKEN));
    }
}

#[test]
fn missing_and_invalid_event_settings_are_rejected() {
    let with = |folder: &str, user: &str, token: &str| {
        let lines = format!("PROPERTY_CHANNEL=msgin\nMSGIN_FOLDER={folder}\nMSGIN_USER={user}\nMSGIN_TOKEN={token}");
        channel(&lines).unwrap_err()
    };
    assert_error(&with("", "u", TOKEN), "MSGIN_FOLDER is missing or empty");
    assert_error(&with("f", "", TOKEN), "MSGIN_USER is missing or empty");
    assert_error(&with("f", "u", ""), "MSGIN_TOKEN is missing or empty");
    let comma = "an event cannot contain the value: a comma, or characters that are not printable ASCII";
    assert_error(&with("f", "u,v", TOKEN), &format!("line 4, section [OPCON API INFORMATION], MSGIN_USER: {comma}"));
    assert_error(&with("f", "u", &format!("{TOKEN},x")), &format!("MSGIN_TOKEN: {comma}"));
}

#[test]
fn debug_output_shows_no_secret() {
    let config = read(format!("{}[OPCON API INFORMATION]\nTOKEN={TOKEN}\n", user_section("U"))).unwrap();
    let shown = format!("{config:?} {:?}", config.user("U").unwrap());
    for secret in [SECRET, TOKEN, &encoded::encode(SECRET)] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_missing_file_is_an_error_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let error = Config::read(&folder.path().join("Connector.config")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.hint(), Some("check the path, and that the user of the job can read the file"));
}
