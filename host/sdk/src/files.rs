//! Reads local files of limited size, and writes files atomically and with restricted access.

use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

pub use bounded_files::{KIB, MIB, OtherWriters, other_writers, read, read_text, restrict_to_owner, without_links};
use tempfile::{Builder, NamedTempFile};

/// Who may access a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only the user of this job, e.g. for a private key.
    OwnerOnly,
    /// The default access of new files, or that of the replaced file.
    Usual,
}

/// Writes a file atomically, and creates its folder if needed. A link is replaced, not followed.
///
/// # Errors
/// When the path is not a file, or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::other("it is not a file"));
    }
    let folder = bounded_files::folder_of(path);
    create_folder(folder, access)?;
    let mut file = create_temp_file(folder, path, access)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Creates a folder and its missing parents.
///
/// # Errors
/// When a folder cannot be created.
pub fn create_folder(folder: &Path, access: Access) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    if access == Access::OwnerOnly {
        builder.mode(0o700);
    }
    #[cfg(not(unix))]
    let _ = access; // a folder inherits the rights of its parent
    builder.recursive(true).create(folder)
}

/// Creates the temporary file beside the one that it replaces.
#[cfg(unix)]
fn create_temp_file(folder: &Path, path: &Path, access: Access) -> io::Result<NamedTempFile> {
    const DEFAULT_MODE: u32 = 0o666; // reduced by the umask
    let mut builder = Builder::new();
    if access == Access::OwnerOnly {
        let file = builder.tempfile_in(folder)?;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o600))?; // whatever the umask
        return Ok(file);
    }
    let file = builder.permissions(fs::Permissions::from_mode(DEFAULT_MODE)).tempfile_in(folder)?;
    match fs::symlink_metadata(path) {
        Ok(replaced) if replaced.is_file() => file.as_file().set_permissions(replaced.permissions())?,
        _ => {}
    }
    Ok(file)
}

/// Creates the temporary file beside the one that it replaces.
#[cfg(not(unix))]
fn create_temp_file(folder: &Path, _: &Path, access: Access) -> io::Result<NamedTempFile> {
    let file = Builder::new().tempfile_in(folder)?;
    if access == Access::OwnerOnly {
        restrict_to_owner(file.path())?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_with_its_folders_and_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/deep/out.txt");
        for (bytes, access) in [
            (&b"first"[..], Access::Usual),
            (b"second", Access::Usual),
            (b"third", Access::OwnerOnly),
            (b"", Access::Usual),
        ] {
            write(&path, bytes, access).unwrap();
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_failed_write_keeps_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, occupied) = (folder.path().join("file"), folder.path().join("folder"));
        fs::write(&file, "kept").unwrap();
        fs::create_dir(&occupied).unwrap();
        assert_eq!(write(&occupied, b"x", Access::Usual).unwrap_err().to_string(), "it is not a file");
        write(&file.join("below"), b"x", Access::Usual).unwrap_err();
        assert_eq!(fs::read(&file).unwrap(), b"kept");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    mod on_unix {
        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
        }

        #[test]
        fn an_owner_only_file_has_no_other_access_whatever_it_replaces() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("new/secret");
            write(&path, b"x", Access::OwnerOnly).unwrap();
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            write(&path, b"y", Access::OwnerOnly).unwrap();
            assert_eq!(mode(&path), 0o600);
        }

        #[test]
        fn a_default_file_keeps_the_mode_of_the_file_that_it_replaces() {
            let folder = tempfile::tempdir().unwrap();
            let [path, by_others] = ["new", "other"].map(|name| folder.path().join(name));
            write(&path, b"x", Access::Usual).unwrap();
            fs::write(&by_others, "x").unwrap();
            assert_eq!(mode(&path), mode(&by_others), "as any new file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            write(&path, b"y", Access::Usual).unwrap();
            assert_eq!(mode(&path), 0o640);
        }

        #[test]
        fn a_link_is_replaced_and_its_target_is_kept() {
            let folder = tempfile::tempdir().unwrap();
            let [target, link] = ["target", "link"].map(|name| folder.path().join(name));
            fs::write(&target, "kept").unwrap();
            std::os::unix::fs::symlink(&target, &link).unwrap();
            write(&link, b"x", Access::OwnerOnly).unwrap();
            assert_eq!((fs::read(&target).unwrap(), fs::read(&link).unwrap()), (b"kept".to_vec(), b"x".to_vec()));
            assert_eq!(mode(&link), 0o600);
        }
    }
}
