//! Implements `awsec2 job-definition`: creates an OpCon job definition, checked by the rules of the job.

mod findings;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgMatches};
use connector_sdk::properties::PROPERTIES;
use connector_sdk::{Error, ErrorKind, Given, Reporter as _, Result};
use opcon::smaddi::{JobDefinition, Program, unix_parameters, windows_command_line};
use opcon::{JobIdentity, PropertyName};

use self::findings::Findings;
use super::parts::{option, parse, parser, path_option, path_text, text};
use crate::arguments::{CommandLine, Files, Quoting};
use crate::cli::{Defined, Definition, define};
use crate::console::{Console, print_help, print_result};
use crate::opcon_error::opcon_error;
use crate::registry::Registry;
use crate::settings::Output;
use crate::{arguments, exit, program};

/// The name of the command.
pub const NAME: &str = "job-definition";
/// Its summary.
pub const SUMMARY: &str = "Print a job definition for OpCon's SMADDI, or write it to a folder.";

/// The global property with the folder of the program on the agent machines, as in OpCon's own EC2 sub-type.
const DEFAULT_FOLDER: &str = "[[AWSEC2Path]]";
/// The name of the Windows agent's service account in OpCon ("Windows job details", User ID).
const SERVICE_ACCOUNT: &str = "Use Service Account";

const USAGE: &str = "<FUNCTION> [ARGUMENTS OF THE FUNCTION] \
                     --schedule NAME --job NAME --machine NAME --platform windows|unix [OPTIONS]";

fn command() -> clap::Command {
    parser(NAME, SUMMARY)
        .override_usage(format!("{} {NAME} {USAGE}", program::name()))
        .after_help(
            "The arguments of the function are those of the job, and are checked in the same way. Every value can \
             contain references such as `\"[[NAME]]\"`, which OpCon replaces when the job starts.",
        )
        .arg(option("schedule", "NAME", "The schedule, which must exist.").required(true))
        .arg(option("job", "NAME", "The job.").required(true))
        .arg(option("machine", "NAME", "The machine of the agent.").required(true))
        .arg(
            option("platform", "PLATFORM", "The platform of the agent.")
                .required(true)
                .value_parser(["windows", "unix"]),
        )
        .arg(option("user", "USER", "The batch user. Default on Windows: `Use Service Account`; required on UNIX."))
        .arg(option("group", "GROUP", "The group of the UNIX user."))
        .arg(folder("folder", "The folder of the program on that machine.").default_value(DEFAULT_FOLDER))
        .arg(folder(
            "working-directory",
            "The working directory of the job (Windows). Default: the folder of the program.",
        ))
        .arg(path_option(
            "smaddi-dir",
            "DIR",
            "Write the definition to this folder, which SMADDI watches, instead of printing it.",
        ))
}

/// An option whose value is a folder on the machine of the job.
fn folder(name: &'static str, help: &'static str) -> Arg {
    option(name, "DIR", help).value_parser(path_text)
}

/// Prints the job definition, or writes it to the SMADDI folder.
pub fn run(registry: &Registry, args: &[String]) -> Result<u8> {
    let (own, of_the_job) = split(args);
    let of_the_job: Vec<&str> = of_the_job.iter().map(String::as_str).collect();
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        return print_help(&command().render_help().to_string());
    }
    let line = read(registry, args, &of_the_job)?;
    let definition = match checked(registry, &line)? {
        Defined::Job(definition) => definition,
        Defined::Help(help) => return print_help(&help),
    };
    if own.iter().any(|arg| arguments::swallows_a_secret(arg)) {
        let error = Error::new(ErrorKind::InvalidInput, "an option of this command contains an option of the function");
        return Err(error.hint("check the quotes before that option"));
    }
    let Some(matches) = parse(command(), &own)? else { return Ok(exit::SUCCESS) };
    let folder = matches.get_one::<PathBuf>("smaddi-dir");
    let is_windows = text(&matches, "platform") == "windows";
    let findings = Findings { line: &line, meta: definition.meta, is_windows, is_printed: folder.is_none() };
    findings.refuse()?;
    let job = JobDefinition::new(
        text(&matches, "schedule"),
        text(&matches, "job"),
        text(&matches, "machine"),
        program(&matches, &of_the_job)?,
    );
    let (job, console) = (job.map_err(opcon_error)?, Console::new(Output::Text));
    findings.warnings(&definition).iter().for_each(|warning| console.warning(warning));
    let Some(folder) = folder else {
        return print_result(&job.to_xml().map_err(opcon_error)?);
    };
    let file = job.drop_into(folder).map_err(opcon_error)?;
    let (name, function) = (text(&matches, "job"), definition.meta.name);
    console.event(&format!("job `{name}` of {function} written to {}", file.display()));
    Ok(console.exit_code(exit::SUCCESS))
}

