//! Test helpers for function crates: mocked AWS clients, parsed inputs, and a context that records output.
//!
//! Use paused time (`#[tokio::test(start_paused = true)]`), so that waits take no real time.

mod check_meta;
mod services;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_sdk_ec2::config::retry::RetryPartition;
use aws_sdk_ec2::config::{BehaviorVersion, Region};
use aws_sdk_ec2::operation::describe_instance_status::DescribeInstanceStatusOutput;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::types::{
    Instance, InstanceState, InstanceStateChange, InstanceStateName, InstanceStatus, InstanceStatusSummary,
    Reservation, SummaryStatus, Tag,
};
use aws_sdk_ec2::{Client, Config};
pub use aws_smithy_mocks::{MockResponse, Rule, mock};
use aws_smithy_mocks::{MockResponseInterceptor, RuleMode, create_mock_http_client};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeSerializationInterceptorContextRef,
    FinalizerInterceptorContextRef,
};
pub use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
pub use check_meta::check_meta;

use crate::args::{ArgGroup, ArgSpec, Given, Inputs};
use crate::attempts::{Attempt, SentOnce};
use crate::no_answer::nothing_was_done;
use crate::option_lists::{OptionEntry, OptionList, OptionListStore};
use crate::properties::{Delivery, PropertyStore};
use crate::{Call, Context, Error, ErrorKind, Operation, OperationMeta, Outcome, Reporter, Result, operations};

/// A client that answers by these rules: each call uses the first matching rule. A call panics unless a function of the
/// test declares its IAM action.
pub fn client(rules: &[&Rule]) -> Client {
    let start = MockResponseInterceptor::new().rule_mode(RuleMode::MatchAny);
    let interceptor = rules.iter().fold(start, |interceptor, rule| interceptor.with_rule(rule));
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::for_tests())
            .http_client(create_mock_http_client())
            // By default, clients share a retry quota, so tests would affect each other.
            .retry_partition(RetryPartition::custom("test").build())
            .retry_classifier(SentOnce)
            .interceptor(interceptor)
            .interceptor(RecordAttempts)
            .interceptor(OnlyDeclared)
            .build(),
    )
}

/// Records attempts and attaches each call to its answer, like the host's HTTP client.
#[derive(Debug)]
struct RecordAttempts;

impl Intercept for RecordAttempts {
    fn name(&self) -> &'static str {
        "RecordAttempts"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(called) = config.load::<Metadata>() {
            let signing_name = called.service().to_lowercase().replace(' ', "");
            context.response_mut().add_extension(Call::new(signing_name, Some(called.name())));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempt = Attempt::begin();
        if matches!(context.output_or_error(), Some(Ok(_))) {
            attempt.settle();
            return Ok(());
        }
        let Some(response) = context.response() else { return Ok(()) };
        let body = String::from_utf8_lossy(response.body().bytes().unwrap_or_default());
        let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
        let status = response.status().as_u16();
        if code.is_some_and(|code| nothing_was_done(status, code)) {
            attempt.settle();
        }
        Ok(())
    }
}

/// Checks that calls are declared: `check` and the IAM policies rely on it.
#[derive(Debug)]
struct OnlyDeclared;

impl Intercept for OnlyDeclared {
    fn name(&self) -> &'static str {
        "OnlyDeclared"
    }

    fn read_before_serialization(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(call) = config.load::<Metadata>() {
            assert_declared_here(&format!("{}:{}", call.service().to_lowercase(), call.name()));
        }
        Ok(())
    }
}

/// Compares a call with what the functions of this test program declare.
fn assert_declared_here(action: &str) {
    let functions: Vec<_> = operations().iter().map(|found| found.operation.meta()).collect();
    assert_declared(&functions, action);
}

/// Without any declaration, as in the tests of this crate, all calls are allowed.
pub(crate) fn assert_declared(functions: &[&OperationMeta], action: &str) {
    let declared: Vec<_> = functions.iter().flat_map(|meta| meta.iam_actions).map(|action| action.name).collect();
    assert!(declared.is_empty() || declared.contains(&action), "{action} is none of the function's IAM actions");
}

/// A job of a test: a context with a mocked client that records events, warnings and properties.
pub struct Job {
    /// The context for the operation.
    pub cx: Context,
    recorder: Arc<Recorder>,
}

#[derive(Default)]
struct Recorder {
    lines: Mutex<Vec<String>>,
    progress: Mutex<Vec<String>>,
    refused_property: Option<&'static str>,
    lists: BTreeMap<OptionList, Vec<OptionEntry>>,
}

