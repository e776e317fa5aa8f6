//! Files that a job writes on this machine: whole or not at all, and for whom they are.

use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Who may use a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The user of this job alone, as for a private key.
    OwnerOnly,
    /// Whoever may use new files of this user, or the file that is replaced.
    Usual,
}

/// Writes a file, and the folder where that is missing. Until all of it is on the disk, the path leads to what was there
/// before. A link is replaced, not followed.
///
/// # Errors
/// When the path leads to something other than a file, or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::other("it is not a file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_folder(folder, access)?;
    let mut file = create_temp_file(folder, path, access)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Creates a folder and those above it where they are missing.
///
/// # Errors
/// When that is not possible.
pub fn create_folder(folder: &Path, access: Access) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    if access == Access::OwnerOnly {
        builder.mode(0o700);
    }
    #[cfg(not(unix))]
    let _ = access; // a folder has the rights of the one above it
    builder.recursive(true).create(folder)
}

/// A new file beside the one that it replaces later.
#[cfg(unix)]
fn create_temp_file(folder: &Path, path: &Path, access: Access) -> io::Result<NamedTempFile> {
    const OF_A_NEW_FILE: u32 = 0o666; // the process takes away what its umask says
    let mut builder = Builder::new();
    if access == Access::OwnerOnly {
        return builder.tempfile_in(folder); // such a file is its owner's alone
    }
    let file = builder.permissions(fs::Permissions::from_mode(OF_A_NEW_FILE)).tempfile_in(folder)?;
    match fs::symlink_metadata(path) {
        Ok(replaced) if replaced.is_file() => file.as_file().set_permissions(replaced.permissions())?,
        _ => {}
    }
    Ok(file)
}

/// A new file beside the one that it replaces later.
#[cfg(not(unix))]
fn create_temp_file(folder: &Path, _: &Path, access: Access) -> io::Result<NamedTempFile> {
    let file = Builder::new().tempfile_in(folder)?;
    if access == Access::OwnerOnly {
        restrict_to_owner(file.path())?;
    }
    Ok(file)
}

/// Takes away the rights that a file has inherited, and gives all to its owner. On UNIX, a file has no others when its
/// creator says so.
///
/// # Errors
/// When the rights cannot be set.
#[cfg(windows)]
pub fn restrict_to_owner(path: &Path) -> io::Result<()> {
    const OWNER_RIGHTS: &str = "*S-1-3-4:F"; // by number: the name is translated on every Windows
    let output =
        std::process::Command::new("icacls").arg(path).args(["/inheritance:r", "/grant:r", OWNER_RIGHTS]).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("icacls: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// Takes away the rights that a file has inherited: here, a file has none.
///
/// # Errors
/// None.
#[cfg(not(windows))]
pub fn restrict_to_owner(_: &Path) -> io::Result<()> {
    Ok(())
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
