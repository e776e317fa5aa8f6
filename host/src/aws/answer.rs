//! Checks that an AWS response is complete, because the SDK's XML reader accepts a truncated document without an error.

use std::borrow::Cow;

use connector_sdk::excerpt;
use connector_sdk::no_answer::NoAnswer;
use quick_xml::Reader;
use quick_xml::escape::{self, escape};
use quick_xml::events::{BytesStart, Event};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The most list entries in a response: one for 128 bytes of the largest response, as short as those of private addresses
/// are. The AWS SDK needs up to 2 KiB for an entry, also for an empty one.
const MOST_ENTRIES: usize = 262_144;
/// The most elements in each other. AWS has less than 20.
const DEEPEST: usize = 100;

/// What a complete response says about the call.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// The error code, as in `InvalidAMIID.NotFound`. `None` for a success, and for a response in an unknown format.
    pub code: Option<String>,
    /// The message of the error.
    pub message: Option<String>,
    /// The request ID.
    pub request_id: Option<String>,
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
    if let Some(limit) = document.exceeded {
        return Err(NoAnswer::TooLarge(limit));
    }
    let fits = |root: &str| match status {
        200..300 => root.strip_suffix("Response") == Some(action),
        _ => matches!(root, "Response" | "ErrorResponse"),
    };
    match document {
        Document { root: Some(root), whole, content, .. } if fits(&root) => match (whole, &content.code, status) {
            (true, _, 200..300) => Ok(Content { code: None, message: None, ..content }),
            (true, Some(_), _) => Ok(content),
            _ => Err(incomplete(status, body)),
        },
        Document { root: None, .. } if could_begin(action, body) => Err(incomplete(status, body)),
        _ => Err(NoAnswer::Foreign { status, excerpt: excerpt(body) }),
    }
}

fn check_json(status: u16, content_type: &str, body: &[u8]) -> Result<Content, NoAnswer> {
    let is_json = content_type.split(';').next().is_some_and(|kind| kind.contains("json"));
    // Some actions return an empty body on success.
    if !is_json || body.is_empty() {
        return Ok(Content::default());
    }
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return Err(incomplete(status, body));
    }
    let error = serde_json::from_slice::<JsonError>(body).ok().filter(|_| !(200..300).contains(&status));
    Ok(error.map(JsonError::content).unwrap_or_default())
}

/// An error of a JSON protocol.
#[derive(Deserialize)]
struct JsonError {
    #[serde(rename = "__type", alias = "code", alias = "Code")]
    code: Option<String>,
    #[serde(alias = "Message", alias = "errorMessage")]
    message: Option<String>,
}

impl JsonError {
    /// The code may have a namespace before `#`, and a URL after `:`.
    fn content(self) -> Content {
        let code = self.code.map(|code| code.rsplit('#').next().unwrap_or_default().to_owned());
        let code = code.map(|code| code.split(':').next().unwrap_or_default().to_owned());
        Content { code, message: self.message, request_id: None }
    }
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
    /// The limit that it exceeds.
    exceeded: Option<String>,
    /// The number of its list entries.
    entries: usize,
    /// The texts of the first elements of each kind.
    content: Content,
}

impl Document {
    fn read(body: &[u8]) -> Self {
        let mut document = Document::default();
        let text = String::from_utf8_lossy(body);
        let mut reader = Reader::from_str(&text);
        let mut open: Vec<String> = Vec::new();
        // The text since the last beginning or end of an element.
        let mut inner = String::new();
        loop {
            match reader.read_event() {
                Ok(Event::Start(element)) if document.begin(&element, &open) => {
                    open.push(element.name().as_ref().to_owned());
                    inner.clear();
                }
                Ok(Event::Empty(element)) if document.begin(&element, &open) => {}
                Ok(Event::End(_)) => {
                    document.content.take(open.pop().as_deref(), &unescape(&std::mem::take(&mut inner)));
                }
                Ok(Event::Text(text)) => {
                    if open.is_empty() && !text.trim().is_empty() {
                        return document;
                    }
                    inner.push_str(&text);
                }
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
                Ok(Event::CData(text)) if !open.is_empty() => inner.push_str(&escape(&*text)),
                Ok(Event::GeneralRef(name)) if !open.is_empty() && is_reference(&name) => {
                    inner.extend(["&", &name, ";"]);
                }
                Ok(Event::Eof) => {
                    document.whole = open.is_empty() && document.root.is_some() && matches!(text, Cow::Borrowed(_));
                    return document;
                }
                // Not well-formed, a second root element, or a DOCTYPE, which AWS never sends.
                _ => return document,
            }
        }
    }

