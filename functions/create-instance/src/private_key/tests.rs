//! Tests of the reserved file.

use std::sync::Barrier;
use std::thread;

use super::*;
use connector_sdk::ArgValue as _;

#[test]
fn file_names_invalid_on_windows_are_refused() {
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
                "creating key pair {name}: the key pair does not exist, and its name is not valid as the name of a \
                 private key file"
            )
        );
    }
}

#[test]
fn the_path_is_absolute() {
    let relative = Path::new("keys");
    let path = path(relative, &KeyName::parse("web").unwrap()).unwrap();
    assert!(path.is_absolute() && path.ends_with(relative.join("web.pem")), "{}", path.display());
}

#[test]
fn the_key_is_stored_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("keys").join("web.pem");
    ReservedFile::create(path.clone()).unwrap().unwrap().store("made up").unwrap();
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
    let file = ReservedFile::create(path.clone()).unwrap().unwrap();
    assert!(path.exists());
    drop(file);
    assert!(!path.exists());
}

#[test]
fn the_empty_file_of_a_run_that_was_ended_is_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.pem");
    assert_eq!(file_state(&path), FileState::Free);
    let mut ended = ReservedFile::create(path.clone()).unwrap().unwrap();
    assert_eq!(file_state(&path), FileState::Reserved);
    ended.keep_if_empty(true);
    drop(ended);
    assert_eq!(file_state(&path), FileState::Abandoned);
    ReservedFile::create(path.clone()).unwrap().unwrap().store("made up").unwrap();
    assert_eq!(file_state(&path), FileState::Taken { fresh: true });
    assert_eq!(fs::read_to_string(&path).unwrap(), "made up\n");
}

#[test]
fn a_file_that_another_run_has_reserved_is_not_shared() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.pem");
    let mut first = ReservedFile::create(path.clone()).unwrap().unwrap();
    assert!(ReservedFile::create(path.clone()).unwrap().is_none());
    first.store("the first").unwrap();
    drop(first);
    assert!(ReservedFile::create(path.clone()).is_err(), "there is a key in it now");
    assert_eq!(fs::read_to_string(&path).unwrap(), "the first\n");
}

#[test]
fn of_many_concurrent_runs_one_reserves_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for abandoned in [false, true] {
        for round in 0..50 {
            let path = folder.path().join(format!("{abandoned}-{round}.pem"));
            if abandoned {
                ReservedFile::create(path.clone()).unwrap().unwrap().keep_if_empty(true);
            }
            let (start, end) = (Barrier::new(8), Barrier::new(8));
            let reserve = || {
                start.wait();
                let file = ReservedFile::create(path.clone()).unwrap();
                end.wait(); // all have tried before any file is released
                file.is_some()
            };
            let winners = thread::scope(|scope| {
                let runs: Vec<_> = (0..8).map(|_| scope.spawn(reserve)).collect();
                runs.into_iter().map(|run| run.join().unwrap()).filter(|won| *won).count()
            });
            assert_eq!(winners, 1);
        }
    }
}

#[test]
fn a_file_is_not_removed_once_it_is_that_of_another_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.pem");
    let first = ReservedFile::create(path.clone()).unwrap().unwrap();
    if fs::remove_file(&path).is_err() {
        return; // on Windows, a reserved file stays until its run closes it
    }
    let second = ReservedFile::create(path.clone()).unwrap().unwrap();
    drop(first);
    assert!(path.exists());
    drop(second);
    assert!(!path.exists());
}

#[cfg(unix)]
#[test]
fn an_empty_file_that_others_can_have_open_is_not_used() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().unwrap();
    let [open, link, target] = ["open.pem", "link.pem", "target.pem"].map(|name| folder.path().join(name));
    fs::write(&open, "").unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o640)).unwrap();
    ReservedFile::create(target.clone()).unwrap().unwrap().keep_if_empty(true);
    symlink(&target, &link).unwrap();
    for path in [open, link] {
        assert_eq!(file_state(&path), FileState::Taken { fresh: true }, "{}", path.display());
        assert!(ReservedFile::create(path).is_err());
    }
}

#[test]
fn a_file_that_was_removed_is_created_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.pem");
    let mut file = ReservedFile::create(path.clone()).unwrap().unwrap();
    let _ = fs::remove_file(&path); // on Windows, it stays
    file.store("made up").unwrap();
    drop(file);
    assert_eq!(fs::read_to_string(&path).unwrap(), "made up\n");
    #[cfg(unix)]
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_key_is_never_written_to_what_replaced_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let [path, target] = ["web.pem", "target"].map(|name| folder.path().join(name));
        for replace in [
            (|path, target| fs::write(target, "kept").and_then(|()| symlink(target, path))) as fn(&Path, &Path) -> _,
            |path, _| fs::write(path, "kept"),
        ] {
            let mut file = ReservedFile::create(path.clone()).unwrap().unwrap();
            fs::remove_file(&path).unwrap();
            replace(&path, &target).unwrap();
            let NotStored { error, moved_to } = file.store("made up").unwrap_err();
            assert_eq!((error.kind(), moved_to), (ErrorKind::LocalFile, None));
            assert!(error.message().starts_with("the reserved file was removed, and then: "), "{error}");
            drop(file);
            assert_eq!(fs::read_to_string(&path).unwrap(), "kept");
            fs::remove_file(&path).unwrap();
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_moved_file_is_named_and_keeps_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let [path, moved] = ["web.pem", "moved"].map(|name| folder.join(name));
        let mut file = ReservedFile::create(path.clone()).unwrap().unwrap();
        fs::rename(&path, &moved).unwrap();
        let NotStored { error, moved_to } = file.store("made up").unwrap_err();
        assert_eq!(moved_to, Some(moved.display().to_string()));
        let expected = format!("the private key is in {}", moved.display());
        assert!(error.message().ends_with(&expected), "{error}");
        drop(file);
        assert_eq!(fs::read_to_string(&moved).unwrap(), "made up\n");
    }

    #[test]
    fn a_folder_in_which_every_user_can_replace_files_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.pem");
        set_mode(folder.path(), 0o777);
        let error = check_folder(&path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.message().starts_with("every user of this machine can replace the files in "), "{error}");
        assert!(error.hint_text().unwrap().contains("--key-dir"));
        set_mode(folder.path(), 0o1777);
        assert_eq!(check_folder(&path).unwrap(), None);
    }

    #[test]
    fn a_folder_in_which_some_users_can_replace_files_is_warned_about() {
        let folder = tempfile::tempdir().unwrap();
        let [path, below] = ["web.pem", "keys/web.pem"].map(|name| folder.path().join(name));
        set_mode(folder.path(), 0o770);
        assert!(check_folder(&path).unwrap().unwrap().contains("the members of its group can replace"));
        assert_eq!(check_folder(&below).unwrap(), None, "the folder of the file is for its user alone");
        set_mode(folder.path(), 0o777);
        assert!(check_folder(&below).unwrap().unwrap().contains("every user can replace the folders in it"));
        set_mode(folder.path(), 0o700);
        assert_eq!(check_folder(&path).unwrap(), None);
        if chown(folder.path(), Some(12345), None).is_ok() {
            assert!(check_folder(&path).unwrap().unwrap().contains("its owner, another user, can replace"));
        }
    }
}
