//! The file of a private key: reserved before EC2 creates the key pair, for its owner alone, and never overwritten.
//!
//! A reserved file is empty, and locked as long as the run that reserved it lives. So an empty file without a lock is what a
//! run has left that was ended before it had the private key.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write as _};
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
#[cfg(windows)]
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{self, Path, PathBuf};
use std::time::{Duration, SystemTime};

use connector_sdk::files::{Access, create_folder, restrict_to_owner};
use connector_sdk::{Error, ErrorKind, Result};

use crate::arguments::key::KeyName;

/// How long after a file was written EC2 may not show its key pair yet.
const FRESH: Duration = Duration::from_mins(1);

/// Where the private key of a new key pair goes: `<key name>.pem` in the folder, as an absolute path.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the name cannot be a file name on every system.
pub fn path(folder: &Path, key_name: &KeyName) -> Result<PathBuf> {
    if !can_be_file_name(key_name.as_str()) {
        let message = "EC2 has no such key pair, and its name cannot be the name of a private key file";
        return Err(Error::new(ErrorKind::InvalidInput, message)
            .doing(format!("creating key pair {key_name}"))
            .hint("give a name without / \\ : * ? \" < > | that is not one of Windows' devices, such as CON"));
    }
    let path = folder.join(format!("{key_name}.pem"));
    Ok(path::absolute(&path).unwrap_or(path)) // whoever reads it may not know the current folder
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

/// What is at the path of a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Nothing.
    Free,
    /// The empty file of a run that was ended before it had the private key.
    Abandoned,
    /// The empty file of a run that is creating the key pair now.
    Reserved,
    /// Something else, which must stay as it is; `fresh` when it was written within the last minute.
    Taken {
        /// Whether it is that new.
        fresh: bool,
    },
}

/// Whether there is an empty file, whoever has it: it holds no private key.
pub fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0)
}

/// Finds out what is at the path of a private key, and changes nothing.
pub fn inspect(path: &Path) -> FileState {
    let Ok(metadata) = fs::symlink_metadata(path) else { return FileState::Free };
    let age = metadata.modified().ok().and_then(|written| SystemTime::now().duration_since(written).ok());
    let taken = FileState::Taken { fresh: age.is_some_and(|age| age < FRESH) };
    if !is_reservation(path, &metadata) {
        return taken;
    }
    match open_options().open(path).map(|file| file.try_lock()) {
        Ok(Ok(())) => FileState::Abandoned,
        Ok(Err(TryLockError::WouldBlock)) => FileState::Reserved,
        Ok(Err(TryLockError::Error(_))) => taken, // without locks, nobody knows whether its run still lives
        Err(error) if error.kind() == io::ErrorKind::NotFound => FileState::Free,
        Err(_) => taken,
    }
}

/// An empty file that waits for its private key, locked against other runs. It is removed unless the key is stored.
#[derive(Debug)]
pub struct ReservedFile {
    path: PathBuf,
    file: Option<File>,
    stays: bool,
}

impl ReservedFile {
    /// Creates the file, which its owner alone can read and write, and the folder where that is missing. A file that another
    /// run has abandoned is used again. `None` when another run has been faster.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when that cannot be done here, or the file is something else.
    pub fn create(path: PathBuf) -> Result<Option<Self>> {
        let action = format!("reserving the file {} for a private key", path.display());
        Self::reserve(path).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, error.to_string())
                .doing(action)
                .hint("give a folder that this job may write to with --key-dir DIR")
        })
    }

    fn reserve(path: PathBuf) -> io::Result<Option<Self>> {
        path.parent().map_or(Ok(()), |folder| create_folder(folder, Access::OwnerOnly))?;
        let (file, is_new) = match open_options().create_new(true).open(&path) {
            Ok(file) => (file, true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !is_reservation(&path, &fs::symlink_metadata(&path)?) {
                    return Err(error);
                }
                (open_options().open(&path)?, false)
            }
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            // Where there are no locks, only a new file is surely not that of another run.
            Err(TryLockError::Error(_)) if is_new => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between the opening and the lock, another run may have used the file, or removed it.
        if file.metadata()?.len() > 0 || !is_at(&file, &path) {
            return Ok(None);
        }
        let file = ReservedFile { path, file: Some(file), stays: false };
        restrict_to_owner(&file.path)?;
        Ok(Some(file))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says whether the file stays, empty, if no key is stored: as long as there may be a key pair whose private key nobody
    /// has, it makes the next job fail instead of using that key pair.
    pub fn keep_if_empty(&mut self, stays: bool) {
        self.stays = stays;
    }

    /// Writes the private key to the disk.
    ///
    /// # Errors
    /// [`ErrorKind::LocalFile`] when it is not safely there; the file is empty then.
    pub fn store(&mut self, private_key: &str) -> Result<()> {
        let stored = self.write(private_key);
        self.stays |= stored.is_ok();
        stored.map_err(|error| {
            let _ = self.file.as_ref().map(|file| file.set_len(0));
            let action = format!("storing a private key in {}", self.path.display());
            Error::new(ErrorKind::LocalFile, error.to_string()).doing(action)
        })
    }

    fn write(&self, private_key: &str) -> io::Result<()> {
        let Some(mut file) = self.file.as_ref() else { return Err(io::ErrorKind::NotFound.into()) };
        let line_end = if private_key.ends_with('\n') { "" } else { "\n" }; // without it, some tools refuse the key
        file.write_all(private_key.as_bytes())?;
        file.write_all(line_end.as_bytes())?;
        file.sync_all()?;
        if is_at(file, &self.path) { Ok(()) } else { Err(io::Error::other("the reserved file was removed")) }
    }
}

impl Drop for ReservedFile {
    fn drop(&mut self) {
        let Some(file) = self.file.take().filter(|_| !self.stays) else { return };
        if !is_at(&file, &self.path) {
            return;
        }
        // On Windows an open file cannot be removed, and one that another run has opened since stays. Elsewhere the lock must
        // last until the file is gone.
        let mut locked = Some(file);
        if cfg!(windows) {
            locked = None;
        }
        let _ = fs::remove_file(&self.path); // a file that stays can be used again
        drop(locked);
    }
}

/// How a file of a private key is opened: for its owner alone where it is new. On Windows nobody can remove or rename it while
/// it is open.
fn open_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    #[cfg(windows)]
    options.share_mode(0x3); // FILE_SHARE_READ | FILE_SHARE_WRITE
    options.write(true);
    options
}

/// Whether a file looks as this program reserves it: empty, and for its owner alone.
fn is_reservation(path: &Path, metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.len() == 0 && is_owner_only(path, metadata)
}

/// Whether nobody but the owner of the file, who is the owner of the folder or the only one who can write there, can have it
/// open.
#[cfg(unix)]
fn is_owner_only(path: &Path, metadata: &Metadata) -> bool {
    let Some(folder) = path.parent().and_then(|folder| fs::metadata(folder).ok()) else { return false };
    metadata.mode() & 0o077 == 0 && (folder.uid() == metadata.uid() || folder.mode() & 0o022 == 0)
}

/// On Windows the rights of the file are set again when it is used.
#[cfg(not(unix))]
fn is_owner_only(_: &Path, _: &Metadata) -> bool {
    true
}

/// Whether the path still leads to this open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let [open, there] = [file.metadata(), fs::symlink_metadata(path)].map(|metadata| metadata.ok().map(identity));
    open.is_some() && open == there
}

/// The open file keeps its path: see [`open_options`].
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests;
