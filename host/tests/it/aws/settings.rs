//! Tests every setting of the environment and the profile files with values that nobody expects.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::support::{Answer, Finished, OwnEc2, Program};

/// The variables that the program or the AWS SDK reads, in addition to those in the documents.
const VARIABLES: &str = "\
    AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ACCOUNT_ID AWS_REGION AWS_DEFAULT_REGION AWS_PROFILE \
    AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_CA_BUNDLE AWS_MAX_ATTEMPTS AWS_RETRY_MODE AWS_NEW_RETRIES_2026 \
    AWS_DEFAULTS_MODE AWS_ENDPOINT_URL AWS_ENDPOINT_URL_EC2 AWS_ENDPOINT_URL_STS AWS_IGNORE_CONFIGURED_ENDPOINT_URLS \
    AWS_USE_FIPS_ENDPOINT AWS_USE_DUALSTACK_ENDPOINT AWS_EC2_METADATA_DISABLED AWS_EC2_METADATA_SERVICE_ENDPOINT \
    AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE AWS_EC2_METADATA_V1_DISABLED AWS_METADATA_SERVICE_TIMEOUT \
    AWS_METADATA_SERVICE_NUM_ATTEMPTS AWS_REQUEST_CHECKSUM_CALCULATION AWS_RESPONSE_CHECKSUM_VALIDATION \
    AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES AWS_DISABLE_REQUEST_COMPRESSION AWS_DISABLE_CLOCK_SKEW_CORRECTION \
    AWS_ACCOUNT_ID_ENDPOINT_MODE AWS_AUTH_SCHEME_PREFERENCE AWS_SIGV4A_SIGNING_REGION_SET AWS_SDK_UA_APP_ID \
    AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_NAME AWS_ROLE_ARN AWS_ROLE_SESSION_NAME AWS_WEB_IDENTITY_TOKEN_FILE \
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_AUTHORIZATION_TOKEN \
    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE AWS_LOGIN_CACHE_DIRECTORY HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY \
    http_proxy https_proxy all_proxy no_proxy SSL_CERT_FILE SSL_CERT_DIR HOME USERPROFILE TZ LANG";

/// The keys of a profile.
const KEYS: &str = "\
    region endpoint_url max_attempts retry_mode ca_bundle use_fips_endpoint use_dualstack_endpoint defaults_mode \
    sdk_ua_app_id request_checksum_calculation response_checksum_validation request_min_compression_size_bytes \
    disable_request_compression disable_clock_skew_correction ignore_configured_endpoint_urls account_id_endpoint_mode \
    auth_scheme_preference sigv4a_signing_region_set ec2_metadata_service_endpoint ec2_metadata_service_endpoint_mode \
    ec2_metadata_v1_disabled role_arn source_profile credential_source web_identity_token_file role_session_name \
    duration_seconds external_id mfa_serial sso_session sso_start_url sso_region sso_account_id sso_role_name services \
    login_session aws_access_key_id aws_secret_access_key aws_session_token aws_account_id";

/// The unexpected values: empty, blank, negative, huge, no number, not Unicode.
fn values() -> Vec<OsString> {
    let mut values: Vec<OsString> =
        ["", " ", "-1", "99999999999999999999999999", "nonsense value"].map(Into::into).into();
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt as _;
        values.push(OsString::from_vec(b"caf\xe9".to_vec()));
    }
    values
}

/// The variables that the documents name.
fn documented() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|file| file.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let pages = pages.chain([root.join("README.md")]).map(|path| fs::read_to_string(path).unwrap());
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = |page: String| page.split(|c: char| !is_of_name(c)).map(str::to_owned).collect::<Vec<_>>();
    let is_variable =
        |word: &String| ["AWS_", "SSL_CERT_"].iter().any(|start| word.starts_with(start)) || word.ends_with("_PROXY");
    pages.flat_map(words).filter(is_variable).collect()
}

fn answer(action: &str) -> Answer {
    match action {
        "DescribeInstances" => Answer::success(action, ""),
        _ => Answer::sts_error(403, "AccessDenied", "not part of this test"),
    }
}

/// A job without arguments that replace settings.
fn program(ec2: &OwnEc2) -> Program {
    let program = Program::with_endpoint(&ec2.url).without("--region").without_env("AWS_MAX_ATTEMPTS");
    program.env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")
}

fn without_keys(program: Program) -> Program {
    program.without_env("AWS_ACCESS_KEY_ID").without_env("AWS_SECRET_ACCESS_KEY")
}

#[test]
fn no_value_of_a_variable_is_a_defect_of_the_program() {
    let ec2 = OwnEc2::start(answer);
    let variables: BTreeSet<String> = VARIABLES.split(' ').map(str::to_owned).chain(documented()).collect();
    assert!(variables.len() > 60, "{variables:?}");
    for variable in &variables {
        for value in values() {
            for program in [program(&ec2), without_keys(program(&ec2))] {
                let mut job = program.command(["GetInstanceStatusByTag", "--log-dir", "log"]);
                let finished = Finished::from(job.env(variable, &value).output().unwrap());
                assert!((0..=9).contains(&finished.code), "{variable}={}: {finished:#?}", value.display());
            }
        }
    }
}

