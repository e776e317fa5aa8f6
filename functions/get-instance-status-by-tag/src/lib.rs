//! `GetInstanceStatusByTag`: shows the status of instances, and can check it.

use connector_sdk::client_token::{ClientToken, launched_by};
use connector_sdk::count_of;
use connector_sdk::instances::{ALIVE, Instance, TagName, find_all, find_by_name, read_all};
use connector_sdk::prelude::*;
use connector_sdk::wait::{all_status_checks, status_checks};

choices! {
    /// An expected state of an instance.
    struct ExpectedState(InstanceStateName) {
        "pending" => InstanceStateName::Pending,
        "running" => InstanceStateName::Running,
        "stopping" => InstanceStateName::Stopping,
        "stopped" => InstanceStateName::Stopped,
        "shutting-down" => InstanceStateName::ShuttingDown,
        "terminated" => InstanceStateName::Terminated,
    }
}

const EXPECT_STATE: Arg<ExpectedState, Repeated> = Arg::new(
    "expect-state",
    "STATE",
    "Fail with exit code 1 unless every instance is in this state, and with exit code 4 if there is no instance. \
     Repeatable: any of the states is accepted.",
)
.repeatable()
.separated_by(',');

const TAG_NAME: Arg<TagName> = Arg::new(
    "tag-name",
    "NAME",
    "Only instances whose `Name` tag has exactly this value; wildcards are not supported. Default: all instances in \
     the region.",
)
.aliases(&["tag"]);

const CLIENT_TOKEN: Arg<ClientToken> = Arg::new(
    "client-token",
    "TOKEN",
    "Only instances that were launched with this client token, in any state. Shows what was launched when the \
     response to a launch was lost.",
);

const ALL: Arg<bool, Always> = Arg::flag("all", "Also show instances that are shutting down or terminated.");

struct GetInstanceStatusByTag;
register!(GetInstanceStatusByTag);

/// The instances to show, and their expected states.
struct Query {
    selection: Selection,
    all: bool,
    expected: Vec<InstanceStateName>,
}

#[async_trait]
impl Operation for GetInstanceStatusByTag {
    type Args = Query;

    const META: OperationMeta = OperationMeta::new("GetInstanceStatusByTag", "Show the status of instances.")
        .description(
            "Shows state, status checks and addresses of all instances in the region, or of those with the given \
             name. A name or client token without a match is a failure, exit code 4. Instances that are shutting down \
             or terminated are left out, unless `--all` or an expected state includes them.",
        )
        .arguments(&[&[TAG_NAME.spec, CLIENT_TOKEN.spec, EXPECT_STATE.spec, ALL.spec]])
        .groups(&[ArgGroup::at_most_one(&[TAG_NAME.spec.name, CLIENT_TOKEN.spec.name])])
        .examples(&[
            Example::new("Show all instances in the region.", &[]),
            Example::new(
                "Show what was launched when the response to a launch was lost.",
                &["--client-token", "0123456789abcdef0123456789abcdef"],
            ),
            Example::new(
                "Fail unless every instance named `web` is running.",
                &["--tag-name", "web", "--expect-state", "running"],
            ),
        ])
        .iam_actions(&[DESCRIBE_INSTANCES, DESCRIBE_INSTANCE_STATUS]);

    fn parse(&self, inputs: &Inputs) -> Result<Query> {
        let expected = inputs.get(&EXPECT_STATE).into_iter().map(|state| state.0).collect();
        Ok(Query { selection: Selection::parse(inputs), all: inputs.get(&ALL), expected })
    }

    async fn run(&self, cx: &Context, Query { selection, all, expected }: &Query) -> Result<Outcome> {
        let found = selection.find(cx, &states_to_show(*all, expected)).await?;
        if found.is_empty() && (*selection != Selection::Region || !expected.is_empty()) {
            let error =
                Error::new(ErrorKind::NotFound, format!("no instances{} in the region", selection.description()));
            return Err(error.doing("looking up the status").hint(selection.hint()));
        }
        found.iter().for_each(|instance| cx.journal().record_instance(instance));
        found.iter().for_each(|instance| cx.journal().record_unchanged(&instance.id));
        look_up_status_checks(cx, &found, *selection != Selection::Region).await?;
        verdict(cx, &found, expected)
    }
}

