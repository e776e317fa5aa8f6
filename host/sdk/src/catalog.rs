//! Reads the EC2 catalog: images, instance types and regions.

use std::time::SystemTime;

use aws_sdk_ec2::operation::describe_images::builders::DescribeImagesFluentBuilder;
use aws_sdk_ec2::operation::describe_instance_types::builders::DescribeInstanceTypesFluentBuilder;
use aws_sdk_ec2::primitives::{DateTime, DateTimeFormat};
use aws_sdk_ec2::types::{ArchitectureValues, Image, InstanceTypeInfo, Region};

use crate::{Arg, Context, Doing, Error, IamAction, Result, choices, dry_run, pages};

/// The largest page of images (AWS: "Pagination in the Amazon EC2 API").
const IMAGES_PER_PAGE: i32 = 1000;
/// The largest page of instance types (AWS API reference, DescribeInstanceTypes).
const INSTANCE_TYPES_PER_PAGE: i32 = 100;
/// The permission for [`images`].
pub const DESCRIBE_IMAGES: IamAction =
    IamAction::read("ec2:DescribeImages").probe(dry_run!(|ec2| ec2.describe_images().owners("self")));
/// The permission for [`instance_types`].
pub const DESCRIBE_INSTANCE_TYPES: IamAction =
    IamAction::read("ec2:DescribeInstanceTypes").probe(dry_run!(|ec2| ec2.describe_instance_types()));
/// The permission for [`regions`].
pub const DESCRIBE_REGIONS: IamAction =
    IamAction::read("ec2:DescribeRegions").probe(dry_run!(|ec2| ec2.describe_regions()));
/// The opt-in status of a region that is not enabled for the account.
const NOT_OPTED_IN: &str = "not-opted-in";

choices! {
    /// A processor architecture, as EC2 names it.
    pub struct Architecture(ArchitectureValues) {
        "x86_64" => ArchitectureValues::X8664,
        "arm64" => ArchitectureValues::Arm64,
        "i386" => ArchitectureValues::I386,
        "x86_64_mac" => ArchitectureValues::X8664Mac,
        "arm64_mac" => ArchitectureValues::Arm64Mac,
    }
}

impl Architecture {
    /// The architecture as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// The processor architecture.
pub const ARCHITECTURE: Arg<Architecture> =
    Arg::new("architecture", "ARCHITECTURE", "Only what is for processors of this architecture.");

/// The images that match the request, without kernels and RAM disks.
///
/// # Errors
/// Those of EC2.
pub async fn images(request: DescribeImagesFluentBuilder) -> Result<Vec<Image>> {
    let (action, request) = ("describing images", request.max_results(IMAGES_PER_PAGE));
    let pages = pages(action, |token| request.clone().set_next_token(token).send(), |page| page.next_token()).await?;
    let found: Vec<_> = pages.into_iter().flat_map(|page| page.images.unwrap_or_default()).collect();
    if found.iter().any(|image| image.image_id().is_none()) {
        return Err(Error::incomplete("an image without its id").doing(action));
    }
    Ok(found.into_iter().filter(|image| image.image_id().is_some_and(|id| id.starts_with("ami-"))).collect())
}

/// The instance types that match the request and that the region offers.
///
/// # Errors
/// Those of EC2.
pub async fn instance_types(request: DescribeInstanceTypesFluentBuilder) -> Result<Vec<InstanceTypeInfo>> {
    let (action, request) = ("describing instance types", request.max_results(INSTANCE_TYPES_PER_PAGE));
    let pages = pages(action, |token| request.clone().set_next_token(token).send(), |page| page.next_token()).await?;
    let mut found: Vec<_> = pages.into_iter().flat_map(|page| page.instance_types.unwrap_or_default()).collect();
    if found.iter().any(|info| info.instance_type().is_none()) {
        return Err(Error::incomplete("an instance type without its name").doing(action));
    }
    found.retain(|info| info.supported_in_region() != Some(false));
    Ok(found)
}

/// The regions that are enabled for the account.
///
/// # Errors
/// Those of EC2.
pub async fn regions(cx: &Context) -> Result<Vec<Region>> {
    let answer = cx.ec2().describe_regions().send().await.doing(|| "describing regions".to_owned())?;
    let mut found = answer.regions.unwrap_or_default();
    if found.iter().any(|region| region.region_name().is_none()) {
        return Err(Error::incomplete("a region without its name").doing("describing regions"));
    }
    found.retain(|region| region.opt_in_status() != Some(NOT_OPTED_IN));
    Ok(found)
}

/// When the image was deprecated; `None` if it is not deprecated yet.
pub fn deprecated_since(image: &Image) -> Option<&str> {
    let time = image.deprecation_time()?;
    let since = DateTime::from_str(time, DateTimeFormat::DateTime).ok()?;
    (since <= DateTime::from(SystemTime::now())).then_some(time)
}

#[cfg(test)]
mod tests;
