//! Digests of JSON values that do not depend on how somebody wrote them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Number, Value};

/// The SHA-256 of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// Of a JSON value: the order of members, white space, escapes and the form of numbers make no difference.
    pub(super) fn of(value: &Value) -> Self {
        let mut text = Vec::new();
        write(value, &mut text);
        Self::of_bytes(&text)
    }

    /// Of a JSON text; of the bytes as they are, where they are too odd to be read.
    pub(super) fn of_text(text: &[u8]) -> Self {
        serde_json::from_slice(text)
            .map_or_else(|_| Self::of_bytes(text), |value: Value| Self::of(&value))
    }

    /// Of bytes.
    pub(super) fn of_bytes(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self(out)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = BASE64.decode(text).map_err(de::Error::custom)?;
        bytes.try_into().map(Self).map_err(|_| de::Error::custom("expected 32 bytes"))
    }
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                bowline_protocol::scan::encode_text(out, name);
                out.push(b':');
                write(value, out);
            }
            out.push(b'}');
        }
        Value::Array(elements) => {
            out.push(b'[');
            for (at, value) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write(value, out);
            }
            out.push(b']');
        }
        Value::String(text) => bowline_protocol::scan::encode_text(out, text),
        Value::Number(number) => out.extend_from_slice(plain(number).to_string().as_bytes()),
        Value::Bool(_) | Value::Null => out.extend_from_slice(value.to_string().as_bytes()),
    }
}

/// A whole number without its fraction: `1.0` is `1`.
pub(super) fn plain(number: &Number) -> Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= EXACT => {
            Number::from(float as i64)
        }
        _ => number.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn the_way_a_value_is_written_makes_no_difference() {
        let digest = Digest::of_text(br#"{"a": [1, "\u0041", null], "b": {"d": true, "c": -2}}"#);
        for same in [
            r#"{"b":{"c":-2,"d":true},"a":[1,"A",null]}"#,
            r#"{ "b" : { "c" : -2.0 , "d":true } , "a" : [1e0,"A",null] }"#,
        ] {
            assert_eq!(Digest::of_text(same.as_bytes()), digest, "{same}");
        }
    }

    #[test]
    fn different_values_have_different_digests() {
        let texts = [
            "{}",
            "[]",
            "null",
            "\"null\"",
            "0",
            "\"0\"",
            "false",
            "[0]",
            "[[]]",
            "1.5",
            "{\"a\":1}",
            "{\"a\":\"1\"}",
            "[1,2]",
            "[2,1]",
            "[\"1,2\"]",
            "not json",
        ];
        for (at, one) in texts.iter().enumerate() {
            for other in &texts[at + 1..] {
                assert_ne!(
                    Digest::of_text(one.as_bytes()),
                    Digest::of_text(other.as_bytes()),
                    "{one} {other}"
                );
            }
        }
    }
}
