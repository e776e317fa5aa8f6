//! Implements `awsec2 setup`: obtains the OpCon API token, tests it, and saves it in `Connector.config`.

mod password_prompt;

use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf, absolute};

use clap::ArgMatches;
use connector_sdk::{Error, ErrorKind, Reporter as _, Result};
use opcon::tls::Trust;
use opcon::{ApiSettings, Client, Config, ConfigEditor, OPCON_API, encoded, setup};
use secrecy::{ExposeSecret as _, SecretString};

use super::parts::{block_on, config_argument, config_path, flag, option, parse, parser, path_option, text};
use crate::console::Console;
use crate::opcon_error::opcon_error;
use crate::registry::Registry;
use crate::settings::Output;
use crate::{config, exit, program};

/// The name of the command.
pub const NAME: &str = "setup";
/// Its summary.
pub const SUMMARY: &str = "Get a token for the OpCon API and write it to Connector.config.";

fn command() -> clap::Command {
    parser(NAME, SUMMARY)
        .after_help(format!(
            "The user needs the privileges for saving properties. The command requests an application token, which \
             does not expire with the login, tests it, and writes it in the form of `EncryptValue`. Everything else \
             in the file is kept.\n\nExample:\n  {} {NAME} --address opcon.example.com:9010 --user ocadm --ca-file \
             opcon.pem\n",
            program::name()
        ))
        .arg(option("address", "HOST:PORT", "The address of the OpCon API.").required(true))
        .arg(option("user", "USER", "The OpCon user.").required(true))
        .arg(path_option(
            "password-file",
            "FILE",
            "The file with the password of the user as its first line; `-` is standard input. Default: a prompt.",
        ))
        .arg(option("application", "NAME", "The name of the token in OpCon.").default_value("awsec2"))
        .arg(
            path_option("ca-file", "FILE", "The certificate of the API or of its issuer, as PEM.")
                .conflicts_with("no-tls"),
        )
        .arg(
            flag("no-verify", "Accept any certificate, with a warning in every job.")
                .conflicts_with_all(["ca-file", "no-tls"]),
        )
        .arg(flag("no-tls", "Use plain HTTP: password and token are sent unencrypted."))
        .arg(config_argument())
}

/// Configures the connection to the OpCon API.
pub fn run(_: &Registry, args: &[String]) -> Result<u8> {
    let Some(matches) = parse(command(), args)? else { return Ok(exit::SUCCESS) };
    let file = config_path(&matches).or_else(|| config::find(None)).unwrap_or_else(|| config::FILE_NAME.into());
    // Report an unwritable file before the password prompt.
    let mut editor = ConfigEditor::open(&file).map_err(opcon_error)?;
    let trust = trust(&matches, &file)?;
    let (address, user) = (text(&matches, "address"), text(&matches, "user"));
    let password = password(&matches, user)?;
    let token = block_on(async {
        let application = text(&matches, "application");
        let token = setup::request_token(address, &trust, user, &password, application).await.map_err(as_options)?;
        let settings = ApiSettings::new(address, token.clone(), trust.clone()).map_err(opcon_error)?;
        let client = Client::new(&settings).map_err(opcon_error)?;
        client.check().await.map_err(opcon_error)?;
        Ok(token)
    })?;
    let mut settings = trust_settings(&matches, &file)?;
    settings.extend([("ADDRESS", address.to_owned()), ("TOKEN", encoded::encode(token.expose_secret()))]);
    for (key, value) in settings {
        editor.set(OPCON_API, key, &value).map_err(opcon_error)?;
    }
    editor.save().map_err(opcon_error)?;
    let console = Console::new(Output::Text);
    console.event(&format!("OpCon at {address} created a token for {user} and accepts it"));
    console.event(&format!("{}: address and token written to [{OPCON_API}]", file.display()));
    console.event(&format!("run `{} check` to test the whole configuration", program::name()));
    Ok(console.exit_code(exit::SUCCESS))
}

/// Names the options of this command in place of the settings in an error.
fn as_options(error: opcon::Error) -> Error {
    match error.kind() {
        opcon::ErrorKind::Untrusted => opcon_error(error).hint("use `--ca-file FILE` with the file of the certificate"),
        _ => opcon_error(error),
    }
}

/// The TLS trust settings from the command line, otherwise from the file.
fn trust(matches: &ArgMatches, file: &Path) -> Result<Trust> {
    if matches.get_flag("no-tls") {
        return Ok(Trust::PlainHttp);
    }
    if matches.get_flag("no-verify") {
        return Ok(Trust::Unverified);
    }
    if let Some(ca_file) = matches.get_one::<PathBuf>("ca-file") {
        return Ok(Trust::SystemAndFile(ca_file.clone()));
    }
    if !file.is_file() {
        return Ok(Trust::System);
    }
    Config::read(file).and_then(|config| config.opcon_trust()).map_err(opcon_error)
}

/// The settings to save in addition to address and token.
fn trust_settings(matches: &ArgMatches, file: &Path) -> Result<Vec<(&'static str, String)>> {
    if matches.get_flag("no-tls") {
        return Ok(vec![("USING_TLS", "False".to_owned())]);
    }
    if matches.get_flag("no-verify") {
        return Ok(vec![("USING_TLS", "True".to_owned()), ("VERIFY_TLS", "False".to_owned())]);
    }
    let Some(ca_file) = matches.get_one::<PathBuf>("ca-file") else { return Ok(vec![]) };
    let ca_file = relative_to(ca_file, file)?;
    Ok(vec![("USING_TLS", "True".to_owned()), ("VERIFY_TLS", "True".to_owned()), ("CA_FILE", ca_file)])
}

/// The path to write into the configuration: only the file name if both files are in one folder, so that the folder can
/// be moved.
fn relative_to(ca_file: &Path, config: &Path) -> Result<String> {
    let failed = |error: io::Error| wrong(ca_file, error);
    let (ca_file, config) = (absolute(ca_file).map_err(failed)?, absolute(config).map_err(failed)?);
    let name = ca_file.file_name().filter(|_| ca_file.parent() == config.parent());
    Ok(name.map_or(ca_file.display().to_string(), |name| name.to_string_lossy().into_owned()))
}

/// Reads the password from the file or the terminal.
fn password(matches: &ArgMatches, user: &str) -> Result<SecretString> {
    let Some(file) = matches.get_one::<PathBuf>("password-file") else {
        if !io::stdin().is_terminal() {
            return Err(Error::new(ErrorKind::InvalidInput, "no terminal for the prompt")
                .doing(format!("reading the password of {user}"))
                .hint("use `--password-file FILE`, or `--password-file -` for standard input"));
        }
        return password_prompt::read_password(&format!("Password of {user}: ")).map(SecretString::from).map_err(
            |error| {
                Error::new(ErrorKind::InvalidInput, error.to_string()).doing(format!("reading the password of {user}"))
            },
        );
    };
    let text = if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        bounded_files::read_text(file, bounded_files::MIB)
    };
    let text = text.map_err(|error| wrong(file, error))?;
    Ok(text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().into())
}

fn wrong(file: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, error.to_string()).doing(format!("reading {}", file.display()))
}
