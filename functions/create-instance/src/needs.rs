//! What a launch needs beforehand: read, looked up, or made.

use connector_sdk::ec2::types::BlockDeviceMapping;
use connector_sdk::{Context, Result};

use crate::arguments::user_data::UserData;
use crate::launch::Launch;
use crate::{image, key_pair, security_group};

/// What was found or made for a launch.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// The name of the key pair; `None` when there is to be none, or a dry run would have to make it.
    pub key_name: Option<String>,
    /// The ids of the security groups; without those that a dry run would have to make.
    pub group_ids: Vec<String>,
    /// The root volume.
    pub root_volume: Option<BlockDeviceMapping>,
    /// The user data.
    pub user_data: Option<UserData>,
}

/// Reads, looks up or makes all that the launch needs; what can fail without a trace comes first.
///
/// # Errors
/// Those of its parts.
pub async fn provide(cx: &Context, launch: &Launch) -> Result<Needs> {
    let user_data = launch.user_data.as_ref().map(|source| source.read()).transpose()?;
    let root_volume = match &launch.root_volume {
        Some(volume) => Some(volume.for_ec2(image::root_device(cx, &volume.image_id).await?)),
        None => None,
    };
    let key_name = match &launch.key {
        Some(key) => key_pair::provide(cx, key, launch.image.as_ref()).await?,
        None => None,
    };
    let group_ids = security_group::provide(cx, &launch.network).await?;
    Ok(Needs { key_name, group_ids, root_volume, user_data })
}
