//! Writes a file completely before it appears in its place, with the access that the replaced file has.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::file_drop::{self, Access};

/// A complete file next to its final place. It is removed if it does not get there.
pub(super) struct NewFile {
    file: NamedTempFile,
    /// Why the group of the old file could not be kept.
    lost_group: Option<LostGroup>,
}

/// The group of the replaced file, which the user cannot give to the new one.
struct LostGroup {
    group: u32,
    mode: u32,
    reason: io::Error,
}

impl NewFile {
    /// Writes a file next to `path` to disk. It gets the owner, group and mode of `old`; without `old`, only its owner
    /// has access, whatever the umask.
    pub(super) fn write(path: &Path, content: &[u8], old: Option<&Metadata>) -> io::Result<Self> {
        let file = file_drop::write_in_same_folder(path, content, Access::Owner)?;
        let lost_group = match old {
            Some(old) => keep_access(&file, old)?,
            None => {
                bounded_files::restrict_to_owner(file.path())?;
                None
            }
        };
        file.as_file().sync_all()?;
        Ok(NewFile { file, lost_group })
    }

    /// Moves the file to its place, in which another file may be. Returns a warning if the group is not that of the old
    /// file.
    pub(super) fn replace(self, path: &Path) -> io::Result<Option<String>> {
        self.file.persist(path).map_err(|error| error.error)?;
        Ok(self.lost_group.map(|lost| lost.warning(path)))
    }

    /// Moves the file to its place, in which no file may be.
    pub(super) fn create(self, path: &Path) -> io::Result<Option<String>> {
        self.file.persist_noclobber(path).map_err(|error| error.error)?;
        Ok(self.lost_group.map(|lost| lost.warning(path)))
    }
}

impl LostGroup {
    fn warning(&self, path: &Path) -> String {
        let (LostGroup { group, mode, reason }, path) = (self, path.display());
        let lost = format!("{path}: the group {group} of the file could not be kept: {reason}");
        if mode & 0o070 == 0 {
            return lost;
        }
        format!(
            "{lost}; to give its members access again, run `chgrp {group} {path}` and `chmod {mode:o} {path}` as root"
        )
    }
}

/// Preserves owner, group and mode, because an administrator may edit the file of another user.
#[cfg(unix)]
fn keep_access(file: &NamedTempFile, old: &Metadata) -> io::Result<Option<LostGroup>> {
    unix::keep_access(file.as_file(), &old.into(), |file, owner, group| std::os::unix::fs::fchown(file, owner, group))
}

/// A new file has the permissions that it inherits from its folder.
#[cfg(not(unix))]
fn keep_access(_: &NamedTempFile, _: &Metadata) -> io::Result<Option<LostGroup>> {
    Ok(None)
}

#[cfg(unix)]
mod unix {
    use std::fs::{File, Metadata, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::LostGroup;

    /// Who has access to a file.
    #[derive(Clone, Copy)]
    pub(super) struct Access {
        owner: u32,
        group: u32,
        mode: u32,
    }

    impl From<&Metadata> for Access {
        fn from(file: &Metadata) -> Self {
            Access { owner: file.uid(), group: file.gid(), mode: file.mode() & 0o7777 }
        }
    }

    /// Preserves owner, group and mode with this `fchown`. A refused change of the group does not prevent the writing.
    pub(super) fn keep_access(
        file: &File,
        old: &Access,
        change: impl Fn(&File, Option<u32>, Option<u32>) -> io::Result<()>,
    ) -> io::Result<Option<LostGroup>> {
        let (new, Access { owner, group, mode }) = (Access::from(&file.metadata()?), *old);
        if new.owner != owner {
            change(file, Some(owner), None)
                .map_err(|error| io::Error::new(error.kind(), format!("its owner cannot be kept: {error}")))?;
        }
        let refused = if new.group == group { None } else { change(file, None, Some(group)).err() };
        // What the group of the old file was allowed must not be allowed to another group.
        let granted = if refused.is_some() { mode & !0o070 | (mode & 0o007) << 3 } else { mode };
        file.set_permissions(Permissions::from_mode(granted))?;
        Ok(refused.map(|reason| LostGroup { group, mode, reason }))
    }

    #[cfg(test)]
    mod tests {
        use std::path::Path;

        use super::*;

        /// The mode of a new file and the warning, after the old file differed by `owner` and `group` and had `mode`.
        fn kept(owner: u32, group: u32, mode: u32) -> io::Result<(u32, Option<String>)> {
            let file = tempfile::tempfile().unwrap();
            let new = Access::from(&file.metadata().unwrap());
            let old = Access { owner: new.owner + owner, group: new.group + group, mode };
            let lost = keep_access(&file, &old, |_, _, _| Err(io::Error::other("refused")))?;
            let name = Path::new("Connector.config");
            let warning = lost.map(|lost| lost.warning(name).replace(&old.group.to_string(), "GROUP"));
            Ok((file.metadata()?.mode() & 0o7777, warning))
        }

        #[test]
        fn a_refused_change_of_the_group_is_a_warning_and_gives_access_to_no_other_group() {
            let lost = "Connector.config: the group GROUP of the file could not be kept: refused";
            assert_eq!(kept(0, 1_000_001, 0o600).unwrap(), (0o600, Some(lost.to_owned())));
            let again = "; to give its members access again, run `chgrp GROUP Connector.config` and `chmod";
            for (mode, new) in [(0o640, 0o600), (0o664, 0o644), (0o660, 0o600)] {
                let warning = format!("{lost}{again} {mode:o} Connector.config` as root");
                assert_eq!(kept(0, 1_000_001, mode).unwrap(), (new, Some(warning)));
            }
        }

        #[test]
        fn nothing_is_changed_without_need() {
            assert_eq!(kept(0, 0, 0o640).unwrap(), (0o640, None));
        }

        #[test]
        fn a_refused_change_of_the_owner_is_an_error() {
            let error = kept(1, 0, 0o600).unwrap_err();
            assert_eq!(error.to_string(), "its owner cannot be kept: refused");
        }
    }
}
