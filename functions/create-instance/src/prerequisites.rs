//! Ensures the prerequisites of a launch: data is read, and resources are looked up or created.

pub mod look_up;
pub mod run_tags;

use connector_sdk::client_token::ClientToken;
use connector_sdk::ec2::types::BlockDeviceMapping;
use connector_sdk::{Context, Error, Result, codes};

use crate::arguments::network::SecurityGroup;
use crate::arguments::user_data::UserData;
use crate::launch::Launch;
use crate::prerequisites::run_tags::RunTags;
use crate::{image, key_pair, security_group};

/// The prerequisites of a launch.
#[derive(Clone, Debug, Default)]
pub struct Prerequisites {
    /// The name of the key pair; `None` without one, or if a dry run would have to create it.
    pub key_name: Option<String>,
    /// The ids of the security groups, except those that a dry run would have to create.
    pub group_ids: Vec<String>,
    /// The root volume.
    pub root_volume: Option<BlockDeviceMapping>,
    /// The user data.
    pub user_data: Option<UserData>,
    /// Whether security groups were found by name, or created.
    pub groups_are_known: bool,
}

impl Prerequisites {
    /// Whether the launch was refused because EC2 does not know the key pair or a security group everywhere yet. EC2
    /// has returned or created them in this run, so they exist.
    pub fn are_not_visible_yet(&self, error: &Error) -> bool {
        match error.code() {
            Some(codes::INVALID_KEY_PAIR_NOT_FOUND) => self.key_name.is_some(),
            Some(codes::INVALID_GROUP_NOT_FOUND) => self.groups_are_known,
            _ => false,
        }
    }
}

/// Reads, looks up or creates the prerequisites; steps that leave nothing behind come first.
///
/// # Errors
/// Those of its parts.
pub async fn ensure(cx: &Context, launch: &Launch, token: &ClientToken) -> Result<Prerequisites> {
    let run_tags = RunTags::new(token)?;
    let user_data = launch.user_data.as_ref().map(|source| source.read()).transpose()?;
    let root_volume = match &launch.root_volume {
        Some(volume) => Some(volume.to_ec2(image::root_device(cx, &volume.image_id).await?)),
        None => None,
    };
    let key_name = match &launch.key {
        Some(key) => key_pair::ensure(cx, key, launch.image.as_ref(), &run_tags).await?,
        None => None,
    };
    let group_ids = security_group::ensure(cx, &launch.network, &run_tags).await?;
    let groups_are_known = launch.network.groups.iter().any(|group| matches!(group, SecurityGroup::Name(_)));
    Ok(Prerequisites { key_name, group_ids, root_volume, user_data, groups_are_known })
}

#[cfg(test)]
mod tests {
    use connector_sdk::ErrorKind;

    use super::*;

    #[test]
    fn resources_seen_in_this_run_become_known_everywhere() {
        let refused = |code: &str| Error::new(ErrorKind::NotFound, "No").with_code(code);
        let (no_key, no_group) = (refused("InvalidKeyPair.NotFound"), refused("InvalidGroup.NotFound"));
        let only_ids = Prerequisites { group_ids: vec!["sg-1".to_owned()], ..Prerequisites::default() };
        assert!(!only_ids.are_not_visible_yet(&no_key) && !only_ids.are_not_visible_yet(&no_group));
        let shown =
            Prerequisites { key_name: Some("web".to_owned()), groups_are_known: true, ..Prerequisites::default() };
        assert!(shown.are_not_visible_yet(&no_key) && shown.are_not_visible_yet(&no_group));
        assert!(!shown.are_not_visible_yet(&refused("InvalidSubnetID.NotFound")));
    }
}
