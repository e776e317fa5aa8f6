//! The IAM actions of functions as data: policies are generated from them, and `check` probes them.

use std::error::Error as StdError;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use futures_util::future::BoxFuture;

use crate::{Call, Doing, Error, ErrorKind, Result, codes};

/// An instance id that does not exist, for probes.
pub const NO_INSTANCE: &str = "i-00000000000000000";

/// Existing instances in any partition, region and account; a policy can limit them by tag.
pub const INSTANCES: &[Resource] = &[Resource::Tagged("arn:*:ec2:*:*:instance/*")];

/// Prefix of the condition keys for the tags of a resource.
pub const RESOURCE_TAG: &str = "aws:ResourceTag/";

/// An IAM action that a function may need, with its statement in a least-privilege policy.
///
/// In a dry run the program sends only reads and requests with `DryRun`. In EC2 the name of an action determines
/// whether it reads. In other services this is true for names such as `GetThing` and `PutThing`; for the rest, such as
/// `dynamodb:Query`, the declaration counts: [`read`](Self::read) or [`change`](Self::change). A declaration can also
/// turn a `GetThing` into a change, but never a `PutThing` into a read. A request of a REST protocol has no action
/// name: `GET` and `HEAD` are reads, regardless of the declaration.
///
/// AWS: "Actions, resources, and condition keys" of the service, in the Service Authorization Reference.
#[derive(Clone, Copy, Debug)]
pub struct IamAction {
    /// Service and action, e.g. `ec2:StartInstances`.
    pub name: &'static str,
    /// Whether it changes anything.
    pub changes: bool,
    /// The dry run that shows whether it is allowed; `None` if no request can show it: for other services than EC2, and for
    /// the few EC2 actions without `DryRun`.
    pub probe: Option<Probe>,
    /// The optional feature that needs it; `None` if all jobs do.
    pub optional: Option<Optional>,
    /// The resources in the policy; empty for actions without resource-level permissions.
    pub resources: &'static [Resource],
    /// Further conditions in the policy; all must hold.
    pub conditions: &'static [Condition],
}

/// A request that changes nothing, created with [`dry_run!`](crate::dry_run).
pub type Probe = fn(&Client, &'static str) -> BoxFuture<'static, Result<()>>;

/// A feature that only some jobs of a function use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optional {
    /// The name by which an administrator selects it, in kebab-case.
    pub name: &'static str,
    /// The purpose, e.g. `to create key pairs that do not exist`.
    pub purpose: &'static str,
}

/// A resource in a policy statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// This ARN, with wildcards.
    Any(&'static str),
    /// Existing resources with this ARN; they can be limited by tag.
    Tagged(&'static str),
    /// Resources with this ARN that the request creates; they can be limited by the tags of the request.
    Created(&'static str),
    /// The IAM roles that the administrator names; without one, the statement is omitted.
    Role,
}

/// A condition of a policy statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The operator, e.g. `StringEquals`.
    pub operator: &'static str,
    /// The condition key.
    pub key: &'static str,
    /// The value.
    pub value: &'static str,
}

impl IamAction {
    /// An action that reads, on all resources.
    pub const fn read(name: &'static str) -> Self {
        IamAction { name, changes: false, probe: None, optional: None, resources: &[], conditions: &[] }
    }

    /// An action that changes something, on all resources.
    pub const fn change(name: &'static str) -> Self {
        IamAction { changes: true, ..IamAction::read(name) }
    }

    /// Sets the probe.
    #[must_use]
    pub const fn probe(self, probe: Probe) -> Self {
        IamAction { probe: Some(probe), ..self }
    }

    /// Sets the optional feature that needs the action.
    #[must_use]
    pub const fn optional(self, optional: Optional) -> Self {
        IamAction { optional: Some(optional), ..self }
    }

    /// Sets the resources.
    #[must_use]
    pub const fn on(self, resources: &'static [Resource]) -> Self {
        IamAction { resources, ..self }
    }

    /// Sets the conditions.
    #[must_use]
    pub const fn only_if(self, conditions: &'static [Condition]) -> Self {
        IamAction { conditions, ..self }
    }

    /// The service, e.g. `ec2`.
    pub fn service(&self) -> &'static str {
        self.name.split_once(':').map_or("", |(service, _)| service)
    }

    /// The action without its service, e.g. `StartInstances`.
    pub fn short_name(&self) -> &'static str {
        self.name.split_once(':').map_or(self.name, |(_, action)| action)
    }

    /// Whether a policy can limit the action by a tag.
    pub fn can_be_limited_by_tag(&self) -> bool {
        self.resources.iter().any(|resource| matches!(resource, Resource::Tagged(_) | Resource::Created(_)))
    }

    /// Probes whether the credentials have this permission. AWS, "DryRun" in the API reference of each action:
    /// `DryRunOperation` means yes, `UnauthorizedOperation` no.
    ///
    /// A probe names resources that do not exist and so have no tags. If the policy has tag conditions (those of the
    /// action, or because it is `limited_by_tag`), a denial is inconclusive.
    ///
    /// # Errors
    /// Rejected credentials, and every failure to reach EC2.
    pub async fn permission(&self, ec2: &Client, limited_by_tag: bool) -> Result<Permission> {
        let Some(probe) = self.probe else {
            return Ok(Permission::Unknown("a dry run cannot check it".to_owned()));
        };
        let permission = match probe(ec2, self.name).await {
            Ok(()) => Permission::Allowed,
            Err(error) => interpret(error)?,
        };
        let on_tags = self.conditions.iter().any(|condition| condition.key.starts_with(RESOURCE_TAG));
        if permission == Permission::Denied && (on_tags || limited_by_tag && self.can_be_limited_by_tag()) {
            return Ok(Permission::Unknown("denied for resources without tags".to_owned()));
        }
        Ok(permission)
    }
}

