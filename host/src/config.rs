//! Finds and reads `Connector.config`.

mod other_writers;

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
/// [`ErrorKind::InvalidInput`] if a required file is missing, a file cannot be read, or other users can change the one
/// in the current directory, which they may have put there.
pub fn read(named: Option<&Path>, user_id: Option<&str>) -> Result<Option<Config>> {
    match (find(named)?, user_id) {
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
fn find(named: Option<&Path>) -> Result<Option<PathBuf>> {
    if let Some(named) = named {
        return Ok(Some(named.to_path_buf()));
    }
    let here = Path::new(FILE_NAME);
    if !here.is_file() {
        return Ok(in_program_folder(FILE_NAME).filter(|path| path.is_file()));
    }
    refuse_other_writers(here)?;
    Ok(Some(here.to_path_buf()))
}

/// The file that a command changes: the named one, or the first existing default file, or a new one in the current
/// directory.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if other users can change the one in the current directory.
pub fn find_or_create(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(found) = find(named)? {
        return Ok(found);
    }
    let here = Path::new(FILE_NAME);
    refuse_other_writers(here)?;
    Ok(here.to_path_buf())
}

fn refuse_other_writers(path: &Path) -> Result<()> {
    other_writers::describe(path).map_or(Ok(()), |who| {
        Err(Error::new(ErrorKind::InvalidInput, format!("other users can change the file: {who}"))
            .doing(format!("reading {} in the current directory", path.display()))
            .hint("allow only the user of the job to write to the file and to its folder, or specify the file with `--config FILE`"))
    })
}

/// The warning about a configuration that other users can change, but that was named or is next to the program.
pub fn warning(path: &Path) -> Option<String> {
    other_writers::describe(path)
        .map(|who| format!("{}: other users can change the configuration of the jobs: {who}", path.display()))
}

/// The path of a file or folder next to this program.
pub fn in_program_folder(name: &str) -> Option<PathBuf> {
    Some(env::current_exe().ok()?.parent()?.join(name))
}

/// The folder of the program.
pub fn folder(config: Option<&Config>) -> PathBuf {
    config.and_then(|config| config.path().parent()).map(Path::to_path_buf).unwrap_or_default()
}
