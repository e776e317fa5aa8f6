//! Restricts the access to a file to its owner.

use std::io;
use std::path::Path;

/// Removes inherited access rights and grants full control to the owner. On UNIX, the mode at creation does this.
///
/// # Errors
/// When `icacls` fails.
#[cfg(windows)]
pub fn restrict_to_owner(path: &Path) -> io::Result<()> {
    const OWNER_RIGHTS: &str = "*S-1-3-4:F"; // the SID, since names are localized
    let output =
        std::process::Command::new("icacls").arg(path).args(["/inheritance:r", "/grant:r", OWNER_RIGHTS]).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("icacls: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// Does nothing: files inherit no access rights here.
///
/// # Errors
/// None.
#[cfg(not(windows))]
pub fn restrict_to_owner(_: &Path) -> io::Result<()> {
    Ok(())
}
