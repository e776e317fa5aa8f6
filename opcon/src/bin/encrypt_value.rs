//! `EncryptValue`: prints the encoded form of a value for `Connector.config`.
#![allow(non_snake_case, reason = "the program has the name of the original connector's tool")]

use std::io::Read as _;
use std::process::ExitCode;

const HELP: &str = "Prints the encoded form of a value for Connector.config.

Usage: EncryptValue -v TEXT
       \
                    EncryptValue -v -      takes the value from standard input, so that it does
                       \
                    not appear in the list of processes

The form is an encoding (the hexadecimal of the Base64 text) \
                    and no protection:
there is no key, and whoever can read it can decode it. Protect the file.";

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the one place where this program reports")]
fn main() -> ExitCode {
    match run() {
        Ok(output) => {
            println!("{output}");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("error: {wrong}");
            ExitCode::from(2)
        }
    }
}

/// The value to encode.
fn run() -> Result<String, String> {
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| argument.into_string().map_err(|_| "an argument is not valid Unicode".to_owned()))
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

/// Reads standard input as text, without the final line end.
fn standard_input() -> Result<String, String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|error| format!("reading standard input: {error}"))?;
    let value = text.strip_suffix('\n').unwrap_or(&text);
    Ok(value.strip_suffix('\r').unwrap_or(value).to_owned())
}
