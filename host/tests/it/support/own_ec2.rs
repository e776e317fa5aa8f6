//! An EC2 of a test's own, which answers as the test says: for what the test bed's EC2 never does.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// What a request gets.
pub struct Answer {
    status: u16,
    content_type: &'static str,
    body: String,
}

impl Answer {
    /// The XML of a success.
    pub fn success(action: &str, body: &str) -> Self {
        let body = format!("<{action}Response>{body}</{action}Response>");
        Answer { status: 200, content_type: "text/xml", body }
    }

    /// The XML of an error.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let error = format!("<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>");
        let body = format!("<Response>{error}</Response>");
        Answer { status, content_type: "text/xml", body }
    }

    /// The XML of an error of the Security Token Service.
    pub fn sts_error(status: u16, code: &str, message: &str) -> Self {
        let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>");
        Answer { status, content_type: "text/xml", body: format!("<ErrorResponse>{error}</ErrorResponse>") }
    }

    /// A page for people.
    pub fn html(status: u16, body: &str) -> Self {
        Answer { status, content_type: "text/html", body: body.to_owned() }
    }

    /// The answer of DescribeInstances: one instance in this state.
    fn described(state: &str) -> Self {
        let instance = format!(
            "<instanceId>i-0123456789abcdef0</instanceId><instanceState><code>0</code><name>{state}</name></instanceState>"
        );
        let reservation = format!("<item><instancesSet><item>{instance}</item></instancesSet></item>");
        Answer::success("DescribeInstances", &format!("<reservationSet>{reservation}</reservationSet>"))
    }

    /// The one instance of an EC2 whose instances never get beyond `pending`.
    pub fn pending(action: &str) -> Self {
        let id = "<instanceId>i-0123456789abcdef0</instanceId>";
        let pending = "<code>0</code><name>pending</name>";
        match action {
            "StartInstances" => Answer::success(
                action,
                &format!(
                    "<instancesSet><item>{id}<currentState>{pending}</currentState>\
                     <previousState><code>80</code><name>stopped</name></previousState></item></instancesSet>"
                ),
            ),
            "DescribeInstances" => Answer::described("pending"),
            _ => Answer::error(400, "InvalidAction", "not part of this test"),
        }
    }
}

/// A server on a port of its own. It goes on until the tests end.
pub struct OwnEc2 {
    /// Its URL.
    pub url: String,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl OwnEc2 {
    /// Starts a server that gives each action this answer.
    pub fn start(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bodies = Arc::new(Mutex::new(Vec::new()));
        let seen = bodies.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let body = read_body(&stream);
                seen.lock().unwrap().push(body.clone());
                let answer = answer(action_of(&body));
                write_answer(stream, &answer);
            }
        });
        OwnEc2 { url, bodies }
    }

    /// Starts a server whose one instance is described in this state, and which gives all other actions this answer.
    pub fn with_instance(state: &'static str, answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        OwnEc2::start(move |action| match action {
            "DescribeInstances" => Answer::described(state),
            action => answer(action),
        })
    }

    /// Starts a server that no job should call.
    pub fn unwanted() -> Self {
        OwnEc2::start(|_| Answer::error(400, "UnexpectedCall", "no call was expected"))
    }

    /// The actions that were asked for so far.
    pub fn actions(&self) -> Vec<String> {
        self.bodies().iter().map(|body| action_of(body).to_owned()).collect()
    }

    /// The parameters of the requests so far, as they were sent.
    pub fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }
}

/// The action that the parameters name; empty when they name none.
fn action_of(body: &str) -> &str {
    body.split('&').find_map(|field| field.strip_prefix("Action=")).unwrap_or_default()
}

/// The body of the request on the connection.
fn read_body(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn write_answer(mut stream: TcpStream, answer: &Answer) {
    let Answer { status, content_type, body } = answer;
    let length = body.len();
    let head = format!("HTTP/1.1 {status} -\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n");
    // A program that was interrupted reads no more.
    let _ = write!(stream, "{head}x-amzn-RequestId: req-1\r\nConnection: close\r\n\r\n{body}");
}
