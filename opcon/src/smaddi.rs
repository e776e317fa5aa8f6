//! Creates job definitions for SMADDI, the OpCon service that imports XML files from a folder.
//!
//! The elements and their limits are documented in the OpCon documentation, "Data Input Message Elements" and "jobdata
//! Platform-specific Elements", and those of names in "Jobs". SMADDI accepts only ASCII. A job is created without a
//! frequency, so OpCon runs it on request.

mod quoting;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use quick_xml::Writer;
use quick_xml::events::BytesText;

use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::file_drop::{Access, PreparedFile};

pub use quoting::{unix_parameters, windows_command_line, windows_quoted};

/// Characters that are invalid in names of schedules and jobs.
const NOT_IN_NAMES: &str = "<>&'\"|;%()[]{}=\\!*?,~`";
/// Characters that are invalid in names of machines and in parameters of UNIX programs.
const NOT_IN_PARAMETERS: &str = "'~`";

/// What to do about other characters than those that SMADDI accepts.
const ONLY_ASCII: &str = "SMADDI accepts only ASCII: use another name, or create the job in Enterprise Manager or Solution \
                          Manager";

/// The program of a job, and its user. Every text may contain references such as `[[NAME]]`, which OpCon replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// A program on a Windows machine.
    Windows {
        /// Program and arguments, at most 4000 characters, see [`windows_command_line`].
        command_line: String,
        /// The working folder, at most 255 characters. Default: the folder of the agent.
        working_directory: Option<String>,
        /// The Windows user, at most 32 characters, as `DOMAIN\user`.
        user: String,
    },
    /// A program on a UNIX machine.
    Unix {
        /// The full path of the program, at most 2000 characters.
        start_image: String,
        /// Its arguments, at most 2000 characters without `'`, `~` and grave accents, see [`unix_parameters`].
        parameters: String,
        /// The UNIX user, at most 30 characters.
        user: String,
        /// The group of the user, at most 30 characters.
        group: String,
    },
}

/// A validated job for OpCon's master tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDefinition {
    schedule: String,
    job: String,
    machine: String,
    program: Program,
}

impl JobDefinition {
    /// A job with this name (at most 64 characters) in an existing schedule (at most 255), on an existing machine (at
    /// most 24).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if a text is missing, too long, or contains characters that OpCon does not allow.
    pub fn new(schedule: &str, job: &str, machine: &str, program: Program) -> Result<Self, Error> {
        let definition = JobDefinition { schedule: schedule.into(), job: job.into(), machine: machine.into(), program };
        definition.check().map_err(|wrong| {
            let error = Error::new(ErrorKind::Invalid, format!("defining the OpCon job `{}`", excerpt(job)), wrong);
            if definition.is_ascii() { error } else { error.with_hint(ONLY_ASCII) }
        })?;
        Ok(definition)
    }

    fn is_ascii(&self) -> bool {
        let of_program = match &self.program {
            Program::Windows { command_line, working_directory, user } => {
                [command_line.as_str(), working_directory.as_deref().unwrap_or_default(), user, ""]
            }
            Program::Unix { start_image, parameters, user, group } => [start_image.as_str(), parameters, user, group],
        };
        [self.schedule.as_str(), &self.job, &self.machine].iter().chain(&of_program).all(|text| text.is_ascii())
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

    /// The message for SMADDI: XML without an XML declaration, one element per line, as in the documentation. The job
    /// fails on every exit code except 0, and on UNIX on every signal.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if there is not enough memory.
    pub fn to_xml(&self) -> Result<String, Error> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        let failed = |wrong: String| Error::new(ErrorKind::Invalid, "writing the job definition", wrong);
        self.write(&mut writer).map_err(|error| failed(error.to_string()))?;
        let mut xml = String::from_utf8(writer.into_inner()).map_err(|error| failed(error.to_string()))?;
        xml.push('\n');
        Ok(xml)
    }

    /// Writes the message atomically to the SMADDI folder, and returns the path of the file. On UNIX, only its owner has
    /// access, whatever the umask: arguments can contain names of users and systems. On Windows it inherits the
    /// permissions of the folder, because the service SMADDI reads it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the folder is missing, or no file can be created in it or in its parent folder.
    pub fn drop_into(&self, folder: &Path) -> Result<PathBuf, Error> {
        PreparedFile::new(folder, "xml", &self.to_xml()?, Access::Owner)?.release()
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

/// An element with text, which is escaped.
fn element<W: Write>(writer: &mut Writer<W>, name: &str, text: &str) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(text)).map(|_| ())
}

/// An element with child elements.
fn parent<W: Write>(
    writer: &mut Writer<W>,
    name: &str,
    children: impl FnOnce(&mut Writer<W>) -> io::Result<()>,
) -> io::Result<()> {
    writer.create_element(name).write_inner_content(children).map(|_| ())
}

/// Validates a text: its length, printable ASCII, and no `forbidden` characters.
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
