//! One scanned JSON-RPC message, seen through its spans.

use super::keys::{BodyKey, EnvelopeKey, MetaKey, Tables};
use super::raw::Raw;
use super::{Span, text};
use bowline_types::jsonrpc::Id;
use std::borrow::Cow;

/// A JSON-RPC message whose bytes have been checked and whose members can be looked up.
#[derive(Clone, Debug)]
pub struct Message {
    raw: Raw,
    tables: Tables,
}

/// What a message is, by the members it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Has a `method` and an `id`.
    Request,
    /// Has a `method` and no `id`.
    Notification,
    /// Has a `result`.
    Result,
    /// Has an `error`.
    Error,
}

impl Message {
    pub(super) fn new(raw: Raw, tables: Tables) -> Self {
        Self { raw, tables }
    }

    /// What this message is.
    ///
    /// # Errors
    /// [`NotAMessage`] when the members do not make a JSON-RPC 2.0 message.
    pub fn kind(&self) -> Result<Kind, NotAMessage> {
        if self.envelope(EnvelopeKey::Jsonrpc) != b"\"2.0\"" {
            return Err(NotAMessage("`jsonrpc` must be \"2.0\""));
        }
        let has = |key| !self.tables.envelope[key as usize].is_empty();
        let has_id = has(EnvelopeKey::Id);
        if has(EnvelopeKey::Method) {
            if has(EnvelopeKey::Result) || has(EnvelopeKey::Error) {
                return Err(NotAMessage(
                    "a message has a `method` or a `result` or an `error`, never two of them",
                ));
            }
            if self.envelope(EnvelopeKey::Method).first() != Some(&b'"') {
                return Err(NotAMessage("`method` must be a string"));
            }
            if has(EnvelopeKey::Params) && !self.is_object(EnvelopeKey::Params) {
                return Err(NotAMessage("`params` must be an object"));
            }
            if !has_id {
                return Ok(Kind::Notification);
            }
            return self.with_id(Kind::Request);
        }
        match (has(EnvelopeKey::Result), has(EnvelopeKey::Error)) {
            (true, true) => Err(NotAMessage("a response has a `result` or an `error`, never both")),
            (true, false) if !self.is_object(EnvelopeKey::Result) => {
                Err(NotAMessage("`result` must be an object"))
            }
            (true, false) => self.with_id(Kind::Result),
            (false, true) if !self.is_object(EnvelopeKey::Error) => {
                Err(NotAMessage("`error` must be an object"))
            }
            // An error may lack its id, or have null there, when the request could not be read.
            (false, true) if !has_id || self.envelope(EnvelopeKey::Id) == b"null" => {
                Ok(Kind::Error)
            }
            (false, true) => self.with_id(Kind::Error),
            (false, false) => {
                Err(NotAMessage("a message needs a `method`, a `result` or an `error`"))
            }
        }
    }

    /// The id, where there is a valid one.
    #[must_use]
    pub fn id(&self) -> Option<Id> {
        read_id(self.envelope(EnvelopeKey::Id))
    }

    /// The id as it was written, to be echoed; empty when there is none.
    #[must_use]
    pub fn id_text(&self) -> &[u8] {
        self.envelope(EnvelopeKey::Id)
    }

