//! The HTTP client of the AWS SDK, with the same TLS implementation as the OpCon client.
//!
//! All requests to AWS and all responses pass through this module. It blocks changes during a dry run, checks that
//! responses are complete and contain no secret of the request, repeats and logs attempts, and records each attempt
//! with its known outcome.

use std::sync::Arc;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use connector_sdk::attempts::Attempt;
use connector_sdk::iam::IamAction;
use connector_sdk::no_answer::DryRunViolation;

use super::exchange::{Answer, Failure, exchange};
use super::network::{ATTEMPT_LIMIT, Network};
use super::record;
use super::request::RequestInfo;

/// The HTTP client for the SDK.
#[derive(Debug)]
pub struct Http {
    network: Arc<Network>,
    sender: Sender,
}

/// The sender of a request. For a job and a dry run with the IAM actions of the function.
#[derive(Clone, Copy, Debug)]
enum Sender {
    /// The credential chain. Its requests change nothing.
    Credentials,
    /// A job, which may send changes.
    Job(&'static [IamAction]),
    /// A dry run, which must not change anything.
    DryRun(&'static [IamAction]),
}

impl Sender {
    /// Whether the request changes something in AWS.
    fn changes(self, info: &RequestInfo) -> bool {
        match self {
            Sender::Credentials => false,
            Sender::Job(declared) | Sender::DryRun(declared) => !info.changes_nothing(declared),
        }
    }

    /// Whether a service that does not work is borne. The services of the machine itself (instance metadata, containers)
    /// are asked without knowing that they exist; their requests name no action.
    fn is_patient(self, info: &RequestInfo) -> bool {
        !matches!(self, Sender::Credentials) || info.query.is_some()
    }
}

impl Http {
    /// The client of the credential chain.
    pub fn of_credentials(network: &Arc<Network>) -> Self {
        Http { network: network.clone(), sender: Sender::Credentials }
    }

    /// The client of the services that a job of a function with these IAM actions calls.
    pub fn of_job(network: &Arc<Network>, declared: &'static [IamAction]) -> Self {
        Http { network: network.clone(), sender: Sender::Job(declared) }
    }

    /// The client of the services for a dry run of a function with these IAM actions. It sends only reads and requests
    /// with `DryRun=true`.
    pub fn of_dry_run(network: &Arc<Network>, declared: &'static [IamAction]) -> Self {
        Http { network: network.clone(), sender: Sender::DryRun(declared) }
    }
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limit = settings.connect_timeout().unwrap_or_default() + settings.read_timeout().unwrap_or(ATTEMPT_LIMIT);
        SharedHttpConnector::new(Connector { network: self.network.clone(), limit, sender: self.sender })
    }
}

/// Sends requests of the SDK, each attempt within a time limit.
#[derive(Clone, Debug)]
struct Connector {
    network: Arc<Network>,
    limit: Duration,
    sender: Sender,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let info = RequestInfo::of(&request);
        if matches!(self.sender, Sender::DryRun(_)) && self.sender.changes(&info) {
            let violation = DryRunViolation { call: info.to_string() };
            return HttpConnectorFuture::ready(Err(ConnectorError::user(violation.into())));
        }
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.send(&request, &info).await })
    }
}

impl Connector {
    /// Sends a request, again as long as the job bears the trouble of the service.
    async fn send(&self, request: &HttpRequest, info: &RequestInfo) -> Result<HttpResponse, ConnectorError> {
        let (changes, patience) = (self.sender.changes(info), &self.network.patience);
        let service = info.call.service();
        let result = patience.bear(&service, |repetitions| async move {
            let result = self.attempt(request, info, repetitions).await;
            // A change is repeated only if it was certainly not made.
            let trouble = match &result {
                Ok(answer) => answer.trouble(),
                Err(failure) => failure.trouble(info, changes),
            };
            let trouble = trouble.filter(|_| self.sender.is_patient(info));
            if changes && trouble.is_none() && !result.as_ref().is_err_and(Failure::is_unsent) {
                patience.end();
            }
            (result, trouble)
        });
        result.await.map(Answer::into_response).map_err(|failure| failure.into_error(info))
    }
    /// Sends a request once, and records whether its effect in AWS is known. An attempt that the AWS SDK drops stays
    /// unknown.
    async fn attempt(&self, request: &HttpRequest, info: &RequestInfo, repetitions: u32) -> Result<Answer, Failure> {
        let attempt = (!matches!(self.sender, Sender::Credentials)).then(Attempt::begin);
        let exchanged = tokio::time::timeout(self.limit, exchange(&self.network, request, info)).await;
        let result = exchanged.unwrap_or_else(|_| Err(Failure::late()));
        let settled = match &result {
            Ok(answer) => answer.is_settled(),
            Err(failure) => failure.is_unsent(),
        };
        if settled {
            attempt.into_iter().for_each(Attempt::settle);
        }
        record::attempt(request, info, repetitions, &result);
        result
    }
}
