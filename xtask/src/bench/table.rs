//! Formats tables of figures.

/// Rows under a header with automatic widths: the first column is left-aligned, figures are right-aligned.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// Adds a row.
    pub fn add(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines of the table.
    pub fn lines(&self) -> Vec<String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(String::len).max();
        let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
        let line = |row: &Vec<String>| {
            let cells = row.iter().zip(&widths).enumerate();
            let cells = cells.map(|(column, (cell, width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("  {cell:>width$}"),
            });
            cells.collect::<String>()
        };
        self.rows.iter().map(line).collect()
    }
}

/// A size in MiB.
pub fn mebibytes(bytes: f64) -> String {
    format!("{:.1}", bytes / f64::from(1 << 20))
}

/// A time in milliseconds.
pub fn milliseconds(seconds: f64) -> String {
    format!("{:.1}", seconds * 1000.0)
}

/// A ratio.
pub fn times(figure: f64, other: f64) -> String {
    format!("{:.2}x", figure / other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["job", "calls"]);
        table.add(vec!["terminate".to_owned(), "20".to_owned()]);
        assert_eq!(table.lines(), ["job        calls", "terminate     20"]);
    }

    #[test]
    fn figures_have_the_unit_of_their_column() {
        assert_eq!(mebibytes(12_582_912.0), "12.0");
        assert_eq!(milliseconds(0.0123), "12.3");
        assert_eq!(times(3.0, 2.0), "1.50x");
    }
}
