//! The tests of the program itself: one binary, because linking the EC2 SDK takes its time.
//!
//! Each test starts the real program against the servers of the test bed, which all tests share, or against servers of its
//! own. What tests share is in `support`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

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
mod lists;
mod lost_output;
mod names;
mod output;
mod own_functions;
mod program_name;
mod progress;
mod properties;
mod support;