#[test]
fn no_value_of_a_profile_is_a_defect_of_the_program() {
    let ec2 = OwnEc2::start(answer);
    for key in KEYS.split(' ') {
        for value in values() {
            for file in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
                let program = without_keys(program(&ec2)).env(file, "profiles");
                let line = format!("[default]\n{key} = ").into_bytes();
                let content = [&line, value.as_encoded_bytes(), b"\n"].concat();
                fs::write(program.folder().join("profiles"), content).unwrap();
                let finished = program.run(&["GetInstanceStatusByTag"]);
                assert!((0..=9).contains(&finished.code), "{key}={}: {finished:#?}", value.display());
            }
        }
    }
}

#[test]
fn no_home_folder_is_needed() {
    let ec2 = OwnEc2::start(answer);
    let program = program(&ec2);
    let mut job = program.command(["GetInstanceStatusByTag", "--log-dir", "log"]);
    job.env_remove("HOME").env_remove("USERPROFILE");
    Finished::from(job.output().unwrap()).expect_code(0);
}

#[test]
fn the_null_device_is_a_file_without_settings() {
    let ec2 = OwnEc2::start(answer);
    let null = if cfg!(windows) { "NUL" } else { "/dev/null" };
    let program = program(&ec2).env("AWS_CONFIG_FILE", null).env("AWS_SHARED_CREDENTIALS_FILE", null);
    program.run(&["GetInstanceStatusByTag"]).expect_code(0);
}

#[test]
fn retries_are_read_by_one_rule() {
    for (attempts, mode, number) in [
        ("", "", 3),
        (" ", " ", 3),
        ("1", "legacy", 1),
        (" 2 ", "STANDARD", 2),
        ("002", "adaptive", 2),
        ("4", "standard", 4),
    ] {
        for profile in [false, true] {
            let ec2 = OwnEc2::start(|_| Answer::error(500, "InternalError", "No"));
            let program = program(&ec2);
            let program = match profile {
                true => {
                    program.write("profiles", &format!("[default]\nmax_attempts={attempts}\nretry_mode={mode}\n"));
                    program.env("AWS_CONFIG_FILE", "profiles")
                }
                false => program.env("AWS_MAX_ATTEMPTS", attempts).env("AWS_RETRY_MODE", mode),
            };
            program.run(&["GetInstanceStatusByTag"]).expect_code(9);
            assert_eq!(ec2.actions().len(), number, "{attempts} {mode}");
        }
    }
}

#[test]
fn other_retries_are_2_and_named() {
    let ec2 = OwnEc2::unwanted();
    for (variable, key, values, must) in [
        ("AWS_MAX_ATTEMPTS", "max_attempts", ["abc", "0", "-1", "1.5", "+3"], "a whole number of at least 1"),
        ("AWS_RETRY_MODE", "retry_mode", ["foo", "-1", "3", "standard,", "none"], "`standard`, `adaptive` or `legacy`"),
    ] {
        for value in values {
            let refused = |program: Program, place: &str| {
                let finished = program.run(&["GetInstanceStatusByTag"]).expect_code(2);
                assert_eq!(finished.stderr, format!("error: reading the AWS settings: {place} must be {must}\n"));
            };
            refused(program(&ec2).env(variable, value), &format!("`{variable}`"));
            for (file, profile, section) in [
                ("AWS_CONFIG_FILE", "default", "default"),
                ("AWS_CONFIG_FILE", "night", "profile night"),
                ("AWS_SHARED_CREDENTIALS_FILE", "night", "night"),
            ] {
                let program = program(&ec2).env(file, "profiles").env("AWS_PROFILE", profile);
                program.write("profiles", &format!("[{section}]\n{key} = {value}\n"));
                refused(program, &format!("`{key}` of the profile `{profile}` in profiles"));
            }
            let program = program(&ec2);
            fs::create_dir(program.folder().join(".aws")).unwrap();
            program.write(".aws/config", &format!("[default]\n{key} = {value}\n"));
            refused(program, &format!("`{key}` of the profile `default` in ~/.aws/config"));
        }
    }
}

#[test]
fn a_variable_comes_before_the_profile_and_a_blank_one_does_not() {
    let attempts = |variable: &str, expected: usize| {
        let ec2 = OwnEc2::start(|_| Answer::error(500, "InternalError", "No"));
        let program = program(&ec2).env("AWS_CONFIG_FILE", "profiles").env("AWS_MAX_ATTEMPTS", variable);
        program.write("profiles", "[default]\nmax_attempts = 2\n");
        program.run(&["GetInstanceStatusByTag"]).expect_code(9);
        assert_eq!(ec2.actions().len(), expected);
    };
    attempts("1", 1);
    attempts(" ", 2);
}

#[test]
fn an_endpoint_that_is_not_http_is_2_at_once() {
    for url in ["ftp://example.com", "file:///tmp"] {
        let program =
            Program::with_endpoint("http://127.0.0.1:9").without("--endpoint-url").env("AWS_ENDPOINT_URL", url);
        let finished = program.run(&["GetInstanceStatusByTag"]).expect_code(2);
        assert!(!finished.stderr.contains("retrying"), "{finished:#?}");
    }
}
