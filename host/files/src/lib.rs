//! Opens and reads local files of limited size without blocking, and judges and restricts access to them, for every
//! part of the program.

mod access;
mod folder;
mod options;
mod read;
mod writers;

pub use access::restrict_to_owner;
pub use folder::folder_of;
pub use options::without_links;
pub use read::{KIB, MIB, check, open, read, read_text, take, take_text};
pub use writers::{OtherWriters, other_writers};
