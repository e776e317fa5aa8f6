//! Shared code of the tests: the test bed, the program, servers for single tests, and direct access to EC2.

mod build;
pub mod cmd;
mod ec2;
pub mod functions;
pub mod http;
mod own_ec2;
mod own_opcon;
mod placeholders;
mod program;
mod test_bed;

pub use build::Built;
pub use ec2::{Ec2, unique, values};
pub use functions::{Example, Function, administrator_commands, functions};
pub use own_ec2::{Answer, OwnEc2};
pub use own_opcon::OwnOpCon;
pub use placeholders::{Placeholders, Resources, resources_in};
pub use program::{Finished, Program};
pub use test_bed::test_bed;
