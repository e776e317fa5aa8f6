//! `EncryptValue`: prints the encoded form of a value for `Connector.config`.
#![allow(non_snake_case, reason = "the program has the name of the original connector's tool")]

use std::io;
use std::process::ExitCode;

use opcon::prompt;
use opcon::signals::until_interrupted;
use secrecy::ExposeSecret as _;

const HELP: &str = "Prints the encoded form of a value for Connector.config.

Usage: EncryptValue -v TEXT
       EncryptValue -v -      asks for the value without showing it, or reads it
                              from standard input if that is no terminal, so that
                              it does not appear in the list of processes

The form is an encoding (the hexadecimal of the Base64 text) and no protection:
there is no key, and whoever can read it can decode it. Protect the file.";

/// The exit codes: a wrong use, and an interruption, as of `awsec2`.
const INVALID: u8 = 2;
const INTERRUPTED: u8 = 10;

/// Why there is nothing to print.
struct Failure {
    code: u8,
    text: String,
}

impl From<&str> for Failure {
    fn from(wrong: &str) -> Self {
        Failure { code: INVALID, text: wrong.to_owned() }
    }
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the one place where this program reports")]
fn main() -> ExitCode {
    match run() {
        Ok(output) => {
            println!("{output}");
            ExitCode::SUCCESS
        }
        Err(Failure { code, text }) => {
            eprintln!("error: {text}");
            ExitCode::from(code)
        }
    }
}

/// The value to encode.
fn run() -> Result<String, Failure> {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.into_string().map_err(|_| "an argument is not valid Unicode"))
        .collect::<Result<_, _>>()?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let value = match arguments.as_slice() {
        ["-h" | "--help"] => return Ok(HELP.into()),
        ["-v", "-"] => standard_input()?,
        ["-v", text] => (*text).to_owned(),
        _ => return Err("use `EncryptValue -v TEXT`, or see `EncryptValue --help`".into()),
    };
    if value.is_empty() {
        return Err("the value is empty".into());
    }
    Ok(opcon::encoded::encode(&value))
}

/// The value from a prompt without echo if standard input is a terminal, otherwise all of standard input without the
/// final line end.
fn standard_input() -> Result<String, Failure> {
    let failed = |error: io::Error| Failure {
        code: if error.kind() == io::ErrorKind::Interrupted { INTERRUPTED } else { INVALID },
        text: format!("reading the value: {error}"),
    };
    if prompt::is_possible() {
        return ask().map_err(failed);
    }
    let text = bounded_files::take_text(io::stdin().lock(), bounded_files::MIB).map_err(failed)?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(value.strip_suffix('\r').unwrap_or(value).to_owned())
}

fn ask() -> io::Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let value = runtime.block_on(until_interrupted(prompt::secret("Value: ")))??;
    Ok(value.expose_secret().to_owned())
}
