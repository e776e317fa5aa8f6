//! Reads the properties of an image that a launch needs.

use connector_sdk::ec2::types::{DeviceType, Image, PlatformValues};
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result};

/// The name of the image's root device, as in `/dev/xvda`.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the root device is not an EBS volume; otherwise those of [`describe`].
pub async fn root_device(cx: &Context, image_id: &str) -> Result<String> {
    let image = describe(cx, image_id).await?;
    let is_volume = image.root_device_type() == Some(&DeviceType::Ebs);
    image.root_device_name.filter(|_| is_volume).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidInput,
            "the root device of the image is not an EBS volume, so its size, type and encryption cannot be set",
        )
        .doing(action(image_id))
    })
}

/// Whether the image is a Windows image.
///
/// # Errors
/// Those of [`describe`].
pub async fn is_windows(cx: &Context, image_id: &str) -> Result<bool> {
    Ok(describe(cx, image_id).await?.platform() == Some(&PlatformValues::Windows))
}

/// # Errors
/// [`ErrorKind::NotFound`] when there is no such image; otherwise those of EC2.
async fn describe(cx: &Context, image_id: &str) -> Result<Image> {
    let answer = cx.ec2().describe_images().image_ids(image_id).send().await.doing(|| action(image_id))?;
    let image = answer.images.into_iter().flatten().next();
    image.ok_or_else(|| Error::new(ErrorKind::NotFound, "image not found").doing(action(image_id)))
}

fn action(image_id: &str) -> String {
    format!("looking up image {image_id}")
}
