//! Starts the program: selects the job or administrator command from the command line.

use std::process::ExitCode;
use std::{env, thread};

use connector_sdk::Result;

use crate::cli::{self, Request};
use crate::console::{Console, print_help};
use crate::panics::Panics;
use crate::registry::Registry;
use crate::settings::Output;
use crate::{arguments, commands, exit, job, list, program};

/// The stack size of the worker thread, in bytes. The calls in the EC2 SDK are deeply nested, and the main thread of a
/// Windows program has 1 MiB, of which a simple job uses more than half.
const STACK_SIZE: usize = 8 * 1024 * 1024;

/// Runs the job that the command line describes, and returns its exit code.
pub fn main() -> ExitCode {
    main_with(&[])
}

/// Like [`main`], for a program that also links these crates, see [`main!`](crate::main!).
#[doc(hidden)]
pub fn main_with(own: &'static [&'static str]) -> ExitCode {
    let worker = thread::Builder::new().stack_size(STACK_SIZE).spawn(|| work(own));
    let code = worker.map(|worker| worker.join().unwrap_or(exit::DEFECT));
    ExitCode::from(code.unwrap_or_else(|_| work(own)))
}

/// Defines `main` for a program with additional functions: `awsec2::main!(show_identity);` links the named crates and
/// checks at startup that each of them registered a function.
///
/// A dependency that is not named here is not linked. To turn this into a build error, begin the program with
/// `#![deny(unused_crate_dependencies)]`.
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

/// The output format for an invalid command line.
fn raw_output() -> Output {
    arguments::output_form(&arguments::unread(env::args_os()))
}

/// The exit code of everything other than a job. Prints the error of a failure.
fn code_of_command(result: Result<u8>) -> u8 {
    result.unwrap_or_else(|error| {
        Console::new(Output::Text).failure(&error);
        exit::code_of(&error, false, false)
    })
}
