//! The file of a private key: reserved before EC2 makes the key, for its owner alone, and never overwritten.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{self, Path, PathBuf};

use connector_sdk::{Error, ErrorKind, Result};

use crate::arguments::key::KeyName;

/// Where the private key of a new key pair goes: `<key name>.pem` in the folder, as an absolute path.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the name cannot be a file name on every system, or when the file exists.
pub fn path(folder: &Path, key_name: &KeyName) -> Result<PathBuf> {
    let refuse =
        |message: String| Error::new(ErrorKind::InvalidInput, message).doing(format!("making key pair {key_name}"));
    if !can_be_file_name(key_name.as_str()) {
        return Err(refuse(
            "EC2 has no such key pair, and its name cannot be the name of a private key file".to_owned(),
        )
        .hint("give a name without / \\ : * ? \" < > | that is not one of Windows' devices, such as CON"));
    }
    let path = folder.join(format!("{key_name}.pem"));
    let path = path::absolute(&path).unwrap_or(path); // whoever reads it may not know the current folder
    if path.exists() {
        return Err(refuse(format!("EC2 has no such key pair, but its file {} is there already", path.display())).hint(
            "move the file away if it is of no use; if another job was just making the key pair, run this one again",
        ));
    }
    Ok(path)
}

/// Windows is the strictest, and a job may move there. Its devices are devices with any file name extension.
///
/// Source: Microsoft, "Naming Files, Paths, and Namespaces".
fn can_be_file_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = stem.strip_prefix("COM").or(stem.strip_prefix("LPT"));
    let is_device = ["CON", "PRN", "AUX", "NUL"].contains(&&*stem)
        || numbered.is_some_and(|number| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()));
    !is_device && !name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|'])
}

/// An empty file that waits for its private key. It is removed again unless the key is stored.
#[derive(Debug)]
pub struct ReservedFile {
    path: PathBuf,
    stored: bool,
}

impl ReservedFile {
    /// Creates the file, which its owner alone can read and write, and the folder where that is missing.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when that cannot be done here, or the file exists.
    pub fn create(path: PathBuf) -> Result<Self> {
        let action = format!("reserving the file {} for a private key", path.display());
        let failed = |error: io::Error| {
            Error::new(ErrorKind::InvalidInput, error.to_string())
                .doing(&action)
                .hint("give a folder that this job may write to with --key-dir DIR")
        };
        path.parent().map_or(Ok(()), create_folder).and_then(|()| create_new(&path)).map_err(failed)?;
        let file = ReservedFile { path, stored: false };
        #[cfg(windows)]
        leave_to_owner(&file.path).map_err(failed)?;
        Ok(file)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the private key to the disk.
    ///
    /// # Errors
    /// [`ErrorKind::Service`] when it is not safely there; the file is removed.
    pub fn store(mut self, private_key: &str) -> Result<()> {
        let failed = |error: io::Error| {
            Error::new(ErrorKind::Service, error.to_string())
                .doing(format!("storing a private key in {}", self.path.display()))
        };
        let line_end = if private_key.ends_with('\n') { "" } else { "\n" }; // without it, some tools refuse the key
        let mut file = OpenOptions::new().write(true).open(&self.path).map_err(failed)?;
        file.write_all(private_key.as_bytes())
            .and_then(|()| file.write_all(line_end.as_bytes()))
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        self.stored = true;
        Ok(())
    }
}

impl Drop for ReservedFile {
    fn drop(&mut self) {
        if !self.stored {
            // A file that stays makes the next job fail with a message that names it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    builder.recursive(true).create(folder)
}

fn create_new(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    options.write(true).create_new(true).open(path).map(drop)
}

/// Takes away the rights that the file has inherited, and gives all to its owner.
#[cfg(windows)]
fn leave_to_owner(path: &Path) -> io::Result<()> {
    const OWNER_RIGHTS: &str = "*S-1-3-4:F"; // by number: the name is translated on every Windows
    let output =
        std::process::Command::new("icacls").arg(path).args(["/inheritance:r", "/grant:r", OWNER_RIGHTS]).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("icacls: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_sdk::ArgValue as _;

    #[test]
    fn names_that_windows_cannot_have_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for name in ["web", "web key (1).old", "-", "..", "CONSOLE", "COM10"] {
            let expected = folder.join(format!("{name}.pem"));
            assert_eq!(path(folder, &KeyName::parse(name).unwrap()).unwrap(), expected, "{name}");
        }
        for name in ["a/b", "..\\web", "C:web", "web*", "con", "NUL.old", "Lpt1", "com0 .x"] {
            let error = path(folder, &KeyName::parse(name).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
            assert_eq!(
                error.to_string(),
                format!(
                    "making key pair {name}: EC2 has no such key pair, and its name cannot be the name of a private key file"
                )
            );
        }
    }

    #[test]
    fn the_path_is_told_in_full() {
        let relative = Path::new("keys");
        let path = path(relative, &KeyName::parse("web").unwrap()).unwrap();
        assert!(path.is_absolute() && path.ends_with(relative.join("web.pem")), "{}", path.display());
    }

    #[test]
    fn the_key_is_stored_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("keys").join("web.pem");
        ReservedFile::create(path.clone()).unwrap().store("made up").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "made up\n");
        #[cfg(unix)]
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
    }

    #[test]
    fn a_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.pem");
        fs::write(&path, "precious").unwrap();
        let error = ReservedFile::create(path.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with("reserving the file "), "{error}");
        assert!(error.hint_text().unwrap().contains("--key-dir"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn a_file_without_a_key_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.pem");
        let file = ReservedFile::create(path.clone()).unwrap();
        assert!(path.exists());
        drop(file);
        assert!(!path.exists());
    }
}
