//! Stores records that outlive a job, one small file each, in the folder `state` next to the log.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use connector_sdk::files::{KIB, read_text};
use connector_sdk::records::Records;
use connector_sdk::{Error, ErrorKind, Result};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::shared_files;

/// The name of the folder.
const FOLDER: &str = "state";
/// The maximum size of a record, in bytes.
const MAX_SIZE: u64 = 4 * KIB;
/// How long a record is kept: longer than EC2 remembers a client token.
const RETENTION: Duration = Duration::from_hours(7 * 24);

/// The records of one account in one region.
pub struct FileRecords {
    folder: PathBuf,
    account: String,
    region: String,
}

impl FileRecords {
    /// The records next to the log in the given folder. `account` is any text that distinguishes accounts; it is never
    /// written.
    pub fn new(log_folder: &Path, account: &str, region: &str) -> Self {
        FileRecords { folder: log_folder.join(FOLDER), account: account.to_owned(), region: region.to_owned() }
    }

    /// Hashes the key, because keys can contain characters that file names cannot.
    fn path(&self, key: &str) -> PathBuf {
        let text = [self.account.as_str(), &self.region, key].join("\n");
        self.folder.join(hex::encode(Sha256::digest(text)))
    }

    fn write_file(&self, key: &str, text: &str) -> io::Result<()> {
        shared_files::create_shared_folder(&self.folder)?;
        self.remove_expired();
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        shared_files::share_file(file.as_file(), &self.folder)?;
        file.as_file().sync_all()?;
        file.persist(self.path(key)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes expired records. Other processes may do so at the same time.
    fn remove_expired(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let modified = entry.metadata().and_then(|file| file.modified()).unwrap_or(SystemTime::now());
            if modified.elapsed().is_ok_and(|age| age > RETENTION) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl Records for FileRecords {
    fn read(&self, key: &str) -> Result<Option<String>> {
        let path = self.path(key);
        let failed = |why: String| {
            Error::new(ErrorKind::InvalidInput, why).doing(format!("reading the record {}", path.display()))
        };
        match read_text(&path, MAX_SIZE) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(format!("not a record of this program: {error}"))),
        }
    }

    fn write(&self, key: &str, text: &str) -> Result<()> {
        self.write_file(key, text).map_err(|error| {
            Error::new(ErrorKind::InvalidInput, error.to_string())
                .doing(format!("writing a record to {}", self.folder.display()))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_record_outlives_its_job_and_is_apart_for_each_account_and_region() {
        let log = tempfile::tempdir().unwrap();
        let records = |account, region| FileRecords::new(log.path(), account, region);
        assert_eq!(records("a", "us-east-1").read("T/1").unwrap(), None);
        records("a", "us-east-1").write("T/1", "one").unwrap();
        records("a", "us-east-1").write("T/1", "two").unwrap();
        assert_eq!(records("a", "us-east-1").read("T/1").unwrap().as_deref(), Some("two"));
        for (account, region, key) in [("b", "us-east-1", "T/1"), ("a", "us-east-2", "T/1"), ("a", "us-east-1", "T")] {
            assert_eq!(records(account, region).read(key).unwrap(), None, "{account} {region} {key}");
        }
        assert_eq!(fs::read_dir(log.path().join(FOLDER)).unwrap().count(), 1);
    }

    #[test]
    fn old_records_are_removed_when_one_is_written() {
        let log = tempfile::tempdir().unwrap();
        let records = FileRecords::new(log.path(), "a", "us-east-1");
        records.write("old", "x").unwrap();
        records.write("young", "x").unwrap();
        let age = |key, days: u64| {
            let time = SystemTime::now() - Duration::from_hours(24 * days);
            File::options().write(true).open(records.path(key)).unwrap().set_modified(time).unwrap();
        };
        age("old", 8);
        age("young", 6);
        records.write("new", "x").unwrap();
        assert_eq!(records.read("old").unwrap(), None);
        assert!(records.read("young").unwrap().is_some() && records.read("new").unwrap().is_some());
    }

    #[cfg(unix)]
    #[test]
    fn users_of_one_group_share_records_if_they_share_the_log() {
        use std::os::unix::fs::PermissionsExt as _;
        for (of_log, of_folder, of_record) in [(0o770, 0o770, 0o660), (0o700, 0o700, 0o600)] {
            let log = tempfile::tempdir().unwrap();
            fs::set_permissions(log.path(), fs::Permissions::from_mode(of_log)).unwrap();
            let records = FileRecords::new(log.path(), "a", "us-east-1");
            records.write("T", "x").unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!([mode(&records.folder), mode(&records.path("T"))], [of_folder, of_record]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_fifo_in_the_place_of_a_record_does_not_block() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let log = tempfile::tempdir().unwrap();
        let records = FileRecords::new(log.path(), "a", "us-east-1");
        fs::create_dir_all(&records.folder).unwrap();
        mknodat(CWD, records.path("T"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert!(records.read("T").unwrap_err().to_string().ends_with("it is not a regular file"));
        records.write("T", "x").unwrap();
        assert_eq!(records.read("T").unwrap().as_deref(), Some("x"));
    }

    #[test]
    fn read_and_write_errors_contain_the_path() {
        let log = tempfile::tempdir().unwrap();
        let records = FileRecords::new(log.path(), "a", "us-east-1");
        fs::create_dir_all(records.path("folder")).unwrap();
        let error = records.read("folder").unwrap_err();
        assert!(error.to_string().ends_with(": not a record of this program: it is a folder, not a file"), "{error}");
        fs::write(records.path("large"), vec![b'x'; MAX_SIZE as usize + 1]).unwrap();
        assert!(records.read("large").is_err());

        let file = log.path().join("file");
        fs::write(&file, "").unwrap();
        let error = FileRecords::new(&file, "a", "us-east-1").write("T", "x").unwrap_err();
        assert!(error.to_string().starts_with("writing a record to "), "{error}");
    }
}
