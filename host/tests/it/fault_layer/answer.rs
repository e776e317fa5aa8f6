//! Answers that the fault layer gives in the place of EC2. Codes and HTTP statuses are those of the AWS documentation,
//! "Error codes for the Amazon EC2 API"; the messages are ours.

use crate::support::http::Message;

/// The request id of all answers of ours.
pub const REQUEST_ID: &str = "00000000-0000-0000-0000-fa0175000000";

/// An answer, ready to be given.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    /// The answer as HTTP.
    pub fn message(&self) -> Message {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Message::answer(self.status, &headers, &self.body)
    }
}

/// An answer with any status, content type and text, as it comes from anywhere but EC2.
pub fn other(status: u16, content_type: &str, text: &str) -> Answer {
    Answer { status, headers: vec![("content-type", content_type.to_owned())], body: text.to_owned() }
}

/// Nothing but the word that all is well.
pub fn empty() -> Answer {
    xml(200, String::new())
}

/// A success of EC2: the XML of its body, below the root.
pub fn success(action: &str, body: &str) -> Answer {
    let root = format!("{action}Response");
    xml(
        200,
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} \
             xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>{REQUEST_ID}</requestId>{body}</{root}>"
        ),
    )
}

fn xml(status: u16, body: String) -> Answer {
    let headers =
        vec![("content-type", "text/xml;charset=UTF-8".to_owned()), ("x-amzn-requestid", REQUEST_ID.to_owned())];
    Answer { status, headers, body }
}

/// A refusal of EC2 with this code and message, which must not need escapes in XML.
pub fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Response><Errors>{error}</Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
    );
    xml(status, body)
}

/// The account makes too many calls.
pub fn throttled() -> Answer {
    refusal(503, "RequestLimitExceeded", "Too many requests, says the fault layer.")
}

/// A fault inside EC2.
pub fn internal_error() -> Answer {
    refusal(500, "InternalError", "Something broke, says the fault layer.")
}

/// EC2 is overloaded.
pub fn unavailable() -> Answer {
    refusal(503, "Unavailable", "Come back later, says the fault layer.")
}

/// There is no room for such instances.
pub fn no_capacity() -> Answer {
    refusal(500, "InsufficientInstanceCapacity", "No room for such an instance, says the fault layer.")
}

/// There is no room for such an instance on its dedicated host.
pub fn no_host_capacity() -> Answer {
    refusal(500, "InsufficientHostCapacity", "No room on the host, says the fault layer.")
}

/// The instance is not known, or not yet known everywhere.
pub fn unknown_instance(id: &str) -> Answer {
    refusal(400, "InvalidInstanceID.NotFound", &format!("No instance {id} here, says the fault layer."))
}

/// The credentials do not allow the action.
pub fn unauthorized() -> Answer {
    refusal(403, "UnauthorizedOperation", "Not allowed, says the fault layer.")
}

/// The page of a proxy that did not reach EC2.
pub fn html_page(status: u16) -> Answer {
    let body = "<html><head><title>Bad day</title></head><body>The proxy did not get through.</body></html>";
    other(status, "text/html", body)
}
