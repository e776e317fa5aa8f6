//! Names the folder of a file.

use std::path::Path;

/// The folder of a path: `.` for a file name alone, and for a path without a parent.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_alone_is_in_the_current_directory() {
        for (path, folder) in [("file", "."), ("a/file", "a"), ("/file", "/"), ("/", "."), ("", ".")] {
            assert_eq!(folder_of(Path::new(path)), Path::new(folder), "{path}");
        }
    }
}
