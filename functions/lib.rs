//! Links every function crate into the program, and says which ones these are.
//!
//! A Cargo dependency alone links nothing: the crate must be named in source. `build.rs` writes that source from the
//! dependencies of this package, so a function that is added here is linked, and one that is not is a build error.

include!(concat!(env!("OUT_DIR"), "/linked.rs"));
