//! Writes complete files for a program that watches a folder.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, ErrorKind};

/// The access to a file, on systems with file permissions. Elsewhere the folder determines it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Its owner only, because it contains a secret.
    Owner,
    /// As the `umask` of the process allows.
    Everyone,
}

/// A file that is written, but not yet in the watched folder.
pub(crate) struct PreparedFile {
    file: NamedTempFile,
    /// Its final path, with symbolic links resolved.
    destination: PathBuf,
    folder: PathBuf,
}

impl PreparedFile {
    /// Writes a file for `folder` to disk in the parent folder. That is on the same volume, so the file can be moved
    /// atomically, and the program that watches `folder` never reads an incomplete file.
    pub(crate) fn new(folder: &Path, extension: &str, content: &str, access: Access) -> Result<Self, Error> {
        let (mut file, watched) = file_in_parent_folder(folder, access)?;
        file.write_all(content.as_bytes())
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| failed(folder, error.to_string()))?;
        let name = file.path().with_extension(extension);
        let destination = watched.join(name.file_name().unwrap_or_default());
        Ok(PreparedFile { file, destination, folder: folder.to_owned() })
    }

    /// Moves the file to the watched folder under a unique name, and returns its path.
    pub(crate) fn release(self) -> Result<PathBuf, Error> {
        let PreparedFile { file, destination, folder } = self;
        file.persist_noclobber(&destination).map_err(|error| failed(&folder, error.error.to_string()))?;
        Ok(folder.join(destination.file_name().unwrap_or_default()))
    }
}

/// Replaces the content of a file atomically. It keeps its mode; that of a new file follows from the `umask` of the
/// process.
pub(crate) fn replace(path: &Path, content: &str) -> io::Result<()> {
    let file = write_in_same_folder(path, content, Access::Everyone)?;
    #[cfg(unix)]
    if let Ok(replaced) = path.metadata() {
        file.as_file().set_permissions(replaced.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Creates a file in the folder of `path`, with this content. It is not yet synced to disk.
pub(crate) fn write_in_same_folder(
    path: &Path,
    content: impl AsRef<[u8]>,
    access: Access,
) -> io::Result<NamedTempFile> {
    let folder = bounded_files::folder_of(path);
    let mut file = create_in(folder, access)?;
    file.write_all(content.as_ref())?;
    Ok(file)
}

/// Creates a temporary file in this folder.
fn create_in(folder: &Path, access: Access) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix("awsec2-").suffix(".tmp").rand_bytes(16);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = std::fs::Permissions::from_mode;
        if access == Access::Everyone {
            return builder.permissions(permissions(0o666)).tempfile_in(folder);
        }
        let file = builder.tempfile_in(folder)?;
        file.as_file().set_permissions(permissions(0o600))?; // whatever the umask
        Ok(file)
    }
    #[cfg(not(unix))]
    {
        let _inherited = access;
        builder.tempfile_in(folder)
    }
}

/// Checks that files can be written for `folder`.
pub(crate) fn check(folder: &Path) -> Result<(), Error> {
    file_in_parent_folder(folder, Access::Owner).map(|_| ())
}

/// An empty file in the parent of `folder`, and the canonical path of `folder`.
fn file_in_parent_folder(folder: &Path, access: Access) -> Result<(NamedTempFile, PathBuf), Error> {
    let watched = folder.canonicalize().map_err(|error| failed(folder, error.to_string()))?;
    if !watched.is_dir() {
        return Err(failed(folder, "not a folder".into()));
    }
    let above = watched.parent().ok_or_else(|| failed(folder, "the folder has no parent folder".into()))?;
    let file = create_in(above, access).map_err(|error| {
        failed(folder, format!("no file can be created in the parent folder: {error}"))
            .with_hint("allow this user to write to the parent folder, from which complete files are moved")
    })?;
    Ok((file, watched))
}

fn failed(folder: &Path, wrong: String) -> Error {
    Error::new(ErrorKind::Invalid, format!("writing to the folder {}", folder.display()), wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_complete_and_only_when_released() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("MSGIN");
        std::fs::create_dir(&folder).unwrap();
        let first = PreparedFile::new(&folder, "txt", "one\n", Access::Owner).unwrap();
        let second = PreparedFile::new(&folder, "txt", "two\n", Access::Everyone).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        let (first, second) = (first.release().unwrap(), second.release().unwrap());
        assert_eq!(std::fs::read_to_string(&first).unwrap(), "one\n");
        assert_eq!(std::fs::read_to_string(&second).unwrap(), "two\n");
        assert!(first.extension().is_some_and(|extension| extension == "txt"), "{}", first.display());
        assert_eq!(std::fs::read_dir(above.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_not_released_leaves_nothing() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("MSGIN");
        std::fs::create_dir(&folder).unwrap();
        drop(PreparedFile::new(&folder, "txt", "one\n", Access::Owner).unwrap());
        check(&folder).unwrap();
        assert_eq!(std::fs::read_dir(above.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_with_a_secret_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("MSGIN");
        std::fs::create_dir(&folder).unwrap();
        let mode = |access| {
            let file = PreparedFile::new(&folder, "txt", "x", access).unwrap().release().unwrap();
            std::fs::metadata(file).unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode(Access::Owner), 0o600);
        assert_eq!(mode(Access::Everyone) & 0o600, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_mode() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists");
        replace(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o604)).unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o604);
    }

    #[test]
    fn a_missing_folder_is_named() {
        let above = tempfile::tempdir().unwrap();
        let missing = above.path().join("MSGIN");
        let error = check(&missing).unwrap_err();
        assert!(error.to_string().starts_with(&format!("writing to the folder {}: ", missing.display())), "{error}");
        std::fs::write(&missing, "").unwrap();
        assert!(check(&missing).unwrap_err().to_string().ends_with("not a folder"));
        let root = above.path().ancestors().last().unwrap();
        assert!(check(root).unwrap_err().to_string().ends_with("the folder has no parent folder"));
    }

    #[test]
    fn a_name_that_is_taken_is_not_overwritten() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("MSGIN");
        std::fs::create_dir(&folder).unwrap();
        let file = PreparedFile::new(&folder, "txt", "new", Access::Owner).unwrap();
        std::fs::write(&file.destination, "old").unwrap();
        let destination = file.destination.clone();
        let error = file.release().unwrap_err();
        assert!(error.to_string().contains("exists"), "{error}");
        assert_eq!(std::fs::read_to_string(destination).unwrap(), "old");
    }
}
