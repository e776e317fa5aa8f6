//! Updates the function table in the README, between two markers.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

const BEGIN: &str = "<!-- functions: written by `cargo xtask codegen` -->\n";
const END: &str = "<!-- end of functions -->\n";

/// The README with this table of functions.
pub fn with_table(workspace: &Workspace, table: &str) -> Result<String> {
    let readme = fs::read_to_string(workspace.root.join("README.md")).context("reading README.md")?;
    replaced(&readme.replace("\r\n", "\n"), table).context("finding the table of functions in README.md")
}

/// Replaces the text between the markers.
fn replaced(text: &str, part: &str) -> Result<String> {
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("there is no line {}", BEGIN.trim_end()))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("there is no line {}", END.trim_end()))?;
    Ok([before, BEGIN, part, END, after].concat())
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::super::tests::list;
    use super::*;

    #[test]
    fn only_the_text_between_the_markers_is_replaced() {
        let table = table(&list());
        assert_eq!(table, "| Function | Does |\n|---|---|\n| `StopInstance` | Stops instances. |\n");
        let old = format!("# Title\n{BEGIN}| old |\n{END}More.\n");
        assert_eq!(replaced(&old, &table).unwrap(), format!("# Title\n{BEGIN}{table}{END}More.\n"));
    }

    #[test]
    fn a_marker_that_is_missing_is_named() {
        let missing = |text: &str| replaced(text, "").unwrap_err().to_string();
        assert_eq!(missing("# Title\n"), "there is no line <!-- functions: written by `cargo xtask codegen` -->");
        assert_eq!(missing(BEGIN), "there is no line <!-- end of functions -->");
    }
}
