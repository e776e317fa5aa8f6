//! Ids of instances and other resources, and their display in messages.

use crate::checked_text;

/// The most instance ids of one request (AWS: "Pagination in the Amazon EC2 API").
pub(crate) const IDS_PER_REQUEST: usize = 1000;

checked_text! {
    /// The id of an instance: `i-` and 8 or 17 lower-case hexadecimal digits.
    #[derive(PartialOrd, Ord)]
    pub struct InstanceId where |text| is_resource_id(text, "i-"),
        else "must be an instance id: `i-` and 8 or 17 lower-case hexadecimal digits";
}

impl InstanceId {
    /// An id from EC2, unchecked.
    pub fn from_ec2(id: &str) -> Self {
        InstanceId(id.to_owned())
    }
}

/// Whether the text is an EC2 id: the prefix and 8 or 17 lower-case hexadecimal digits.
pub fn is_resource_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The ids as strings for a request.
pub fn texts(ids: &[InstanceId]) -> Vec<String> {
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

/// The ids for a message: all of a few, the first of many.
pub fn list_of(ids: &[InstanceId]) -> String {
    const SHOWN: usize = 5;
    let shown = texts(&ids[..ids.len().min(SHOWN)]).join(", ");
    if ids.len() > SHOWN { format!("{shown} and {} more", ids.len() - SHOWN) } else { shown }
}

/// A number of instances, e.g. `1 instance`, `2 instances`.
pub fn count_of(count: usize) -> String {
    count_of_kind("instance", count)
}

/// A number of resources, e.g. `1 image`, `2 addresses`.
pub fn count_of_kind(kind: &str, count: usize) -> String {
    if count == 1 { format!("1 {kind}") } else { format!("{count} {}", plural(kind)) }
}

/// The plural of a kind, e.g. `addresses`.
pub(crate) fn plural(kind: &str) -> String {
    format!("{kind}{}", if kind.ends_with('s') { "es" } else { "s" })
}
