//! `ShowIdentity`: displays the identity of the credentials.
//!
//! An example of a function that calls a service other than EC2.

use aws_sdk_sts::Client;
use connector_sdk::prelude::*;

const ACTION: &str = "asking whose the credentials are";

struct ShowIdentity;
register!(ShowIdentity);

#[async_trait]
impl Operation for ShowIdentity {
    type Args = ();

    const META: OperationMeta = OperationMeta::new("ShowIdentity", "Show whose the credentials are.")
        .examples(&[Example::new("Show whose the credentials of the job are.", &[])])
        .iam_actions(&[IamAction::read("sts:GetCallerIdentity")]);

    fn parse(&self, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn run(&self, cx: &Context, _: &()) -> Result<Outcome> {
        let identity = Client::new(cx.aws()).get_caller_identity().send().await.doing(|| ACTION.to_owned())?;
        let arn = identity.arn().ok_or_else(|| Error::incomplete("an identity without its ARN").doing(ACTION))?;
        Ok(Outcome::new(arn))
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::ErrorKind;
    use connector_sdk::testing::{HttpResponse, Job, answer, check_meta};

    use super::*;

    /// A job whose Security Token Service returns this response.
    fn job(answers: impl Fn() -> HttpResponse + Send + Sync + 'static) -> Job {
        Job::with_services(&[], move |call, body| {
            assert_eq!((call.service().as_str(), call.action()), ("STS", Some("GetCallerIdentity")));
            assert_eq!(body, "Action=GetCallerIdentity&Version=2011-06-15");
            answers()
        })
    }

    #[tokio::test]
    async fn the_verdict_is_the_arn() {
        let arn = "arn:aws:iam::123456789012:user/test";
        let result = format!("<GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult>");
        let job = job(move || answer(200, &format!("<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>")));
        assert_eq!(job.run(&ShowIdentity, &[]).await.unwrap().message, arn);
    }

    #[tokio::test]
    async fn credentials_that_are_refused_are_an_error_of_sts() {
        let code = "<Code>InvalidClientTokenId</Code>";
        let job = job(move || answer(403, &format!("<ErrorResponse><Error>{code}</Error></ErrorResponse>")));
        let error = job.run(&ShowIdentity, &[]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(error.to_string(), "asking whose the credentials are: STS gave no details (InvalidClientTokenId)");
    }

    #[test]
    fn the_metadata_keeps_the_contract() {
        check_meta(&ShowIdentity);
    }
}
