//! The protocol versions in which a client opens a session by `initialize`.
//!
//! See [Lifecycle](https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle).

mod initialize;
mod question;

pub use initialize::{initialize, initialized, read_initialize};
pub use question::{Asked, Unsayable, question, reply_to_question};

use super::{Agreed, Ear, Heard, Hearing, NoAgreement};
use crate::dialect::{self, Feature, supports};
use crate::era::legacy::{self, batch};
use crate::era::{Incoming, Stamp};
use crate::outcome::{Body, Outcome};
use crate::scan::{Message, Raw};
use crate::table::{self, RowKind, Sender};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::{Era, Revision};
use std::sync::Arc;

/// The most messages that are taken out of one batch.
const MOST: usize = 128;

/// The newest protocol version that has sessions.
pub(in crate::era) fn newest_session() -> Option<Revision> {
    legacy::SUPPORTED.first().copied()
}

/// Reads the result of `initialize`.
pub(in crate::era) fn read_session(result: &Raw) -> Result<Agreed, NoAgreement> {
    read_initialize(result)
}

/// Whether HTTP has a header for the protocol version.
pub(crate) fn says_version(revision: Revision) -> bool {
    revision >= Revision::V2025_06_18
}

/// The params of a request in the shape of a protocol version.
pub(super) fn params(revision: Revision, method: &str, params: Body) -> Body {
    dialect::params(revision, method, params)
}

/// An error of a server in the shape of the newest protocol version.
pub(super) fn error(revision: Revision, method: &str, error: ErrorObject) -> ErrorObject {
    dialect::newest_error(revision, method, error)
}

/// What is put on the requests of a session's server; `None` where a server sends none.
pub(super) fn stamp(revision: Revision) -> Option<Arc<Stamp>> {
    let nothing = Raw::written(b"{}".to_vec());
    let stamp = || Arc::new(Stamp::new(revision, nothing.clone(), nothing, None));
    (revision.era() == Era::Legacy).then(stamp)
}

/// Writes the answer to a request of a session's server.
pub(super) fn response(revision: Revision, id: &[u8], outcome: &Outcome) -> Raw {
    // No question's result differs by its method: what differs has been said by `reply_to_question`.
    legacy::response(revision, "", id, outcome)
}

/// What a request of a server is.
pub(super) fn request(ear: &Ear, message: Message) -> Heard {
    let method = message.method();
    // A session's server may ask for a sign of life before anything is agreed on.
    let in_session = ear.stamp.is_some() || ear.revision().is_none();
    if in_session && method == "ping" {
        return Heard::Reply(pong(message.id_text()));
    }
    let row = table::find(&method);
    let sendable = |revision: Revision| {
        row.is_none_or(|row| {
            row.exists_in(revision) && row.kind == RowKind::Request && row.sender != Sender::Client
        })
    };
    let stamp = ear.stamp.clone().zip(ear.revision()).filter(|(_, revision)| sendable(*revision));
    let Some((stamp, revision)) = stamp else {
        return ear.refused(&message, ErrorObject::method_not_found(&method));
    };
    let row = row.unwrap_or(&table::CUSTOM);
    drop(method);
    Heard::Question(Incoming { message, row, revision, stamp: Some(stamp) })
}

/// The answer to `ping`, which looks the same in all protocol versions that have it.
fn pong(id: &[u8]) -> Raw {
    legacy::response(legacy::SUPPORTED[0], "ping", id, &Outcome::complete(Body::empty()))
}

/// What a batch is: the messages of it, where the protocol version has batches or may turn out to have them.
pub(super) fn batch(ear: &Ear, text: &Raw) -> Hearing {
    if ear.revision().is_some_and(|revision| !supports(revision, Feature::Batches)) {
        let fault = "several messages in one text, which this protocol version does not have";
        return Hearing::One(Heard::Unreadable { id: None, fault: fault.into() });
    }
    match batch::messages(text, MOST, ear.depth) {
        Err(error) => Hearing::One(Heard::Unreadable { id: None, fault: error.message.into() }),
        Ok(messages) => {
            let heard = messages.into_iter().map(|message| match message {
                Ok(message) => ear.message(message),
                Err(refusal) => Heard::Unreadable { id: None, fault: refusal.error.message.into() },
            });
            Hearing::Batch(heard.collect())
        }
    }
}
