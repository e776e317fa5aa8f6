//! The attempts of a launch: one, or several where instance types or subnets to fall back on are given.

use std::fmt;

use connector_sdk::Result;
use connector_sdk::client_token::ClientToken;

use crate::arguments::client_token::{random, tokens};
use crate::arguments::network::SubnetId;
use crate::arguments::source::InstanceType;
use crate::launch::Launch;

/// One way to launch all instances. Displayed as what sets it apart, as in ` as t3.micro in subnet-0123abcd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The instance type; `None` leaves it to the launch template.
    pub instance_type: Option<InstanceType>,
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

/// The attempts of a job, in their order, at least one.
#[derive(Clone, Debug)]
pub struct Attempts {
    /// The first type in all subnets, then the second type, and so on.
    pub all: Vec<Attempt>,
    /// Whether the client token was given, so that an earlier run of the job may have launched already.
    pub may_be_repeated: bool,
}

impl Attempts {
    /// The attempts of a launch, with the client token that was given, or a random one.
    ///
    /// # Errors
    /// When the operating system gives no random numbers.
    pub fn of(launch: &Launch) -> Result<Self> {
        let token = launch.token.clone().map_or_else(random, Ok)?;
        let (types, subnets) = (or_none(&launch.instance_types), or_none(&launch.network.subnets));
        let places = types.iter().flat_map(|instance_type| subnets.iter().map(move |subnet| (instance_type, subnet)));
        let attempts = places.zip(tokens(&token, types.len() * subnets.len()));
        let attempts = attempts.map(|((instance_type, subnet), own_token)| Attempt {
            instance_type: instance_type.clone(),
            subnet: subnet.clone(),
            token: own_token,
            first_token: token.clone(),
        });
        Ok(Attempts { all: attempts.collect(), may_be_repeated: launch.token.is_some() })
    }

    /// The first one.
    pub fn first(&self) -> &Attempt {
        &self.all[0]
    }
}

/// The items, or a single `None`.
fn or_none<T: Clone>(items: &[T]) -> Vec<Option<T>> {
    if items.is_empty() { vec![None] } else { items.iter().cloned().map(Some).collect() }
}
