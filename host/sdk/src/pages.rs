//! Reads all pages of a paginated call.

use std::collections::HashSet;
use std::error::Error as StdError;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::{Doing, Error, ErrorKind, Result};

/// The most pages of one list. EC2's largest pages have 1,000 entries.
const MOST_PAGES: usize = 10_000;

/// Reads all pages of a list. `fetch` requests the page of a token, or the first one; `next` returns the token of the
/// following page. The paginators of the AWS SDK stop without an error at a repeated token.
///
/// # Errors
/// Those of the call, and [`ErrorKind::Unavailable`] when a token is repeated, or the pages do not end.
pub async fn pages<P, F, A, E>(action: &str, mut fetch: F, next: impl Fn(&P) -> Option<&str>) -> Result<Vec<P>>
where
    F: FnMut(Option<String>) -> A,
    A: Future<Output = Result<P, SdkError<E, HttpResponse>>>,
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let (mut pages, mut seen) = (Vec::new(), HashSet::new());
    let mut token = None;
    loop {
        let page = fetch(token).await.doing(|| action.to_owned())?;
        token = next(&page).filter(|token| !token.is_empty()).map(str::to_owned);
        pages.push(page);
        match &token {
            None => return Ok(pages),
            Some(token) if !seen.insert(token.clone()) || pages.len() == MOST_PAGES => {
                let message = format!("the response does not end: page {} points back to an earlier page", pages.len());
                return Err(Error::new(ErrorKind::Unavailable, message).doing(action));
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::Client;
    use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;

    use super::*;
    use crate::testing::{client, mock, refusal};

    fn page(next: &str) -> DescribeInstancesOutput {
        DescribeInstancesOutput::builder().next_token(next).build()
    }

    async fn all_of(client: &Client) -> Result<usize> {
        let request = client.describe_instances();
        let fetch = |token| request.clone().set_next_token(token).send();
        pages("looking", fetch, |page| page.next_token()).await.map(|pages| pages.len())
    }

    #[tokio::test]
    async fn a_list_is_read_to_its_last_page() {
        let rule = mock!(Client::describe_instances)
            .sequence()
            .output(|| page("a"))
            .output(|| page("b"))
            .output(|| page(""))
            .build();
        assert_eq!(all_of(&client(&[&rule])).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn a_repeated_token_is_an_error() {
        let rule = mock!(Client::describe_instances).then_output(|| page("a"));
        let error = all_of(&client(&[&rule])).await.unwrap_err();
        assert_eq!(error.to_string(), "looking: the response does not end: page 2 points back to an earlier page");
        assert_eq!((error.kind(), rule.num_calls()), (ErrorKind::Unavailable, 2));
    }

    #[tokio::test]
    async fn a_refused_page_is_an_error() {
        let rule = mock!(Client::describe_instances)
            .sequence()
            .output(|| page("a"))
            .http_response(|| refusal("UnauthorizedOperation", "No"))
            .build();
        assert_eq!(all_of(&client(&[&rule])).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
}
