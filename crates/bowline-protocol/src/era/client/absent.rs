//! What stands for sessions where they are left out: a server sends no requests and no batches.

use super::{Agreed, Ear, Heard, Hearing, NoAgreement};
use crate::era::{Stamp, modern};
use crate::outcome::{Body, Outcome};
use crate::scan::{Message, Raw};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;
use std::sync::Arc;

pub(super) fn params(_: Revision, _: &str, params: Body) -> Body {
    params
}

pub(super) fn error(_: Revision, _: &str, error: ErrorObject) -> ErrorObject {
    error
}

pub(super) fn stamp(_: Revision) -> Option<Arc<Stamp>> {
    None
}

pub(super) fn response(_: Revision, id: &[u8], outcome: &Outcome) -> Raw {
    modern::response(id, outcome, None)
}

pub(super) fn request(ear: &Ear, message: Message) -> Heard {
    ear.refused(&message, ErrorObject::method_not_found(&message.method()))
}

pub(super) fn batch(_: &Ear, _: &Raw) -> Hearing {
    Hearing::One(Heard::Unreadable { id: None, fault: "several messages in one text".into() })
}

pub(in crate::era) fn newest_session() -> Option<Revision> {
    None
}

pub(in crate::era) fn read_session(_: &Raw) -> Result<Agreed, NoAgreement> {
    Err(NoAgreement::NoneInCommon(Vec::new()))
}

pub(crate) fn says_version(_: Revision) -> bool {
    true
}
