//! JSON text that is known to be valid and to stand on one line.

use super::machine::{Machine, flatten};
use super::members::{Selection, between, start_of_member};
use super::{MAX_DEPTH, ScanError, Span};
use bytes::Bytes;
use serde_core::Serialize;
use serde_core::de::DeserializeOwned;
use serde_core::ser::Error as _;

/// One JSON value as text: checked by the scanner, valid UTF-8, and free of line breaks.
///
/// Because no line break can stand in it, a `Raw` written to a newline-delimited stream or into an SSE `data` field
/// is exactly one message, whatever its sender wrote between the tokens.
#[derive(Clone, PartialEq, Eq)]
pub struct Raw(Bytes);

impl Raw {
    pub(crate) const EMPTY_OBJECT: Self = Self(Bytes::from_static(b"{}"));

    /// Checks `bytes` and takes them; line breaks and tabs between tokens become spaces.
    ///
    /// # Errors
    /// [`ScanError`] when they are not one JSON value of at most [`MAX_DEPTH`] levels.
    pub fn parse(bytes: impl Into<Bytes>) -> Result<Self, ScanError> {
        let bytes = bytes.into();
        let walked = Machine::new(&bytes, MAX_DEPTH).and_then(Machine::run_value);
        let broken = walked.map_err(|fault| *fault)?.broken();
        Ok(Self::scanned(bytes, broken))
    }

    /// Encodes a value.
    ///
    /// # Errors
    /// [`EncodeError`] when the value refuses to be encoded, as a map with keys that are no strings does.
    pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let mut text = Vec::with_capacity(128);
        append(&mut text, value)?;
        Ok(Self(text.into()))
    }

    /// Encodes a value that must be an object.
    pub(crate) fn encode_object<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        let raw = Self::encode(value)?;
        if raw.is_object() { Ok(raw) } else { Err(EncodeError::not_an_object()) }
    }

    /// The same in memory of its own, of which it takes no more than it needs.
    pub(crate) fn compact(&self) -> Self {
        Self(Bytes::copy_from_slice(&self.0))
    }

    pub(crate) fn is_object(&self) -> bool {
        self.0.first() == Some(&b'{')
    }

    /// The members of an object, without the braces.
    pub(crate) fn members(&self) -> &[u8] {
        self.0.strip_prefix(b"{").and_then(|text| text.strip_suffix(b"}")).unwrap_or_default()
    }

    /// Decodes the value.
    ///
    /// # Errors
    /// A [`bowline_types::DecodeError`] that names the path to what is wrong.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, bowline_types::DecodeError> {
        bowline_types::decode(&self.0)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The text as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text as shared bytes.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// Bytes that the scanner has just walked over.
    pub(super) fn scanned(bytes: Bytes, broken: bool) -> Self {
        if !broken {
            return Self(bytes);
        }
        let mut line = bytes.to_vec();
        flatten(&mut line);
        Self(line.into())
    }

    /// A value inside this one.
    pub(crate) fn slice(&self, span: Span) -> Self {
        Self(self.0.slice(span.start as usize..span.end as usize))
    }

    /// The members of an object but for those whose values stand at these places; an empty place is none.
    pub(crate) fn without<const N: usize>(&self, mut values: [Span; N]) -> Selection {
        values.sort_unstable_by_key(|value| value.start);
        let mut rest = Selection::with_capacity(self.0.len());
        let mut at = 1;
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            rest.add(between(&self.0[at..start_of_member(&self.0, value)]));
            at = value.end as usize;
        }
        rest.add(between(&self.0[at..self.0.len() - 1]));
        rest
    }

    /// Text built by this crate's own writers.
    pub(crate) fn written(text: Vec<u8>) -> Self {
        debug_assert!(
            Self::parse(text.clone()).is_ok_and(|raw| raw.0 == text),
            "a writer wrote no JSON"
        );
        Self(text.into())
    }
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Raw {
    fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::from_slice::<serde_json::Value>(&self.0)
            .map_err(S::Error::custom)?
            .serialize(serializer)
    }
}

/// Encodes a value behind what `out` holds, and tells what it begins with.
pub(crate) fn append<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
) -> Result<u8, EncodeError> {
    let start = out.len();
    serde_json::to_writer(&mut *out, value).map_err(EncodeError)?;
    let text = &mut out[start..];
    // `serde_json` never writes a line break, but a value may carry text that it passes on unread.
    if memchr::memchr3(b'\n', b'\r', b'\t', text).is_some() {
        flatten(text);
    }
    Ok(text.first().copied().unwrap_or_default())
}

/// A value that could not be encoded.
#[derive(Debug)]
pub struct EncodeError(serde_json::Error);

impl EncodeError {
    pub(crate) fn not_an_object() -> Self {
        Self(serde_json::Error::custom("not an object"))
    }
}

impl std::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "value cannot be encoded as JSON")
    }
}

impl std::error::Error for EncodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
