//! Reads the password of the OpCon user from a file, standard input or a prompt.

use std::io;
use std::path::{Path, PathBuf};

use bounded_files::{MIB, read_text, take_text};
use clap::ArgMatches;
use connector_sdk::{Error, ErrorKind, Result};
use opcon::prompt;
use secrecy::{ExposeSecret as _, SecretString};

use crate::escaped::ascii;

/// Reads the password of `user` from `--password-file`, or without it from a prompt. Standard input (`-`) is also a
/// prompt if it is a terminal, which would show what is typed.
pub async fn read(matches: &ArgMatches, user: &str) -> Result<SecretString> {
    let failed = |error: io::Error| {
        Error::new(ErrorKind::InvalidInput, error.to_string()).doing(format!("reading the password of {user}"))
    };
    let is_input = |file: &Path| file == Path::new("-");
    match matches.get_one::<PathBuf>("password-file") {
        Some(file) if !is_input(file) => read_text(file, MIB).map(|text| first_line(&text)).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, error.to_string()).doing(format!("reading {}", file.display()))
        }),
        _ if prompt::is_possible() => {
            let password = prompt::secret(&format!("Password of {}: ", ascii(user))).await.map_err(failed)?;
            if password.expose_secret().is_empty() {
                Err(failed(io::Error::other("it is empty")))
            } else {
                Ok(password)
            }
        }
        Some(_) => take_text(io::stdin().lock(), MIB).map(|text| first_line(&text)).map_err(failed),
        None => Err(failed(io::Error::other("no terminal for the prompt"))
            .hint("use `--password-file FILE`, or `--password-file -` for standard input")),
    }
}

fn first_line(text: &str) -> SecretString {
    text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default().into()
}
