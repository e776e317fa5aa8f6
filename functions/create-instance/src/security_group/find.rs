//! Looks up security groups by name.

use connector_sdk::ec2::types;
use connector_sdk::{Context, Error, Result, filter, pages};

/// The groups with these names.
pub async fn find(cx: &Context, vpc: &str, names: &[&str]) -> Result<Vec<types::SecurityGroup>> {
    let filters = [filter("vpc-id", [vpc]), filter("group-name", names.iter().copied())];
    let request = cx.ec2().describe_security_groups().set_filters(Some(filters.into()));
    let action = format!("looking up security groups `{}`", names.join("`, `"));
    let fetch = |token| request.clone().set_next_token(token).send();
    let pages = pages(&action, fetch, |page| page.next_token()).await?;
    let mut found: Vec<_> = pages.into_iter().flat_map(|page| page.security_groups.unwrap_or_default()).collect();
    if found.iter().any(|group| group.group_name().is_none() || group.group_id().is_none()) {
        return Err(Error::incomplete("a security group without its name or its id").doing(action));
    }
    // A `*` in a name is a wildcard of the filter, so EC2 may return other groups, too.
    found.retain(|group| group.group_name().is_some_and(|name| names.contains(&name)));
    Ok(found)
}
