//! The connector with a function of its own.

#![deny(unused_crate_dependencies)]

awsec2::main!(show_identity);
