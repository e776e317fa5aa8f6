//! Properties: helpers of the tests of saving, addresses and names.

mod addresses;
mod names;
mod saving;
mod single;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::Instance;

use super::*;
use crate::ids::InstanceId;
use crate::sample::inputs;
use crate::testing::{Job, instance};
use crate::wait::WaitPolicy;
use crate::{Context, Error, ErrorKind, ResourceResult, Result};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const ALL_FOUR: [(&str, &str); 4] = [
    ("id-property", "ID"),
    ("public-dns-property", "DNS"),
    ("public-ip-property", "PUBLIC"),
    ("private-ip-property", "PRIVATE"),
];

fn names(arguments: &[(&str, &str)]) -> PropertyNames {
    PropertyNames::parse(&inputs(arguments)).unwrap()
}

fn ids(texts: &[&str]) -> Vec<InstanceId> {
    texts.iter().map(|text| InstanceId::from_ec2(text)).collect()
}

/// Records an instance whose start EC2 accepted.
fn accept(job: &Job, description: &Instance) {
    accept_as(job, description, ResourceResult::Changed);
}

/// Records an instance with this result of a start.
fn accept_as(job: &Job, description: &Instance, result: ResourceResult) {
    let instance = crate::instances::Instance::from_ec2(description).unwrap();
    job.cx.journal().record_instance(&instance);
    job.cx.journal().record_accepted(&instance.id, Some("stopped"), None, result);
}

fn fail(job: &Job, id: &str, kind: ErrorKind) {
    job.cx.journal().record_failure(&InstanceId::from_ec2(id), Error::new(kind, "as the test says"));
}

/// A running instance without public addresses.
fn private_instance(id: &str) -> Instance {
    let mut private = instance(id, &aws_sdk_ec2::types::InstanceStateName::Running);
    (private.public_ip_address, private.public_dns_name) = (None, None);
    private
}

/// Saves everything, with this timeout.
async fn save_within(limit: Duration, names: &PropertyNames, cx: &Context, ids: &[InstanceId]) -> Result<()> {
    let policy = WaitPolicy::new(limit, None);
    policy.left();
    names.save_ids(cx, ids).await;
    names.save_addresses(cx, ids, true, &policy).await
}

/// Saves everything, with a sufficient timeout.
async fn save(names: &PropertyNames, cx: &Context, ids: &[InstanceId]) -> Result<()> {
    save_within(Duration::from_mins(10), names, cx, ids).await
}

/// A store that cannot transport empty values.
struct NoEmptyValues;

#[async_trait]
impl PropertyStore for NoEmptyValues {
    fn full_name(&self, name: &str, _: Option<usize>) -> Result<String> {
        Ok(name.to_owned())
    }

    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    fn check_value(&self, _: &str, value: &str) -> Result<()> {
        if value.is_empty() { Err(Error::new(ErrorKind::InvalidInput, "no empty values")) } else { Ok(()) }
    }

    async fn save(&self, full_name: &str, value: &str) -> Result<Delivery> {
        self.check_value(full_name, value).map(|()| Delivery::Queued)
    }
}

/// All properties of the job as `name=value`, with a `!` before unsaved ones and `?` for unknown values.
fn saved(job: &Job) -> Vec<String> {
    let mark = |saved: bool| if saved { "" } else { "!" };
    let properties = job.cx.journal().properties();
    properties.iter().map(|p| format!("{}{}={}", mark(p.saved), p.name, p.value.as_deref().unwrap_or("?"))).collect()
}
