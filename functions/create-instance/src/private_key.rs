//! The file of a private key: reserved before EC2 creates the key pair, accessible only to its owner, and never
//! overwritten.
//!
//! A reserved file is empty, and locked while the run that reserved it exists. So an empty file without a lock was left
//! by a run that ended before it had the private key.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Write as _};
#[cfg(unix)]
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
#[cfg(windows)]
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{self, Path, PathBuf};
use std::time::{Duration, SystemTime};

use connector_sdk::files::{Access, OtherWriters, create_folder, other_writers, restrict_to_owner, without_links};
use connector_sdk::{Error, ErrorKind, Result};

use crate::arguments::key::KeyName;

/// How long after the creation of a file EC2 may not return its key pair yet.
const FRESH: Duration = Duration::from_mins(1);

/// The absolute path of the private key of a new key pair: `<key name>.pem` in the folder.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the name is not a valid file name on every system.
pub fn path(folder: &Path, key_name: &KeyName) -> Result<PathBuf> {
    if !can_be_file_name(key_name.as_str()) {
        let message = "the key pair does not exist, and its name is not valid as the name of a private key file";
        return Err(Error::new(ErrorKind::InvalidInput, message)
            .doing(format!("creating key pair {key_name}"))
            .hint("use a name without `/ \\ : * ? \" < > |` that is not a Windows device name such as `CON`"));
    }
    let path = folder.join(format!("{key_name}.pem"));
    Ok(path::absolute(&path).unwrap_or(path)) // the reader may not know the current folder
}

/// Windows has the strictest rules, and a job may move there. Device names are reserved with any extension.
///
/// Source: Microsoft, "Naming Files, Paths, and Namespaces".
fn can_be_file_name(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
    let numbered = stem.strip_prefix("COM").or(stem.strip_prefix("LPT"));
    let is_device = ["CON", "PRN", "AUX", "NUL"].contains(&&*stem)
        || numbered.is_some_and(|number| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()));
    !is_device && !name.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|'])
}

/// Checks that other users cannot replace the file in its folder. Returns a warning if those of a group, or the owner of
/// the folder, can. A folder that is missing is created for the user of the job alone.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if every user can.
pub fn check_folder(path: &Path) -> Result<Option<String>> {
    let folder = path.parent().unwrap_or(path);
    let who = match other_writers(folder) {
        Ok(OtherWriters::Everybody) => return Err(open_folder_error(path, folder)),
        Ok(OtherWriters::Group) => "the members of its group",
        Ok(OtherWriters::Owner) => "its owner, another user,",
        Ok(OtherWriters::Nobody) | Err(_) => return Ok(folder.ancestors().skip(1).find_map(warning_of_parent)),
    };
    let folder = folder.display();
    Ok(Some(format!("the folder {folder} is not safe for a private key: {who} can replace the files in it")))
}

fn open_folder_error(path: &Path, folder: &Path) -> Error {
    let message =
        format!("every user of this machine can replace the files in {}, which has no sticky bit", folder.display());
    Error::new(ErrorKind::InvalidInput, message)
        .doing(reserving(path))
        .hint("use `--key-dir DIR` with a folder that only the user of this job can write to")
}

/// A warning if every user can replace the folder below this one.
fn warning_of_parent(folder: &Path) -> Option<String> {
    let is_open = other_writers(folder).is_ok_and(|writers| writers == OtherWriters::Everybody);
    is_open.then(|| {
        let folder = folder.display();
        format!("the folder {folder} is not safe for a private key below it: every user can replace the folders in it")
    })
}

fn reserving(path: &Path) -> String {
    format!("reserving the file {} for a private key", path.display())
}

/// The state of a private key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// No file.
    Free,
    /// An empty file, left by a run that ended before it had the private key.
    Abandoned,
    /// An empty file of a run that is creating the key pair now.
    Reserved,
    /// Another file, which must not be changed; `fresh` if it was written within the last minute.
    Taken {
        /// Whether it is that new.
        fresh: bool,
    },
}

/// Whether there is an empty file, which contains no private key.
pub fn is_empty(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0)
}

/// Determines the state of the file, and changes nothing.
pub fn file_state(path: &Path) -> FileState {
    let Ok(metadata) = fs::symlink_metadata(path) else { return FileState::Free };
    let age = metadata.modified().ok().and_then(|written| SystemTime::now().duration_since(written).ok());
    let taken = FileState::Taken { fresh: age.is_some_and(|age| age < FRESH) };
    if !is_reservation(path, &metadata) {
        return taken;
    }
    match open_options().open(path).map(|file| file.try_lock()) {
        Ok(Ok(())) => FileState::Abandoned,
        Ok(Err(TryLockError::WouldBlock)) => FileState::Reserved,
        Ok(Err(TryLockError::Error(_))) => taken, // without locks, its run may still exist
        Err(error) if error.kind() == io::ErrorKind::NotFound => FileState::Free,
        Err(_) => taken,
    }
}

/// An empty file, reserved for a private key and locked against other runs. It is removed unless the key is stored.
#[derive(Debug)]
pub struct ReservedFile {
    path: PathBuf,
    file: Option<File>,
    stays: bool,
}

