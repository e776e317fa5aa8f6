//! The attempts of a launch: several if alternative instance types or subnets are given.

use std::fmt;

use connector_sdk::Result;
use connector_sdk::client_token::ClientToken;
use connector_sdk::names::InstanceTypeName;

use crate::arguments::client_token::{random, tokens};
use crate::arguments::network::SubnetId;
use crate::launch::Launch;

/// One attempt to launch all instances. Displayed with its type and subnet, e.g. ` as t3.micro in subnet-0123abcd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The instance type; `None` leaves it to the launch template.
    pub instance_type: Option<InstanceTypeName>,
    /// The subnet; `None` leaves it to EC2, or to the launch template.
    pub subnet: Option<SubnetId>,
    /// The client token, which is different for each attempt.
    pub token: ClientToken,
    /// The client token of the first attempt, which a repeated job must be given.
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

/// The attempts of a job, in order, at least one.
#[derive(Clone, Debug)]
pub struct Attempts {
    /// All subnets with the first type, then with the second, and so on.
    pub all: Vec<Attempt>,
    /// Whether the client token was given, so that an earlier run may have launched already.
    pub may_be_repeated: bool,
}

impl Attempts {
    /// Creates the attempts of a launch, with the given or a random client token.
    ///
    /// # Errors
    /// When the operating system provides no random numbers.
    pub fn of(launch: &Launch) -> Result<Self> {
        let token = launch.token.clone().map_or_else(random, Ok)?;
        let (types, subnets) = (options(&launch.instance_types), options(&launch.network.subnets));
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

    /// The first attempt.
    pub fn first(&self) -> &Attempt {
        &self.all[0]
    }
}

/// The items, or a single `None`.
fn options<T: Clone>(items: &[T]) -> Vec<Option<T>> {
    if items.is_empty() { vec![None] } else { items.iter().cloned().map(Some).collect() }
}
