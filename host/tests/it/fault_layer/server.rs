//! Simulates EC2 with moto and the features that moto lacks.

use std::sync::Mutex;

use super::capacity::Capacity;
use super::form::{Form, TARGET};
use super::instances::Instances;
use super::launches::Launches;
use super::view::NEXT_TOKEN_PREFIX;
use super::{key_pairs, protection};
use crate::support::http::Message;

const TOKEN_FILTER: &str = "client-token";

/// A simulated EC2.
pub struct Server {
    /// The host and port of moto.
    address: String,
    launches: Mutex<Launches>,
    /// The reported state of its instances.
    pub instances: Mutex<Instances>,
    /// Its capacity.
    pub capacity: Mutex<Capacity>,
}

impl Server {
    /// Creates an EC2 on the moto server with this address.
    pub fn new(address: String) -> Self {
        Server { address, launches: Mutex::default(), instances: Mutex::default(), capacity: Mutex::default() }
    }

    /// Answers a request. Requests for other services are passed to moto unchanged.
    pub fn answer(&self, request: &Message, form: &Form) -> Message {
        if request.header(TARGET).is_some() {
            return request.exchange(&self.address).expect("moto answers");
        }
        let form = &without_own_page(form);
        let ask = |form: &Form| request.with_body(form.to_body()).exchange(&self.address).expect("moto answers");
        if let Some(refused) = self.instances.lock().unwrap().refuse_unknown(form) {
            return refused;
        }
        match form.action() {
            _ if form.get("DryRun") == Some("true") => ask(form),
            "RunInstances" => {
                let mut launches = self.launches.lock().unwrap();
                launches.launch(request.region(), form, ask, |form| self.launch(form, ask))
            }
            "StartInstances" => self.instances.lock().unwrap().act(form, ask, |form| {
                let refused = self.capacity.lock().unwrap().refuse_start(form, ask);
                refused.map_or_else(|| ask(form), |answer| answer.message())
            }),
            "StopInstances" => self.instances.lock().unwrap().act(form, ask, ask),
            "DeleteKeyPair" => key_pairs::delete(form, ask),
            "TerminateInstances" => {
                protection::terminate(form, ask, |form| self.instances.lock().unwrap().act(form, ask, ask))
            }
            "DescribeInstances" | "DescribeInstanceStatus" => self.read(form, ask),
            _ => ask(form),
        }
    }

    /// Performs a launch of the maximum number of instances, because moto launches the minimum number.
    fn launch(&self, form: &Form, ask: impl Fn(&Form) -> Message) -> Message {
        if let Some(refused) = self.capacity.lock().unwrap().refuse_launch(form) {
            return refused.message();
        }
        let count = form.get("MaxCount").or_else(|| form.get("MinCount")).unwrap_or("1");
        let answer = ask(&form.with("MinCount", count));
        if answer.status() == 200 {
            self.instances.lock().unwrap().launched(&answer);
        }
        answer
    }

    /// moto has no filter by client token, but one by ID. It searches only the region of the request.
    fn read(&self, form: &Form, ask: impl Fn(&Form) -> Message) -> Message {
        let ids = form.filter(TOKEN_FILTER).map(|tokens| self.launches.lock().unwrap().ids_of(&tokens));
        let ids = ids.iter().flatten().map(String::as_str);
        self.instances.lock().unwrap().read(&form.with_filter(TOKEN_FILTER, "instance-id", ids), ask)
    }
}

/// Removes a page token that the layer created, because moto rejects unknown tokens.
fn without_own_page(form: &Form) -> Form {
    match form.get("NextToken") {
        Some(token) if token.starts_with(NEXT_TOKEN_PREFIX) => form.without("NextToken"),
        _ => form.clone(),
    }
}
