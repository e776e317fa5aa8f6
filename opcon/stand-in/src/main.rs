//! The program `opcon-stand-in`: starts a stand-in for the OpCon REST API and prints its addresses.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::{Arg, ValueExt as _};
use opcon_stand_in::{Options, StandIn};

const HELP: &str = "A stand-in for the OpCon REST API, on 127.0.0.1 only.

Usage: opcon-stand-in [OPTIONS]

  \
                    --http-port PORT    port for plain HTTP (default: a free one)
  --https-port PORT   port for \
                    HTTPS (default: a free one)
  --ca-file FILE      write the self-signed certificate to this file \
                    (PEM)
  --token TOKEN       the token to accept
  --evaluate-only     evaluate assignments \
                    without storing anything
  --trims             remove the spaces around values
  --keep           \
                    keep running when standard input is closed

When it is ready, it prints one line of JSON: http, \
                    https, ca_file, token.
It ends when its standard input is closed, or on Ctrl-C.";

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The settings on the command line.
struct Arguments {
    options: Options,
    ca_file: Option<PathBuf>,
    keep: bool,
}

#[tokio::main(flavor = "current_thread")]
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the one place where this program reports")]
async fn main() -> ExitCode {
    let report = |text: &str| println!("{text}");
    match run(report).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(report: impl Fn(&str)) -> Result<(), Failure> {
    let Some(Arguments { options, ca_file, keep }) = arguments()? else {
        report(HELP);
        return Ok(());
    };
    let token = options.token.clone();
    let stand_in = StandIn::start(options).await?;
    if let Some(file) = &ca_file {
        std::fs::write(file, stand_in.ca_pem()).map_err(|error| format!("writing {}: {error}", file.display()))?;
    }
    let ready = serde_json::json!({
        "http": stand_in.http().to_string(),
        "https": stand_in.https().to_string(),
        "ca_file": ca_file,
        "token": token,
    });
    report(&ready.to_string());
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        () = end_of_input(), if !keep => Ok(()),
    }
}

/// Waits until standard input is closed, at the latest when the parent process exits.
async fn end_of_input() {
    let (closed, end) = tokio::sync::oneshot::channel();
    // In a separate thread, because tokio's blocking threads would prevent the program from exiting on Ctrl-C.
    std::thread::spawn(move || {
        let mut buffer = [0; 256];
        while std::io::stdin().read(&mut buffer).is_ok_and(|length| length > 0) {}
        let _nobody_waits = closed.send(());
    });
    let _closed = end.await;
}

/// Parses the command line. `None` if help is requested.
fn arguments() -> Result<Option<Arguments>, lexopt::Error> {
    let mut arguments = Arguments { options: Options::default(), ca_file: None, keep: false };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("http-port") => arguments.options.http_port = parser.value()?.parse()?,
            Arg::Long("https-port") => arguments.options.https_port = parser.value()?.parse()?,
            Arg::Long("ca-file") => arguments.ca_file = Some(parser.value()?.into()),
            Arg::Long("token") => arguments.options.token = parser.value()?.string()?,
            Arg::Long("evaluate-only") => arguments.options.behavior.evaluate_only = true,
            Arg::Long("trims") => arguments.options.behavior.trims = true,
            Arg::Long("keep") => arguments.keep = true,
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(arguments))
}
