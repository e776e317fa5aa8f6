//! Integration tests of the program, in a single binary because linking the EC2 SDK is slow.
//!
//! Each test runs the real program against the servers of the test bed, which all tests share, or against its own
//! servers. Shared code is in `support`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod aws;
mod command_line;
mod commands;
mod configuration;
mod create_instance;
mod defects;
mod docs;
mod exit_codes;
mod fault_layer;
mod faults;
mod functions;
mod hostile_files;
mod lists;
mod log;
mod lost_output;
mod names;
mod output;
mod own_functions;
mod program_name;
mod progress;
mod properties;
mod secrets;
mod support;
