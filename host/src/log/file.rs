//! Opens the log file, and starts a new one when it is large.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::shared_files;

/// Held while the files are rotated, so that only one of several jobs does it.
const LOCK_NAME: &str = "awsec2.log.lock";
/// Rotated files to keep: `awsec2.log.1`, the newest, to `awsec2.log.5`.
const OLD_FILES: usize = 5;
/// A job rotates a larger file before it writes. Bytes.
const ROTATE_ABOVE: u64 = 10 * 1024 * 1024;

/// Opens the file for appending, and creates it and its folder if they are missing. Each line is one write, so that the
/// lines of several jobs do not mix.
///
/// # Errors
/// Those of the system, or if something else than a regular file is at the path.
pub fn open(path: &Path) -> io::Result<File> {
    path.parent().map_or(Ok(()), shared_files::create_folder)?;
    let _ = rotate(path); // a log that grows is better than none
    shared_files::open_to_append(path)
}

fn rotate(path: &Path) -> io::Result<()> {
    let is_large = || fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && file.len() > ROTATE_ABOVE);
    if !is_large() {
        return Ok(());
    }
    let lock = shared_files::open_to_append(&path.with_file_name(LOCK_NAME))?;
    // Another process is rotating. A job never waits for its log.
    if lock.try_lock().is_ok() && is_large() {
        shift(path)?;
    }
    Ok(())
}

/// Renames the files, each to the next number. The last one is replaced. Links are renamed, not followed.
fn shift(path: &Path) -> io::Result<()> {
    let numbered = |number: usize| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{number}"));
        name
    };
    for number in (1..OLD_FILES).rev() {
        match fs::rename(numbered(number), numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, numbered(1))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const FILE_NAME: &str = "awsec2.log";

    fn fill(path: &Path) {
        fs::write(path, "x".repeat(ROTATE_ABOVE as usize + 1)).unwrap();
    }

    #[test]
    fn a_large_file_is_rotated_and_five_old_ones_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        for round in 0..8 {
            fs::write(&path, format!("{round}").repeat(ROTATE_ABOVE as usize + 1)).unwrap();
            open(&path).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().len(), 0, "a new file is begun");
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let numbered = (1..=5).map(|n| format!("{FILE_NAME}.{n}"));
        assert_eq!(
            names,
            [FILE_NAME.to_owned()].into_iter().chain(numbered).chain([LOCK_NAME.to_owned()]).collect::<Vec<_>>()
        );
        let newest_and_oldest =
            ["awsec2.log.1", "awsec2.log.5"].map(|name| fs::read(folder.path().join(name)).unwrap()[0]);
        assert_eq!(newest_and_oldest, [b'7', b'3']);
    }

    #[test]
    fn a_job_does_not_wait_for_another_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fill(&path);
        let other = File::create(folder.path().join(LOCK_NAME)).unwrap();
        other.lock().unwrap();
        open(&path).unwrap();
        assert!(fs::metadata(&path).unwrap().len() > ROTATE_ABOVE, "it goes on in the old file");
        other.unlock().unwrap();
        open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }

    #[test]
    fn a_small_file_is_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "before\n").unwrap();
        open(&folder.path().join(FILE_NAME)).unwrap().write_all(b"after\n").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(FILE_NAME)).unwrap(), "before\nafter\n");
    }

    #[test]
    fn an_obstacle_to_the_rotation_leaves_the_log_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fill(&path);
        fs::create_dir(folder.path().join(LOCK_NAME)).unwrap();
        open(&path).unwrap().write_all(b"after\n").unwrap();
        assert!(fs::metadata(&path).unwrap().len() > ROTATE_ABOVE);
    }

    #[cfg(unix)]
    mod on_unix {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        use super::*;

        #[test]
        fn a_rotation_neither_follows_nor_truncates_what_others_have_put_there() {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            fs::write(path("precious"), "kept").unwrap();
            for name in [LOCK_NAME, "awsec2.log.1", "awsec2.log.5"] {
                symlink("precious", path(name)).unwrap();
            }
            fill(&path(FILE_NAME));
            open(&path(FILE_NAME)).unwrap();
            assert!(fs::metadata(path(FILE_NAME)).unwrap().len() > ROTATE_ABOVE, "a linked lock is not used");
            fs::remove_file(path(LOCK_NAME)).unwrap();
            open(&path(FILE_NAME)).unwrap();
            assert_eq!(fs::metadata(path(FILE_NAME)).unwrap().len(), 0);
            assert!(fs::symlink_metadata(path("awsec2.log.1")).unwrap().is_file());
            assert!(fs::symlink_metadata(path("awsec2.log.2")).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(path("precious")).unwrap(), "kept");
        }

        #[test]
        fn a_used_lock_file_is_not_truncated() {
            let folder = tempfile::tempdir().unwrap();
            fill(&folder.path().join(FILE_NAME));
            fs::write(folder.path().join(LOCK_NAME), "kept").unwrap();
            open(&folder.path().join(FILE_NAME)).unwrap();
            assert_eq!(fs::read_to_string(folder.path().join(LOCK_NAME)).unwrap(), "kept");
        }

        #[test]
        fn the_files_of_a_rotation_belong_to_the_group_as_well() {
            let folder = tempfile::tempdir().unwrap();
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o770)).unwrap();
            let path = folder.path().join(FILE_NAME);
            open(&path).unwrap();
            fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(ROTATE_ABOVE + 1).unwrap();
            open(&path).unwrap();
            for name in [FILE_NAME, LOCK_NAME, "awsec2.log.1"] {
                let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o660, "{name}");
            }
        }
    }
}
