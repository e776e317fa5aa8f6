//! Reads local files of limited size without blocking, for every part of the program.

mod read;

pub use read::{KIB, MIB, check, open, read, read_text, take, take_text};
