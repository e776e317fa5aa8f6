//! The fault layer: a loopback proxy between the program and moto that injects the faults of a test.
//!
//! The faults are based on the AWS documentation; the tests do not verify the behavior of EC2 itself. Rules select
//! requests by action, parameters, and call number, and inject faults. Features of EC2 that moto lacks are always
//! active: the client tokens of RunInstances ([`launches`]), the termination protection of availability zones
//! ([`protection`]), and the states in which an instance can be started and stopped ([`actions`]). Tests can enable new
//! instances that are not found yet, stale reads, and slow transitions ([`instances`]), and insufficient capacity
//! ([`capacity`]). Every request is recorded.

mod actions;
pub mod answer;
mod capacity;
pub mod cut;
mod form;
mod instances;
mod key_pairs;
mod launches;
mod protection;
mod rule;
mod server;
mod tests;
pub mod view;
mod xml;

use std::ops::RangeBounds;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

pub use form::Form;
use instances::Chosen;
pub use rule::RuleBuilder;
use rule::{Fault, Rules};
use server::Server;

use crate::support::http::{HttpServer, Message};

/// A running fault layer. It stops when it is dropped.
pub struct FaultLayer {
    http: HttpServer,
    shared: Arc<Shared>,
}

/// A received request, and its result.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its parameters, including the action.
    pub form: Form,
    /// The HTTP status of the response; `None` while there is none, and if the connection is cut.
    pub status: Option<u16>,
    /// When the request was received.
    pub arrived: Instant,
}

/// State shared by all connections.
struct Shared {
    ec2: Server,
    rules: Mutex<Rules>,
    calls: Mutex<Vec<Call>>,
}

impl FaultLayer {
    /// Starts a layer in front of the EC2 server with this URL, e.g. `http://127.0.0.1:5000`.
    pub fn before(ec2_endpoint: &str) -> Self {
        let ec2 = ec2_endpoint.strip_prefix("http://").expect("the server has no TLS").trim_end_matches('/').to_owned();
        let shared = Arc::new(Shared { ec2: Server::new(ec2), rules: Mutex::default(), calls: Mutex::default() });
        let serving = shared.clone();
        FaultLayer { http: HttpServer::start(move |request| serving.serve(&request)), shared }
    }

    /// The URL for the program's `--endpoint-url`.
    pub fn endpoint(&self) -> String {
        self.http.url()
    }

    /// Begins a rule for the requests of an action, e.g. `RunInstances`. See [`RuleBuilder`].
    pub fn on(&self, action: &str) -> RuleBuilder<'_> {
        RuleBuilder::new(&self.shared.rules, action)
    }

    /// Selects these instances, to specify their next reads. See [`Chosen`].
    pub fn instances(&self, ids: &[String]) -> Chosen<'_> {
        Chosen::with_ids(&self.shared.ec2.instances, ids)
    }

    /// Selects future instances that are launched through the layer, by number, e.g. `2..=2`; the first is 1. To
    /// specify their reads from the launch on. See [`Chosen`].
    pub fn launched(&self, numbers: impl RangeBounds<usize> + Send + 'static) -> Chosen<'_> {
        Chosen::launched(&self.shared.ec2.instances, numbers)
    }

    /// Makes `pending`, `stopping` and `shutting-down` last for this number of reads of an instance, after every
    /// subsequent launch, start, stop, and termination.
    pub fn let_states_last(&self, reads: usize) {
        self.shared.ec2.instances.lock().unwrap().let_states_last(reads);
    }

    /// Sets the instance types without capacity for launches and starts. All others have capacity.
    pub fn lack_capacity(&self, types: &[&str]) {
        self.shared.ec2.capacity.lock().unwrap().set_types(types);
    }

    /// Sets the instances without capacity on their dedicated hosts: starts of them fail.
    pub fn lack_host_capacity(&self, ids: &[String]) {
        self.shared.ec2.capacity.lock().unwrap().set_hosts(ids);
    }

    /// The actions of the rules without an effect so far: no request matched, or there was nothing to change.
    pub fn unfired(&self) -> Vec<String> {
        self.shared.rules.lock().unwrap().unfired()
    }

    /// All requests so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// The requests of one action.
    pub fn calls_of(&self, action: &str) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.form.action() == action);
        calls
    }

    /// The actions of all requests.
    pub fn actions(&self) -> Vec<String> {
        self.calls().iter().map(|call| call.form.action().to_owned()).collect()
    }
}

impl Shared {
    /// The response to a request. `None` cuts the connection.
    fn serve(&self, request: &Message) -> Option<Message> {
        let form = Form::of(request);
        let number = self.record(Call { form: form.clone(), status: None, arrived: Instant::now() });
        let answer = self.answer(request, &form)?;
        self.calls.lock().unwrap()[number].status = Some(answer.status());
        Some(answer)
    }

    /// Records a request, and returns its index.
    fn record(&self, call: Call) -> usize {
        let mut calls = self.calls.lock().unwrap();
        calls.push(call);
        calls.len() - 1
    }

    fn answer(&self, request: &Message, form: &Form) -> Option<Message> {
        let faults = self.rules.lock().unwrap().faults_for(form);
        for armed in &faults {
            let instead = match &armed.fault {
                Fault::Delay(time) => {
                    armed.fire();
                    thread::sleep(*time);
                    continue;
                }
                Fault::CutBefore => None,
                Fault::Answer(answer) => Some(answer.message()),
                _ => continue,
            };
            armed.fire();
            return instead;
        }
        let mut answer = self.ec2.answer(request, form);
        // Views are applied first, because a truncated body cannot be changed.
        for armed in &faults {
            if let Fault::Show(view) = &armed.fault
                && answer.status() == 200
                && view.change(&mut answer)
            {
                armed.fire();
            }
        }
        for armed in &faults {
            match &armed.fault {
                Fault::CutBody(cut) if cut.apply(&mut answer) => armed.fire(),
                Fault::CutAfter => {
                    armed.fire();
                    return None;
                }
                Fault::ActThen(instead) => {
                    armed.fire();
                    return Some(instead.message());
                }
                _ => {}
            }
        }
        Some(answer)
    }
}
