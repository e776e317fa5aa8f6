//! Job definitions for SMADDI, the service of OpCon that takes XML files from a folder.
//!
//! The elements and their limits are those of "Data Input Message Elements" and "jobdata Platform-specific Elements" in the
//! OpCon documentation, those of names of "Jobs". SMADDI takes ASCII text only. A job is made without a frequency: OpCon
//! then runs it on request.

mod quoting;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::file_drop::{PreparedFile, Readers};

pub use quoting::{unix_parameters, windows_command_line};

/// Characters that names of schedules and jobs cannot hold.
const NOT_IN_NAMES: &str = "<>&'\"|;%()[]{}=\\!*?,~`";
/// Characters that names of machines and parameters of UNIX programs cannot hold.
const NOT_IN_PARAMETERS: &str = "'~`";

/// What a job runs, and as whom. Every text may contain references such as `[[NAME]]`; OpCon replaces them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A program on a Windows machine.
    Windows {
        /// Program and arguments, at most 4000 characters; see [`windows_command_line`].
        command_line: String,
        /// At most 255 characters; the agent's own folder when there is none.
        working_directory: Option<String>,
        /// The Windows user, at most 32 characters, as `DOMAIN\user`.
        user: String,
    },
    /// A program on a UNIX machine.
    Unix {
        /// The program's full path, at most 2000 characters.
        start_image: String,
        /// Its arguments, at most 2000 characters, none of which is `'`, `~` or a grave accent; see [`unix_parameters`].
        parameters: String,
        /// The UNIX user, at most 30 characters.
        user: String,
        /// The user's group, at most 30 characters.
        group: String,
    },
}

/// A checked job for OpCon's master tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDefinition {
    schedule: String,
    job: String,
    machine: String,
    program: Program,
}

impl JobDefinition {
    /// The job of that name (at most 64 characters) in an existing schedule (at most 255), on an existing machine (at most
    /// 24).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when a text is missing or too long, or has characters that OpCon does not allow there.
    pub fn new(schedule: &str, job: &str, machine: &str, program: Program) -> Result<Self, Error> {
        let definition = JobDefinition { schedule: schedule.into(), job: job.into(), machine: machine.into(), program };
        definition.check().map_err(|wrong| {
            Error::new(ErrorKind::Invalid, format!("defining the OpCon job `{}`", excerpt(job)), wrong)
        })?;
        Ok(definition)
    }

    fn check(&self) -> Result<(), String> {
        check_text("the name of the schedule", &self.schedule, 1..=255, NOT_IN_NAMES)?;
        check_text("the name of the job", &self.job, 1..=64, NOT_IN_NAMES)?;
        check_text("the name of the machine", &self.machine, 1..=24, NOT_IN_PARAMETERS)?;
        match &self.program {
            Program::Windows { command_line, working_directory, user } => {
                check_text("the command line", command_line, 1..=4000, "")?;
                check_text("the working directory", working_directory.as_deref().unwrap_or_default(), 0..=255, "")?;
                check_text("the user", user, 1..=32, "")
            }
            Program::Unix { start_image, parameters, user, group } => {
                check_text("the path of the program", start_image, 1..=2000, "")?;
                check_text("the text of the parameters", parameters, 0..=2000, NOT_IN_PARAMETERS)?;
                check_text("the user", user, 1..=30, "")?;
                check_text("the group", group, 1..=30, "")
            }
        }
    }

    /// The message for SMADDI: an XML document without an XML declaration, a line an element, as in the documentation. The job
    /// fails on every exit code but 0, and on UNIX on every signal.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there is no memory for the text.
    pub fn to_xml(&self) -> Result<String, Error> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        let failed = |wrong: String| Error::new(ErrorKind::Invalid, "writing the job definition", wrong);
        self.write(&mut writer).map_err(|error| failed(error.to_string()))?;
        let mut xml = String::from_utf8(writer.into_inner()).map_err(|error| failed(error.to_string()))?;
        xml.push('\n');
        Ok(xml)
    }

    /// Writes the message into the folder that SMADDI watches, whole from the first moment on, and gives the file's path.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the folder is missing, or when no file can be made in it or in the folder above it.
    pub fn drop_into(&self, folder: &Path) -> Result<PathBuf, Error> {
        PreparedFile::new(folder, "xml", &self.to_xml()?, Readers::Everyone)?.release()
    }

    fn write<W: Write>(&self, writer: &mut Writer<W>) -> io::Result<()> {
        let platform = match self.program {
            Program::Windows { .. } => "Windows",
            Program::Unix { .. } => "UNIX",
        };
        parent(writer, "msg", |writer| {
            element(writer, "msgtype", "new_master")?;
            parent(writer, "schedule", |writer| {
                element(writer, "skdname", &self.schedule)?;
                parent(writer, "job", |writer| {
                    element(writer, "jname", &self.job)?;
                    element(writer, "platform", platform)?;
                    element(writer, "pmname", &self.machine)?;
                    parent(writer, "jobdata", |writer| self.program.write(writer))
                })
            })
        })
    }
}

impl Program {
    fn write<W: Write>(&self, writer: &mut Writer<W>) -> io::Result<()> {
        match self {
            Program::Windows { command_line, working_directory, user } => {
                element(writer, "wuid", user)?;
                element(writer, "job_priority", "Normal")?;
                element(writer, "win_job_action", "Run Program")?;
                element(writer, "cmd_line", command_line)?;
                if let Some(folder) = working_directory {
                    element(writer, "working_dir", folder)?;
                }
                element(writer, "fail_1_cond", "NE")?;
                element(writer, "fail_1_val", "0")
            }
            Program::Unix { start_image, parameters, user, group } => {
                element(writer, "start_image", start_image)?;
                if !parameters.is_empty() {
                    element(writer, "params", parameters)?;
                }
                element(writer, "uxuid", user)?;
                element(writer, "grp_id", group)?;
                element(writer, "unix_job_action", "Run Program")?;
                parent(writer, "exit_info", |writer| {
                    element(writer, "exit_oper", "NE")?;
                    element(writer, "exit_val", "0")
                })?;
                parent(writer, "sgnl_info", |writer| {
                    element(writer, "sgnl_oper", "NE")?;
                    element(writer, "sgnl_val", "0")
                })
            }
        }
    }
}

/// An element of text, which is escaped.
fn element<W: Write>(writer: &mut Writer<W>, name: &str, text: &str) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(text)).map(|_| ())
}

/// An element of elements.
fn parent<W: Write>(
    writer: &mut Writer<W>,
    name: &str,
    children: impl FnOnce(&mut Writer<W>) -> io::Result<()>,
) -> io::Result<()> {
    writer.create_element(name).write_inner_content(children).map(|_| ())
}

/// Checks a text: its length, that it is printable ASCII, and that it has none of the `forbidden` characters.
fn check_text(what: &str, text: &str, length: std::ops::RangeInclusive<usize>, forbidden: &str) -> Result<(), String> {
    if let Some(wrong) = text.chars().find(|c| !(*c == ' ' || c.is_ascii_graphic())) {
        return Err(format!("{what} contains a character that is not printable ASCII, U+{:04X}", u32::from(wrong)));
    }
    if let Some(wrong) = text.chars().find(|c| forbidden.contains(*c)) {
        return Err(format!("{what} contains the character {wrong}, which OpCon does not allow"));
    }
    match text.len() {
        0 if *length.start() > 0 => Err(format!("{what} is missing")),
        count if count > *length.end() => Err(format!("{what} has {count} characters; OpCon allows {}", length.end())),
        _ if text.trim() != text => Err(format!("{what} has spaces around it")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
