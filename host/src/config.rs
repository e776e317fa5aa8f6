//! Finds and reads `Connector.config`.

use std::env;
use std::path::{Path, PathBuf};

use connector_sdk::{Error, ErrorKind, Result};
use opcon::Config;

/// The file name.
pub const FILE_NAME: &str = "Connector.config";

/// Reads the configuration of the job: the file that it names, or the one in the current directory, or the one next to
/// the program. A missing file is an error only if the job names a user ID, because its keys are in the file.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if a required file is missing or a file cannot be read.
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

/// The named file, or the first existing default file.
pub fn find(named: Option<&Path>) -> Option<PathBuf> {
    let defaults = [Some(PathBuf::from(FILE_NAME)), in_program_folder(FILE_NAME)];
    named.map(Path::to_path_buf).or_else(|| defaults.into_iter().flatten().find(|path| path.is_file()))
}

/// The path of a file or folder next to this program.
pub fn in_program_folder(name: &str) -> Option<PathBuf> {
    Some(env::current_exe().ok()?.parent()?.join(name))
}

/// The folder of the program.
pub fn folder(config: Option<&Config>) -> PathBuf {
    config.and_then(|config| config.path().parent()).map(Path::to_path_buf).unwrap_or_default()
}
