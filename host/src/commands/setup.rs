//! Implements `awsec2 setup`: obtains the OpCon API token, tests it, and saves it in `Connector.config`.

mod certificate;
mod fingerprint;
mod password;
mod trust;

use std::path::Path;

use clap::ArgMatches;
use connector_sdk::{Error, ErrorKind, Reporter as _, Result};
use opcon::{ApiSettings, Client, ConfigEditor, OPCON_API, encoded, setup};
use secrecy::{ExposeSecret as _, SecretString};

use super::parts::{
    block_on_until_interrupted, config_argument, config_path, flag, option, parse, parser, path_option, text,
};
use crate::console::Console;
use crate::opcon_error::opcon_error;
use crate::registry::Registry;
use crate::settings::Output;
use crate::{config, exit, program};
use certificate::FILE_NAME as CERTIFICATE_FILE;
use fingerprint::Fingerprint;
use trust::Protection;

/// The name of the command.
pub const NAME: &str = "setup";
/// Its summary.
pub const SUMMARY: &str = "Get a token for the OpCon API and write it to Connector.config.";

fn command() -> clap::Command {
    parser(NAME, SUMMARY)
        .after_help(format!(
            "The user needs the privileges for saving properties. The command first prints the certificate of the API. \
             If the system does not trust it, compare its fingerprint with that on the OpCon server: at a terminal, \
             the command then asks whether to save it as `{CERTIFICATE_FILE}` and trust it. The password is sent \
             only to a server whose certificate is trusted. The command requests an application token, which does not \
             expire with the login, tests it, and writes it in the form of `EncryptValue`. Everything else in the file \
             is kept.\n\nExample:\n  {} {NAME} --address opcon.example.com:9010 --user ocadm\n",
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
            option(
                trust::FINGERPRINT,
                "SHA256",
                "The SHA-256 fingerprint of the certificate of the API. A certificate with this fingerprint is saved \
                 and trusted without a question; any other is refused.",
            )
            .value_parser(Fingerprint::parse)
            .conflicts_with_all(["ca-file", "no-verify", "no-tls"]),
        )
        .arg(
            path_option(
                trust::SAVE_CERTIFICATE,
                "FILE",
                "Save the certificate of the API to this file, also if the system trusts it. Default: `opcon.pem` next \
                 to Connector.config, if the certificate is not trusted.",
            )
            .conflicts_with_all(["ca-file", "no-verify", "no-tls"]),
        )
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
    let console = Console::new(Output::Text);
    let file = config::find_or_create(config_path(&matches).as_deref())?;
    let mut editor = ConfigEditor::open(&file).map_err(opcon_error)?;
    // Before the password is asked for, because a token that cannot be written is of no use.
    editor.try_save().map_err(opcon_error)?;
    config::warning(&file).iter().for_each(|warning| console.warning(warning));
    let token = block_on_until_interrupted(obtain(&matches, &file, &mut editor, &console))?;
    let token = encoded::encode(token.expose_secret());
    let saved = editor
        .set(OPCON_API, "TOKEN", &token)
        .and_then(|()| editor.save())
        .map_err(|error| not_saved(&matches, error))?;
    saved.iter().for_each(|warning| console.warning(warning));
    report(&console, &matches, &file, editor.is_new());
    Ok(console.exit_code(exit::SUCCESS))
}

/// Obtains a token that OpCon accepts, and changes all other settings.
async fn obtain(
    matches: &ArgMatches,
    file: &Path,
    editor: &mut ConfigEditor,
    console: &Console,
) -> Result<SecretString> {
    let (address, user) = (text(matches, "address"), text(matches, "user"));
    let Protection { trust, mut settings } = trust::establish(matches, file, editor, console).await?;
    settings.push(("ADDRESS", address.to_owned()));
    for (key, value) in settings {
        editor.set(OPCON_API, key, &value).map_err(opcon_error)?;
    }
    let password = password::read(matches, user).await?;
    let application = text(matches, "application");
    let token = setup::request_token(address, &trust, user, &password, application).await.map_err(opcon_error)?;
    let settings = ApiSettings::new(address, token.clone(), trust).map_err(opcon_error)?;
    Client::new(&settings).map_err(opcon_error)?.check().await.map_err(opcon_error)?;
    Ok(token)
}

/// The error after OpCon has created the token. It is never printed, and need not be: OpCon returns it again.
fn not_saved(matches: &ArgMatches, error: opcon::Error) -> Error {
    let application = text(matches, "application");
    opcon_error(error).into_kind(ErrorKind::LocalFile).hint(format!(
        "allow this user to write the file, and run the command again: OpCon keeps the token for the application \
         `{application}`, and returns the same one"
    ))
}

fn report(console: &Console, matches: &ArgMatches, file: &Path, is_new: bool) {
    let (address, user, name) = (text(matches, "address"), text(matches, "user"), file.display());
    console.event(&format!("OpCon at {address} created a token for {user} and accepts it"));
    console.event(&format!("{name}: address and token written to [{OPCON_API}]"));
    if is_new {
        console.event(&format!(
            "{name}: only its owner has access: give it to the user of the jobs if that is another one"
        ));
    }
    readable_by_others(file).iter().for_each(|warning| console.warning(warning));
    console.event(&format!("run `{} check` to test the whole configuration", program::name()));
}

/// The warning about an existing file that keeps a mode with which other users can read its secrets.
#[cfg(unix)]
fn readable_by_others(file: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata().ok()?.permissions().mode() & 0o777;
    let name = file.display();
    (mode & 0o004 != 0).then(|| {
        format!("{name}: every user of this machine can read the secrets in the file (mode {mode:03o}); run `chmod o= {name}`")
    })
}

/// The permissions of Windows are not read.
#[cfg(not(unix))]
fn readable_by_others(_: &Path) -> Option<String> {
    None
}
