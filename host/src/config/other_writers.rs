//! Determines whether other users can change a `Connector.config`, and with it the servers and keys of a job.

use std::path::Path;

#[cfg(unix)]
use bounded_files::folder_of;

/// Who can change the file, or replace it in its folder, in addition to root, the user of this process and the owner of
/// this program, who can change what jobs do in any case. `None` if nobody can. A missing file is judged by its folder.
///
/// A group to which this user belongs may write: its members share the file with each other.
#[cfg(unix)]
pub fn describe(path: &Path) -> Option<String> {
    let real = path.canonicalize().ok();
    let folders = [Some(path), real.as_deref()].into_iter().flatten().map(folder_of);
    let us = unix::Us::of_process();
    let of_file = path.metadata().ok().and_then(|file| us.other_writer("the file", &(&file).into()));
    let of_folders = || folders.filter_map(|folder| us.other_writer("its folder", &(&folder.metadata().ok()?).into()));
    of_file.or_else(|| of_folders().next())
}

/// On Windows, the permissions of the folder are not read.
#[cfg(not(unix))]
pub fn describe(_: &Path) -> Option<String> {
    None
}

#[cfg(unix)]
mod unix {
    use std::env;
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt as _;

    use rustix::process::{getegid, geteuid, getgroups};

    /// Who has access to a file or folder.
    pub(super) struct Access {
        owner: u32,
        group: u32,
        mode: u32,
        is_folder: bool,
    }

    impl From<&Metadata> for Access {
        fn from(found: &Metadata) -> Self {
            Access { owner: found.uid(), group: found.gid(), mode: found.mode() & 0o7777, is_folder: found.is_dir() }
        }
    }

    /// The users and groups that may change the configuration.
    pub(super) struct Us {
        users: Vec<u32>,
        groups: Vec<u32>,
    }

    impl Us {
        pub(super) fn of_process() -> Self {
            let program = env::current_exe().and_then(|program| program.metadata());
            let users = [0, geteuid().as_raw()].into_iter().chain(program.map(|program| program.uid()));
            let groups = getgroups().unwrap_or_default().into_iter().chain([getegid()]);
            Us { users: users.collect(), groups: groups.map(|group| group.as_raw()).chain([0]).collect() }
        }

        /// Who else can write to `what`.
        pub(super) fn other_writer(&self, what: &str, access: &Access) -> Option<String> {
            let Access { owner, group, mode, is_folder } = access;
            // In a folder with the sticky bit, only the owners of a file and of the folder replace the file.
            let is_writable = |bit| mode & bit != 0 && !(*is_folder && mode & 0o1000 != 0);
            if is_writable(0o002) {
                return Some(format!("every user can write to {what} (mode {mode:o})"));
            }
            if is_writable(0o020) && !self.groups.contains(group) {
                return Some(format!("the group {group} can write to {what} (mode {mode:o})"));
            }
            (!self.users.contains(owner)).then(|| format!("{what} belongs to the user {owner}"))
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const US: [u32; 2] = [0, 1000];

        fn other_writer(owner: u32, group: u32, mode: u32, is_folder: bool) -> Option<String> {
            let us = Us { users: US.to_vec(), groups: US.to_vec() };
            us.other_writer("it", &Access { owner, group, mode, is_folder })
        }

        #[test]
        fn our_files_and_folders_have_no_other_writers() {
            for (owner, group, mode) in [(0, 0, 0o644), (1000, 1000, 0o664), (1000, 7, 0o644), (0, 7, 0o600)] {
                for is_folder in [true, false] {
                    assert_eq!(other_writer(owner, group, mode, is_folder), None, "{owner} {group} {mode:o}");
                }
            }
            assert_eq!(other_writer(0, 0, 0o1777, true), None, "only owners replace files in /tmp");
        }

        #[test]
        fn others_that_can_write_are_named() {
            for (owner, group, mode, who) in [
                (1000, 1000, 0o666, "every user can write to it (mode 666)"),
                (1000, 7, 0o660, "the group 7 can write to it (mode 660)"),
                (7, 1000, 0o644, "it belongs to the user 7"),
                (7, 1000, 0o664, "it belongs to the user 7"),
            ] {
                for is_folder in [true, false] {
                    assert_eq!(other_writer(owner, group, mode, is_folder).as_deref(), Some(who));
                }
            }
            assert!(other_writer(0, 0, 0o1666, false).is_some(), "the sticky bit of a file means nothing");
            assert!(other_writer(7, 0, 0o1777, true).is_some(), "the owner of the folder replaces files");
        }
    }
}
