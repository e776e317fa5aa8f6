//! Reads status checks and combines the two checks of an instance.

use std::collections::HashMap;

use aws_sdk_ec2::operation::describe_instance_status::builders::DescribeInstanceStatusFluentBuilder;
use aws_sdk_ec2::types::{InstanceStatus, SummaryStatus};

use futures_util::stream::{self, StreamExt as _};

use crate::iam::IamAction;
use crate::ids::{InstanceId, list_of, texts};
use crate::{Context, Error, Result, codes, dry_run, pages};

/// The permission to read status checks and to wait for them.
pub const DESCRIBE_INSTANCE_STATUS: IamAction =
    IamAction::read("ec2:DescribeInstanceStatus").probe(dry_run!(|ec2| ec2.describe_instance_status()));
/// The most instance ids of one DescribeInstanceStatus (AWS API reference).
pub const STATUS_IDS_PER_REQUEST: usize = 100;

/// The number of concurrent requests.
const REQUESTS_AT_ONCE: usize = 5;

/// The combined status checks by instance id.
type Checks = HashMap<InstanceId, SummaryStatus>;

/// The status checks of running instances, at most 100 a request and five requests at a time. Instances that EC2 leaves
/// out, or whose id is unknown, are missing. A request with an unknown id is split, so that the others are found.
///
/// # Errors
/// Those of EC2; of several, that of the first id.
pub async fn status_checks(cx: &Context, ids: &[InstanceId]) -> Result<HashMap<InstanceId, SummaryStatus>> {
    read_in_hundreds(ids, |ids| read_known(cx, ids)).await
}

/// Calls `read` with a hundred ids at a time and combines the results.
pub(super) async fn read_in_hundreds<'a, A>(
    ids: &'a [InstanceId],
    read: impl Fn(&'a [InstanceId]) -> A,
) -> Result<Checks>
where
    A: Future<Output = Result<Checks>>,
{
    let requests: Vec<_> = ids.chunks(STATUS_IDS_PER_REQUEST).map(read).collect();
    let mut answers = stream::iter(requests).buffered(REQUESTS_AT_ONCE);
    let mut checks = HashMap::with_capacity(ids.len());
    while let Some(answer) = answers.next().await {
        checks.extend(answer?);
    }
    Ok(checks)
}

/// The status checks of at most a hundred instances, without unknown ids.
async fn read_known(cx: &Context, ids: &[InstanceId]) -> Result<Checks> {
    let mut checks = HashMap::with_capacity(ids.len());
    let mut chunks = vec![ids];
    while let Some(chunk) = chunks.pop() {
        let request = cx.ec2().describe_instance_status().set_instance_ids(Some(texts(chunk)));
        let action = format!("describing status checks of {}", list_of(chunk));
        match collect_status_checks(request, &mut checks, &action).await {
            Err(error) if error.code() == Some(codes::INVALID_INSTANCE_ID_NOT_FOUND) => {
                if chunk.len() > 1 {
                    let (front, back) = chunk.split_at(chunk.len() / 2);
                    chunks.extend([back, front]);
                }
            }
            answer => answer?,
        }
    }
    Ok(checks)
}

/// The status checks of all running instances of the region.
///
/// # Errors
/// Those of EC2.
pub async fn all_status_checks(cx: &Context) -> Result<HashMap<InstanceId, SummaryStatus>> {
    const PAGE_SIZE: i32 = 1000;
    let mut checks = HashMap::new();
    let request = cx.ec2().describe_instance_status().max_results(PAGE_SIZE);
    collect_status_checks(request, &mut checks, "describing status checks in the region").await?;
    Ok(checks)
}

async fn collect_status_checks(
    request: DescribeInstanceStatusFluentBuilder,
    checks: &mut HashMap<InstanceId, SummaryStatus>,
    action: &str,
) -> Result<()> {
    let fetch = |token| request.clone().set_next_token(token).send();
    for page in pages(action, fetch, |page| page.next_token()).await? {
        for status in page.instance_statuses() {
            let incomplete = || Error::incomplete("a status without its instance id").doing(action);
            let id = status.instance_id().ok_or_else(incomplete)?;
            checks.insert(InstanceId::from_ec2(id), both_checks(status));
        }
    }
    Ok(())
}

/// Combines the instance check and the system check: the worse of the two.
pub(super) fn both_checks(status: &InstanceStatus) -> SummaryStatus {
    let summaries = [status.instance_status(), status.system_status()];
    let summaries =
        summaries.map(|summary| summary.and_then(|s| s.status()).unwrap_or(&SummaryStatus::InsufficientData));
    let worst_first = [SummaryStatus::Impaired, SummaryStatus::InsufficientData, SummaryStatus::Initializing];
    let worst = worst_first.into_iter().find(|bad| summaries.contains(&bad));
    worst.unwrap_or_else(|| {
        if summaries == [&SummaryStatus::Ok; 2] { SummaryStatus::Ok } else { SummaryStatus::NotApplicable }
    })
}
