//! Implements the client tokens of RunInstances, which moto ignores, and the filter for instances by token.
//!
//! Source: AWS, "Ensuring idempotency in Amazon EC2 API requests". A repeated token returns the first response, unless
//! other parameters differ or the instances no longer exist. A token is scoped to its region, or to the availability
//! zone if the request names a zone or a subnet. Dry runs and failed requests do not use a token.

use std::collections::HashMap;

use super::answer::refusal;
use super::form::Form;
use super::xml::texts;
use crate::support::http::Message;

const CLIENT_TOKEN: &str = "ClientToken";

/// The launches so far.
#[derive(Default)]
pub struct Launches(HashMap<Scope, Launch>);

/// The scope of a token.
#[derive(PartialEq, Eq, Hash)]
struct Scope {
    region: String,
    zone: Option<String>,
    token: String,
}

struct Launch {
    parameters: Form,
    answer: Message,
}

impl Launches {
    /// Answers a launch request. `ask` sends a request to moto, and `launch` performs the launch.
    pub fn launch(
        &mut self,
        region: &str,
        form: &Form,
        ask: impl Fn(&Form) -> Message,
        launch: impl Fn(&Form) -> Message,
    ) -> Message {
        let Some(token) = form.get(CLIENT_TOKEN) else { return launch(form) };
        let scope = Scope { region: region.to_owned(), zone: zone_of(form, &ask), token: token.to_owned() };
        let parameters = form.without(CLIENT_TOKEN);
        if let Some(first) = self.0.get(&scope) {
            return first.again(&parameters, ask);
        }
        let answer = launch(form);
        if answer.status() == 200 {
            self.0.insert(scope, Launch { parameters, answer: answer.clone() });
        }
        answer
    }

    /// The IDs of the instances launched with these tokens, in all regions.
    pub fn ids_of(&self, tokens: &[&str]) -> Vec<String> {
        let launches = self.0.iter().filter(|(scope, _)| tokens.contains(&scope.token.as_str()));
        launches.flat_map(|(_, launch)| texts(&launch.answer, "instanceId")).collect()
    }
}

impl Launch {
    fn again(&self, parameters: &Form, ask: impl Fn(&Form) -> Message) -> Message {
        if self.parameters != *parameters {
            let message = "The token belongs to a launch with other parameters, says the fault layer.";
            return refusal(400, "IdempotentParameterMismatch", message).message();
        }
        let ids = texts(&self.answer, "instanceId");
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let instances = ask(&parameters.for_instances("DescribeInstances", &ids));
        let states = texts(&instances, "name");
        if states.iter().any(|state| ["shutting-down", "terminated"].contains(&state.as_str())) {
            let message = "The instances of the token are gone, says the fault layer.";
            return refusal(400, "IdempotentInstanceTerminated", message).message();
        }
        self.answer.clone()
    }
}

/// The availability zone of a launch request, from its zone or its subnet.
fn zone_of(form: &Form, ask: impl Fn(&Form) -> Message) -> Option<String> {
    let zone = form.get("Placement.AvailabilityZone").map(str::to_owned);
    zone.or_else(|| {
        let subnet = form.get("SubnetId").or_else(|| form.get("NetworkInterface.1.SubnetId"))?;
        let described = ask(&form.for_instances("DescribeSubnets", &[]).with("SubnetId.1", subnet));
        texts(&described, "availabilityZone").pop()
    })
}
