//! Formats text tables whose columns are separated by two spaces.
//!
//! On a terminal a table is limited to its width. Elsewhere it is as wide as its contents, so that the output of a job
//! is the same everywhere.

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use crate::console;

/// A table with a header. Each line ends in a line feed, without trailing spaces.
pub fn plain(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header.iter().copied());
    table.add_rows(rows);
    if let Some(columns) = console::columns() {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(columns);
        // The first column contains the IDs, which users copy.
        table.column_mut(0).into_iter().for_each(|ids| _ = ids.set_constraint(ColumnConstraint::ContentWidth));
    }
    table.column_iter_mut().for_each(|column| _ = column.set_padding((0, 2)));
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