impl Recorder {
    fn push(&self, line: String) {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl Reporter for Recorder {
    fn event(&self, line: &str) {
        self.push(line.to_owned());
    }

    fn warning(&self, line: &str) {
        self.push(format!("warning: {line}"));
    }

    fn progress(&self, _line: &str, status: &str) {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).push(status.to_owned());
    }
}

#[async_trait]
impl PropertyStore for Recorder {
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String> {
        Ok(counter.map_or(name.to_owned(), |n| format!("{name}_{n}")))
    }

    async fn prepare(&self) -> Result<()> {
        self.push("OpCon is contacted".to_owned());
        Ok(())
    }

    async fn save(&self, full_name: &str, _value: &str) -> Result<Delivery> {
        match self.refused_property {
            Some(refused) if refused == full_name => Err(Error::new(ErrorKind::Service, "refused by the test")),
            _ => Ok(Delivery::Confirmed),
        }
    }
}

/// Option lists with their contents as the property name, and comma-separated ids as the value.
#[async_trait]
impl OptionListStore for Recorder {
    fn to_property(&self, list: OptionList, entries: &[OptionEntry]) -> Result<(String, String)> {
        let ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
        Ok((list.contents().to_owned(), ids.join(",")))
    }

    async fn read(&self, list: OptionList) -> Result<Option<Vec<OptionEntry>>> {
        Ok(self.lists.get(&list).cloned())
    }

    fn write_script(&self, file: &Path, list: OptionList, entries: &[OptionEntry]) -> Result<()> {
        let (name, ids) = self.to_property(list, entries)?;
        self.push(format!("{}: {name} {ids}", file.display()));
        Ok(())
    }

    fn read_script(&self, _file: &Path, list: OptionList) -> Result<Vec<OptionEntry>> {
        Ok(self.lists.get(&list).cloned().unwrap_or_default())
    }
}

impl Job {
    /// A job with these rules for EC2.
    pub fn new(rules: &[&Rule]) -> Self {
        Self::with(rules, false, Recorder::default())
    }

    /// A dry run with these rules for EC2.
    pub fn dry_run(rules: &[&Rule]) -> Self {
        Self::with(rules, true, Recorder::default())
    }

    /// A job for which OpCon refuses the property with that full name.
    pub fn refusing_property(rules: &[&Rule], full_name: &'static str) -> Self {
        Self::with(rules, false, Recorder { refused_property: Some(full_name), ..Recorder::default() })
    }

    /// A job with these option lists in OpCon and in every file, given by the ids of their entries.
    pub fn with_lists(rules: &[&Rule], lists: &[(OptionList, &[&str])]) -> Self {
        let entry = |id: &&str| OptionEntry { id: (*id).to_owned(), description: None };
        let lists = lists.iter().map(|(list, ids)| (*list, ids.iter().map(entry).collect())).collect();
        Self::with(rules, false, Recorder { lists, ..Recorder::default() })
    }

    /// A job with its own property store.
    pub fn with_properties(rules: &[&Rule], store: Arc<dyn PropertyStore>) -> Self {
        let recorder = Arc::new(Recorder::default());
        let cx = Context::builder(client(rules), recorder.clone(), store, recorder.clone()).build();
        Job { cx, recorder }
    }

    fn with(rules: &[&Rule], dry_run: bool, recorder: Recorder) -> Self {
        let recorder = Arc::new(recorder);
        let builder = Context::builder(client(rules), recorder.clone(), recorder.clone(), recorder.clone());
        Job { cx: builder.dry_run(dry_run).build(), recorder }
    }

    /// Parses the arguments, see [`args`], and runs an operation with them.
    ///
    /// # Errors
    /// Those of the operation.
    pub async fn run<O: Operation>(&self, operation: &O, arguments: &[(&str, &str)]) -> Result<Outcome> {
        let args = args(operation, arguments)?;
        operation.run(&self.cx, &args).await
    }

