//! Finds and reads `Connector.config`.

use std::env;
use std::path::{Path, PathBuf};

use connector_sdk::{Error, ErrorKind, Result};
use opcon::Config;

/// How the file is called.
pub const FILE_NAME: &str = "Connector.config";

/// Reads the configuration of the job: the file that it names, else the one in the current directory, else the one
/// beside the program. Without a file there is none, unless the job names a user id: its keys can only be there.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when a file that must be there is missing, or one cannot be read.
pub fn read(named: Option<&Path>, user_id: Option<&str>) -> Result<Option<Config>> {
    match (find(named), user_id) {
        (Some(path), _) => Config::read(&path).map(Some).map_err(crate::opcon_error::opcon_error),
        (None, None) => Ok(None),
        (None, Some(user_id)) => Err(Error::new(
            ErrorKind::InvalidInput,
            format!("no {FILE_NAME} in the current directory or in the folder of the program"),
        )
        .doing(format!("reading the keys of user id {user_id}"))
        .hint("specify the file with `--config FILE`")),
    }
}

/// The file that is named, else the first of the usual ones that there is.
pub fn find(named: Option<&Path>) -> Option<PathBuf> {
    let usual = [Some(PathBuf::from(FILE_NAME)), in_program_folder(FILE_NAME)];
    named.map(Path::to_path_buf).or_else(|| usual.into_iter().flatten().find(|path| path.is_file()))
}

/// The path of a file or folder in the folder of this program.
pub fn in_program_folder(name: &str) -> Option<PathBuf> {
    Some(env::current_exe().ok()?.parent()?.join(name))
}

/// The folder of the connector's own files.
pub fn folder(config: Option<&Config>) -> PathBuf {
    config.and_then(|config| config.path().parent()).map(Path::to_path_buf).unwrap_or_default()
}
