//! Journal records of findings: tables, texts and files.

use std::path::PathBuf;

use super::results::{LONGEST_TEXT, LONGEST_TEXTS, Table, Text, TitledTable, WrittenFile};
use super::state::Journal;

impl Journal {
    /// Records the table of a job, and replaces an earlier one.
    pub fn record_table(&self, table: Table) {
        self.state().table = Some(table);
    }

    /// The table of the job; `None` for jobs that find only instances.
    pub fn table(&self) -> Option<Table> {
        self.state().table.clone()
    }

    /// Records a table of a job with several tables.
    pub fn record_titled_table(&self, title: impl Into<String>, table: Table) {
        self.state().titled_tables.push(TitledTable { title: title.into(), table });
    }

    /// The tables of a job with several, in the order of recording.
    pub fn titled_tables(&self) -> Vec<TitledTable> {
        self.state().titled_tables.clone()
    }

    /// Records a text from a machine. The report marks each of its lines, so that none can imitate the report. Of a
    /// text longer than 64 KiB, only the end is kept; all texts of a job together have at most 1 MiB.
    pub fn record_text(&self, title: impl Into<String>, text: impl Into<String>) {
        let mut state = self.state();
        let limit = LONGEST_TEXT.min(LONGEST_TEXTS - state.text_bytes);
        let text = Text::new(title.into(), text.into(), limit);
        state.text_bytes += text.text.len();
        state.texts.push(text);
    }

    /// The texts, in the order of recording.
    pub fn texts(&self) -> Vec<Text> {
        self.state().texts.clone()
    }

    /// Records a file that the job has written; `contents` describes it, e.g. `private key of key pair web`.
    pub fn record_file(&self, path: impl Into<PathBuf>, contents: impl Into<String>) {
        self.state().files.push(WrittenFile { path: path.into(), contents: contents.into() });
    }

    /// The files that the job has written, in the order of recording.
    pub fn files(&self) -> Vec<WrittenFile> {
        self.state().files.clone()
    }
}
