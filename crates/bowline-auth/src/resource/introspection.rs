//! Asking an authorization server about a token (RFC 7662).

use super::Refusal;
use serde_json::{Map, Value};

/// The form that asks about a token.
#[must_use]
pub fn form(token: &str) -> String {
    let mut form = String::from("token=");
    for byte in token.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            form.push(char::from(byte));
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            form.push('%');
            form.push(char::from(HEX[usize::from(byte >> 4)]));
            form.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    form.push_str("&token_type_hint=access_token");
    form
}

/// What the authorization server says of an active token.
///
/// # Errors
/// [`Refusal::Inactive`], or [`Refusal::Answer`] when it says something else.
pub fn answer(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let Ok(Value::Object(claims)) = serde_json::from_slice(body) else {
        return Err(Refusal::Answer);
    };
    match claims.get("active") {
        Some(Value::Bool(true)) => Ok(claims),
        Some(Value::Bool(false)) => Err(Refusal::Inactive),
        _ => Err(Refusal::Answer),
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, answer, form};

    #[test]
    fn a_token_stays_within_its_member() {
        assert_eq!(form("aZ9-._~"), "token=aZ9-._~&token_type_hint=access_token");
        assert_eq!(form("a&b=c+/ %"), "token=a%26b%3Dc%2B%2F%20%25&token_type_hint=access_token");
    }

    #[test]
    fn only_the_word_true_makes_a_token_active() {
        assert_eq!(answer(br#"{"active":true,"sub":"a"}"#).unwrap()["sub"], "a");
        assert_eq!(answer(br#"{"active":false}"#), Err(Refusal::Inactive));
        for text in [
            "",
            "[]",
            "true",
            "{}",
            r#"{"active":"true"}"#,
            r#"{"active":1}"#,
            r#"{"active":null}"#,
        ] {
            assert_eq!(answer(text.as_bytes()), Err(Refusal::Answer), "{text}");
        }
    }
}
