//! The contents of a property: the id or an address of an instance, an option list, or another value.

use std::fmt;
use std::net::Ipv4Addr;

use indexmap::IndexMap;

use super::entry::InstanceEntry;
use crate::ids::InstanceId;

/// The longest DNS name, in characters (RFC 1035, section 2.3.4).
const LONGEST_DNS_NAME: usize = 253;
/// The longest label of a DNS name, in characters (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// A value of an instance that a job can save.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The instance id.
    Id,
    /// The public DNS name.
    PublicDns,
    /// The public IPv4 address.
    PublicIp,
    /// The private IPv4 address.
    PrivateIp,
}

impl Field {
    /// All fields, in the order in which they are saved.
    pub(crate) const ALL: [Field; 4] = [Field::Id, Field::PublicDns, Field::PublicIp, Field::PrivateIp];

    const fn name(self) -> &'static str {
        match self {
            Field::Id => "instance id",
            Field::PublicDns => "public DNS name",
            Field::PublicIp => "public IPv4 address",
            Field::PrivateIp => "private IPv4 address",
        }
    }

    /// The value of the field for an instance.
    pub(crate) fn value(self, entry: &InstanceEntry) -> Value<'_> {
        let (text, is_valid): (Option<&str>, fn(&str) -> bool) = match self {
            Field::Id => (Some(entry.id.as_str()), |_| true),
            Field::PublicDns => (entry.public_dns.as_deref(), is_host_name),
            Field::PublicIp => (entry.public_ip.as_deref(), is_ipv4_address),
            Field::PrivateIp => (entry.private_ip.as_deref(), is_ipv4_address),
        };
        match text {
            None => Value::Missing,
            Some(text) if is_valid(text) => Value::Known(text),
            Some(text) => Value::Invalid(text),
        }
    }
}

/// The value of a field, as EC2 describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A valid one.
    Known(&'a str),
    /// Nothing.
    Missing,
    /// A text that is not a valid value.
    Invalid(&'a str),
}

impl<'a> Value<'a> {
    /// The value, if it is valid.
    pub(crate) fn known(self) -> Option<&'a str> {
        if let Value::Known(text) = self { Some(text) } else { None }
    }
}

/// The contents of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// A value of an instance.
    Of(Field, InstanceId),
    /// An option list. It is too long for a command, and the job that reads it from EC2 can be run again.
    OptionList,
    /// Anything else, described as in `console output of i-0abc`.
    Other(String),
}

impl Contents {
    /// The recorded value; `None` for contents that are not a value of an instance, and without a valid value.
    pub(super) fn value_in(&self, instances: &IndexMap<InstanceId, InstanceEntry>) -> Option<String> {
        let Contents::Of(field, id) = self else { return None };
        field.value(instances.get(id)?).known().map(str::to_owned)
    }
}

/// As in `public IPv4 address of i-0abc`.
impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contents::Of(field, id) => write!(f, "{} of {id}", field.name()),
            Contents::OptionList => f.write_str("option list"),
            Contents::Other(text) => f.write_str(text),
        }
    }
}

fn is_ipv4_address(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// Whether the text is a host name: labels of letters, digits and hyphens with dots between them (RFC 1123, section 2.1).
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() <= LONGEST_DNS_NAME && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ipv4_addresses_are_addresses() {
        assert!(is_ipv4_address("10.0.0.1") && is_ipv4_address("192.0.2.255"));
        for wrong in
            ["", "10.0.0", "10.0.0.256", "10.0.0.1 ", "10.0.0.1,10.0.0.2", "2001:db8::1", "web.example", "None"]
        {
            assert!(!is_ipv4_address(wrong), "{wrong}");
        }
    }

    #[test]
    fn only_names_that_dns_can_contain_are_host_names() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        for name in ["ec2-192-0-2-1.compute-1.amazonaws.com", "localhost", "A.b-1", &longest] {
            assert!(is_host_name(name), "{name}");
        }
        let label_too_long = format!("a{label}.example");
        let too_long = format!("{longest}a");
        for wrong in ["", ".", "a..b", "a.", "a b", "a_b.example", "[[X]]", "h\u{f6}st", &label_too_long, &too_long] {
            assert!(!is_host_name(wrong), "{wrong}");
        }
    }
}
