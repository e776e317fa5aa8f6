//! The settings of the root volume that differ from the image.

use connector_sdk::args::Always;
use connector_sdk::ec2::types::{BlockDeviceMapping, EbsBlockDevice};
use connector_sdk::names::ImageId;
use connector_sdk::{Arg, ArgSpec, ArgValue, Error, ErrorKind, Inputs, Result, ValueKind, choices, ec2};

use super::source::IMAGE_ID;

/// The size of a volume: 1 to 65536 GiB, the maximum of all types (AWS: "Amazon EBS volume types").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeSize(i32);

impl ArgValue for VolumeSize {
    const KIND: ValueKind = ValueKind::Integer { minimum: 1 };

    fn parse(text: &str) -> Result<Self, String> {
        let size = text.parse().ok().filter(|size| (1..=65536).contains(size));
        size.map(VolumeSize).ok_or_else(|| "must be a whole number of GiB from 1 to 65536".to_owned())
    }
}

choices! {
    /// The types of a root volume that need no further settings: `io1` and `io2` need IOPS, and the others cannot be
    /// root volumes (AWS: "Amazon EBS volume types").
    pub enum VolumeType {
        /// General purpose, third generation.
        Gp3 = "gp3",
        /// General purpose, second generation.
        Gp2 = "gp2",
        /// Magnetic.
        Standard = "standard",
    }
}

impl VolumeType {
    fn to_ec2(self) -> ec2::types::VolumeType {
        match self {
            VolumeType::Gp3 => ec2::types::VolumeType::Gp3,
            VolumeType::Gp2 => ec2::types::VolumeType::Gp2,
            VolumeType::Standard => ec2::types::VolumeType::Standard,
        }
    }
}

/// `--volume-size GIB`.
pub const VOLUME_SIZE: Arg<VolumeSize> = Arg::new(
    "volume-size",
    "GIB",
    "The size of the root volume in GiB, 1 to 65536, at least the size in the image. Default: the size in the image.",
)
.requires(&[IMAGE_ID.spec.name]);

/// `--volume-type TYPE`.
pub const VOLUME_TYPE: Arg<VolumeType> = Arg::new(
    "volume-type",
    "TYPE",
    "The type of the root volume. For a type that needs a number of IOPS, use a launch template. Default: the type in \
     the image.",
)
.requires(&[IMAGE_ID.spec.name]);

/// `--encrypted`.
pub const ENCRYPTED: Arg<bool, Always> =
    Arg::flag("encrypted", "Encrypt the root volume with the account's default key for EBS.")
        .requires(&[IMAGE_ID.spec.name]);

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] = &[VOLUME_SIZE.spec, VOLUME_TYPE.spec, ENCRYPTED.spec];

/// The settings that differ from the image.
#[derive(Clone, Debug)]
pub struct RootVolume {
    /// The id of the image, which defines the name of the root device.
    pub image_id: String,
    size: Option<VolumeSize>,
    volume_type: Option<VolumeType>,
    encrypted: bool,
}

impl RootVolume {
    /// Reads the arguments; `None` without such settings.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the image is not given by id.
    pub fn parse(inputs: &Inputs) -> Result<Option<Self>> {
        let (size, volume_type) = (inputs.get(&VOLUME_SIZE), inputs.get(&VOLUME_TYPE));
        let encrypted = inputs.get(&ENCRYPTED);
        if size.is_none() && volume_type.is_none() && !encrypted {
            return Ok(None);
        }
        match inputs.get(&IMAGE_ID) {
            Some(ImageId::Ami(image_id)) => Ok(Some(RootVolume { image_id, size, volume_type, encrypted })),
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                "`--volume-size`, `--volume-type` and `--encrypted` need `--image-id` with an image id (`ami-...`), \
                 as the name of the root device depends on the image",
            )),
        }
    }

    /// The mapping for EC2. Missing settings are those of the image.
    pub fn to_ec2(&self, root_device: String) -> BlockDeviceMapping {
        let volume = EbsBlockDevice::builder()
            .set_volume_size(self.size.map(|size| size.0))
            .set_volume_type(self.volume_type.map(VolumeType::to_ec2))
            .set_encrypted(self.encrypted.then_some(true));
        BlockDeviceMapping::builder().device_name(root_device).ebs(volume.build()).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_has_a_size_in_gib() {
        for (text, size) in [("1", 1), ("65536", 65536)] {
            assert_eq!(VolumeSize::parse(text), Ok(VolumeSize(size)));
        }
        for text in ["0", "65537", "8G", "-8", "1.5"] {
            assert_eq!(VolumeSize::parse(text).unwrap_err(), "must be a whole number of GiB from 1 to 65536", "{text}");
        }
    }

    #[test]
    fn the_types_are_those_that_need_no_further_settings() {
        for choice in VolumeType::KIND.choices() {
            assert_eq!(VolumeType::parse(choice).unwrap().to_ec2().as_str(), *choice);
        }
    }
}
