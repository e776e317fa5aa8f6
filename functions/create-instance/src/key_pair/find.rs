//! Looks up a key pair by name.

use connector_sdk::{Context, Doing as _, Result, codes};

use crate::arguments::key::KeyName;
use crate::prerequisites::look_up::FoundResource;
use crate::prerequisites::run_tags::RunTags;

/// The key pair with this name, if EC2 returns it.
pub async fn find(cx: &Context, name: &KeyName, run_tags: &RunTags) -> Result<Option<FoundResource>> {
    let answer = cx.ec2().describe_key_pairs().key_names(name.as_str()).send().await;
    let shown = match answer.doing(|| format!("looking up key pair {name}")) {
        Ok(shown) => shown.key_pairs.unwrap_or_default(),
        Err(error) if error.code() == Some(codes::INVALID_KEY_PAIR_NOT_FOUND) => return Ok(None),
        Err(error) => return Err(error),
    };
    // Other names in the answer are ignored.
    let shown = shown.into_iter().find(|pair| pair.key_name() == Some(name.as_str()));
    Ok(shown.map(|pair| FoundResource { ours: run_tags.are_in(pair.tags()), id: pair.key_pair_id.unwrap_or_default() }))
}
