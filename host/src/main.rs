//! The program `awsec2`: hands over to the library and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    awsec2::main()
}
