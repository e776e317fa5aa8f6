//! Creates and opens the program's own files in folders that users of one group may share: no link is followed, nothing
//! blocks, and what is new gets the group of its folder and the rights of that group, but none for others.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use bounded_files::{folder_of, without_links};
use tempfile::NamedTempFile;

/// Creates a folder and its missing parents, with access for this user alone whatever the umask. An existing folder is
/// not changed.
///
/// # Errors
/// Those of the system.
pub fn create_folder(folder: &Path) -> io::Result<()> {
    let missing: Vec<_> =
        folder.ancestors().filter(|path| !path.as_os_str().is_empty()).take_while(|path| !path.exists()).collect();
    missing.into_iter().rev().try_for_each(|folder| create_one(folder).map(drop))
}

/// Creates a folder, and its parent as in [`create_folder`]. A new one has the group of its parent and the rights of
/// that group.
///
/// # Errors
/// Those of the system.
pub fn create_shared_folder(folder: &Path) -> io::Result<()> {
    let parent = folder_of(folder);
    create_folder(parent)?;
    if create_one(folder)? { share_folder(folder, parent) } else { Ok(()) }
}

/// Opens a regular file for appending, and creates it if it is missing.
///
/// # Errors
/// Those of the system, or [`ErrorKind::InvalidInput`] for a link, FIFO, device or folder.
pub fn open_to_append(path: &Path) -> io::Result<File> {
    if !exists(path)? {
        // Where a file cannot be placed as a whole, it is created below for this user alone.
        let _ = place(path);
    }
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    options.mode(0o600);
    only_regular(without_links(&mut options).append(true).create(true).open(path)?)
}

/// Creates an empty file as a whole, so that no other user finds one without its rights.
fn place(path: &Path) -> io::Result<()> {
    let file = NamedTempFile::new_in(folder_of(path))?;
    share_file(file.as_file(), folder_of(path))?;
    file.persist_noclobber(path).map(drop).map_err(|error| error.error)
}

/// What [`open_to_append`] would do in its folder, which is created if it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// It opens an existing file.
    Opens,
    /// It creates a file.
    CreatesFile,
    /// It creates a folder and the file in it.
    CreatesFolder,
}

/// Determines whether the file can be written, and changes nothing. On Windows, the rights to create it are not tested.
///
/// # Errors
/// Those of the system, or [`ErrorKind::InvalidInput`] as in [`open_to_append`].
pub fn outlook(path: &Path) -> io::Result<Outlook> {
    if exists(path)? {
        return only_regular(without_links(&mut OpenOptions::new()).append(true).open(path)?).map(|_| Outlook::Opens);
    }
    let folder = folder_of(path);
    let there = folder.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let there = there.into_iter().find(|path| fs::symlink_metadata(path).is_ok()).unwrap_or(folder);
    if !fs::metadata(there)?.is_dir() {
        return Err(io::Error::new(ErrorKind::NotADirectory, format!("{} is not a folder", there.display())));
    }
    can_create_in(there)?;
    Ok(if there == folder { Outlook::CreatesFile } else { Outlook::CreatesFolder })
}

#[cfg(unix)]
fn can_create_in(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).map_err(|error| {
        let error = io::Error::from(error);
        io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
    })
}

#[cfg(not(unix))]
fn can_create_in(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether there is a regular file. Anything else at the path is an error.
fn exists(path: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(io::Error::new(ErrorKind::InvalidInput, "it is a symbolic link")),
        Ok(found) if !found.is_file() => Err(not_regular()),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// What is opened may have been replaced since it was looked at.
fn only_regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_regular()) }
}

fn not_regular() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")
}

/// Creates one folder for this user alone. Returns whether it was missing.
fn create_one(folder: &Path) -> io::Result<bool> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only UNIX sets a mode"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    builder.mode(0o700);
    match builder.create(folder) {
        Ok(()) => {
            #[cfg(unix)]
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?; // whatever the umask
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Gives a new folder the group of its parent and the rights of that group.
#[cfg(unix)]
fn share_folder(folder: &Path, parent: &Path) -> io::Result<()> {
    let (new, parent) = (fs::metadata(folder)?, fs::metadata(parent)?);
    let has_group = new.gid() == parent.gid() || std::os::unix::fs::chown(folder, None, Some(parent.gid())).is_ok();
    let of_group = if has_group { parent.mode() & 0o2070 } else { 0 };
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700 | of_group))
}

