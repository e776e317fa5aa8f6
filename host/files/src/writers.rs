//! Determines which other users can replace the files in a folder.

use std::io;
use std::path::Path;

/// The other users that can replace files in a folder, from the most to the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherWriters {
    /// Every user of the machine: the folder is writable for others, and has no sticky bit.
    Everybody,
    /// The members of its group: it is writable for them, and has no sticky bit.
    Group,
    /// Its owner, who is neither the user of this process nor root.
    Owner,
    /// Nobody but this user and root.
    Nobody,
}

/// The other users that can replace files in the folder. On Windows, where access rights have another form, it is always
/// nobody.
///
/// # Errors
/// Those of the system.
#[cfg(unix)]
pub fn other_writers(folder: &Path) -> io::Result<OtherWriters> {
    use std::os::unix::fs::MetadataExt as _;
    let found = folder.metadata()?;
    let is_writable = |bit| found.mode() & bit != 0 && found.mode() & 0o1000 == 0;
    let is_ours = [0, rustix::process::geteuid().as_raw()].contains(&found.uid());
    Ok(match () {
        () if is_writable(0o002) => OtherWriters::Everybody,
        () if is_writable(0o020) => OtherWriters::Group,
        () if !is_ours => OtherWriters::Owner,
        () => OtherWriters::Nobody,
    })
}

/// The other users that can replace files in the folder: not determined here.
///
/// # Errors
/// Those of the system.
#[cfg(not(unix))]
pub fn other_writers(folder: &Path) -> io::Result<OtherWriters> {
    folder.metadata().map(|_| OtherWriters::Nobody)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    #[test]
    fn writers_follow_from_mode_and_owner() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, expected) in [
            (0o777, OtherWriters::Everybody),
            (0o1777, OtherWriters::Nobody),
            (0o772, OtherWriters::Everybody),
            (0o770, OtherWriters::Group),
            (0o1770, OtherWriters::Nobody),
            (0o755, OtherWriters::Nobody),
            (0o700, OtherWriters::Nobody),
        ] {
            set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(other_writers(folder.path()).unwrap(), expected, "{mode:o}");
        }
        if chown(folder.path(), Some(12345), None).is_ok() {
            assert_eq!(other_writers(folder.path()).unwrap(), OtherWriters::Owner);
        }
        other_writers(&folder.path().join("missing")).unwrap_err();
    }
}
