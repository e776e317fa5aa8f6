//! The state of a stand-in: properties, requests, and injected faults.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::behavior::Behavior;
use crate::expression::{Expression, Name};
use crate::fault::{Answer, Fault};

/// The state of a stand-in.
#[derive(Default)]
pub(crate) struct State {
    properties: BTreeMap<Name, Property>,
    last_id: u32,
    requests: Vec<Request>,
    faults: Vec<Fault>,
    behavior: Behavior,
}

/// The value of a property, and its ID in the calls for global properties.
pub(crate) struct Property {
    pub(crate) id: u32,
    pub(crate) value: String,
    /// Whether it was created as an encrypted property, which is permanent.
    pub(crate) encrypted: bool,
}

/// A request that was received.
#[derive(Clone, Serialize)]
struct Request {
    method: String,
    path: String,
    status: Option<u16>,
}

impl State {
    /// Evaluates an expression. The error is the evaluation message.
    pub(crate) fn evaluate(&mut self, expression: Expression) -> Result<String, String> {
        match expression {
            Expression::Read(name) => match self.properties.get(&name) {
                Some(property) => Ok(property.value.clone()),
                None => Err(format!("the property {name} does not exist")),
            },
            Expression::Assign(name, value) => {
                if !self.behavior.evaluate_only {
                    self.set(name, value.clone());
                }
                Ok(value)
            }
        }
    }

    /// Sets a property.
    pub(crate) fn set(&mut self, name: Name, value: String) {
        let value = if self.behavior.trims { value.trim().to_owned() } else { value };
        let last_id = &mut self.last_id;
        let property = self.properties.entry(name).or_insert_with(|| {
            *last_id += 1;
            Property { id: *last_id, value: String::new(), encrypted: false }
        });
        property.value = value;
    }

    /// Marks a property as encrypted.
    pub(crate) fn encrypt(&mut self, name: &Name) {
        if let Some(property) = self.properties.get_mut(name) {
            property.encrypted = true;
        }
    }

    /// Changes the behavior of the stand-in.
    pub(crate) fn set_behavior(&mut self, behavior: Behavior) {
        self.behavior = behavior;
    }

    /// Clears properties, requests, and faults.
    pub(crate) fn reset(&mut self) {
        *self = State { behavior: self.behavior, ..State::default() };
    }

    /// The global properties.
    pub(crate) fn globals(&self) -> impl Iterator<Item = (&str, &Property)> {
        self.properties.iter().filter_map(|(name, property)| Some((name.as_global()?, property)))
    }

    /// All properties by canonical name.
    pub(crate) fn values(&self) -> BTreeMap<String, &str> {
        self.properties.iter().map(|(name, property)| (name.to_string(), property.value.as_str())).collect()
    }

    /// Records a request. `status` is missing if the connection was cut.
    pub(crate) fn record(&mut self, method: &str, path: &str, status: Option<u16>) {
        self.requests.push(Request { method: method.to_owned(), path: path.to_owned(), status });
    }

    /// The requests so far, as JSON.
    pub(crate) fn requests(&self) -> serde_json::Value {
        serde_json::json!(self.requests)
    }

    /// Adds a fault.
    pub(crate) fn add_fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// The fault for a request with this path, if any.
    pub(crate) fn next_fault(&mut self, path: &str) -> Option<Answer> {
        let fault = self.faults.iter_mut().find(|fault| fault.times > 0 && fault.path.eq_ignore_ascii_case(path))?;
        if fault.skip > 0 {
            fault.skip -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.answer.clone())
    }
}
