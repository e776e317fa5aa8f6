//! Decodes a text in every way that servers encode what they return: escapes, percent-encoding, entities,
//! numbers, Base64, hexadecimal, and the form of `EncryptValue`, which is the hexadecimal of Base64.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How often encodings can be nested.
const NESTED: usize = 4;
/// How deep in other encodings numbers can be. They are the outermost encoding or the innermost one.
const NESTED_NUMBERS: usize = 3;
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
    for depth in 0..NESTED {
        if depth < NESTED_NUMBERS {
            all.extend(last.iter().flat_map(|text| [quoted_printable(text), numbers(text, 10), numbers(text, 16)]));
        }
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

/// The letters and digits of a text, in lower case: what is left if separators are put between the parts of a secret.
pub fn letters(text: &[u8]) -> String {
    text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|byte| char::from(byte.to_ascii_lowercase())).collect()
}

/// The text with `=41` replaced, as in mail.
fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        match hex(after, 2)
            .filter(|_| *first == b'=')
            .and_then(|(code, length)| Some((u8::try_from(code).ok()?, length)))
        {
            Some((byte, length)) => {
                out.push(byte);
                rest = &after[length..];
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    out
}

/// The characters whose codes are in the text as separate numbers, such as `41 42`, `0x41,0x42`, `U+0041` or `[65, 66]`.
fn numbers(text: &[u8], radix: u32) -> Vec<u8> {
    const MOST_DIGITS: usize = 6;
    let mut out = Vec::new();
    for word in text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty() && *word != b"U") {
        let word = word.strip_prefix(b"0x").or(word.strip_prefix(b"0X")).unwrap_or(word);
        let digits = std::str::from_utf8(word).ok().filter(|digits| digits.len() <= MOST_DIGITS);
        let code = digits.and_then(|digits| u32::from_str_radix(digits, radix).ok());
        let character = code.and_then(char::from_u32).unwrap_or('\n');
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out
}

/// The text with its escapes replaced: `%41`, `&amp;`, `&#65;`, `&#65`, `&#x41;`, `\u0041`, `\u{41}`, `\x41`, `\101`, `\"`.
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
            // A byte of a percent-encoded or octal character, not a character.
            Some((code, length)) if *first == b'%' || (*first == b'\\' && after[0].is_ascii_digit()) => {
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
    if let Some(number) = text.strip_prefix(b"#") {
        return numeric_entity(number).map(|(code, length)| (code, length + 1));
    }
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[..end]).ok()?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "sol" => '/',
        "plus" => '+',
        "equals" => '=',
        _ => return None,
    };
    Some((u32::from(character), end + 1))
}

/// The code after `&#`. Browsers do not need the semicolon.
fn numeric_entity(text: &[u8]) -> Option<(u32, usize)> {
    const MOST_DIGITS: usize = 7;
    let (radix, start) = if matches!(text.first(), Some(b'x' | b'X')) { (16, 1) } else { (10, 0) };
    let is_digit = |byte: &&u8| char::from(**byte).is_digit(radix);
    let end = start + text[start..].iter().take(MOST_DIGITS).take_while(is_digit).count();
    let code = u32::from_str_radix(std::str::from_utf8(&text[start..end]).ok()?, radix).ok()?;
    Some((code, end + usize::from(text.get(end) == Some(&b';'))))
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
        b'0'..=b'3' => u32::from_str_radix(std::str::from_utf8(text.get(..3)?).ok()?, 8).ok().map(|code| (code, 3)),
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
