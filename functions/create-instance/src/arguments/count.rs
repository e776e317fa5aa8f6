//! The number of instances.

use std::fmt;

use connector_sdk::args::Always;
use connector_sdk::{Arg, ArgSpec, ArgValue, Error, ErrorKind, Inputs, Result, ValueKind, count_of};

/// The number of instances of one launch: 1 to 65535. Displayed as `1 instance`, `2 instances`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct InstanceCount(u16);

impl InstanceCount {
    /// The number for EC2.
    pub fn to_ec2(self) -> i32 {
        self.0.into()
    }
}

impl From<InstanceCount> for usize {
    fn from(count: InstanceCount) -> usize {
        count.0.into()
    }
}

impl fmt::Display for InstanceCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&count_of((*self).into()))
    }
}

impl ArgValue for InstanceCount {
    const KIND: ValueKind = ValueKind::Integer { minimum: 1 };

    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(InstanceCount).ok_or_else(|| "must be a whole number from 1 to 65535".to_owned())
    }
}

/// `--number N`.
pub const NUMBER: Arg<InstanceCount, Always> = Arg::new(
    "number",
    "N",
    "The number of instances to launch, 1 to 65535. EC2 launches all of them or none, unless `--min-number` is given.",
)
.default("1");

/// `--min-number N`.
pub const MIN_NUMBER: Arg<InstanceCount> = Arg::new(
    "min-number",
    "N",
    "The minimum number of instances for a success, from 1 to `--number`. EC2 launches as many instances as it can, \
     up to `--number`. Default: `--number`.",
);

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] = &[NUMBER.spec, MIN_NUMBER.spec];

/// The number of instances wanted, and the minimum. Displayed as the number wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The number wanted.
    pub wanted: InstanceCount,
    /// The minimum, not above the number wanted.
    pub minimum: InstanceCount,
}

impl Count {
    /// Reads `--number` and `--min-number`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the minimum is above the number.
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let wanted = inputs.get(&NUMBER);
        let minimum = inputs.get(&MIN_NUMBER).unwrap_or(wanted);
        if minimum > wanted {
            let message = format!("`--min-number` is {}, greater than `--number`, which is {}", minimum.0, wanted.0);
            return Err(Error::new(ErrorKind::InvalidInput, message));
        }
        Ok(Count { wanted, minimum })
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wanted.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_from_1_to_65535() {
        assert_eq!(InstanceCount::parse("65535").unwrap().to_string(), "65535 instances");
        assert_eq!(InstanceCount::parse("1").unwrap().to_string(), "1 instance");
        for text in ["0", "-1", "65536", "2.5", "two"] {
            assert!(InstanceCount::parse(text).unwrap_err().contains("from 1 to 65535"), "{text}");
        }
    }
}
