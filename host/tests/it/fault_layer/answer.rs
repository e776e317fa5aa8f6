//! Responses that the fault layer returns in place of EC2.
//!
//! Codes and HTTP statuses are from the AWS documentation, "Error codes for the Amazon EC2 API"; the messages are not.

use crate::support::http::Message;

/// The request ID in all injected responses.
pub const REQUEST_ID: &str = "00000000-0000-0000-0000-fa0175000000";

/// A complete response.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    /// The response as HTTP.
    pub fn message(&self) -> Message {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Message::answer(self.status, &headers, &self.body)
    }
}

/// A response with any status, content type, and text, as from a server other than EC2.
pub fn other(status: u16, content_type: &str, text: &str) -> Answer {
    Answer { status, headers: vec![("content-type", content_type.to_owned())], body: text.to_owned() }
}

/// A success without content.
pub fn empty() -> Answer {
    xml(200, String::new())
}

/// A success of EC2, with this XML inside the root element.
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

/// An error of EC2 with this code and message, which must not need XML escapes.
pub fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let error = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Response><Errors>{error}</Errors><RequestID>{REQUEST_ID}</RequestID></Response>"
    );
    xml(status, body)
}

/// The account exceeds its request rate.
pub fn throttled() -> Answer {
    refusal(503, "RequestLimitExceeded", "Too many requests, says the fault layer.")
}

/// An internal error of EC2.
pub fn internal_error() -> Answer {
    refusal(500, "InternalError", "Something broke, says the fault layer.")
}

/// EC2 is overloaded.
pub fn unavailable() -> Answer {
    refusal(503, "Unavailable", "Come back later, says the fault layer.")
}

/// Insufficient capacity for the instance type.
pub fn no_capacity() -> Answer {
    refusal(500, "InsufficientInstanceCapacity", "No room for such an instance, says the fault layer.")
}

/// Insufficient capacity on the dedicated host of the instance.
pub fn no_host_capacity() -> Answer {
    refusal(500, "InsufficientHostCapacity", "No room on the host, says the fault layer.")
}

/// The instance does not exist, or is not visible everywhere yet.
pub fn unknown_instance(id: &str) -> Answer {
    refusal(400, "InvalidInstanceID.NotFound", &format!("No instance {id} here, says the fault layer."))
}

/// The credentials have no permission for the action.
pub fn unauthorized() -> Answer {
    refusal(403, "UnauthorizedOperation", "Not allowed, says the fault layer.")
}

/// The error page of a proxy that did not reach EC2.
pub fn html_page(status: u16) -> Answer {
    let body = "<html><head><title>Bad day</title></head><body>The proxy did not get through.</body></html>";
    other(status, "text/html", body)
}
