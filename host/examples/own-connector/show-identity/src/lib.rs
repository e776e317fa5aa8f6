//! `ShowIdentity`: shows whose the credentials are. It calls another service than EC2.

use aws_sdk_sts::Client;
use connector_sdk::prelude::*;

const ACTION: &str = "asking whose the credentials are";

struct ShowIdentity;
register!(ShowIdentity);

#[async_trait]
impl Operation for ShowIdentity {
    type Args = ();

    const META: OperationMeta = OperationMeta::new("ShowIdentity", "Show whose the credentials are.")
        .examples(&[Example { about: "Show whose the credentials of the job are.", arguments: &[] }])
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
    use connector_sdk::testing::check_meta;

    use super::*;

    #[test]
    fn the_metadata_keeps_the_contract() {
        check_meta(&ShowIdentity);
    }
}
