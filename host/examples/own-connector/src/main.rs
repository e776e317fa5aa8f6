//! An example of a connector with an additional function.

#![deny(unused_crate_dependencies)]

awsec2::main!(show_identity);