/// The names of the actions, without duplicates.
pub fn names<'a>(actions: impl IntoIterator<Item = &'a IamAction>) -> Vec<&'static str> {
    let mut names = Vec::new();
    for action in actions {
        if !names.contains(&action.name) {
            names.push(action.name);
        }
    }
    names
}

/// Whether the action with this name is declared as a change. `None` if it is not declared.
pub fn declared_change(actions: &[IamAction], name: &str) -> Option<bool> {
    actions.iter().filter(|action| action.name == name).map(|action| action.changes).max()
}

/// The services in which these actions change something, for messages: `EC2`, or `EC2 or SNS`. `iam:PassRole` is not a
/// call, so it is not included.
pub fn changed_services(actions: &[IamAction]) -> String {
    let is_pass_role = |action: &IamAction| action.resources == [Resource::Role];
    let mut services = Vec::new();
    for action in actions.iter().filter(|action| action.changes && !is_pass_role(action)) {
        let service = Call::new(action.service(), Some(action.short_name())).service();
        if !services.contains(&service) {
            services.push(service);
        }
    }
    if services.is_empty() { Call::unknown().service() } else { services.join(" or ") }
}

/// The result of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// The action is allowed.
    Allowed,
    /// The action is not allowed.
    Denied,
    /// The probe was inconclusive, for this reason.
    Unknown(String),
}

fn interpret(error: Error) -> Result<Permission> {
    match (error.code(), error.kind()) {
        (Some(codes::DRY_RUN_OPERATION), _) => Ok(Permission::Allowed),
        (Some(code), _) if codes::is_permission_denied(code) => Ok(Permission::Denied),
        (None, _) | (_, ErrorKind::PermissionDenied | ErrorKind::Unavailable) => Err(error),
        (Some(code), _) => Ok(Permission::Unknown(format!("EC2 returns `{code}` before it checks the permission"))),
    }
}

/// Sends the request of a probe.
#[doc(hidden)]
pub fn answer<T, E>(
    action: &'static str,
    call: impl Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send + 'static,
) -> BoxFuture<'static, Result<()>>
where
    T: 'static,
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    Box::pin(async move { call.await.doing(|| format!("checking whether {action} is allowed")).map(drop) })
}

