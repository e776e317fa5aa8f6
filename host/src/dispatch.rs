//! Starts the program: selects the job or administrator command from the command line.

use std::process::ExitCode;
use std::{env, thread};

use connector_sdk::Result;

use crate::arguments::{Files, Quoting};
use crate::cli::{self, Request};
use crate::console::{Console, print_help};
use crate::registry::Registry;
use crate::settings::Output;
use crate::{arguments, commands, exit, job, list, panics, program, signals};

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
    let code = worker.map(|worker| worker.join().unwrap_or_else(|_| unguarded_panic()));
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
    signals::survive_file_size_limit();
    panics::install_hook();
    let registry = match Registry::load_with(own, commands::names().iter().map(|command| command.name).collect()) {
        Ok(registry) => registry,
        Err(error) => return job::refuse(&raw_arguments(), None, error),
    };
    if let Some((command, args)) = commands::find(&registry, env::args_os()) {
        return command_exit_code(
            args.and_then(|args| panics::guard(command.name, || (command.run)(&registry, &args))),
        );
    }
    let args = match arguments::read(env::args_os(), &registry, Files::Here) {
        Ok(args) => args,
        Err(error) => {
            let args = raw_arguments();
            return job::refuse(&args, arguments::function_of(&args, &registry), error);
        }
    };
    // The name of a function that does not exist can be a part of a secret value.
    let function =
        args.function.as_deref().filter(|name| args.quoting == Quoting::Allowed || registry.find(name).is_some());
    let name = function.unwrap_or_else(|| program::name());
    match panics::guard(name, || cli::parse(&registry, &commands::names(), &args)) {
        Ok(Request::Run(job)) => job::run(&job),
        Ok(Request::List(Output::Text)) => command_exit_code(print_help(&list::text(registry.all()))),
        Ok(Request::List(Output::Json)) => command_exit_code(print_help(&list::json(registry.all()))),
        Ok(Request::Print(text)) => command_exit_code(print_help(&text)),
        Err(error) => job::refuse(&args.rest, function, error),
    }
}

/// The exit code after a panic that ended the worker thread, e.g. one in the report of a job.
fn unguarded_panic() -> u8 {
    command_exit_code(Err(panics::defect(program::name())))
}

/// The arguments of a command line that cannot be read.
fn raw_arguments() -> Vec<String> {
    arguments::split_without_files(env::args_os())
}

/// The exit code of everything other than a job. Prints the error of a failure.
fn command_exit_code(result: Result<u8>) -> u8 {
    result.unwrap_or_else(|error| {
        Console::new(Output::Text).failure(&error);
        exit::code_of(&error, false, false)
    })
}
