//! Builds the page that displays a form: installs its npm packages and bundles it below cargo's target folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::tools::Tools;
use crate::process;
use crate::report;
use crate::workspace::Workspace;

const LOCK_FILE: &str = "package-lock.json";
/// The files of `xtask/forms`. The sources are copied because Node.js searches parent folders for packages.
const SOURCES: [&str; 6] = [".npmrc", "package.json", LOCK_FILE, "fill.mjs", "page.html", "page.jsx"];

/// The folder of the page, which one process uses at a time.
pub struct Page {
    folder: PathBuf,
    _lock: File,
}

impl Page {
    /// Installs the packages and builds the page.
    pub fn build(workspace: &Workspace, tools: &Tools) -> Result<Self> {
        let folder = workspace.target.join("forms");
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let lock = File::create(folder.join("lock")).context("locking the folder of the forms")?;
        lock.lock().context("locking the folder of the forms")?;

        let page = Self { folder, _lock: lock };
        page.copy(&workspace.root.join("xtask").join("forms"))?;
        page.install(tools)?;
        page.bundle(tools)?;
        Ok(page)
    }

    /// A file or folder in the folder of the page.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn copy(&self, sources: &Path) -> Result<()> {
        for name in SOURCES {
            let source = sources.join(name);
            fs::copy(&source, self.path(name)).with_context(|| format!("copying {}", source.display()))?;
        }
        Ok(())
    }

    /// A stamp file with the text of the lock file, written last, marks its packages as installed.
    fn install(&self, tools: &Tools) -> Result<()> {
        let wanted = fs::read_to_string(self.path(LOCK_FILE)).context("reading package-lock.json")?;
        let stamp = self.path("installed-package-lock.json");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && self.path("node_modules").is_dir() {
            return Ok(());
        }
        report::line("installing the packages that show forms (takes some seconds, only once)");
        process::run(tools.npm().args(["ci", "--silent"]).current_dir(&self.folder))
            .context("installing packages of npm (they come from its registry)")?;
        fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))
    }

    fn bundle(&self, tools: &Tools) -> Result<()> {
        let esbuild = Path::new("node_modules").join("esbuild").join("bin").join("esbuild");
        let mut command = tools.node();
        command
            .arg(esbuild)
            .args(["page.jsx", "--bundle", "--outfile=page.js", "--jsx=automatic", "--log-level=warning"])
            .arg("--define:process.env.NODE_ENV=\"production\"")
            .current_dir(&self.folder);
        process::run(&mut command).context("building the page that shows a form")
    }
}

#[cfg(test)]
mod tests {
    /// Uses the npm registry from the user's settings.
    #[test]
    fn the_lock_file_names_no_host() {
        let text = include_str!("../../forms/package-lock.json");
        assert!(!text.contains("http") && !text.contains("\"resolved\""));
    }
}
