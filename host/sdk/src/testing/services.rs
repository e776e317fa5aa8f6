//! Mocks AWS services other than EC2: an HTTP client for clients that are built from the configuration of a
//! [`Context`].

use std::fmt;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ec2::config::{BehaviorVersion, Region};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::SdkConfig;

use super::{Job, Recorder, Rule, assert_declared_here, client};
use crate::attempts::Attempt;
use crate::call::Call;
use crate::context::Context;

impl Job {
    /// A job with these rules for EC2, and with other services that answer by the call and the body of the request,
    /// e.g. with [`answer`](super::answer). A call panics unless its IAM action is declared.
    pub fn with_services(
        rules: &[&Rule],
        answers: impl Fn(&Call, &str) -> HttpResponse + Send + Sync + 'static,
    ) -> Self {
        let aws = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
            .http_client(Services(Arc::new(answers)))
            .build();
        let recorder = Arc::new(Recorder::default());
        let builder = Context::builder(client(rules), recorder.clone(), recorder.clone(), recorder.clone());
        Job { cx: builder.aws(aws).build(), recorder }
    }
}

/// The answer to a call and its request body.
type Answers = dyn Fn(&Call, &str) -> HttpResponse + Send + Sync;

/// Answers and records requests, like the host's HTTP client.
#[derive(Clone)]
struct Services(Arc<Answers>);

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Services")
    }
}

impl HttpClient for Services {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Services {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let call = Call::of(&request);
        if let Some(permission) = call.permission() {
            assert_declared_here(&permission);
        }
        let attempt = Attempt::begin();
        let mut answer = (self.0)(&call, &String::from_utf8_lossy(request.body().bytes().unwrap_or_default()));
        if answer.status().as_u16() < 500 {
            attempt.settle();
        }
        answer.add_extension(call);
        HttpConnectorFuture::ready(Ok(answer))
    }
}
