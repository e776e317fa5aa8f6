//! Classifies requests to AWS: service, action, and whether a dry run may send them.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use connector_sdk::call::{Call, path_of, query_action};
use connector_sdk::iam::{IamAction, declared_change};
use serde::Deserialize;

/// The service and action of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct RequestInfo {
    /// The service and the action. A request of a REST protocol has no action name.
    pub call: Call,
    /// The action, if the request uses AWS's query protocol. The root element of its XML response is named after the
    /// action.
    pub query: Option<String>,
    /// Method and path.
    line: String,
    method_reads: bool,
    /// Whether the request is a dry run.
    is_dry_run: bool,
}

impl RequestInfo {
    /// Parses a request.
    pub fn of(request: &HttpRequest) -> Self {
        let body = request.body().bytes().unwrap_or_default();
        let call = Call::of(request);
        let is_json = request.headers().get("x-amz-target").is_some();
        RequestInfo {
            is_dry_run: is_dry_run(&call, is_json, body),
            call,
            query: query_action(body).map(str::to_owned),
            line: format!("{} {}", request.method(), path_of(request.uri())),
            method_reads: ["GET", "HEAD"].contains(&request.method()),
        }
    }

    /// Whether a dry run of a function with these IAM actions may send the request: it is a read or has `DryRun=true`.
    pub fn changes_nothing(&self, declared: &[IamAction]) -> bool {
        let changes = self.call.permission().and_then(|name| declared_change(declared, &name));
        self.is_dry_run || self.call.is_read(changes).unwrap_or(self.method_reads)
    }
}

/// The service with its action or path, e.g. `EC2 for StopInstances`.
impl std::fmt::Display for RequestInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} for {}", self.call.service(), self.call.action().unwrap_or(&self.line))
    }
}

/// The actions of JSON protocols whose `DryRun` parameter has the same meaning as in EC2. Other actions ignore unknown
/// parameters and perform the change.
///
/// Source: AWS, "Testing your permissions", in the Key Management Service Developer Guide.
const JSON_DRY_RUNS: [(&str, &[&str]); 1] = [(
    "kms",
    &[
        "CreateGrant",
        "Decrypt",
        "DeriveSharedSecret",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyPair",
        "GenerateDataKeyPairWithoutPlaintext",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "ReEncrypt",
        "RetireGrant",
        "RevokeGrant",
        "Sign",
        "Verify",
        "VerifyMac",
    ],
)];

