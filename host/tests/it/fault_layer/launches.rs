//! The client tokens of RunInstances, which moto does not honour.
//!
//! After the AWS documentation, "Ensuring idempotency in Amazon EC2 API requests": a token that was used before gives the first answer again, unless the
//! other parameters differ or its instances are gone.

use std::collections::HashMap;

use super::answer::refusal;
use super::form::Form;
use super::http::Message;
use super::view::texts;

const CLIENT_TOKEN: &str = "ClientToken";

/// The launches that were answered so far, by client token.
#[derive(Default)]
pub struct Launches(HashMap<String, Launch>);

struct Launch {
    parameters: Form,
    answer: Message,
}

impl Launches {
    /// Answers a request for a launch; `ask` passes a request on to moto.
    pub fn launch(&mut self, form: &Form, ask: impl Fn(&Form) -> Message) -> Message {
        let Some(token) = form.get(CLIENT_TOKEN) else { return ask(form) };
        let parameters = form.without(CLIENT_TOKEN);
        if let Some(first) = self.0.get(token) {
            return first.again(&parameters, ask);
        }
        let answer = ask(form);
        if answer.status() == 200 {
            self.0.insert(token.to_owned(), Launch { parameters, answer: answer.clone() });
        }
        answer
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