/// A folder inherits the rights of its parent.
#[cfg(not(unix))]
fn share_folder(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Gives a new file the group of its folder and the rights of that group.
///
/// # Errors
/// Those of the system.
#[cfg(unix)]
pub fn share_file(file: &File, folder: &Path) -> io::Result<()> {
    let folder = fs::metadata(folder)?;
    // Without the group, its rights would be those of another one.
    let has_group =
        file.metadata()?.gid() == folder.gid() || std::os::unix::fs::fchown(file, None, Some(folder.gid())).is_ok();
    let of_group = if has_group { folder.mode() & 0o060 } else { 0 };
    file.set_permissions(fs::Permissions::from_mode(0o600 | of_group))
}

/// A file inherits the rights of its folder.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn share_file(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_file_is_created_once_and_then_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/log");
        assert_eq!(outlook(&path).unwrap(), Outlook::CreatesFolder);
        create_folder(folder_of(&path)).unwrap();
        assert_eq!(outlook(&path).unwrap(), Outlook::CreatesFile);
        for text in ["one\n", "two\n"] {
            open_to_append(&path).unwrap().write_all(text.as_bytes()).unwrap();
            assert_eq!(outlook(&path).unwrap(), Outlook::Opens);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(fs::read_dir(folder_of(&path)).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn an_outlook_creates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        outlook(&folder.path().join("new/deep/log")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        fs::write(folder.path().join("file"), "").unwrap();
        let error = outlook(&folder.path().join("file/deep/log")).unwrap_err();
        assert!(["is not a folder", "Not a directory"].iter().any(|text| error.to_string().contains(text)), "{error}");
    }

    #[cfg(unix)]
    mod on_unix {
        use rustix::fs::{CWD, FileType, Mode, mknodat};

        use super::*;

        fn mode(path: &Path) -> u32 {
            fs::symlink_metadata(path).unwrap().mode() & 0o7777
        }

        fn set_mode(path: &Path, mode: u32) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }

        #[test]
        fn links_and_special_files_are_refused_at_once() {
            let folder = tempfile::tempdir().unwrap();
            let path = |name| folder.path().join(name);
            fs::write(path("target"), "kept").unwrap();
            std::os::unix::fs::symlink("target", path("link")).unwrap();
            std::os::unix::fs::symlink("nowhere", path("dangling")).unwrap();
            mknodat(CWD, path("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
            fs::create_dir(path("folder")).unwrap();
            for (name, why) in [
                ("link", "it is a symbolic link"),
                ("dangling", "it is a symbolic link"),
                ("fifo", "it is not a regular file"),
                ("folder", "it is not a regular file"),
            ] {
                assert_eq!(open_to_append(&path(name)).unwrap_err().to_string(), why, "{name}");
                assert_eq!(outlook(&path(name)).unwrap_err().to_string(), why, "{name}");
            }
            assert!(!path("nowhere").exists());
        }

        #[test]
        fn a_file_that_was_replaced_meanwhile_is_refused_too() {
            let folder = tempfile::tempdir().unwrap();
            let path = |name| folder.path().join(name);
            std::os::unix::fs::symlink("target", path("link")).unwrap();
            mknodat(CWD, path("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
            without_links(&mut OpenOptions::new()).append(true).create(true).open(path("link")).unwrap_err();
            without_links(&mut OpenOptions::new()).append(true).create(true).open(path("fifo")).unwrap_err();
            let _reader = rustix::fs::open(
                path("fifo"),
                rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK,
                Mode::empty(),
            )
            .unwrap();
            only_regular(without_links(&mut OpenOptions::new()).append(true).open(path("fifo")).unwrap()).unwrap_err();
        }

        #[test]
        fn what_is_new_belongs_to_the_user_alone() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("new/deep/log");
            create_folder(folder_of(&path)).unwrap();
            open_to_append(&path).unwrap();
            assert_eq!([mode(&folder.path().join("new")), mode(folder_of(&path)), mode(&path)], [0o700, 0o700, 0o600]);
        }

        #[test]
        fn an_existing_folder_is_kept_and_its_group_rights_are_passed_on() {
            let folder = tempfile::tempdir().unwrap();
            for (number, (of_folder, of_file, of_subfolder)) in [
                (0o700, 0o600, 0o700),
                (0o770, 0o660, 0o770),
                (0o2770, 0o660, 0o2770),
                (0o2777, 0o660, 0o2770),
                (0o755, 0o640, 0o750),
                (0o711, 0o600, 0o710),
            ]
            .into_iter()
            .enumerate()
            {
                let shared = folder.path().join(number.to_string());
                fs::create_dir(&shared).unwrap();
                set_mode(&shared, of_folder);
                create_folder(&shared).unwrap();
                create_shared_folder(&shared.join("state")).unwrap();
                open_to_append(&shared.join("log")).unwrap();
                let modes = [mode(&shared), mode(&shared.join("log")), mode(&shared.join("state"))];
                assert_eq!(modes, [of_folder, of_file, of_subfolder], "{of_folder:o}");
            }
        }

        #[test]
        fn a_file_gets_the_group_of_its_folder() {
            let folder = tempfile::tempdir().unwrap();
            set_mode(folder.path(), 0o770);
            // Only root may choose any group. For others, the folder keeps the group that it has.
            let _ = std::os::unix::fs::chown(folder.path(), None, Some(12345));
            let group = fs::metadata(folder.path()).unwrap().gid();
            let [file, subfolder] = ["log", "state"].map(|name| folder.path().join(name));
            open_to_append(&file).unwrap();
            create_shared_folder(&subfolder).unwrap();
            for (path, expected) in [(file, 0o660), (subfolder, 0o770)] {
                assert_eq!((fs::metadata(&path).unwrap().gid(), mode(&path)), (group, expected));
            }
        }

        #[test]
        fn an_existing_file_keeps_its_mode() {
            let folder = tempfile::tempdir().unwrap();
            set_mode(folder.path(), 0o770);
            let path = folder.path().join("log");
            fs::write(&path, "").unwrap();
            set_mode(&path, 0o640);
            open_to_append(&path).unwrap();
            assert_eq!(mode(&path), 0o640);
        }
    }
}
