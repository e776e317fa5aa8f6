//! Checks the AWS credentials of users, and their permissions for each function.

use connector_sdk::{Error, ErrorKind, Registration};
use opcon::{AwsKeys, Config};

use super::findings::Findings;
use super::permissions::Permissions;
use crate::aws;
use crate::opcon_error::opcon_error;
use crate::settings::Settings;

/// What to check.
pub struct Scope {
    /// The only user to check.
    pub user_id: Option<String>,
    /// The functions whose permissions are checked.
    pub functions: Vec<&'static Registration>,
    /// The settings of the requests.
    pub settings: Settings,
    /// Whether the policy of the users is limited to a tag.
    pub limited_by_tag: bool,
}

/// Checks the users in the configuration, or the default credential chain if there are none.
pub async fn check(findings: &mut Findings, scope: &Scope, config: Option<&Config>) {
    let users: Vec<&str> = match (&scope.user_id, config) {
        (Some(user_id), _) => vec![user_id],
        (None, config) => config.iter().flat_map(|config| config.users()).collect(),
    };
    let mut unreachable = None;
    for user in &users {
        let subject = format!("user {user}");
        match config.map(|config| config.user(user).map_err(opcon_error)).transpose() {
            Err(error) => findings.hold(subject, error),
            Ok(keys) => match &unreachable {
                Some(error) => findings.hold(subject, Error::clone(error)),
                None => unreachable = check_user(findings, scope, &subject, keys.as_ref()).await,
            },
        }
    }
    if users.is_empty() {
        check_user(findings, scope, "default credential chain", None).await;
    }
    findings.release();
}

/// Checks one user. Returns the error if AWS cannot be reached, which concerns all users.
async fn check_user(findings: &mut Findings, scope: &Scope, subject: &str, keys: Option<&AwsKeys>) -> Option<Error> {
    let failure = match check_account(findings, scope, subject, keys).await {
        Ok(()) => return None,
        Err(error) => error,
    };
    findings.hold(subject, failure.clone());
    // Throttling has a code, and concerns one account.
    (failure.kind() == ErrorKind::Unavailable && failure.code().is_none()).then_some(failure)
}

/// Checks the credentials, and then the permissions.
///
/// # Errors
/// If a further check makes no sense.
async fn check_account(
    findings: &mut Findings,
    scope: &Scope,
    subject: &str,
    keys: Option<&AwsKeys>,
) -> connector_sdk::Result<()> {
    // An administrator waits for the result.
    let user = aws::User { declared: &[], reporter: findings.console.clone(), is_patient: false };
    let account = aws::Account::load(&scope.settings, keys, user).await?;
    let identity = account.identity().await?;
    findings.ok(subject, format!("{identity} in {}", account.region));
    let mut permissions = Permissions::new(account.ec2(), scope.limited_by_tag);
    for function in &scope.functions {
        permissions.check(findings, subject, function.operation.meta()).await?;
    }
    Ok(())
}
