//! Implements `awsec2 check`: tests everything that jobs need, and reports each result on one line.

use std::collections::HashSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ArgMatches;
use connector_sdk::iam::{IamAction, Permission};
use connector_sdk::names::RegionName;
use connector_sdk::{ArgValue, ErrorKind, OperationMeta, Reporter as _, Result, ec2};
use opcon::tls::Trust;
use opcon::{ApiSettings, Client, Config, PropertyChannel};

use super::iam_policy::{self, ResourceTag};
use super::parts::{block_on, config_argument, config_path, option, parse, parser, path_option};
use crate::aws;
use crate::console::Console;
use crate::opcon_error::opcon_error;
use crate::registry::Registry;
use crate::settings::{EndpointUrl, Output, Settings};
use crate::shared_files::Outlook;
use crate::{config, exit, log, program};

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
        .arg(path_option("log-dir", "DIR", "The folder of the log. Default: `log` in the folder of the program."))
        .arg(config_argument())
}

/// Runs all checks and reports the results.
pub fn run(registry: &Registry, args: &[String]) -> Result<u8> {
    let Some(matches) = parse(command(), args)? else { return Ok(exit::SUCCESS) };
    let mut findings = Findings { console: Arc::new(Console::new(Output::Text)), code: exit::SUCCESS };
    let config = check_config(&mut findings, config_path(&matches).as_deref());
    check_log(&mut findings, matches.get_one::<PathBuf>("log-dir"));
    block_on(async {
        check_users(&mut findings, registry, &matches, config.as_ref()).await;
        check_opcon(&mut findings, config.as_ref()).await;
        Ok(())
    })?;
    findings.console.event(match findings.code {
        exit::SUCCESS => "check succeeded: nothing failed",
        _ => "check failed",
    });
    Ok(findings.console.exit_code(findings.code))
}

/// The results so far, and the exit code of the first failure.
struct Findings {
    console: Arc<Console>,
    code: u8,
}

impl Findings {
    fn ok(&self, subject: impl Display, text: impl Display) {
        self.console.event(&format!("ok      {subject}: {text}"));
    }

    fn note(&self, subject: impl Display, text: impl Display) {
        self.console.event(&format!("note    {subject}: {text}"));
    }

    fn failed(&mut self, subject: impl Display, error: &connector_sdk::Error) {
        self.console.event(&format!("FAILED  {subject}: {error}"));
        for hint in error.hints() {
            self.console.event(&format!("        hint: {hint}"));
        }
        if self.code == exit::SUCCESS {
            self.code = exit::code_of(error, false, false);
        }
    }
}

/// Reads the configuration, and checks which users can read the file.
fn check_config(findings: &mut Findings, named: Option<&Path>) -> Option<Config> {
    match config::read(named, None) {
        Ok(Some(config)) => {
            findings.ok("configuration", config.path().display());
            check_readers(findings, config.path());
            Some(config)
        }
        Ok(None) => {
            findings.note(
                "configuration",
                "no `Connector.config`: the default credential chain is used, and OpCon is not configured",
            );
            None
        }
        Err(error) => {
            findings.failed("configuration", &error);
            None
        }
    }
}

#[cfg(unix)]
fn check_readers(findings: &mut Findings, path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let subject = "permissions of the configuration";
    match path.metadata().map(|file| file.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 == 0 => findings.ok(subject, "only the owner has access"),
        Ok(mode) => {
            let error = connector_sdk::Error::new(
                ErrorKind::InvalidInput,
                format!("other users have access to the secrets in the file (mode {mode:03o})"),
            );
            findings.failed(subject, &error.hint(format!("run `chmod 600 {}`", path.display())));
        }
        Err(error) => findings.note(subject, error),
    }
}

#[cfg(not(unix))]
fn check_readers(findings: &mut Findings, path: &Path) {
    let advice = format!(
        "check them with `icacls \"{}\"`: only administrators and the user of the agent need access",
        path.display()
    );
    findings.note("permissions of the configuration", advice);
}

