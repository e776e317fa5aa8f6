//! Generates the source that links the function crates, and fails if the folders and the dependencies differ.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use toml::Table;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::var("CARGO_MANIFEST_DIR")?;
    println!("cargo::rerun-if-changed={folder}");
    let dependencies = dependencies(&Path::new(&folder).join("Cargo.toml"))?;
    let packages = packages(Path::new(&folder))?;
    let strays: Vec<_> = packages.symmetric_difference(&dependencies).map(String::as_str).collect();
    if !strays.is_empty() {
        let names = strays.join(", ");
        return Err(format!("functions/Cargo.toml and the folders beside it do not agree on: {names}").into());
    }
    let linked: Vec<_> = dependencies.iter().filter(|name| is_enabled(name)).collect();
    let mut source: String =
        linked.iter().map(|name| format!("extern crate {} as _;\n", name.replace('-', "_"))).collect();
    source +=
        &format!("/// The function crates linked into this build, sorted.\npub const LINKED: &[&str] = &{linked:?};\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("linked.rs"), source)?;
    Ok(())
}

fn dependencies(manifest: &Path) -> Result<BTreeSet<String>, Box<dyn std::error::Error>> {
    let manifest: Table = fs::read_to_string(manifest)?.parse()?;
    let dependencies = manifest.get("dependencies").and_then(|value| value.as_table());
    Ok(dependencies.map(|table| table.keys().cloned().collect()).unwrap_or_default())
}

/// The function crates: folders with a manifest, whose package has the name of the folder.
fn packages(folder: &Path) -> Result<BTreeSet<String>, Box<dyn std::error::Error>> {
    let mut packages = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            packages.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(packages)
}

fn is_enabled(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{}", name.replace('-', "_").to_uppercase())).is_some()
}
