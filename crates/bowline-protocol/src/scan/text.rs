//! JSON strings: from the bytes between the quotes to text, and back.

use super::machine::skip_plain;
use std::borrow::Cow;

/// Decodes the inside of a JSON string that the scanner has accepted; borrowed when it holds no escape.
///
/// # Errors
/// [`TextError`] for an unpaired surrogate, which the JSON grammar allows and which is no text.
pub fn decode_text(inside: &[u8]) -> Result<Cow<'_, str>, TextError> {
    let text = std::str::from_utf8(inside).map_err(|_| TextError)?;
    // A backslash is all that can stand there beside plain text.
    if skip_plain(inside, 0) == inside.len() {
        return Ok(Cow::Borrowed(text));
    }
    unescape(text, |_| Err(TextError)).map(Cow::Owned)
}

/// As [`decode_text`], with U+FFFD for an unpaired surrogate.
pub(super) fn decode_lossy(inside: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(inside) {
        Ok(text) if !text.contains('\\') => Cow::Borrowed(text),
        Ok(text) => {
            Cow::Owned(unescape(text, |_| Ok(char::REPLACEMENT_CHARACTER)).unwrap_or_default())
        }
        Err(_) => String::from_utf8_lossy(inside),
    }
}

/// Appends `text` as a JSON string, quotes included.
pub fn encode_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut plain = 0;
    loop {
        let at = skip_plain(bytes, plain);
        out.extend_from_slice(&bytes[plain..at]);
        let Some(&byte) = bytes.get(at) else { break };
        plain = at + 1;
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&digits);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', short]);
    }
    out.push(b'"');
}

/// A JSON string with an unpaired surrogate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextError;

impl std::fmt::Display for TextError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("string with an unpaired surrogate")
    }
}

impl std::error::Error for TextError {}

fn unescape(
    text: &str,
    lone: impl Fn(u16) -> Result<char, TextError>,
) -> Result<String, TextError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = rest.as_bytes().get(at + 1).copied().ok_or(TextError)?;
        rest = rest.get(at + 2..).ok_or(TextError)?;
        let plain = match escape {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let unit = hex(rest)?;
                rest = &rest[4..];
                match unit {
                    0xd800..0xdc00 => match rest.strip_prefix("\\u").map(hex) {
                        Some(Ok(low @ 0xdc00..0xe000)) => {
                            rest = &rest[6..];
                            let code = 0x10000
                                + ((u32::from(unit) - 0xd800) << 10)
                                + (u32::from(low) - 0xdc00);
                            char::from_u32(code).ok_or(TextError)?
                        }
                        _ => lone(unit)?,
                    },
                    0xdc00..0xe000 => lone(unit)?,
                    _ => char::from_u32(u32::from(unit)).ok_or(TextError)?,
                }
            }
            other => char::from(other),
        };
        out.push(plain);
    }
    out.push_str(rest);
    Ok(out)
}

fn hex(text: &str) -> Result<u16, TextError> {
    text.get(..4).and_then(|digits| u16::from_str_radix(digits, 16).ok()).ok_or(TextError)
}
