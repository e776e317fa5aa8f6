//! Logs each attempt of a call to AWS on one line, without secrets.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::exchange::{Answer, Failure};
use super::request::RequestInfo;

/// Logs an attempt: service, action, result, request ID, and number.
pub fn attempt(request: &HttpRequest, info: &RequestInfo, repetitions: u32, result: &Result<Answer, Failure>) {
    let (service, number) = (info.call.service(), number(request) + repetitions);
    // Paths may contain secrets.
    let action = info.call.action().or(info.query.as_deref()).unwrap_or_else(|| request.method());
    match result {
        Ok(answer) => {
            let id = answer.content.request_id.as_deref().unwrap_or("unknown");
            let error = error_of(answer);
            let (status, after) = (answer.status(), answer.after.as_millis());
            tracing::info!(
                "{service} {action}: HTTP {status}{error}, request {id}, attempt {number}, {after} ms, {} bytes",
                answer.size
            );
        }
        Err(Failure::NoAnswer { reason, .. }) => {
            let reason = reason.clone().to(info.call.clone());
            tracing::info!("{service} {action}: no answer: {reason}, attempt {number}");
        }
        Err(Failure::Local(problem)) => tracing::info!("{service} {action}: not sent: {problem}"),
    }
}

/// The code and the complete message of an error, which the output of the job may have cut.
fn error_of(answer: &Answer) -> String {
    let texts = [&answer.content.code, &answer.content.message];
    let texts: Vec<&str> = texts.into_iter().filter_map(|text| text.as_deref()).collect();
    if texts.is_empty() { String::new() } else { format!(", {}", texts.join(": ")) }
}

/// The number of the attempt in the header of the AWS SDK, as in `attempt=1; max=3`.
fn number(request: &HttpRequest) -> u32 {
    let header = request.headers().get("amz-sdk-request").unwrap_or_default();
    let number = header.split(';').find_map(|field| field.trim().strip_prefix("attempt="));
    number.and_then(|number| number.trim().parse().ok()).unwrap_or(1)
}
