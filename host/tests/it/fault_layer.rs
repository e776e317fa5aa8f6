//! The fault layer: a loopback proxy between the program and moto, in which EC2 misbehaves as a test says.
//!
//! What it injects is ours, written after the AWS documentation: no test that uses it shows how EC2 itself behaves. Rules
//! choose requests by action, parameters and call number, and say what goes wrong. Two things that EC2 does and moto
//! does not are there without a rule: the client tokens of RunInstances ([`launches`]), and the termination
//! protection of whole availability zones ([`protection`]). Every request is recorded.

pub mod answer;
mod form;
mod http;
mod launches;
mod protection;
mod rule;
mod tests;
pub mod view;

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

pub use form::Form;
use http::Message;
use launches::Launches;
use protection::Protection;
pub use rule::RuleBuilder;
use rule::{Fault, Rules};

/// A running fault layer. It ends when it is dropped.
pub struct FaultLayer {
    address: SocketAddr,
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
    ec2: String,
    rules: Mutex<Rules>,
    launches: Mutex<Launches>,
    protection: Mutex<Protection>,
    calls: Mutex<Vec<Call>>,
    ending: AtomicBool,
}

impl FaultLayer {
    /// Starts a layer before the EC2 server with this URL, as in `http://127.0.0.1:5000`.
    pub fn before(ec2_endpoint: &str) -> Self {
        let ec2 = ec2_endpoint.strip_prefix("http://").expect("the server has no TLS").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("the address of a listener");
        let shared = Arc::new(Shared {
            ec2,
            rules: Mutex::default(),
            launches: Mutex::default(),
            protection: Mutex::default(),
            calls: Mutex::default(),
            ending: AtomicBool::new(false),
        });
        let serving = shared.clone();
        thread::spawn(move || serving.listen(&listener));
        FaultLayer { address, shared }
    }

    /// The URL for the program's `--endpoint-url`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Begins a rule for the requests of an action, as in `RunInstances`. See [`RuleBuilder`].
    pub fn on(&self, action: &str) -> RuleBuilder<'_> {
        RuleBuilder::new(&self.shared.rules, action)
    }

    /// Protects instances against termination, as EC2 does it: see [`protection`].
    pub fn protect(&self, ids: &[String]) {
        self.shared.protection.lock().unwrap().protect(ids);
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

impl Drop for FaultLayer {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::SeqCst);
        // The listener waits for a connection. If that fails, it waits until the tests end.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn listen(self: Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.ending.load(Ordering::SeqCst) {
                return;
            }
            let (shared, stream) = (self.clone(), stream.expect("a connection"));
            thread::spawn(move || shared.serve(stream));
        }
    }

    /// Serves a connection, which carries one request. Where there is no answer, it is cut.
    fn serve(&self, stream: TcpStream) {
        let Ok(request) = Message::read(&stream) else { return };
        let form = Form::from_body(&request.body);
        let number = self.record(Call { form: form.clone(), status: None, arrived: Instant::now() });
        if let Some(answer) = self.answer(&request, &form) {
            self.calls.lock().unwrap()[number].status = Some(answer.status());
            // The program may have been ended meanwhile.
            let _ = answer.write(&stream);
        }
    }

    /// Records a request, and returns its place among all.
    fn record(&self, call: Call) -> usize {
        let mut calls = self.calls.lock().unwrap();
        calls.push(call);
        calls.len() - 1
    }

    fn answer(&self, request: &Message, form: &Form) -> Option<Message> {
        let faults = self.rules.lock().unwrap().faults_for(form);
        for fault in &faults {
            match &**fault {
                Fault::Delay(time) => thread::sleep(*time),
                Fault::CutBefore => return None,
                Fault::Answer(answer) => return Some(answer.message()),
                Fault::CutAfter | Fault::Show(_) => {}
            }
        }
        let mut answer = self.ask_ec2(request, form);
        for fault in &faults {
            match &**fault {
                Fault::Show(view) if answer.status() == 200 => view.change(&mut answer),
                Fault::CutAfter => return None,
                _ => {}
            }
        }
        Some(answer)
    }

    /// Passes a request on, with what moto lacks put in.
    fn ask_ec2(&self, request: &Message, form: &Form) -> Message {
        let ask = |form: &Form| request.with_body(form.to_body()).exchange(&self.ec2).expect("moto answers");
        match form.action() {
            _ if form.get("DryRun") == Some("true") => ask(form),
            "RunInstances" => self.launches.lock().unwrap().launch(form, ask),
            "TerminateInstances" => self.protection.lock().unwrap().terminate(form, ask),
            _ => ask(form),
        }
    }
}
