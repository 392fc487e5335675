//! The scanner: one walk over a JSON-RPC message that checks everything a peer could get wrong in the bytes
//! and notes where the members are that the protocol needs.
//!
//! It checks UTF-8, the JSON grammar, the depth and the absence of duplicate members, and fills a fixed table of
//! [`Span`]s: the members of the envelope, the members of `params`, `result` or `error` that some row of the method
//! table names, and the reserved keys of `_meta`. Member names with escapes are decoded before they are compared.
//! Nothing is allocated on the way unless an object has more than sixteen members that the tables do not know.

mod keys;
mod machine;
mod members;
mod message;
mod onward;
mod raw;
mod seen;
mod text;

#[cfg(test)]
mod tests;

pub use keys::{BodyKey, MetaKey};
pub use message::{Kind, Message, NotAMessage};
pub use raw::{EncodeError, Raw};
pub use text::{TextError, decode_text, encode_text};

pub use message::read_id;

pub(crate) use members::{Members, Selection};
pub(crate) use message::unquote;
pub(crate) use raw::append;

use bowline_types::jsonrpc::Id;
use bytes::Bytes;

/// A stretch of bytes inside a scanned text: offsets in bytes, `start` inclusive, `end` exclusive.
///
/// The empty span stands for a member that was not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// Whether the member was absent.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(crate) fn new(start: usize, end: usize) -> Self {
        // The scanner refuses texts of 4 GiB and more before it makes a span.
        Self { start: start as u32, end: end as u32 }
    }

    /// The same place, counted from the beginning of a span that it is in; empty when it is empty.
    pub(crate) fn within(self, outer: Self) -> Self {
        match self.is_empty() {
            true => Self::default(),
            false => Self { start: self.start - outer.start, end: self.end - outer.start },
        }
    }

    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }
}

/// What a transport read: one message, or several in an array.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the usual one; a box would cost it an allocation"
)]
pub enum Scanned {
    /// One JSON-RPC message.
    Message(Message),
    /// An array of messages, which only one protocol version ever allowed.
    Batch(Raw),
}

/// Scans one message (or batch) of at most `depth` levels of nesting.
///
/// # Errors
/// A [`ScanError`] when the bytes are not one JSON text of the required shape, with the place and, where it could be
/// read, the id to answer to.
pub fn scan(bytes: Bytes, depth: usize) -> Result<Scanned, ScanError> {
    let walked = machine::Machine::new(&bytes, depth).and_then(machine::Machine::run);
    walked.map(|done| done.finish(bytes)).map_err(|fault| *fault)
}

/// Reads the request id out of the beginning of a message that was too long to keep.
///
/// `None` when the id did not stand in the prefix or is not a valid one.
#[must_use]
pub fn recover_id(prefix: &[u8]) -> Option<Id> {
    let valid = match std::str::from_utf8(prefix) {
        Ok(text) => text.len(),
        Err(error) => error.valid_up_to(),
    };
    match machine::Machine::new(&prefix[..valid], MAX_DEPTH).and_then(machine::Machine::run) {
        Ok(done) => done.id(&prefix[..valid]),
        Err(error) => error.id,
    }
}

/// The deepest nesting the scanner can keep track of.
pub const MAX_DEPTH: usize = 128;

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanError {
    /// What was wrong.
    pub kind: ScanErrorKind,
    /// Where, as a byte offset from the beginning.
    pub offset: usize,
    /// The id of the request, if it stood before the fault.
    pub id: Option<Id>,
}

/// The kinds of fault the scanner finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScanErrorKind {
    /// 4 GiB or more.
    TooLarge,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text breaks the JSON grammar; names what was expected.
    Syntax(&'static str),
    /// Nested deeper than allowed.
    TooDeep,
    /// A member stands twice in one object.
    DuplicateMember(String),
    /// A member name that is not text (an unpaired surrogate).
    BadMemberName,
    /// The message is neither an object nor an array.
    NotAnObject,
}

impl ScanErrorKind {
    /// Whether the text is not JSON at all (a parse error), as opposed to JSON of a forbidden shape.
    #[must_use]
    pub fn is_parse_error(&self) -> bool {
        matches!(self, Self::TooLarge | Self::NotUtf8 | Self::Syntax(_) | Self::TooDeep)
    }
}

impl std::fmt::Display for ScanError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let at = self.offset;
        match &self.kind {
            ScanErrorKind::TooLarge => write!(f, "message of 4 GiB or more"),
            ScanErrorKind::NotUtf8 => write!(f, "invalid UTF-8 at byte {at}"),
            ScanErrorKind::Syntax(expected) => write!(f, "expected {expected} at byte {at}"),
            ScanErrorKind::TooDeep => write!(f, "nested too deeply at byte {at}"),
            ScanErrorKind::DuplicateMember(name) => {
                write!(f, "member `{}` stands twice, again at byte {at}", name.escape_debug())
            }
            ScanErrorKind::BadMemberName => {
                write!(f, "member name with an unpaired surrogate at byte {at}")
            }
            ScanErrorKind::NotAnObject => write!(f, "expected a JSON-RPC message object"),
        }
    }
}

impl std::error::Error for ScanError {}
