//! Checks that an AWS response is complete, because the SDK's XML reader accepts a truncated document without an error.

use std::borrow::Cow;

use connector_sdk::excerpt;
use connector_sdk::no_answer::NoAnswer;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde::de::IgnoredAny;

/// The content of a complete response.
#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    /// An error with a code from the service.
    Error {
        /// The code, as in `InvalidAMIID.NotFound`.
        code: String,
    },
    /// Anything else: a success, or a response in an unknown format.
    Other,
}

/// Checks a response. A response to a query protocol action must be a well-formed XML document with the root element
/// `<ACTION>Response` for a success, and `Response` or `ErrorResponse` for an error. JSON must be one well-formed
/// value.
///
/// Source of the root elements: AWS, "Amazon EC2 API Reference", and "AWS STS API Reference".
///
/// # Errors
/// A description of the defect.
pub fn check(action: Option<&str>, status: u16, content_type: &str, body: &[u8]) -> Result<Content, NoAnswer> {
    let Some(action) = action else { return check_json(status, content_type, body) };
    let document = Document::read(body);
    let fits = |root: &str| match status {
        200..300 => root.strip_suffix("Response") == Some(action),
        _ => matches!(root, "Response" | "ErrorResponse"),
    };
    match document {
        Document { root: Some(root), whole, code } if fits(&root) => match (whole, code, status) {
            (true, _, 200..300) => Ok(Content::Other),
            (true, Some(code), _) => Ok(Content::Error { code }),
            _ => Err(incomplete(status, body)),
        },
        Document { root: None, .. } if could_begin(action, body) => Err(incomplete(status, body)),
        _ => Err(NoAnswer::Foreign { status, excerpt: excerpt(body) }),
    }
}

fn check_json(status: u16, content_type: &str, body: &[u8]) -> Result<Content, NoAnswer> {
    let is_json = content_type.split(';').next().is_some_and(|kind| kind.contains("json"));
    // Some actions return an empty body on success.
    if is_json && !body.is_empty() && serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return Err(incomplete(status, body));
    }
    Ok(Content::Other)
}

fn incomplete(status: u16, body: &[u8]) -> NoAnswer {
    NoAnswer::Incomplete { status, size: body.len() }
}

/// Whether a text without a complete element could be the beginning of a response to the action.
fn could_begin(action: &str, body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body.trim_ascii());
    let success = format!("<{action}Response");
    ["<?xml", "<Response", "<ErrorResponse", success.as_str()]
        .iter()
        .any(|beginning| beginning.starts_with(&*text) || text.starts_with(beginning))
}

/// An XML document, as far as it can be parsed.
#[derive(Default)]
struct Document {
    /// The name of its root element.
    root: Option<String>,
    /// Whether the document is well-formed and ends after its root element.
    whole: bool,
    /// The text of the first `Code` element.
    code: Option<String>,
}

impl Document {
    fn read(body: &[u8]) -> Self {
        let mut document = Document::default();
        let text = String::from_utf8_lossy(body);
        let mut reader = Reader::from_str(&text);
        let mut open: Vec<String> = Vec::new();
        loop {
            match reader.read_event() {
                Ok(Event::Start(element)) if document.begin(&element, &open) => {
                    open.push(element.name().as_ref().to_owned());
                }
                Ok(Event::Empty(element)) if document.begin(&element, &open) => {}
                Ok(Event::End(_)) => drop(open.pop()),
                Ok(Event::Text(text)) => {
                    if open.is_empty() && !text.trim().is_empty() {
                        return document;
                    }
                    document.take_code(&open, &text);
                }
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
                Ok(Event::CData(_)) if !open.is_empty() => {}
                Ok(Event::GeneralRef(name)) if !open.is_empty() && is_reference(&name) => {}
                Ok(Event::Eof) => {
                    document.whole = open.is_empty() && document.root.is_some() && matches!(text, Cow::Borrowed(_));
                    return document;
                }
                // Not well-formed, a second root element, or a DOCTYPE, which AWS never sends.
                _ => return document,
            }
        }
    }

    /// Records an element. Returns `false` for a second root element.
    fn begin(&mut self, element: &BytesStart<'_>, open: &[String]) -> bool {
        if !open.is_empty() {
            return true;
        }
        let first = self.root.is_none();
        self.root.get_or_insert_with(|| element.local_name().as_ref().to_owned());
        first
    }

