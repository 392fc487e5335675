//! What tells the protocol versions apart: how a request says which version it speaks, and how its answer is dressed.
//!
//! From here inwards every request carries its version, client information and capabilities, whatever version its
//! sender speaks.

#[cfg(modern_only)]
mod absent;
pub mod client;
#[cfg(not(modern_only))]
pub mod legacy;
pub mod modern;
pub mod probe;
#[cfg(not(modern_only))]
mod stamp;
mod write;

#[cfg(test)]
mod tests;

#[cfg(modern_only)]
pub use absent::Stamp;
#[cfg(not(modern_only))]
pub use stamp::Stamp;
pub use write::{argument_violation, notification, response, response_pieces};

#[cfg(modern_only)]
use absent as session;
#[cfg(not(modern_only))]
use legacy as session;

use crate::scan::{BodyKey, Message, MetaKey, Raw};
use crate::table::Row;
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::revision::Revision;
use std::borrow::Cow;
use std::sync::Arc;

/// All protocol versions that a server speaks, newest first.
pub fn supported() -> impl Iterator<Item = Revision> {
    modern::SUPPORTED.iter().chain(session::SUPPORTED).copied()
}

/// A request that may be answered: known to be well formed, of a supported protocol version and an existing method.
#[derive(Clone, Debug)]
pub struct Incoming {
    message: Message,
    row: &'static Row,
    revision: Revision,
    stamp: Option<Arc<Stamp>>,
}

impl Incoming {
    /// A request that says everything about itself.
    fn new(message: Message, row: &'static Row, revision: Revision) -> Self {
        Self { message, row, revision, stamp: None }
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> Cow<'_, str> {
        // A row of the table spares looking at the bytes again.
        if self.row.name.is_empty() { self.message.method() } else { Cow::Borrowed(self.row.name) }
    }

    /// The method's row of the table.
    #[must_use]
    pub fn row(&self) -> &'static Row {
        self.row
    }

    /// The protocol version of this request, on the wire's form.
    #[must_use]
    pub fn protocol_version(&self) -> &'static str {
        self.revision.as_str()
    }

    /// The protocol version of this request.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The id to answer to.
    #[must_use]
    pub fn id(&self) -> Option<Id> {
        self.message.id()
    }

    /// The id as the client wrote it.
    #[must_use]
    pub fn id_text(&self) -> &[u8] {
        self.message.id_text()
    }

    /// A member of `params`.
    #[must_use]
    pub fn param(&self, key: BodyKey) -> Option<&[u8]> {
        self.message.body(key)
    }

    /// A member of `params` that must be a string.
    #[must_use]
    pub fn param_str(&self, key: BodyKey) -> Option<Cow<'_, str>> {
        self.message.body_str(key)
    }

    /// A member of `params` as text of its own.
    #[must_use]
    pub fn param_raw(&self, key: BodyKey) -> Option<Raw> {
        self.message.body_raw(key)
    }

    /// `params` whole.
    #[must_use]
    pub fn params(&self) -> Option<Raw> {
        self.message.params()
    }

    /// A reserved key of `_meta`.
    #[must_use]
    pub fn meta(&self, key: MetaKey) -> Option<&[u8]> {
        self.message.meta(key).or_else(|| self.stamp.as_ref()?.meta(key))
    }

    /// A reserved key of `_meta` that must be a string.
    #[must_use]
    pub fn meta_str(&self, key: MetaKey) -> Option<Cow<'_, str>> {
        self.message.meta_str(key).or_else(|| self.stamp.as_ref()?.meta_str(key))
    }

    /// What its client declared it can do, an object: in the request, or when its session was opened.
    #[must_use]
    pub fn client_capabilities(&self) -> Option<Raw> {
        let said = self.message.meta_raw(MetaKey::ClientCapabilities);
        said.or_else(|| Some(self.stamp.as_ref()?.client_capabilities().clone()))
    }

    /// Whether it came in a session, which said for it what a newer request says itself.
    #[must_use]
    pub fn is_of_session(&self) -> bool {
        self.stamp.is_some()
    }

    /// The message itself.
    #[must_use]
    pub fn message(&self) -> &Message {
        &self.message
    }
}

/// A message that will not be handled, and the error that says why.
#[derive(Debug)]
pub struct Refusal {
    /// The id to answer to, as it was written; `None` when it could not be read.
    pub id: Option<Box<[u8]>>,
    /// The error.
    pub error: ErrorObject,
}

impl Refusal {
    /// Refuses a message whose id could not be read.
    #[must_use]
    pub fn anonymous(error: ErrorObject) -> Self {
        Self { id: None, error }
    }

    /// Refuses a scanned message.
    #[must_use]
    pub fn of(message: &Message, error: ErrorObject) -> Self {
        let id = message.id().map(|_| message.id_text().into());
        Self { id, error }
    }
}

impl From<crate::scan::ScanError> for Refusal {
    fn from(fault: crate::scan::ScanError) -> Self {
        let text = fault.to_string();
        let error = if fault.kind.is_parse_error() {
            ErrorObject::parse_error(text)
        } else {
            ErrorObject::invalid_request(text)
        };
        // Of a text that is not JSON nothing is believed, not even an id that seemed readable.
        let id = if fault.kind.is_parse_error() { None } else { fault.id };
        Self { id: id.map(|id| id_text(&id)), error }
    }
}

/// An id as it goes on the wire.
#[must_use]
pub fn id_text(id: &Id) -> Box<[u8]> {
    let mut out = Vec::new();
    match id {
        Id::Int(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Id::Str(text) => crate::scan::encode_text(&mut out, text),
    }
    out.into()
}
