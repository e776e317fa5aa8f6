//! Filters: how EC2 is asked for some of its things.

use aws_sdk_ec2::types::Filter;

/// Values that one filter may have (AWS: "List and filter using the API").
pub const VALUES_PER_FILTER: usize = 200;

/// A filter: things of which what it names has one of these values.
pub fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}