    /// The method's name; empty when there is none.
    #[must_use]
    pub fn method(&self) -> Cow<'_, str> {
        unquote(self.envelope(EnvelopeKey::Method)).unwrap_or_default()
    }

    /// The value of a member of `params`, `result` or `error`; `None` when it is absent.
    #[must_use]
    pub fn body(&self, key: BodyKey) -> Option<&[u8]> {
        present(self.tables.body[key as usize].of(self.raw.as_bytes()))
    }

    /// As [`Message::body`], as text of its own that shares the message's bytes.
    #[must_use]
    pub fn body_raw(&self, key: BodyKey) -> Option<Raw> {
        let span = self.tables.body[key as usize];
        (!span.is_empty()).then(|| self.raw.slice(span))
    }

    /// A member of `params`, `result` or `error` that must be a string: `None` when it is absent or something else.
    #[must_use]
    pub fn body_str(&self, key: BodyKey) -> Option<Cow<'_, str>> {
        self.body(key).and_then(unquote)
    }

    /// The value of a reserved key of `_meta`; `None` when it is absent.
    #[must_use]
    pub fn meta(&self, key: MetaKey) -> Option<&[u8]> {
        present(self.tables.meta[key as usize].of(self.raw.as_bytes()))
    }

    /// A reserved key of `_meta` as text of its own.
    #[must_use]
    pub fn meta_raw(&self, key: MetaKey) -> Option<Raw> {
        let span = self.tables.meta[key as usize];
        (!span.is_empty()).then(|| self.raw.slice(span))
    }

    /// A reserved key of `_meta` that must be a string: `None` when it is absent or something else.
    #[must_use]
    pub fn meta_str(&self, key: MetaKey) -> Option<Cow<'_, str>> {
        self.meta(key).and_then(unquote)
    }

    /// Makes a member of `params` look absent, for a sender that must not say it.
    #[cfg(not(modern_only))]
    pub(crate) fn forget(&mut self, key: BodyKey) {
        self.tables.body[key as usize] = Span::default();
    }

    /// Makes a reserved key of `_meta` look absent, for a sender that must not say it.
    #[cfg(not(modern_only))]
    pub(crate) fn forget_meta(&mut self, key: MetaKey) {
        self.tables.meta[key as usize] = Span::default();
    }

    /// `params` whole; `None` when absent.
    #[must_use]
    pub fn params(&self) -> Option<Raw> {
        self.envelope_raw(EnvelopeKey::Params)
    }

    /// `result` whole; `None` when absent.
    #[must_use]
    pub fn result(&self) -> Option<Raw> {
        self.envelope_raw(EnvelopeKey::Result)
    }

    /// `error` whole; `None` when absent.
    #[must_use]
    pub fn error(&self) -> Option<Raw> {
        self.envelope_raw(EnvelopeKey::Error)
    }

    /// The whole message.
    #[must_use]
    pub fn raw(&self) -> &Raw {
        &self.raw
    }

    /// Where `params` is.
    pub(super) fn params_span(&self) -> Span {
        self.tables.envelope[EnvelopeKey::Params as usize]
    }

    /// Where `result` is.
    pub(crate) fn result_span(&self) -> Span {
        self.tables.envelope[EnvelopeKey::Result as usize]
    }

    /// Where the value of a member of `params`, `result` or `error` is; empty when it is absent.
    pub(crate) fn body_span(&self, key: BodyKey) -> Span {
        self.tables.body[key as usize]
    }

    /// Where the value of a reserved key of `_meta` is; empty when it is absent.
    pub(crate) fn meta_span(&self, key: MetaKey) -> Span {
        self.tables.meta[key as usize]
    }

    /// Where the members of `params`, `result` or `error` are that the scanner knows.
    pub(super) fn body_spans(&self) -> impl Iterator<Item = Span> {
        self.tables.body.iter().copied().filter(|span| !span.is_empty())
    }

    fn with_id(&self, kind: Kind) -> Result<Kind, NotAMessage> {
        let text = self.envelope(EnvelopeKey::Id);
        match text.first() {
            Some(b'"') if unquote(text).is_some() => Ok(kind),
            Some(b'-' | b'0'..=b'9') if integer(text).is_some() => Ok(kind),
            None => Err(NotAMessage("a response needs the `id` of its request")),
            _ => Err(NotAMessage("`id` must be a string or an integer of at most 64 bits")),
        }
    }

    fn is_object(&self, key: EnvelopeKey) -> bool {
        self.envelope(key).first() == Some(&b'{')
    }

    fn envelope(&self, key: EnvelopeKey) -> &[u8] {
        self.tables.envelope[key as usize].of(self.raw.as_bytes())
    }

    fn envelope_raw(&self, key: EnvelopeKey) -> Option<Raw> {
        let span: Span = self.tables.envelope[key as usize];
        (!span.is_empty()).then(|| self.raw.slice(span))
    }
}

/// JSON that is no JSON-RPC 2.0 message, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAMessage(pub(crate) &'static str);

impl std::fmt::Display for NotAMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NotAMessage {}

/// Reads an id from its text; `None` for anything that is not a string or a 64-bit integer.
#[must_use]
pub fn read_id(text: &[u8]) -> Option<Id> {
    match text.first()? {
        b'"' => unquote(text).map(|text| Id::from(text.into_owned())),
        _ => integer(text).map(Id::from),
    }
}

fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The text of a JSON string; `None` for any other value.
pub(crate) fn unquote(value: &[u8]) -> Option<Cow<'_, str>> {
    let inside = value.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    text::decode_text(inside).ok()
}

fn present(value: &[u8]) -> Option<&[u8]> {
    (!value.is_empty()).then_some(value)
}