/// The selection of instances.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Selection {
    Name(TagName),
    Launch(ClientToken),
    Region,
}

impl Selection {
    fn parse(inputs: &Inputs) -> Self {
        let by_name = inputs.get(&TAG_NAME).map(Selection::Name);
        by_name.or(inputs.get(&CLIENT_TOKEN).map(Selection::Launch)).unwrap_or(Selection::Region)
    }

    async fn find(&self, cx: &Context, states: &[InstanceStateName]) -> Result<Vec<Instance>> {
        match self {
            Selection::Name(name) => find_by_name(cx, name, states).await,
            Selection::Launch(token) => {
                let action = format!("looking up instances with client token {token}");
                let mut found = read_all(cx, launched_by(cx, [token], &action).await?.iter(), &action)?;
                found.sort_by(|a, b| (a.launch_index, &a.id).cmp(&(b.launch_index, &b.id)));
                Ok(found)
            }
            Selection::Region => find_all(cx, states).await,
        }
    }

    fn description(&self) -> String {
        match self {
            Selection::Name(name) => format!(" named `{}`", name.as_str()),
            Selection::Launch(token) => format!(" with client token `{token}`"),
            Selection::Region => String::new(),
        }
    }

    /// The hint if no instance matches.
    fn hint(&self) -> &'static str {
        match self {
            Selection::Launch(_) => {
                "run the job again after a minute: EC2 may not show new instances yet, and shows terminated instances \
                 for an hour"
            }
            _ => "check the name and the region",
        }
    }
}

/// `terminated` instances stay visible for an hour, so they are shown only on request.
fn states_to_show(all: bool, expected: &[InstanceStateName]) -> Vec<InstanceStateName> {
    let terminated = [InstanceStateName::ShuttingDown, InstanceStateName::Terminated];
    let shown = terminated.into_iter().filter(|state| all || expected.contains(state));
    ALIVE.iter().cloned().chain(shown).collect()
}

/// Only running instances have status checks. For selected instances, this costs one request per 100; for a region, one
/// per page.
async fn look_up_status_checks(cx: &Context, found: &[Instance], some: bool) -> Result<()> {
    let running = found.iter().filter(|instance| instance.state == InstanceStateName::Running);
    let running: Vec<InstanceId> = running.map(|instance| instance.id.clone()).collect();
    if running.is_empty() {
        return Ok(());
    }
    let checks = if some { status_checks(cx, &running).await? } else { all_status_checks(cx).await? };
    for id in &running {
        if let Some(status) = checks.get(id) {
            cx.journal().record_status_checks(id, status.as_str());
        }
    }
    Ok(())
}

fn verdict(cx: &Context, found: &[Instance], expected: &[InstanceStateName]) -> Result<Outcome> {
    let shown = count_of(found.len());
    if expected.is_empty() {
        return Ok(Outcome::new(format!("{shown} found")));
    }
    let expectation = expected.iter().map(InstanceStateName::as_str).collect::<Vec<_>>().join(" or ");
    let others: Vec<_> = found.iter().filter(|instance| !expected.contains(&instance.state)).collect();
    for instance in &others {
        let message = format!("the instance is {}, not {expectation}", instance.state.as_str());
        let error = Error::new(ErrorKind::UnexpectedState, message).doing(format!("checking {}", instance.id));
        cx.journal().record_failure(&instance.id, error);
    }
    if others.is_empty() {
        return Ok(Outcome::new(format!("{shown} found, all {expectation}")));
    }
    let message = format!("{} of {shown} not {expectation}", others.len());
    Err(Error::new(ErrorKind::UnexpectedState, message).doing("checking the states"))
}

#[cfg(test)]
mod tests;
