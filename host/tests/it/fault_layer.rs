//! The fault layer: a loopback proxy between the program and moto, in which EC2 misbehaves as a test says.
//!
//! What it injects is ours, written after the AWS documentation: no test that uses it shows how EC2 itself behaves. Rules
//! choose requests by action, parameters and call number, and say what goes wrong. What EC2 does and moto does not is there
//! without a rule: the client tokens of RunInstances ([`launches`]), the termination protection of whole availability
//! zones ([`protection`]), and the states from which an instance can be started and stopped ([`actions`]). New instances
//! that are not known yet, stale reads and states that last ([`instances`]), and types without capacity ([`capacity`]), are
//! there when a test asks for them. Every request is recorded.

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

/// A running fault layer. It ends when it is dropped.
pub struct FaultLayer {
    http: HttpServer,
    shared: Arc<Shared>,
}

/// A request that came through, and what became of it.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its parameters, among them the action.
    pub form: Form,
    /// The HTTP status of the answer; `None` while there is none, and when the connection was cut instead.
    pub status: Option<u16>,
    /// When the request had arrived.
    pub arrived: Instant,
}

/// What all connections share.
struct Shared {
    ec2: Server,
    rules: Mutex<Rules>,
    calls: Mutex<Vec<Call>>,
}

impl FaultLayer {
    /// Starts a layer before the EC2 server with this URL, as in `http://127.0.0.1:5000`.
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

    /// Begins a rule for the requests of an action, as in `RunInstances`. See [`RuleBuilder`].
    pub fn on(&self, action: &str) -> RuleBuilder<'_> {
        RuleBuilder::new(&self.shared.rules, action)
    }

    /// These instances, for what the next reads show of them. See [`Chosen`].
    pub fn instances(&self, ids: &[String]) -> Chosen<'_> {
        Chosen::with_ids(&self.shared.ec2.instances, ids)
    }

    /// The instances that are launched through the layer with these numbers, as in `2..=2`; the first is 1. For what the
    /// reads show of them from their launch on. See [`Chosen`].
    pub fn launched(&self, numbers: impl RangeBounds<usize> + Send + 'static) -> Chosen<'_> {
        Chosen::launched(&self.shared.ec2.instances, numbers)
    }

    /// Lets `pending`, `stopping` and `shutting-down` last for so many reads of an instance, after every launch, start,
    /// stop and termination from now on.
    pub fn let_states_last(&self, reads: usize) {
        self.shared.ec2.instances.lock().unwrap().let_states_last(reads);
    }

    /// From now on there is no capacity for launches and starts of these instance types, and of all others there is.
    pub fn lack_capacity(&self, types: &[&str]) {
        self.shared.ec2.capacity.lock().unwrap().lack(types);
    }

    /// From now on a start that names one of these instances finds no capacity on its dedicated host.
    pub fn lack_host_capacity(&self, ids: &[String]) {
        self.shared.ec2.capacity.lock().unwrap().lack_on_hosts(ids);
    }

    /// The actions of the rules that have changed nothing so far: no request fell under them, or there was nothing to change.
    pub fn unfired(&self) -> Vec<String> {
        self.shared.rules.lock().unwrap().unfired()
    }

    /// All requests so far, in the order in which they arrived.
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
    /// The answer to a request. Where there is none, the connection is cut.
    fn serve(&self, request: &Message) -> Option<Message> {
        let form = Form::of(request);
        let number = self.record(Call { form: form.clone(), status: None, arrived: Instant::now() });
        let answer = self.answer(request, &form)?;
        self.calls.lock().unwrap()[number].status = Some(answer.status());
        Some(answer)
    }

    /// Records a request, and returns its place among all.
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
        // The views come first: nothing can be changed in a body that is cut.
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
