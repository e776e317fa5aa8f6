//! Describes the cargo workspace: its folders, its packages, and their dependencies.

use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;

/// The current workspace.
#[derive(Debug)]
pub struct Workspace {
    /// Its root folder.
    pub root: PathBuf,
    /// The target folder, which may be outside `root`.
    pub target: PathBuf,
    /// Its packages.
    pub packages: Vec<Package>,
}

/// One package of the workspace.
#[derive(Debug)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder relative to the workspace, with `/` on every platform.
    pub folder: String,
    /// Its direct dependencies.
    pub dependencies: Vec<Dependency>,
}

/// A direct dependency of a package, as reported by `cargo metadata`.
#[derive(Debug, Deserialize)]
pub struct Dependency {
    /// The name of the dependency.
    pub name: String,
    /// `None` for a normal dependency, otherwise `dev` or `build`.
    pub kind: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

impl Workspace {
    /// Loads the workspace of the current folder.
    pub fn load() -> Result<Self> {
        Self::load_from(Path::new("."))
    }

    /// Loads the workspace of `folder`.
    pub fn load_from(folder: &Path) -> Result<Self> {
        let mut cargo = process::cargo();
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(folder);
        let metadata: Metadata =
            serde_json::from_str(&process::stdout_of(&mut cargo)?).context("reading the output of cargo metadata")?;
        let packages = metadata
            .packages
            .into_iter()
            .map(|package| Package {
                folder: relative_folder(&package.manifest_path, &metadata.workspace_root),
                name: package.name,
                dependencies: package.dependencies,
            })
            .collect();
        Ok(Self { root: metadata.workspace_root, target: metadata.target_directory, packages })
    }

    /// The packages of functions: those in the folders below `functions/`.
    pub fn functions(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.folder.starts_with("functions/"))
    }

    /// The path of a built program, by the folder of its profile (`debug` or `release`).
    pub fn program(&self, profile_folder: &str, name: &str) -> PathBuf {
        self.target.join(profile_folder).join(format!("{name}{EXE_SUFFIX}"))
    }

    /// Builds a program with cargo's dev profile, and returns its path.
    pub fn build(&self, package: &str) -> Result<PathBuf> {
        process::run(process::cargo().args(["build", "--package", package]).current_dir(&self.root))?;
        Ok(self.program("debug", package))
    }
}

fn relative_folder(manifest: &Path, root: &Path) -> String {
    let folder = manifest.parent().unwrap_or(manifest);
    slashed(folder.strip_prefix(root).unwrap_or(folder))
}

/// The path with `/` separators on every platform.
pub fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