/// Creates a probe: `dry_run!(|ec2| ec2.start_instances().instance_ids(NO_INSTANCE))`. The request has `DryRun` set;
/// name resources that do not exist, so that it does no harm even if the server ignores `DryRun`.
#[macro_export]
macro_rules! dry_run {
    (|$ec2:ident| $request:expr) => {
        |$ec2: &$crate::ec2::Client, action| $crate::iam::answer(action, $request.dry_run(true).send())
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OperationMeta;
    use crate::testing::{assert_declared, client, mock, refusal};

    const STOP: IamAction = IamAction::change("ec2:StopInstances")
        .on(INSTANCES)
        .probe(dry_run!(|ec2| ec2.stop_instances().instance_ids(NO_INSTANCE)));

    /// The result of a probe that is refused with this code.
    async fn answered(action: IamAction, code: &'static str, limited_by_tag: bool) -> Result<Permission> {
        let rule = mock!(Client::stop_instances)
            .match_requests(|request| request.dry_run() == Some(true) && request.instance_ids() == [NO_INSTANCE])
            .then_http_response(move || refusal(code, "from the test"));
        action.permission(&client(&[&rule]), limited_by_tag).await
    }

    #[tokio::test]
    async fn the_error_code_decides() {
        assert_eq!(answered(STOP, "DryRunOperation", false).await.unwrap(), Permission::Allowed);
        assert_eq!(answered(STOP, "UnauthorizedOperation", false).await.unwrap(), Permission::Denied);
        for code in ["InvalidInstanceID.NotFound", "IncorrectInstanceState", "VcpuLimitExceeded", "SomethingNew"] {
            let reason = format!("EC2 returns `{code}` before it checks the permission");
            assert_eq!(answered(STOP, code, false).await.unwrap(), Permission::Unknown(reason));
        }
    }

    #[tokio::test]
    async fn a_denial_is_unknown_where_the_policy_has_tag_conditions() {
        let unknown = Permission::Unknown("denied for resources without tags".to_owned());
        assert_eq!(answered(STOP, "UnauthorizedOperation", true).await.unwrap(), unknown);
        assert_eq!(answered(STOP, "DryRunOperation", true).await.unwrap(), Permission::Allowed);
        let only_marked =
            STOP.only_if(&[Condition { operator: "StringLike", key: "aws:ResourceTag/mark", value: "*" }]);
        assert_eq!(answered(only_marked, "UnauthorizedOperation", false).await.unwrap(), unknown);
        let anywhere = STOP.on(&[]);
        assert_eq!(answered(anywhere, "UnauthorizedOperation", true).await.unwrap(), Permission::Denied);
    }

    #[tokio::test]
    async fn refused_credentials_are_an_error() {
        let error = answered(STOP, "AuthFailure", false).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().starts_with("checking whether ec2:StopInstances is allowed: "), "{error}");
    }

    #[tokio::test]
    async fn an_action_without_a_probe_stays_unknown() {
        let permission = IamAction::change("iam:PassRole").permission(&client(&[]), false).await;
        assert_eq!(permission.unwrap(), Permission::Unknown("a dry run cannot check it".to_owned()));
    }

    static STOPS: OperationMeta = OperationMeta::new("StopSomething", "Stop something.").iam_actions(&[STOP]);

    #[test]
    #[should_panic(expected = "ec2:StartInstances is none of the function's IAM actions")]
    fn an_undeclared_call_panics() {
        assert_declared(&[&STOPS], "ec2:StopInstances");
        assert_declared(&[&STOPS], "ec2:StartInstances");
    }

    #[test]
    fn an_action_that_is_declared_as_both_is_a_change() {
        let actions =
            [IamAction::change("dynamodb:Scan"), IamAction::read("dynamodb:Scan"), IamAction::read("x:Query")];
        assert_eq!(declared_change(&actions, "dynamodb:Scan"), Some(true));
        assert_eq!(declared_change(&actions, "x:Query"), Some(false));
        assert_eq!(declared_change(&actions, "y:Query"), None);
    }

    #[test]
    fn services_are_those_that_are_changed() {
        let role = IamAction::change("iam:PassRole").on(&[Resource::Role]);
        let read = IamAction::read("ssm:GetParameters");
        assert_eq!(changed_services(&[read, STOP, role, STOP]), "EC2");
        assert_eq!(changed_services(&[STOP, IamAction::change("sns:Publish")]), "EC2 or SNS");
        assert_eq!(changed_services(&[IamAction::change("iam:CreateRole")]), "IAM");
        assert_eq!(changed_services(&[read]), "AWS");
    }

    #[test]
    fn the_short_name_has_no_service() {
        assert_eq!((STOP.short_name(), IamAction::read("odd").short_name()), ("StopInstances", "odd"));
    }
}