    /// The events and warnings so far; a warning begins with `warning: `.
    pub fn lines(&self) -> Vec<String> {
        self.recorder.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The progress of the waits at each poll, in the short form.
    pub fn progress(&self) -> Vec<String> {
        self.recorder.progress.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asserts that a reported line contains the text.
    ///
    /// # Panics
    /// If there is none, with all lines in the message.
    #[track_caller]
    pub fn assert_reported(&self, text: &str) {
        let lines = self.lines();
        assert!(lines.iter().any(|line| line.contains(text)), "no line says `{text}` among {lines:#?}");
    }
}

/// Parses the arguments of an operation, given without the dashes. Flags have the value `true`.
///
/// # Errors
/// Of kind [`ErrorKind::InvalidInput`], as on the command line.
///
/// # Panics
/// When an argument is unknown.
pub fn args<O: Operation>(operation: &O, arguments: &[(&str, &str)]) -> Result<O::Args> {
    operation.parse(&parse_arguments(O::META.all_arguments(), O::META.groups, arguments)?)
}

/// See [`args`].
pub(crate) fn parse_arguments(
    specs: impl Iterator<Item = &'static ArgSpec>,
    groups: &[ArgGroup],
    arguments: &[(&str, &str)],
) -> Result<Inputs> {
    let specs: Vec<_> = specs.collect();
    let spec = |name: &str| {
        specs.iter().find(|spec| spec.name == name).unwrap_or_else(|| panic!("there is no argument {name}"))
    };
    let given: Vec<_> =
        arguments.iter().map(|(name, text)| Given { spec: spec(name), text: (*text).to_owned() }).collect();
    Inputs::parse(specs.iter().copied(), groups, &given)
}

/// An EC2 instance with the name `web`, a private address, and public addresses if it is running.
pub fn instance(id: &str, state: &InstanceStateName) -> Instance {
    let running = *state == InstanceStateName::Running;
    Instance::builder()
        .instance_id(id)
        .state(state_of(state))
        .tags(Tag::builder().key("Name").value("web").build())
        .private_ip_address("10.0.0.1")
        .set_public_ip_address(running.then(|| "192.0.2.1".to_owned()))
        .set_public_dns_name(running.then(|| "ec2-192-0-2-1.example".to_owned()))
        .build()
}

/// The answer of DescribeInstances with these instances, all on one page.
pub fn described(instances: impl IntoIterator<Item = Instance>) -> DescribeInstancesOutput {
    let reservation = Reservation::builder().set_instances(Some(instances.into_iter().collect())).build();
    DescribeInstancesOutput::builder().reservations(reservation).build()
}

/// A rule for DescribeInstances that returns the instance in each of these states in turn, and repeats the last one.
///
/// # Panics
/// Without any state.
pub fn describes_states(id: &'static str, states: &[InstanceStateName]) -> Rule {
    let mut sequence = mock!(Client::describe_instances).sequence();
    for state in states {
        let state = state.clone();
        sequence = sequence.output(move || described([instance(id, &state)]));
    }
    sequence.repeatedly().build()
}

/// A rule for DescribeInstances by ids that returns all requested ids in this state.
pub fn describes_as(state: InstanceStateName) -> Rule {
    mock!(Client::describe_instances)
        .match_requests(|request| !request.instance_ids().is_empty())
        .then_compute_output(move |request| described(request.instance_ids().iter().map(|id| instance(id, &state))))
}

/// The answer of DescribeInstanceStatus in which both status checks of each instance have this status.
pub fn checked<'a>(ids: impl IntoIterator<Item = &'a str>, status: &SummaryStatus) -> DescribeInstanceStatusOutput {
    let summary = InstanceStatusSummary::builder().status(status.clone()).build();
    let both = InstanceStatus::builder().instance_status(summary.clone()).system_status(summary);
    let statuses = ids.into_iter().map(|id| both.clone().instance_id(id).build()).collect();
    DescribeInstanceStatusOutput::builder().set_instance_statuses(Some(statuses)).build()
}

/// The answer of StartInstances, StopInstances or TerminateInstances for one instance.
pub fn state_change(id: &str, previous: &InstanceStateName, current: &InstanceStateName) -> InstanceStateChange {
    InstanceStateChange::builder()
        .instance_id(id)
        .previous_state(state_of(previous))
        .current_state(state_of(current))
        .build()
}

fn state_of(name: &InstanceStateName) -> InstanceState {
    InstanceState::builder().name(name.clone()).build()
}

/// The request id of every [`refusal`].
pub const REQUEST_ID: &str = "req-1";

/// An error response of EC2, with HTTP status 400 and the request id [`REQUEST_ID`].
///
/// # Panics
/// Never: status and header are valid.
pub fn refusal(code: &str, message: &str) -> HttpResponse {
    let body = format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         <RequestID>{REQUEST_ID}</RequestID></Response>"
    );
    let mut refusal = answer(400, &body);
    refusal.headers_mut().insert("x-amzn-requestid", REQUEST_ID);
    refusal
}

/// A response with this HTTP status and body.
///
/// # Panics
/// When the status is not one of HTTP.
pub fn answer(status: u16, body: &str) -> HttpResponse {
    let status = status.try_into().unwrap_or_else(|_| panic!("{status} is not a status of HTTP"));
    HttpResponse::new(status, SdkBody::from(body))
}
