//! Builds programs for tests, offline and with the dependencies of the tests.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

/// The messages of a cargo build.
pub struct Built {
    messages: Vec<Value>,
}

impl Built {
    /// Builds what these arguments of `cargo build` select.
    pub fn of(selection: &[&str]) -> Self {
        let mut cargo = Command::new("cargo");
        // Build scripts that watch these variables of cargo would run again.
        let of_the_test = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_str().is_some_and(of_the_test)) {
            cargo.env_remove(name);
        }
        cargo.args(["build", "--offline", "--message-format=json"]).args(selection);
        let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let messages = String::from_utf8(output.stdout).unwrap();
        Built { messages: messages.lines().map(|line| serde_json::from_str(line).unwrap()).collect() }
    }

    /// The program with this name.
    pub fn program(&self, name: &str) -> PathBuf {
        self.target(name)["executable"].as_str().unwrap().into()
    }

    /// The library with this name.
    pub fn library(&self, name: &str) -> PathBuf {
        let mut files = self.target(name)["filenames"].as_array().unwrap().iter().filter_map(Value::as_str);
        files.find(|file| file.ends_with(".rlib")).unwrap().into()
    }

    fn target(&self, name: &str) -> &Value {
        self.messages.iter().find(|message| message["target"]["name"] == name).unwrap()
    }
}
