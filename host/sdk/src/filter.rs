//! Filters for describe calls.

use aws_sdk_ec2::types::Filter;

/// The most values of one filter (AWS: "List and filter using the API").
pub const VALUES_PER_FILTER: usize = 200;

/// Creates a filter: the attribute must have one of these values.
pub fn filter(name: &str, values: impl IntoIterator<Item = impl Into<String>>) -> Filter {
    Filter::builder().name(name).set_values(Some(values.into_iter().map(Into::into).collect())).build()
}