    /// Records an element. Returns `false` for a second root element, and for one that exceeds a limit.
    fn begin(&mut self, element: &BytesStart<'_>, open: &[String]) -> bool {
        if !open.is_empty() {
            let is_entry = matches!(element.local_name().as_ref(), "item" | "member");
            self.entries += usize::from(is_entry);
            self.exceeded = match () {
                () if self.entries > MOST_ENTRIES => Some(format!("{MOST_ENTRIES} list entries")),
                () if open.len() >= DEEPEST => Some(format!("{DEEPEST} elements in each other")),
                () => None,
            };
            return self.exceeded.is_none();
        }
        let first = self.root.is_none();
        self.root.get_or_insert_with(|| element.local_name().as_ref().to_owned());
        first
    }
}

impl Content {
    /// Records the text of an element, if it is the first one with this name.
    fn take(&mut self, name: Option<&str>, text: &str) {
        let field = match name {
            Some("Code") => &mut self.code,
            Some("Message") => &mut self.message,
            Some("requestId" | "RequestId" | "RequestID") => &mut self.request_id,
            _ => return,
        };
        if field.is_none() {
            *field = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        }
    }
}

fn unescape(text: &str) -> Cow<'_, str> {
    escape::unescape(text).unwrap_or(Cow::Borrowed(text))
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
    const ERROR: &str = "<Response><Errors><Error><Code>InternalError</Code><Message>a &amp; b</Message></Error></Errors>\
        <RequestID>1</RequestID></Response>";

    fn check_xml(status: u16, body: &str) -> Result<Content, NoAnswer> {
        check(Some("StopInstances"), status, "text/xml", body.as_bytes())
    }

    #[test]
    fn successes_and_errors_are_distinguished() {
        let some = |text: &str| Some(text.to_owned());
        let success = Content { request_id: some("1"), ..Content::default() };
        assert_eq!(check_xml(200, SUCCESS), Ok(success));
        let error = Content { code: some("InternalError"), message: some("a & b"), request_id: some("1") };
        assert_eq!(check_xml(500, ERROR), Ok(error));
        let sts = ERROR.replace("<Response>", "<ErrorResponse>").replace("</Response>", "</ErrorResponse>");
        assert_eq!(check_xml(403, &sts).unwrap().code, some("InternalError"));
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
    fn a_response_that_needs_much_more_memory_than_it_has_bytes_is_too_large() {
        let items =
            |number: usize| format!("<StopInstancesResponse>{}</StopInstancesResponse>", "<item/>".repeat(number));
        let too_large = |limit: &str| Err(NoAnswer::TooLarge(limit.to_owned()));
        assert_eq!(check_xml(200, &items(MOST_ENTRIES)), Ok(Content::default()));
        assert_eq!(check_xml(200, &items(MOST_ENTRIES + 1)), too_large("262144 list entries"));
        let nested = |depth: usize| {
            let (start, end) = ("<a>".repeat(depth - 1), "</a>".repeat(depth - 1));
            format!("<StopInstancesResponse>{start}{end}</StopInstancesResponse>")
        };
        assert_eq!(check_xml(200, &nested(DEEPEST)), Ok(Content::default()));
        assert_eq!(check_xml(200, &nested(DEEPEST + 1)), too_large("100 elements in each other"));
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
        assert!(check_xml(200, &format!("{SUCCESS}<!-- -->\n")).is_ok());
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
            assert_eq!(json(body), Ok(Content::default()));
        }
        for body in ["{", "{\"a\":[1", "{} {}"] {
            assert_eq!(json(body), Err(NoAnswer::Incomplete { status: 200, size: body.len() }));
        }
        assert_eq!(check(None, 200, "text/plain", b"{"), Ok(Content::default()));
    }

    #[test]
    fn a_json_error_has_its_code_and_its_message() {
        for body in [
            r#"{"__type":"com.amazon.coral#ThrottlingException","message":"Rate"}"#,
            r#"{"code":"ThrottlingException:http://internal","Message":"Rate"}"#,
        ] {
            let content = check(None, 400, "application/x-amz-json-1.1", body.as_bytes()).unwrap();
            assert_eq!(content.code.as_deref(), Some("ThrottlingException"));
            assert_eq!(content.message.as_deref(), Some("Rate"));
        }
        let success = check(None, 200, "application/json", br#"{"code":"x","message":"y"}"#).unwrap();
        assert_eq!(success, Content::default());
    }
}
