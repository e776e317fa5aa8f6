//! The client tokens of RunInstances, which moto does not honour, and the search for instances by them.
//!
//! After the AWS documentation, "Ensuring idempotency in Amazon EC2 API requests": a token that was used before gives the
//! first answer again, unless the other parameters differ or its instances are gone. A token counts in its region, or in
//! its availability zone where the request says in which one, or in which subnet, it launches. What was a dry run or
//! failed does not use a token up.

use std::collections::HashMap;

use super::answer::refusal;
use super::form::Form;
use super::xml::texts;
use crate::support::http::Message;

const CLIENT_TOKEN: &str = "ClientToken";

/// The launches that were answered so far.
#[derive(Default)]
pub struct Launches(HashMap<Scope, Launch>);

/// What a token belongs to.
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
    /// Answers a request for a launch. `ask` asks moto, and `launch` has the launch made.
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

    /// The ids of the instances that these tokens launched, in all regions.
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

/// The availability zone that a request for a launch names, by itself or by its subnet.
fn zone_of(form: &Form, ask: impl Fn(&Form) -> Message) -> Option<String> {
    let zone = form.get("Placement.AvailabilityZone").map(str::to_owned);
    zone.or_else(|| {
        let subnet = form.get("SubnetId").or_else(|| form.get("NetworkInterface.1.SubnetId"))?;
        let described = ask(&form.for_instances("DescribeSubnets", &[]).with("SubnetId.1", subnet));
        texts(&described, "availabilityZone").pop()
    })
}