fn check_log(findings: &mut Findings, named: Option<&PathBuf>) {
    let Some(file) = log::file(named.map(PathBuf::as_path)) else {
        return findings.note("log", "no log: the folder of the program is unknown");
    };
    match log::outlook(&file) {
        Ok(Outlook::Opens) => findings.ok("log", file.display()),
        Ok(_) => findings.ok("log", format!("{} (the first job creates it)", file.display())),
        Err(error) => {
            let error = connector_sdk::Error::new(ErrorKind::InvalidInput, error.to_string());
            let error = error.doing(format!("opening {}", file.display()));
            findings.failed(
                "log",
                &error.hint("allow this user to write the log, without which nothing is recorded about jobs"),
            );
        }
    }
}

/// Checks every user in the configuration, or the default credential chain if there are no users.
async fn check_users(findings: &mut Findings, registry: &Registry, matches: &ArgMatches, config: Option<&Config>) {
    let users: Vec<&str> = config.iter().flat_map(|config| config.users()).collect();
    for user in &users {
        let keys = config.map(|config| config.user(user).map_err(opcon_error)).transpose();
        match keys {
            Ok(keys) => check_user(findings, registry, matches, &format!("user {user}"), keys.as_ref()).await,
            Err(error) => findings.failed(format!("user {user}"), &error),
        }
    }
    if users.is_empty() {
        check_user(findings, registry, matches, "default credential chain", None).await;
    }
}

