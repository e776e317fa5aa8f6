//! Checks which permissions of a function a user has, with dry runs.

use std::collections::HashSet;

use connector_sdk::iam::{IamAction, Permission};
use connector_sdk::{Error, ErrorKind, OperationMeta, Result, ec2};

use super::findings::Findings;
use crate::commands::iam_policy;
use crate::program;

/// The permissions of one user. Results are cached, because most actions are used by several functions.
pub struct Permissions {
    ec2: ec2::Client,
    limited_by_tag: bool,
    answers: Vec<(&'static IamAction, Result<Permission>)>,
}

impl Permissions {
    pub fn new(ec2: ec2::Client, limited_by_tag: bool) -> Self {
        Permissions { ec2, limited_by_tag, answers: Vec::new() }
    }

    /// Checks the permissions that a function needs. Missing optional permissions are not a failure, and an error of one
    /// action is one finding for all functions.
    ///
    /// # Errors
    /// When EC2 cannot be reached, or does not accept the credentials.
    pub async fn check(&mut self, findings: &mut Findings, subject: &str, meta: &OperationMeta) -> Result<()> {
        let subject = format!("{subject}, {}", meta.name);
        let (mut denied, mut optional, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        let mut seen = HashSet::new();
        let is_new = |action: &&IamAction| seen.insert((action.name, action.optional.map(|only| only.name)));
        let actions: Vec<_> = meta.iam_actions.iter().filter(is_new).collect();
        for action in &actions {
            match self.of(action).await {
                Ok(Permission::Allowed) => {}
                Ok(Permission::Denied) => match action.optional {
                    None => denied.push(action.name.to_owned()),
                    Some(only) => optional.push(format!("{} (only for {})", action.name, only.name)),
                },
                Ok(Permission::Unknown(_)) => unknown.push(action.name.to_owned()),
                Err(error) if concerns_all_actions(&error) => return Err(error),
                Err(error) => {
                    findings.hold(subject.as_str(), error);
                    return Ok(());
                }
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
            findings.ok(subject, text);
        } else {
            let command = format!("{} {} {}", program::name(), iam_policy::NAME, meta.name);
            let hint = format!("run `{command}` to print a policy with these permissions");
            findings.failed(subject, Error::new(ErrorKind::PermissionDenied, text).hint(hint));
        }
        Ok(())
    }

    async fn of(&mut self, action: &'static IamAction) -> Result<Permission> {
        let is_same = |known: &IamAction| known.name == action.name && known.conditions == action.conditions;
        if let Some((_, answer)) = self.answers.iter().find(|(known, _)| is_same(known)) {
            return answer.clone();
        }
        let answer = action.permission(&self.ec2, self.limited_by_tag).await;
        if let Ok(Permission::Unknown(reason)) = &answer {
            tracing::debug!("{}: {reason}", action.name);
        }
        self.answers.push((action, answer.clone()));
        answer
    }
}

/// Whether every other request would fail, too.
fn concerns_all_actions(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unavailable)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::aws;
    use crate::console::Console;
    use crate::settings::{Output, Settings};

    /// An action whose probe does not set `DryRun`.
    const NO_DRY_RUN: IamAction = IamAction::change("ec2:StopInstances").probe(|ec2, action| {
        connector_sdk::iam::answer(action, ec2.stop_instances().instance_ids(connector_sdk::iam::NO_INSTANCE).send())
    });

    #[tokio::test]
    async fn a_probe_that_would_change_something_is_not_sent() {
        let args = ["check", "--region", "us-east-1", "--endpoint-url", "http://127.0.0.1:9"];
        let settings: Settings = super::super::settings(&super::super::command().try_get_matches_from(args).unwrap());
        let keys = opcon::AwsKeys { access_key_id: "AKIATEST".to_owned(), secret_access_key: "made-up".into() };
        let reporter = Arc::new(Console::new(Output::Text));
        let user = aws::User { declared: &[], reporter, is_patient: false };
        let account = aws::Account::load(&settings, Some(&keys), user).await.unwrap();
        let error = Permissions::new(account.ec2(), false).of(&NO_DRY_RUN).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Bug, "{error}");
        assert!(error.to_string().contains("blocked a request to EC2 for StopInstances without `DryRun`"), "{error}");
    }
}
