//! Opens and reads regular files only, and never more than a given number of bytes.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

/// Bytes in a kibibyte.
pub const KIB: u64 = 1024;
/// Bytes in a mebibyte.
pub const MIB: u64 = 1024 * KIB;

/// Opens a regular file for reading. Links are followed. Never blocks, as opening a FIFO without a writer would.
///
/// # Errors
/// Those of the system, or [`ErrorKind::InvalidInput`] if the path is a folder, FIFO, device or socket.
pub fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    without_blocking(&mut options);
    let file = options.open(path)?;
    match file.metadata() {
        Ok(found) if found.is_file() => Ok(file),
        Ok(found) if found.is_dir() => Err(io::Error::new(ErrorKind::InvalidInput, "it is a folder, not a file")),
        // Windows reports no metadata of consoles and pipes.
        _ => Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")),
    }
}

/// Reads a regular file of at most `limit` bytes, see [`open`].
///
/// # Errors
/// Those of [`open`], of the system while reading, or [`ErrorKind::FileTooLarge`].
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    take(open_limited(path, limit)?, limit)
}

/// Checks that [`read`] can read a file, for files that a library reads.
///
/// # Errors
/// Those of [`open`], or [`ErrorKind::FileTooLarge`].
pub fn check(path: &Path, limit: u64) -> io::Result<()> {
    open_limited(path, limit).map(drop)
}

fn open_limited(path: &Path, limit: u64) -> io::Result<File> {
    let file = open(path)?;
    if file.metadata()?.len() > limit { Err(too_large(limit)) } else { Ok(file) }
}

/// Reads a regular file of at most `limit` bytes of UTF-8 text, see [`open`].
///
/// # Errors
/// Those of [`read`], or [`ErrorKind::InvalidData`] if the content is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    read(path, limit).and_then(as_text)
}

/// Reads to the end of a stream of at most `limit` bytes.
///
/// # Errors
/// Those of the stream, or [`ErrorKind::FileTooLarge`] after `limit` bytes.
pub fn take(stream: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    stream.take(limit + 1).read_to_end(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|length| length <= limit) { Ok(content) } else { Err(too_large(limit)) }
}

/// Reads to the end of a stream of at most `limit` bytes of UTF-8 text.
///
/// # Errors
/// Those of [`take`], or [`ErrorKind::InvalidData`] if the content is not UTF-8.
pub fn take_text(stream: impl Read, limit: u64) -> io::Result<String> {
    take(stream, limit).and_then(as_text)
}

fn as_text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn too_large(limit: u64) -> io::Error {
    let limit = match limit {
        whole if whole % MIB == 0 => format!("{} MiB", whole / MIB),
        whole if whole % KIB == 0 => format!("{} KiB", whole / KIB),
        bytes => format!("{bytes} bytes"),
    };
    io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {limit}"))
}

#[cfg(unix)]
fn without_blocking(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
fn without_blocking(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong<T: std::fmt::Debug>(result: io::Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "four").unwrap();
        assert_eq!(read_text(&path, 4).unwrap(), "four");
        assert_eq!(wrong(read_text(&path, 3)), "it is larger than 3 bytes");
        assert_eq!(wrong(take(io::repeat(b'x'), MIB)), "it is larger than 1 MiB");
        assert_eq!(wrong(take(io::repeat(b'x'), 16 * KIB)), "it is larger than 16 KiB");
        assert_eq!(take(&b"x"[..], 1).unwrap(), b"x");
    }

    #[test]
    fn a_huge_sparse_file_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(wrong(read(&path, MIB)), "it is larger than 1 MiB");
        assert_eq!(wrong(check(&path, MIB)), "it is larger than 1 MiB");
        check(&path, 1 << 40).unwrap();
    }

    #[test]
    fn other_content_than_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("binary");
        std::fs::write(&path, b"\xff\xfe").unwrap();
        assert_eq!(wrong(read_text(&path, MIB)), "it is not UTF-8 text");
        assert_eq!(read(&path, MIB).unwrap(), b"\xff\xfe");
        assert_eq!(wrong(take_text(&b"\xff"[..], MIB)), "it is not UTF-8 text");
    }

    #[test]
    fn a_missing_file_keeps_its_error() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(&folder.path().join("missing"), MIB).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(wrong(read(folder.path(), MIB)), "it is a folder, not a file");
        let fifo = folder.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_eq!(wrong(read(&fifo, MIB)), "it is not a regular file");
        assert_eq!(wrong(read(Path::new("/dev/zero"), MIB)), "it is not a regular file");
        let link = folder.path().join("link");
        std::fs::write(folder.path().join("target"), "text").unwrap();
        std::os::unix::fs::symlink("target", &link).unwrap();
        assert_eq!(read_text(&link, MIB).unwrap(), "text");
    }
}
