//! The start of the program: which job or administrator command the command line asks for.

use std::process::ExitCode;
use std::{env, thread};

use connector_sdk::Result;

use crate::cli::{self, Request};
use crate::console::{Console, print_help};
use crate::panics::Panics;
use crate::registry::Registry;
use crate::settings::Output;
use crate::{arguments, commands, exit, job, list, program};

/// The stack of the thread that does the work: the calls inside the EC2 SDK are deep, and the main thread of a Windows
/// program has 1 MiB, of which a simple job uses more than half. Bytes.
const STACK_SIZE: usize = 8 * 1024 * 1024;

/// Performs the job that the command line describes, and returns its exit code.
pub fn main() -> ExitCode {
    main_with(&[])
}

/// The same for a program that links these crates, too, see [`main!`](crate::main!).
#[doc(hidden)]
pub fn main_with(own: &'static [&'static str]) -> ExitCode {
    let worker = thread::Builder::new().stack_size(STACK_SIZE).spawn(|| work(own));
    let code = worker.map(|worker| worker.join().unwrap_or(exit::DEFECT));
    ExitCode::from(code.unwrap_or_else(|_| work(own)))
}

/// Makes a program that has functions of its own beside those of the connector: `awsec2::main!(show_identity);` links the
/// crates that are named, makes sure that each has registered a function, and defines `main`.
///
/// A crate that the program depends on but does not name here is not linked. So that this is a build error, the program begins
/// with `#![deny(unused_crate_dependencies)]`.
#[macro_export]
macro_rules! main {
    ($($function:ident),+ $(,)?) => {
        $(use $function as _;)+

        fn main() -> std::process::ExitCode {
            $crate::main_with(&[$(stringify!($function)),+])
        }
    };
}

fn work(own: &[&str]) -> u8 {
    program::set_name(env::args_os().next().as_deref());
    let panics = Panics::remember();
    let registry = match Registry::load_with(own, commands::names().iter().map(|command| command.name).collect()) {
        Ok(registry) => registry,
        Err(error) => return job::end_without(raw_output(), None, error),
    };
    if let Some((command, words)) = commands::find(&registry, env::args_os()) {
        return code_of_command(
            words.and_then(|words| panics.guard(command.name, || (command.run)(&registry, &words))),
        );
    }
    let words = match arguments::read(env::args_os(), &registry) {
        Ok(words) => words,
        Err(error) => return job::end_without(raw_output(), None, error),
    };
    let name = words.function.as_deref().unwrap_or_else(|| program::name());
    match panics.guard(name, || cli::parse(&registry, &commands::names(), &words)) {
        Ok(Request::Run(job)) => job::run(&job),
        Ok(Request::List(Output::Text)) => code_of_command(print_help(&list::text(registry.all()))),
        Ok(Request::List(Output::Json)) => code_of_command(print_help(&list::json(registry.all()))),
        Ok(Request::Print(text)) => code_of_command(print_help(&text)),
        Err(error) => job::end_without(arguments::output_form(&words.rest), words.function.as_deref(), error),
    }
}

/// The form of the output, when the command line cannot be read.
fn raw_output() -> Output {
    arguments::output_form(&arguments::unread(env::args_os()))
}

/// The exit code of what is no job; a failure is printed.
fn code_of_command(result: Result<u8>) -> u8 {
    result.unwrap_or_else(|error| {
        Console::new(Output::Text).failure(&error);
        exit::code_of(&error, false, false)
    })
}
