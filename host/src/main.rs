//! The program `awsec2`: calls the library and returns its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    awsec2::main()
}