    fn take_code(&mut self, open: &[String], text: &str) {
        if self.code.is_none() && open.last().is_some_and(|name| name == "Code") {
            self.code = Some(text.trim().to_owned()).filter(|code| !code.is_empty());
        }
    }
}

/// Whether XML defines the reference without a DOCTYPE, e.g. `amp` and `#38`.
fn is_reference(name: &str) -> bool {
    name.starts_with('#') || ["amp", "lt", "gt", "quot", "apos"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUCCESS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<StopInstancesResponse xmlns=\"urn:x\">\
        <requestId>1</requestId><empty/><text>a &amp; b</text></StopInstancesResponse>\n";
    const ERROR: &str = "<Response><Errors><Error><Code>InternalError</Code><Message>m</Message></Error></Errors>\
        <RequestID>1</RequestID></Response>";

    fn check_xml(status: u16, body: &str) -> Result<Content, NoAnswer> {
        check(Some("StopInstances"), status, "text/xml", body.as_bytes())
    }

    #[test]
    fn successes_and_errors_are_distinguished() {
        assert_eq!(check_xml(200, SUCCESS), Ok(Content::Other));
        assert_eq!(check_xml(500, ERROR), Ok(Content::Error { code: "InternalError".to_owned() }));
        let sts = ERROR.replace("<Response>", "<ErrorResponse>").replace("</Response>", "</ErrorResponse>");
        assert_eq!(check_xml(403, &sts), Ok(Content::Error { code: "InternalError".to_owned() }));
    }

    #[test]
    fn a_document_that_is_cut_anywhere_is_incomplete() {
        for (status, whole) in [(200, SUCCESS.trim_end()), (500, ERROR)] {
            for end in 0..whole.len() {
                let cut = check_xml(status, &whole[..end]);
                let incomplete = NoAnswer::Incomplete { status, size: end };
                assert_eq!(cut, Err(incomplete), "{}", &whole[..end]);
            }
        }
    }

    #[test]
    fn an_empty_response_is_incomplete_with_any_status() {
        for status in [200, 400, 502] {
            assert_eq!(check_xml(status, ""), Err(NoAnswer::Incomplete { status, size: 0 }));
        }
    }

    #[test]
    fn a_response_to_another_action_is_foreign() {
        for (status, body) in [
            (200, "<html><body>Welcome</body></html>"),
            (200, "<StartInstancesResponse></StartInstancesResponse>"),
            (200, ERROR),
            (502, "<html><body>Bad gateway"),
            (502, "Bad gateway"),
            (500, SUCCESS),
        ] {
            let foreign = check_xml(status, body);
            assert!(matches!(foreign, Err(NoAnswer::Foreign { .. })), "{foreign:?}: {status} {body}");
        }
    }

    #[test]
    fn text_after_the_document_is_an_error() {
        for more in ["<more/>", "text", "</StopInstancesResponse>"] {
            let body = format!("{}{more}", SUCCESS.trim_end());
            assert!(check_xml(200, &body).is_err(), "{body}");
        }
        assert_eq!(check_xml(200, &format!("{SUCCESS}<!-- -->\n")), Ok(Content::Other));
    }

    #[test]
    fn a_reference_to_nothing_is_not_well_formed() {
        for (reference, whole) in [("&amp;", true), ("&#38;", true), ("&nbsp;", false), ("&;", false), ("&amp", false)]
        {
            assert_eq!(check_xml(200, &SUCCESS.replace("&amp;", reference)).is_ok(), whole, "{reference}");
        }
    }

    #[test]
    fn an_error_without_a_code_is_incomplete() {
        assert!(check_xml(400, "<Response><Errors></Errors></Response>").is_err());
        assert!(check_xml(400, "<Response><Errors><Error><Code></Code></Error></Errors></Response>").is_err());
    }

    #[test]
    fn json_is_one_value() {
        let json = |body: &str| check(None, 200, "application/x-amz-json-1.1; charset=utf-8", body.as_bytes());
        for body in ["", "{}", "{\"a\":[1]}"] {
            assert_eq!(json(body), Ok(Content::Other));
        }
        for body in ["{", "{\"a\":[1", "{} {}"] {
            assert_eq!(json(body), Err(NoAnswer::Incomplete { status: 200, size: body.len() }));
        }
        assert_eq!(check(None, 200, "text/plain", b"{"), Ok(Content::Other));
    }
}