impl ReservedFile {
    /// Creates the file with owner-only access, and its folder if needed. A file left by another run is reused. `None`
    /// if another run was faster.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the file cannot be created, or another file exists.
    pub fn create(path: PathBuf) -> Result<Option<Self>> {
        let action = reserving(&path);
        Self::reserve(path).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, error.to_string())
                .doing(action)
                .hint("use `--key-dir DIR` with a folder that the user of this job can write to")
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
            // Without locks, only a new file certainly belongs to this run.
            Err(TryLockError::Error(_)) if is_new => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Between opening and locking, another run may have used or removed the file.
        if file.metadata()?.len() > 0 || !is_at(&file, &path) {
            return Ok(None);
        }
        let file = ReservedFile { path, file: Some(file), stays: false };
        restrict_to_owner(&file.path)?;
        Ok(Some(file))
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sets whether the empty file is kept if no key is stored. While there may be a key pair without a private key, it
    /// makes the next job fail instead of using that key pair.
    pub fn keep_if_empty(&mut self, stays: bool) {
        self.stays = stays;
    }

    /// Writes the private key to the disk. If the file was removed since it was reserved, it is created again.
    ///
    /// # Errors
    /// Where the private key is, if it is not in the file.
    pub fn store(&mut self, private_key: &str) -> Result<(), NotStored> {
        let Some(file) = self.file.as_ref() else { return Err(self.not_stored(None, "the file is closed")) };
        if let Err(error) = write(file, private_key) {
            let _ = file.set_len(0);
            return Err(self.not_stored(None, &error.to_string()));
        }
        if is_at(file, &self.path) {
            self.stays = true;
            return Ok(());
        }
        if is_removed(file) {
            return self.store_again(private_key);
        }
        let place = moved_to(file).map_or("an unknown file".to_owned(), |place| place.display().to_string());
        let why = format!("the file was moved or replaced meanwhile; the private key is in {place}");
        Err(self.not_stored(Some(place), &why))
    }

    fn store_again(&mut self, private_key: &str) -> Result<(), NotStored> {
        let stored = open_options().create_new(true).open(&self.path).and_then(|file| {
            restrict_to_owner(&self.path)?;
            write(&file, private_key)?;
            if is_at(&file, &self.path) { Ok(file) } else { Err(io::Error::other("the file was replaced")) }
        });
        match stored {
            Ok(file) => {
                self.file = Some(file);
                self.stays = true;
                Ok(())
            }
            Err(error) => Err(self.not_stored(None, &format!("the reserved file was removed, and then: {error}"))),
        }
    }

    fn not_stored(&self, moved_to: Option<String>, why: &str) -> NotStored {
        let action = format!("storing a private key in {}", self.path.display());
        NotStored { error: Error::new(ErrorKind::LocalFile, why).doing(action), moved_to }
    }
}

/// The failure to store a private key in its file.
#[derive(Debug)]
pub struct NotStored {
    /// The error, of the kind [`ErrorKind::LocalFile`].
    pub error: Error,
    /// The file that contains the whole private key. `None` if the key is lost.
    pub moved_to: Option<String>,
}

fn write(mut file: &File, private_key: &str) -> io::Result<()> {
    let line_end = if private_key.ends_with('\n') { "" } else { "\n" }; // some tools require it
    file.write_all(private_key.as_bytes())?;
    file.write_all(line_end.as_bytes())?;
    file.sync_all()
}

impl Drop for ReservedFile {
    fn drop(&mut self) {
        let Some(file) = self.file.take().filter(|_| !self.stays) else { return };
        if !is_at(&file, &self.path) {
            return;
        }
        // On Windows an open file cannot be removed, and one that another run has opened since stays. Elsewhere, the
        // lock must be held until the file is removed.
        let mut locked = Some(file);
        if cfg!(windows) {
            locked = None;
        }
        let _ = fs::remove_file(&self.path); // a remaining file can be reused
        drop(locked);
    }
}

/// The options for opening a private key file: owner-only access if it is new. On Windows it cannot be removed or
/// renamed while it is open.
fn open_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    #[cfg(windows)]
    options.share_mode(0x3); // FILE_SHARE_READ | FILE_SHARE_WRITE
    without_links(options.write(true));
    options
}

/// Whether a file looks like a reserved one: empty, with owner-only access.
fn is_reservation(path: &Path, metadata: &Metadata) -> bool {
    metadata.is_file() && metadata.len() == 0 && is_owner_only(path, metadata)
}

/// Whether only the owner of the file, who also owns the folder or is the only one with write access to it, can have it
/// open.
#[cfg(unix)]
fn is_owner_only(path: &Path, metadata: &Metadata) -> bool {
    let Some(folder) = path.parent().and_then(|folder| fs::metadata(folder).ok()) else { return false };
    metadata.mode() & 0o077 == 0 && (folder.uid() == metadata.uid() || folder.mode() & 0o022 == 0)
}

/// On Windows the access rights are set again when the file is used.
#[cfg(not(unix))]
fn is_owner_only(_: &Path, _: &Metadata) -> bool {
    true
}

/// Whether the path still refers to this open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    let identity = |metadata: Metadata| (metadata.dev(), metadata.ino());
    let [open, there] = [file.metadata(), fs::symlink_metadata(path)].map(|metadata| metadata.ok().map(identity));
    open.is_some() && open == there
}

/// Whether an open file has no name any more, so that its contents are lost when it is closed.
#[cfg(unix)]
fn is_removed(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
}

/// An open file cannot be removed: see [`open_options`].
#[cfg(not(unix))]
fn is_removed(_: &File) -> bool {
    false
}

/// The present path of an open file, if the system shows it.
#[cfg(unix)]
fn moved_to(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd as _;
    fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

/// An open file cannot be moved: see [`open_options`].
#[cfg(not(unix))]
fn moved_to(_: &File) -> Option<PathBuf> {
    None
}

/// An open file keeps its path: see [`open_options`].
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests;
