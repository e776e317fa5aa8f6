//! The attempts of a launch: one, or several where instance types or subnets to fall back on are given.

use std::fmt;

use connector_sdk::client_token::ClientToken;
use connector_sdk::names::InstanceTypeName;
use connector_sdk::{Inputs, Result};

use crate::arguments::client_token::tokens;
use crate::arguments::network::SubnetId;

/// One way to launch all instances. Displayed as what sets it apart, as in ` as t3.micro in subnet-0123abcd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The instance type; `None` leaves it to the launch template.
    pub instance_type: Option<InstanceTypeName>,
    /// The subnet; `None` leaves it to EC2, or to the launch template.
    pub subnet: Option<SubnetId>,
    /// The client token: no two attempts have the same.
    pub token: ClientToken,
    /// The client token of the first attempt: the one to give when the job is run again.
    pub first_token: ClientToken,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(instance_type) = &self.instance_type {
            write!(f, " as {}", instance_type.as_str())?;
        }
        match &self.subnet {
            Some(subnet) => write!(f, " in {}", subnet.as_str()),
            None => Ok(()),
        }
    }
}

/// The attempts in their order, at least one: the first type in all subnets, then the second type, and so on.
///
/// # Errors
/// Those of [`tokens`].
pub fn attempts(inputs: &Inputs, types: &[InstanceTypeName], subnets: &[SubnetId]) -> Result<Vec<Attempt>> {
    let subnets = or_none(subnets);
    let types = or_none(types);
    let places = types.iter().flat_map(|instance_type| subnets.iter().map(move |subnet| (instance_type, subnet)));
    let tokens = tokens(inputs, types.len() * subnets.len())?;
    let first_token = tokens[0].clone();
    let attempt =
        |((instance_type, subnet), token): ((&Option<InstanceTypeName>, &Option<SubnetId>), ClientToken)| Attempt {
            instance_type: instance_type.clone(),
            subnet: subnet.clone(),
            token,
            first_token: first_token.clone(),
        };
    Ok(places.zip(tokens).map(attempt).collect())
}

/// The items, or a single `None`.
fn or_none<T: Clone>(items: &[T]) -> Vec<Option<T>> {
    if items.is_empty() { vec![None] } else { items.iter().cloned().map(Some).collect() }
}
