//! Implements `awsec2 check`: tests everything that jobs need, and reports each result on one line.

mod configuration;
mod findings;
mod opcon;
mod permissions;
mod users;

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{ArgAction, ArgMatches};
use connector_sdk::names::RegionName;
use connector_sdk::{ArgValue, Error, ErrorKind, Registration, Result};

use self::findings::Findings;
use self::users::Scope;
use super::iam_policy::ResourceTag;
use super::parts::{block_on, config_argument, config_path, option, parse, parser, path_option};
use crate::arguments::{Quoting, output_form};
use crate::registry::Registry;
use crate::settings::{EndpointUrl, OUTPUT, Output, Settings, USER_ID_NAME};
use crate::shared_files::Outlook;
use crate::{cli, exit, log};

/// The name of the command.
pub const NAME: &str = "check";
/// Its summary.
pub const SUMMARY: &str = "Test the configuration, credentials, permissions, OpCon and the log.";

fn command() -> clap::Command {
    parser(NAME, SUMMARY)
        .after_help(
            "Each line begins with `ok`, `note` (review it) or `FAILED`. The exit code is 0 only if nothing failed, \
             otherwise that of the first failure. Permissions are checked with dry runs, which change nothing: \
             `unknown` are permissions that a dry run cannot check, `only for NAME` are permissions that only some \
             jobs need.",
        )
        .arg(
            option("region", "REGION", "The AWS region. Default: the AWS settings, such as `AWS_REGION`.")
                .value_parser(RegionName::parse),
        )
        .arg(
            option("endpoint-url", "URL", "Send the EC2 requests to this URL instead of the default AWS endpoint.")
                .value_parser(EndpointUrl::parse),
        )
        .arg(
            option(
                ResourceTag::OPTION,
                "KEY=VALUE",
                "The tag to which the policy of the users is limited. The dry runs name no instance with this tag, so \
                 permissions that the tag limits are `unknown` if they are denied.",
            )
            .value_parser(ResourceTag::parse),
        )
        .arg(option(USER_ID_NAME, "NAME", "Check only this user. Default: all users in the configuration."))
        .arg(
            option(
                "function",
                "NAME",
                "Check only the permissions for this function. Repeatable. Default: all functions.",
            )
            .action(ArgAction::Append),
        )
        .arg(
            option(OUTPUT.spec.name, OUTPUT.spec.value_name, OUTPUT.spec.help).value_parser(
                PossibleValuesParser::new(OUTPUT.spec.kind.choices()).try_map(|text| Output::parse(&text)),
            ),
        )
        .arg(path_option("log-dir", "DIR", "The folder of the log. Default: `log` in the folder of the program."))
        .arg(config_argument())
}

/// Runs all checks and reports the results. In JSON form, arguments that are refused are a document, too.
pub fn run(registry: &Registry, args: &[String]) -> Result<u8> {
    run_checks(registry, args).or_else(|error| match output_form(args) {
        Output::Text => Err(error),
        Output::Json => {
            let mut findings = Findings::new(Output::Json);
            findings.failed("arguments", error);
            Ok(findings.finish())
        }
    })
}

fn run_checks(registry: &Registry, args: &[String]) -> Result<u8> {
    let Some(matches) = parse(command(), args)? else { return Ok(exit::SUCCESS) };
    let scope = scope(registry, &matches, args)?;
    let mut findings = Findings::new(*matches.get_one(OUTPUT.spec.name).unwrap_or(&Output::Text));
    let config = configuration::check(&mut findings, config_path(&matches).as_deref(), scope.user_id.as_deref());
    check_log(&mut findings, matches.get_one::<PathBuf>("log-dir"));
    match config {
        Ok(config) => block_on(async {
            users::check(&mut findings, &scope, config.as_ref()).await;
            opcon::check(&mut findings, config.as_ref()).await;
            Ok(())
        })?,
        Err(()) => findings.note("users, OpCon", "not checked without the configuration"),
    }
    Ok(findings.finish())
}

/// The user and the functions to check, by default all.
fn scope(registry: &Registry, matches: &ArgMatches, args: &[String]) -> Result<Scope> {
    let named = matches.get_many::<String>("function").unwrap_or_default();
    let named: Vec<&Registration> =
        named.map(|name| cli::function(registry, &[], name, Quoting::of(args))).collect::<Result<_>>()?;
    Ok(Scope {
        user_id: matches.get_one::<String>(USER_ID_NAME).cloned(),
        functions: if named.is_empty() { registry.all().to_vec() } else { named },
        settings: settings(matches),
        limited_by_tag: matches.get_one::<ResourceTag>(ResourceTag::OPTION).is_some(),
    })
}

/// Dry-run settings: a probe that does not set `DryRun` is blocked.
fn settings(matches: &ArgMatches) -> Settings {
    Settings {
        region: matches.get_one::<RegionName>("region").cloned(),
        endpoint_url: matches.get_one::<EndpointUrl>("endpoint-url").cloned(),
        dry_run: true,
        ..Settings::default()
    }
}

fn check_log(findings: &mut Findings, named: Option<&PathBuf>) {
    let Some(file) = log::file(named.map(PathBuf::as_path)) else {
        return findings.note("log", "no log: the folder of the program is unknown");
    };
    match log::outlook(&file) {
        Ok(Outlook::Opens) => findings.ok("log", file.display().to_string()),
        Ok(_) => findings.ok("log", format!("{} (the first job creates it)", file.display())),
        Err(error) => {
            let error = Error::new(ErrorKind::InvalidInput, error.to_string());
            let error = error.doing(format!("opening {}", file.display()));
            findings.failed(
                "log",
                error.hint("allow this user to write the log, without which nothing is recorded about jobs"),
            );
        }
    }
}