async fn check_user(
    findings: &mut Findings,
    registry: &Registry,
    matches: &ArgMatches,
    subject: &str,
    keys: Option<&opcon::AwsKeys>,
) {
    // An administrator waits for the result.
    let user = aws::User { declared: &[], reporter: findings.console.clone(), is_patient: false };
    let account = match aws::Account::load(&settings(matches), keys, user).await {
        Ok(account) => account,
        Err(error) => return findings.failed(subject, &error),
    };
    match account.identity().await {
        Ok(identity) => findings.ok(subject, format!("{identity} in {}", account.region)),
        Err(error) => return findings.failed(subject, &error),
    }
    let mut permissions = Permissions {
        ec2: account.ec2(),
        limited_by_tag: matches.get_one::<ResourceTag>(ResourceTag::OPTION).is_some(),
        answers: Vec::new(),
    };
    for found in registry.all() {
        check_permissions(findings, subject, &mut permissions, found.operation.meta()).await;
    }
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

/// A cache of results, because most actions are used by several functions.
struct Permissions {
    ec2: ec2::Client,
    limited_by_tag: bool,
    answers: Vec<(&'static IamAction, Permission)>,
}

impl Permissions {
    async fn of(&mut self, action: &'static IamAction) -> Result<Permission> {
        let is_same = |known: &IamAction| known.name == action.name && known.conditions == action.conditions;
        if let Some((_, answer)) = self.answers.iter().find(|(known, _)| is_same(known)) {
            return Ok(answer.clone());
        }
        let answer = action.permission(&self.ec2, self.limited_by_tag).await?;
        if let Permission::Unknown(reason) = &answer {
            tracing::debug!("{}: {reason}", action.name);
        }
        self.answers.push((action, answer.clone()));
        Ok(answer)
    }
}

/// Checks the permissions that a function needs. Missing optional permissions are not a failure.
async fn check_permissions(findings: &mut Findings, subject: &str, user: &mut Permissions, meta: &OperationMeta) {
    let subject = format!("{subject}, {}", meta.name);
    let (mut denied, mut optional, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    let actions: Vec<_> = meta
        .iam_actions
        .iter()
        .filter(|action| seen.insert((action.name, action.optional.map(|only| only.name))))
        .collect();
    for action in &actions {
        match user.of(action).await {
            Ok(Permission::Allowed) => {}
            Ok(Permission::Denied) => match action.optional {
                None => denied.push(action.name.to_owned()),
                Some(only) => optional.push(format!("{} (only for {})", action.name, only.name)),
            },
            Ok(Permission::Unknown(_)) => unknown.push(action.name.to_owned()),
            Err(error) => return findings.failed(subject, &error),
        }
    }
    let all = actions.len();
    let mut text = format!("{} of {all} permissions allowed", all - denied.len() - optional.len() - unknown.len());
    for (what, actions) in [("denied", [denied.clone(), optional].concat()), ("unknown", unknown)] {
        if !actions.is_empty() {
            text += &format!("; {what}: {}", actions.join(", "));
        }
    }
    if denied.is_empty() {
        return findings.ok(subject, text);
    }
    let hint = format!(
        "run `{} {} {}` to print a policy with these permissions",
        program::name(),
        iam_policy::NAME,
        meta.name
    );
    findings.failed(subject, &connector_sdk::Error::new(ErrorKind::PermissionDenied, text).hint(hint));
}

async fn check_opcon(findings: &mut Findings, config: Option<&Config>) {
    let subject = "OpCon";
    match config.map(Config::property_channel).transpose().map(Option::flatten) {
        Ok(None) => findings.note(subject, "not configured: no job can save properties"),
        Ok(Some(PropertyChannel::Api(api))) => check_api(findings, &api).await,
        Ok(Some(PropertyChannel::Msgin(agent))) => match agent.check() {
            Ok(()) => {
                findings.ok(subject, format!("events can be written for the agent at {}", agent.folder().display()));
                findings.note(subject, "whether OpCon accepts the events cannot be checked");
            }
            Err(error) => findings.failed(subject, &opcon_error(error)),
        },
        Err(error) => findings.failed(subject, &opcon_error(error)),
    }
}

async fn check_api(findings: &mut Findings, api: &ApiSettings) {
    let subject = format!("OpCon API at {}", api.address());
    let checked = match Client::new(api) {
        Ok(client) => client.check().await,
        Err(error) => Err(error),
    };
    let version = match checked {
        Ok(version) => version,
        Err(error) => return findings.failed(subject, &opcon_error(error)),
    };
    findings.ok(&subject, format!("version {version}, the token is accepted"));
    match api.trust() {
        Trust::System => findings.ok(&subject, "the certificate is trusted by the system"),
        Trust::SystemAndFile(file) | Trust::File(file) => {
            findings.ok(&subject, format!("the certificate is verified with {}", file.display()))
        }
        Trust::Unverified => {
            findings.note(&subject, "`VERIFY_TLS=False`: any server can impersonate the OpCon API and read the token")
        }
        Trust::PlainHttp => findings.note(&subject, "`USING_TLS=False`: the token is sent unencrypted"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An action whose probe does not set `DryRun`.
    const NO_DRY_RUN: IamAction = IamAction::change("ec2:StopInstances").probe(|ec2, action| {
        connector_sdk::iam::answer(action, ec2.stop_instances().instance_ids(connector_sdk::iam::NO_INSTANCE).send())
    });

    #[tokio::test]
    async fn a_probe_that_would_change_something_is_not_sent() {
        let args = ["check", "--region", "us-east-1", "--endpoint-url", "http://127.0.0.1:9"];
        let settings = settings(&command().try_get_matches_from(args).unwrap());
        let keys = opcon::AwsKeys { access_key_id: "AKIATEST".to_owned(), secret_access_key: "made-up".into() };
        let reporter = Arc::new(Console::new(Output::Text));
        let user = aws::User { declared: &[], reporter, is_patient: false };
        let account = aws::Account::load(&settings, Some(&keys), user).await.unwrap();
        let mut permissions = Permissions { ec2: account.ec2(), limited_by_tag: false, answers: Vec::new() };
        let error = permissions.of(&NO_DRY_RUN).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Bug, "{error}");
        assert!(error.to_string().contains("blocked a request to EC2 for StopInstances without `DryRun`"), "{error}");
    }
}
