//! Bodies that end too early although HTTP finds them whole, as a server or a proxy that breaks down in the middle leaves
//! them.

use crate::support::http::{Framing, Message};

/// Where a body ends, and how HTTP says so.
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

/// After so many bytes. Like all cuts, with the Content-Length of what is left, unless told otherwise.
pub fn at_byte(count: usize) -> Cut {
    Cut { place: Place::Byte(count), framing: Framing::Length }
}

/// Before an occurrence of a text; the first is 1.
pub fn before(text: &str, number: usize) -> Cut {
    Cut { place: Place::Before(text.to_owned(), number), framing: Framing::Length }
}

/// After an occurrence of a text, as in `<item>`: in the middle of it, then.
pub fn after(text: &str, number: usize) -> Cut {
    Cut { place: Place::After(text.to_owned(), number), framing: Framing::Length }
}

impl Cut {
    /// In chunks, the last of which is there.
    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Without a length: the connection is closed where the body ends.
    pub fn until_close(mut self) -> Self {
        self.framing = Framing::UntilClose;
        self
    }

    /// Cuts an answer, and returns whether it is long enough and has the text.
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

/// The place of an occurrence of a text.
fn find(body: &[u8], text: &str, number: usize) -> Option<usize> {
    let body = std::str::from_utf8(body).expect("answers are UTF-8");
    body.match_indices(text).nth(number - 1).map(|(place, _)| place)
}
