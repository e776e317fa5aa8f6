//! What a launch needs beforehand: read, looked up, or created.

pub mod look_up;
pub mod mark;

use connector_sdk::client_token::ClientToken;
use connector_sdk::ec2::types::BlockDeviceMapping;
use connector_sdk::{Context, Error, Result, codes};

use crate::arguments::network::SecurityGroup;
use crate::arguments::user_data::UserData;
use crate::launch::Launch;
use crate::needs::mark::Mark;
use crate::{image, key_pair, security_group};

/// What was found or created for a launch.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// The name of the key pair; `None` when there is to be none, or a dry run would have to create it.
    pub key_name: Option<String>,
    /// The ids of the security groups; without those that a dry run would have to create.
    pub group_ids: Vec<String>,
    /// The root volume.
    pub root_volume: Option<BlockDeviceMapping>,
    /// The user data.
    pub user_data: Option<UserData>,
    /// Whether security groups were found by their names, or created.
    pub groups_shown: bool,
}

impl Needs {
    /// Whether the launch was refused because EC2 does not know the key pair or a security group everywhere yet. EC2 has
    /// shown the key pair, and the groups that were given by name, or has created them, in this run: who created them, and
    /// when, does not matter.
    pub fn are_not_known_yet(&self, error: &Error) -> bool {
        match error.code() {
            Some(codes::INVALID_KEY_PAIR_NOT_FOUND) => self.key_name.is_some(),
            Some(codes::INVALID_GROUP_NOT_FOUND) => self.groups_shown,
            _ => false,
        }
    }
}

/// Reads, looks up or creates all that the launch needs; what can fail without a trace comes first.
///
/// # Errors
/// Those of its parts.
pub async fn provide(cx: &Context, launch: &Launch, token: &ClientToken) -> Result<Needs> {
    let mark = Mark::new(token)?;
    let user_data = launch.user_data.as_ref().map(|source| source.read()).transpose()?;
    let root_volume = match &launch.root_volume {
        Some(volume) => Some(volume.for_ec2(image::root_device(cx, &volume.image_id).await?)),
        None => None,
    };
    let key_name = match &launch.key {
        Some(key) => key_pair::provide(cx, key, launch.image.as_ref(), &mark).await?,
        None => None,
    };
    let group_ids = security_group::provide(cx, &launch.network, &mark).await?;
    let groups_shown = launch.network.groups.iter().any(|group| matches!(group, SecurityGroup::Name(_)));
    Ok(Needs { key_name, group_ids, root_volume, user_data, groups_shown })
}

#[cfg(test)]
mod tests {
    use connector_sdk::ErrorKind;

    use super::*;

    #[test]
    fn what_ec2_has_shown_in_this_run_is_known_everywhere_soon() {
        let refused = |code: &str| Error::new(ErrorKind::NotFound, "No").with_code(code);
        let (no_key, no_group) = (refused("InvalidKeyPair.NotFound"), refused("InvalidGroup.NotFound"));
        let only_ids = Needs { group_ids: vec!["sg-1".to_owned()], ..Needs::default() };
        assert!(!only_ids.are_not_known_yet(&no_key) && !only_ids.are_not_known_yet(&no_group));
        let shown = Needs { key_name: Some("web".to_owned()), groups_shown: true, ..Needs::default() };
        assert!(shown.are_not_known_yet(&no_key) && shown.are_not_known_yet(&no_group));
        assert!(!shown.are_not_known_yet(&refused("InvalidSubnetID.NotFound")));
    }
}