/// Whether the request has the `DryRun` parameter of EC2's query protocol, or of a JSON protocol for an action that
/// supports it. Any other `DryRun` in a body is data.
fn is_dry_run(call: &Call, is_json: bool, body: &[u8]) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Parameters {
        #[serde(default)]
        dry_run: bool,
    }
    let is_of = |(service, actions): &(&str, &[&str])| {
        call.signing_name() == *service && call.action().is_some_and(|action| actions.contains(&action))
    };
    if is_json {
        return JSON_DRY_RUNS.iter().any(is_of)
            && serde_json::from_slice::<Parameters>(body).is_ok_and(|parameters| parameters.dry_run);
    }
    call.signing_name() == "ec2"
        && query_action(body).is_some()
        && body.split(|byte| *byte == b'&').any(|field| field == b"DryRun=true")
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::body::SdkBody;

    use super::*;

    fn request(method: &str, service: &str, headers: &[(&'static str, &str)], body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).unwrap();
        request.set_uri("https://example.amazonaws.com/service/Names/operation/GetThings?secret=x").unwrap();
        let scope = format!("AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{service}/aws4_request, Signature=0");
        request.headers_mut().insert("authorization", scope);
        for (name, value) in headers {
            request.headers_mut().insert(*name, (*value).to_owned());
        }
        request
    }

    fn query(service: &str, body: &str) -> RequestInfo {
        RequestInfo::of(&request("POST", service, &[], body))
    }

    #[test]
    fn service_and_action_are_found_in_every_protocol() {
        let json = [("x-amz-target", "AmazonSSM.GetParameter")];
        let cbor = [("smithy-protocol", "rpc-v2-cbor")];
        for (info, text) in [
            (query("ec2", "Action=StopInstances&InstanceId.1=i-1"), "EC2 for StopInstances"),
            (RequestInfo::of(&request("POST", "ssm", &json, "{}")), "SSM for GetParameter"),
            (RequestInfo::of(&request("POST", "monitoring", &cbor, "")), "monitoring for GetThings"),
            (RequestInfo::of(&request("PUT", "s3", &[], "")), "S3 for PUT /service/Names/operation/GetThings"),
            (RequestInfo::of(&HttpRequest::new(SdkBody::from("Action=StopInstances"))), "AWS for GET /"),
        ] {
            assert_eq!(info.to_string(), text);
        }
    }

    #[test]
    fn unknown_actions_are_changes() {
        for (service, action, read) in [
            ("ec2", "DescribeInstances", true),
            ("ec2", "GetConsoleOutput", true),
            ("ec2", "ListImagesInRecycleBin", true),
            ("ec2", "SearchTransitGatewayRoutes", true),
            ("ec2", "ExportImage", false),
            ("ec2", "GetFlowLogsIntegrationTemplate", false),
            ("ec2", "Get", false),
            ("ec2", "Getaway", false),
            ("ec2", "StopInstances", false),
            ("sts", "GetCallerIdentity", true),
            ("sts", "AssumeRoleWithSAML", true),
            ("ssm", "AssumeRole", false),
            ("ssm", "GetParameter", true),
            ("ssm", "SendCommand", false),
            ("logs", "FilterLogEvents", true),
            ("cloudtrail", "LookupEvents", true),
        ] {
            assert_eq!(query(service, &format!("Action={action}&Version=1")).changes_nothing(&[]), read, "{action}");
        }
    }

    #[test]
    fn a_request_without_an_action_is_read_by_its_method() {
        for (method, read) in [("GET", true), ("HEAD", true), ("POST", false), ("PUT", false), ("DELETE", false)] {
            assert_eq!(RequestInfo::of(&request(method, "s3", &[], "")).changes_nothing(&[]), read, "{method}");
        }
        let action = [("x-amz-target", "Service.SendCommand")];
        assert!(!RequestInfo::of(&request("GET", "ssm", &action, "{}")).changes_nothing(&[]), "its action counts");
    }

    #[test]
    fn only_the_parameter_itself_is_a_dry_run() {
        let json = [("x-amz-target", "TrentService.CreateGrant")];
        for (body, dry) in [("{\"DryRun\":true}", true), ("{\"DryRun\":false}", false), ("{\"a\":\"DryRun\"}", false)] {
            assert_eq!(RequestInfo::of(&request("POST", "kms", &json, body)).changes_nothing(&[]), dry, "{body}");
        }
        for (field, dry) in [
            ("DryRun=true", true),
            ("DryRun=false", false),
            ("X.DryRun=true", false),
            ("Name=DryRun%3Dtrue", false),
            ("DryRun=trueish", false),
        ] {
            let body = format!("Action=StopInstances&{field}&InstanceId.1=i-1");
            assert_eq!(query("ec2", &body).changes_nothing(&[]), dry, "{field}");
        }
    }

    #[test]
    fn dry_run_in_data_is_ignored() {
        let body = "{\"DryRun\": true, \"Name\": \"web\"}";
        let form = "Action=Publish&DryRun=true";
        let target = |name| vec![("x-amz-target", name)];
        for (method, service, headers, body) in [
            ("POST", "lambda", vec![], body),
            ("PUT", "s3", vec![], body),
            ("POST", "ssm", target("AmazonSSM.PutParameter"), body),
            ("POST", "kms", target("TrentService.ScheduleKeyDeletion"), body),
            ("POST", "kms", vec![], body),
            ("POST", "sns", vec![], form),
            ("PUT", "s3", vec![], form),
        ] {
            assert!(
                !RequestInfo::of(&request(method, service, &headers, body)).changes_nothing(&[]),
                "{service} {headers:?}"
            );
        }
    }

    #[test]
    fn the_declaration_decides_for_ambiguous_names() {
        let declared = [IamAction::read("dynamodb:Query"), IamAction::read("dynamodb:PutItem")];
        let info = |action| RequestInfo::of(&request("POST", "dynamodb", &[("x-amz-target", action)], "{}"));
        let query = info("DynamoDB_20120810.Query");
        assert!(query.changes_nothing(&declared) && !query.changes_nothing(&[]));
        assert!(!info("DynamoDB_20120810.PutItem").changes_nothing(&declared));
    }
}