/// The options of the command with their values, and the arguments of the job.
fn split(args: &[String]) -> (Vec<String>, Vec<String>) {
    let own = options();
    let (mut of_this, mut of_the_job) = (Vec::new(), Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let name = arg.split_once('=').map_or(arg.as_str(), |(name, _)| name);
        if !own.iter().any(|option| option == name) {
            of_the_job.push(arg.clone());
            continue;
        }
        of_this.push(arg.clone());
        if name.len() == arg.len() {
            of_this.extend(args.next().cloned());
        }
    }
    (of_this, of_the_job)
}

/// Reads the arguments of the job. `all` contains those of the command, too: a secret can be divided between both.
fn read(registry: &Registry, all: &[String], of_the_job: &[&str]) -> Result<CommandLine> {
    let program = std::iter::once(OsString::from(program::name()));
    let args = program.chain(of_the_job.iter().map(OsString::from));
    let line = arguments::read(args, registry, Files::Elsewhere)?;
    Ok(CommandLine { quoting: line.quoting.and(Quoting::of(all)), ..line })
}

/// Parses the arguments of the job. Arguments with references are not checked.
fn checked(registry: &Registry, line: &CommandLine) -> Result<Defined> {
    let defined = define(registry, &[], line, &options())?;
    if let Defined::Job(definition) = &defined {
        check_property_names(definition)?;
    }
    Ok(defined)
}

/// The options of the command as arguments.
pub fn options() -> Vec<String> {
    command().get_arguments().filter_map(Arg::get_long).map(|name| format!("--{name}")).collect()
}

/// Checks property names by OpCon's rules. Omitted name parts refer to the future job.
fn check_property_names(definition: &Definition) -> Result<()> {
    let is_name = |given: &&Given| PROPERTIES.iter().any(|known| known.name == given.spec.name);
    let names = definition.given.iter().filter(is_name).map(|given| &given.text);
    for name in names.filter(|name| arguments::reference(name).is_none()) {
        PropertyName::parse_for_job(name, Some(&JobIdentity::unknown())).map_err(opcon_error)?;
    }
    Ok(())
}

fn program(matches: &ArgMatches, args: &[&str]) -> Result<Program> {
    let folder = text(matches, "folder").trim_end_matches(['/', '\\']);
    let given = |name| matches.get_one::<String>(name).cloned();
    let (user, group, working_directory) = (given("user"), given("group"), given("working-directory"));
    let usage_error = |message| Error::new(ErrorKind::InvalidInput, message);
    let name = program::name();
    if text(matches, "platform") == "windows" {
        if group.is_some() {
            return Err(usage_error("a Windows job has no group"));
        }
        return Ok(Program::Windows {
            command_line: windows_command_line(&format!("{folder}\\{name}.exe"), args),
            working_directory: Some(working_directory.unwrap_or_else(|| format!("{folder}\\"))),
            user: user.unwrap_or_else(|| SERVICE_ACCOUNT.to_owned()),
        });
    }
    if working_directory.is_some() {
        return Err(usage_error("a UNIX job has no working directory"));
    }
    let (Some(user), Some(group)) = (user, group) else {
        return Err(usage_error("a UNIX job needs a user and a group").hint("add `--user USER` and `--group GROUP`"));
    };
    Ok(Program::Unix { start_image: format!("{folder}/{name}"), parameters: unix_parameters(args), user, group })
}
