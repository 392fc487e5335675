//! `application/x-www-form-urlencoded` (RFC 6749 appendix B).

use crate::Secret;
use std::fmt::Write;

/// The pairs as a body.
pub(super) fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)> + Clone) -> Secret {
    // With room for all of it: a text that grows leaves copies of its beginning behind.
    let room =
        pairs.clone().into_iter().map(|(name, value)| 2 + 3 * (name.len() + value.len())).sum();
    let mut body = String::with_capacity(room);
    for (name, value) in pairs {
        if !body.is_empty() {
            body.push('&');
        }
        push(&mut body, name);
        body.push('=');
        push(&mut body, value);
    }
    Secret::new(body)
}

/// Appends one name or value.
pub(super) fn push(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                out.push(byte.into())
            }
            b' ' => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn a_form_is_encoded_as_the_appendix_shows() {
        // RFC 6749 appendix B: U+0020, U+0025, U+0026, U+002B, U+00A3, U+20AC.
        assert_eq!(encode([("x", " %&+£€")]).expose(), "x=+%25%26%2B%C2%A3%E2%82%AC");
        assert_eq!(
            encode([("a", "1"), ("b=", "~*-._"), ("c", "")]).expose(),
            "a=1&b%3D=%7E*-._&c="
        );
        assert_eq!(encode([]).expose(), "");
        assert_eq!(encode([("q", "\r\n\0")]).expose(), "q=%0D%0A%00");
    }
}
