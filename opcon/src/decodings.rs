//! Decodes a text in every way that servers encode what they return: escapes, percent-encoding, entities, Base64,
//! hexadecimal, and the form of `EncryptValue`, which is the hexadecimal of Base64.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How often encodings can be nested.
const NESTED: usize = 4;
/// The shortest Base64 or hexadecimal text that can contain a secret.
const SHORTEST: usize = 10;

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The text itself and all its decodings.
pub fn of(text: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![text.to_vec()];
    let mut last = vec![text.to_vec()];
    for _ in 0..NESTED {
        let mut next = Vec::new();
        for text in &last {
            let unescaped = unescaped(text);
            next.extend((unescaped != *text).then_some(unescaped));
            next.extend([base64(text), hexadecimal(text)].into_iter().filter(|decoded| !decoded.is_empty()));
        }
        all.extend(next.iter().cloned());
        last = next;
    }
    all
}

/// The text with its escapes replaced: `%41`, `&amp;`, `&#65;`, `&#x41;`, `\u0041`, `\u{41}`, `\x41`, `\"`.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escape = match first {
            b'%' => hex(after, 2).map(|(code, length)| (code, length + 1)),
            b'&' => entity(after).map(|(code, length)| (code, length + 1)),
            b'\\' => backslash(after).map(|(code, length)| (code, length + 1)),
            _ => None,
        };
        match escape {
            // A byte of a percent-encoded character, not a character.
            Some((code, length)) if *first == b'%' => {
                out.extend(u8::try_from(code));
                rest = &rest[length..];
            }
            Some((code, length)) => {
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[length..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// The code in the first `digits` hexadecimal digits, with their number.
fn hex(text: &[u8], digits: usize) -> Option<(u32, usize)> {
    let text = std::str::from_utf8(text.get(..digits)?).ok()?;
    Some((u32::from_str_radix(text, 16).ok()?, digits))
}

fn entity(text: &[u8]) -> Option<(u32, usize)> {
    const LONGEST: usize = 10;
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[..end]).ok()?;
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(number) => u32::from_str_radix(number, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => u32::from(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "sol" => '/',
            "plus" => '+',
            "equals" => '=',
            _ => return None,
        }),
    };
    Some((code, end + 1))
}

fn backslash(text: &[u8]) -> Option<(u32, usize)> {
    match text.first()? {
        b'u' if text.get(1) == Some(&b'{') => {
            let end = text.iter().take(9).position(|byte| *byte == b'}')?;
            let digits = std::str::from_utf8(&text[2..end]).ok()?;
            Some((u32::from_str_radix(digits, 16).ok()?, end + 1))
        }
        b'u' => hex(&text[1..], 4).map(|(code, length)| (code, length + 1)),
        b'x' => hex(&text[1..], 2).map(|(code, length)| (code, length + 1)),
        b'n' | b'r' | b't' => Some((u32::from(b' '), 1)),
        other => other.is_ascii_punctuation().then_some((u32::from(*other), 1)),
    }
}

/// All that is Base64 in the text, decoded, with the standard and with the URL alphabet. Letters before it shift its
/// beginning, so that it is decoded from each of four positions.
fn base64(text: &[u8]) -> Vec<u8> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let mut decoded = Vec::new();
    for run in text.split(|byte| !is_base64(byte)).filter(|run| run.len() >= SHORTEST) {
        let standard: Vec<u8> = run
            .iter()
            .map(|byte| match byte {
                b'-' => b'+',
                b'_' => b'/',
                byte => *byte,
            })
            .collect();
        for start in 0..4 {
            let part = &standard[start..];
            // One letter after the last group of four encodes no whole byte.
            let whole = if part.len() % 4 == 1 { part.len() - 1 } else { part.len() };
            decoded.extend(LENIENT.decode(&part[..whole]).unwrap_or_default());
            decoded.push(b'\n');
        }
    }
    decoded
}

/// All that is hexadecimal in the text, decoded from each of two positions.
fn hexadecimal(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    for run in text.split(|byte| !byte.is_ascii_hexdigit()).filter(|run| run.len() >= SHORTEST) {
        for part in [run, &run[1..]] {
            decoded.extend(::hex::decode(&part[..part.len() / 2 * 2]).unwrap_or_default());
            decoded.push(b'\n');
        }
    }
    decoded
}
