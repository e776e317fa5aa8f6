//! Answers that the fault layer gives in the place of EC2. Codes and HTTP statuses are those of the AWS documentation,
//! "Error codes for the Amazon EC2 API"; the messages are ours.

use super::http::Message;

/// The request id of all answers of ours.
pub const REQUEST_ID: &str = "00000000-0000-0000-0000-fa0175000000";

/// An answer, ready to be given.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: String,
}

impl Answer {
    /// The answer as HTTP.
    pub fn message(&self) -> Message {
        Message::answer(self.status, self.headers, &self.body)
    }
}

/// A refusal of EC2 with this code and message, which must not need escapes in XML.
pub fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Response><Errors>{error}</Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
    );
    Answer { status, headers: &[("content-type", "text/xml;charset=UTF-8"), ("x-amzn-requestid", REQUEST_ID)], body }
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
    Answer { status, headers: &[("content-type", "text/html")], body: body.to_owned() }
}
