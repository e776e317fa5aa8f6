//! Recognizes texts that contain a secret, or a part of one, in any decoding.

use crate::decodings;

/// The fewest letters and digits that are searched for without what is between them.
const FEWEST_LETTERS: usize = 8;
/// The length of the pieces of a secret. A part of a secret that has twice this length contains a whole piece.
const PIECE: usize = 16;

/// The pieces of secrets to search texts for.
#[derive(Default)]
pub struct SecretSearch {
    /// Pieces of the secrets, normalized.
    pieces: Vec<String>,
    /// Pieces of their letters and digits, for texts with something between them.
    letters: Vec<String>,
}

impl SecretSearch {
    /// Adds a secret, which is also found if a text has something between its letters and digits.
    pub fn add(&mut self, secret: &str) {
        self.add_undivided(secret);
        let letters = decodings::letters(secret.as_bytes());
        if letters.len() >= FEWEST_LETTERS {
            self.letters.extend(pieces(letters));
        }
    }

    /// Adds a secret, which is found only without anything between its characters.
    pub fn add_undivided(&mut self, secret: &str) {
        self.pieces.extend(pieces(normalized(secret.as_bytes())));
    }

    /// Whether there is nothing to search for.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Whether the text contains one of the secrets, or a long part of one, in any decoding.
    pub fn finds_in(&self, text: &[u8]) -> bool {
        let contains = |text: &str, pieces: &[String]| pieces.iter().any(|piece| text.contains(piece.as_str()));
        decodings::of(text)
            .iter()
            .any(|text| contains(&normalized(text), &self.pieces) || contains(&decodings::letters(text), &self.letters))
    }
}

fn pieces(secret: String) -> Vec<String> {
    let characters: Vec<char> = secret.chars().collect();
    match characters.len() {
        0 => Vec::new(),
        1..PIECE => vec![secret],
        _ => characters.chunks_exact(PIECE).map(|piece| piece.iter().collect()).collect(),
    }
}

/// A text without what encodings and line breaks change: case, white space, and the `+` that stands for a space.
pub fn normalized(text: &[u8]) -> String {
    let kept = |c: &char| !c.is_whitespace() && *c != '+';
    String::from_utf8_lossy(text).chars().filter(kept).flat_map(char::to_lowercase).collect()
}
