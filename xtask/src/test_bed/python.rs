//! Finds or creates the Python environment of moto, once per version of the requirements.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::process;
use crate::report;
use crate::workspace::Workspace;

/// The minimum Python version of the pinned moto, `xtask/testbed/requirements.in`.
const MIN_VERSION: (u32, u32) = (3, 10);
const CANDIDATES: [&str; 2] = ["python3", "python"];
const SCRIPTS: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// The interpreter of a virtual environment with moto.
pub struct Python {
    interpreter: PathBuf,
    moto_server: PathBuf,
}

impl Python {
    /// Creates the virtual environment below `home`, unless it exists and matches the requirements.
    pub fn with_moto(workspace: &Workspace, home: &Path) -> Result<Self> {
        let sources = workspace.root.join("xtask").join("testbed");
        let environment = home.join("venv");
        let python =
            Self { interpreter: environment.join(SCRIPTS).join("python"), moto_server: sources.join("moto_server.py") };

        // Two test beds may start at the same time.
        let lock = File::create(home.join("venv.lock")).context("locking the Python environment")?;
        lock.lock().context("locking the Python environment")?;
        python.install(&environment, &sources.join("requirements.txt"))?;
        Ok(python)
    }

    /// A stamp file with the text of the requirements, written last, marks them as installed.
    fn install(&self, environment: &Path, requirements: &Path) -> Result<()> {
        let wanted = fs::read_to_string(requirements).with_context(|| format!("reading {}", requirements.display()))?;
        let stamp = environment.join("installed-requirements.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && self.runs() {
            return Ok(());
        }
        create_environment(environment)?;
        report::line("installing moto in the Python environment of the test bed (takes a minute, only once)");
        process::run(
            Command::new(&self.interpreter)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
                .arg(requirements),
        )
        .context("installing moto (it comes from the Python package index)")?;
        fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
    }

    /// Whether the interpreter works: the Python from which it was created may have been removed.
    fn runs(&self) -> bool {
        version_of(&self.interpreter).is_some()
    }

    /// The command that starts moto, see `xtask/testbed/moto_server.py`.
    pub fn moto_server(&self) -> Command {
        let mut command = Command::new(&self.interpreter);
        process::isolate(&mut command).arg(&self.moto_server);
        command
    }
}

fn create_environment(environment: &Path) -> Result<()> {
    let python = find_python(&CANDIDATES)?;
    process::run(Command::new(python).args(["-m", "venv", "--clear"]).arg(environment)).context(
        "creating a Python virtual environment (Python's modules venv and ensurepip are needed; on Debian and Ubuntu: \
         apt-get install python3-venv)",
    )
}

fn find_python(candidates: &[&'static str]) -> Result<&'static str> {
    let mut seen = String::new();
    for name in candidates {
        match version_of(Path::new(name)) {
            Some(version) if version >= MIN_VERSION => return Ok(name),
            Some((major, minor)) => seen += &format!(", {name} is {major}.{minor}"),
            None => seen += &format!(", {name} does not run"),
        }
    }
    let (major, minor) = MIN_VERSION;
    bail!(
        "finding Python {major}.{minor} or newer, which moto needs: none found{seen}; install it and put it on the \
         PATH"
    )
}

fn version_of(python: &Path) -> Option<(u32, u32)> {
    let script = "import sys; print('%d.%d' % sys.version_info[:2])";
    let output = Command::new(python).args(["-c", script]).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_python_is_explained() {
        let error = find_python(&["no-such-python"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "finding Python 3.10 or newer, which moto needs: none found, no-such-python does not run; install it and \
             put it on the PATH"
        );
    }
}
