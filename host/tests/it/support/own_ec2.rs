//! An EC2 with responses defined by a test, for behavior that the EC2 of the test bed does not have.

use std::sync::{Arc, Mutex};

use super::http::{HttpServer, Message};

/// A response.
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

    /// An HTML page.
    pub fn html(status: u16, body: &str) -> Self {
        Answer { status, content_type: "text/html", body: body.to_owned() }
    }

    /// A DescribeInstances response: one instance in this state.
    fn described(state: &str) -> Self {
        let instance = format!(
            "<instanceId>i-0123456789abcdef0</instanceId><instanceState><code>0</code><name>{state}</name></instanceState>"
        );
        let reservation = format!("<item><instancesSet><item>{instance}</item></instancesSet></item>");
        Answer::success("DescribeInstances", &format!("<reservationSet>{reservation}</reservationSet>"))
    }

    /// The instance of an EC2 whose instances remain `pending`.
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

/// A server on a free port. It stops when it is dropped.
pub struct OwnEc2 {
    /// Its URL.
    pub url: String,
    bodies: Arc<Mutex<Vec<String>>>,
    _server: HttpServer,
}

impl OwnEc2 {
    /// Starts a server that returns this response for each action, one request at a time.
    pub fn start(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        let (bodies, answer) = (Arc::new(Mutex::new(Vec::new())), Mutex::new(answer));
        let seen = bodies.clone();
        let server = HttpServer::start(move |request| {
            let body = String::from_utf8(request.body).unwrap();
            seen.lock().unwrap().push(body.clone());
            let answer = answer.lock().unwrap()(action_of(&body));
            let headers = [("content-type", answer.content_type), ("x-amzn-requestid", "req-1")];
            Some(Message::answer(answer.status, &headers, &answer.body))
        });
        OwnEc2 { url: server.url(), bodies, _server: server }
    }

    /// Starts a server whose one instance is in this state, and which returns this response for all other actions.
    pub fn with_instance(state: &'static str, answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        OwnEc2::start(move |action| match action {
            "DescribeInstances" => Answer::described(state),
            action => answer(action),
        })
    }

    /// Starts a server that must not be called.
    pub fn unwanted() -> Self {
        OwnEc2::start(|_| Answer::error(400, "UnexpectedCall", "no call was expected"))
    }

    /// The actions of the requests so far.
    pub fn actions(&self) -> Vec<String> {
        self.bodies().iter().map(|body| action_of(body).to_owned()).collect()
    }

    /// The parameters of the requests so far, as sent.
    pub fn bodies(&self) -> Vec<String> {
        self.bodies.lock().unwrap().clone()
    }
}

/// The action in the parameters, or an empty text without one.
fn action_of(body: &str) -> &str {
    body.split('&').find_map(|field| field.strip_prefix("Action=")).unwrap_or_default()
}
