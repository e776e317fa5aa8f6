//! Links every function crate into the program.
//!
//! A Cargo dependency alone links nothing: the crate must be named in source code. `build.rs` generates that code from
//! the dependencies of this package; a folder without a dependency is a build error.

include!(concat!(env!("OUT_DIR"), "/linked.rs"));
