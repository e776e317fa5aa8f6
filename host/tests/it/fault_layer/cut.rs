//! Truncates response bodies with valid HTTP framing, like a server or proxy that fails in the middle of a response.

use crate::support::http::{Framing, Message};

/// The end of a body, and how HTTP marks it.
#[derive(Clone, Debug)]
pub struct Cut {
    place: Place,
    framing: Framing,
}

#[derive(Clone, Debug)]
enum Place {
    Byte(usize),
    Before(String, usize),
    After(String, usize),
}

/// After this number of bytes. Like all cuts, with a matching Content-Length by default.
pub fn at_byte(count: usize) -> Cut {
    Cut { place: Place::Byte(count), framing: Framing::Length }
}

/// Before an occurrence of a text, counted from 1.
pub fn before(text: &str, number: usize) -> Cut {
    Cut { place: Place::Before(text.to_owned(), number), framing: Framing::Length }
}

/// Within an occurrence of a text, e.g. `<item>`.
pub fn after(text: &str, number: usize) -> Cut {
    Cut { place: Place::After(text.to_owned(), number), framing: Framing::Length }
}

impl Cut {
    /// With chunked encoding, including the last chunk.
    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Without a length: the connection is closed at the end of the body.
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self
    }

    /// Truncates a response, and returns whether it is long enough and contains the text.
    pub fn apply(&self, answer: &mut Message) -> bool {
        let length = match &self.place {
            Place::Byte(count) => (*count < answer.body.len()).then_some(*count),
            Place::Before(text, number) => find(&answer.body, text, *number),
            Place::After(text, number) => find(&answer.body, text, *number).map(|start| start + text.len()),
        };
        let Some(length) = length else { return false };
        answer.body.truncate(length);
        answer.framing = self.framing;
        true
    }
}

/// The position of an occurrence of a text.
fn find(body: &[u8], text: &str, number: usize) -> Option<usize> {
    let body = std::str::from_utf8(body).expect("answers are UTF-8");
    body.match_indices(text).nth(number - 1).map(|(place, _)| place)
}
