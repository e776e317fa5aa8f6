//! Implements the deletion of a key pair by ID, which moto ignores (AWS API reference, "DeleteKeyPair", `KeyPairId`).

use super::form::Form;
use super::xml::texts;
use crate::support::http::Message;

/// Answers a request to delete a key pair. `ask` passes a request to moto, which supports only names.
pub fn delete(form: &Form, ask: impl Fn(&Form) -> Message) -> Message {
    let Some(id) = form.get("KeyPairId") else { return ask(form) };
    let with = |action: &str, parameters: &[(&str, &str)]| {
        let head = [("Action", action), ("Version", form.get("Version").unwrap_or_default())];
        let all = head.iter().chain(parameters);
        ask(&Form::new(all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))))
    };
    let described = with("DescribeKeyPairs", &[("Filter.1.Name", "key-pair-id"), ("Filter.1.Value.1", id)]);
    // EC2 accepts the ID of a key pair that is already deleted.
    let name = texts(&described, "keyName").pop().unwrap_or_default();
    with("DeleteKeyPair", &[("KeyName", &name)])
}
