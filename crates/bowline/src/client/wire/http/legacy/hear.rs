//! What is said on a stream that belongs to no one request.

use super::super::shared::Shared;
use crate::error::Error;
use bowline_protocol::era::client::Heard;
use bowline_protocol::protocol::Response;
use bowline_protocol::scan::recover_id;
use bytes::Bytes;
use std::sync::Arc;

/// Takes a text: mostly one message.
pub(super) fn hear(shared: &Arc<Shared>, text: &Bytes) {
    let inboxes = &shared.session.inboxes;
    for heard in shared.ear().hear(text) {
        match heard {
            Heard::Answer(message) => match message.id() {
                Some(id) => {
                    if !inboxes.answer(&id, Response::of(message)) {
                        fault(shared, "an answer to no open request");
                    }
                }
                None => match Response::of(message) {
                    Response::Error(error) => shared.hears.fault(Error::rpc_error(error)),
                    _ => fault(shared, "an answer without an id"),
                },
            },
            Heard::Progress(message) => inboxes.progress(message),
            Heard::Notification(message) => shared.hears.notification(message),
            Heard::Question(question) => {
                shared.session.asked(&question);
                shared.hears.question(question);
            }
            Heard::Cancelled(id) => {
                shared.session.withdrew(&id);
                shared.hears.cancelled(&id);
            }
            Heard::Reply(reply) => shared.tell_aside(reply),
            Heard::Refused { error, reply } => {
                fault(shared, &error.message);
                if let Some(reply) = reply {
                    shared.tell_aside(reply);
                }
            }
            Heard::Unreadable { id, fault: why } => {
                let answered =
                    id.is_some_and(|id| inboxes.answer(&id, Response::Malformed(why.clone())));
                if !answered {
                    fault(shared, &why);
                }
            }
            Heard::Nothing => {}
        }
    }
}

/// Takes the beginning of an event that was too long to be kept.
pub(super) fn hear_too_long(shared: &Arc<Shared>, prefix: &[u8]) {
    let limit = shared.limits.event_bytes;
    let why = format!("an event is longer than {limit} bytes; see `Limits::event_bytes`");
    // Of a request the id is one of the server's own.
    let is_answer = !prefix.windows(METHOD.len()).any(|text| text == METHOD);
    let id = recover_id(prefix).filter(|_| is_answer);
    if !id.is_some_and(|id| shared.session.inboxes.fail(&id, &why)) {
        shared.hears.fault(Error::overloaded(why));
    }
}

const METHOD: &[u8] = b"\"method\"";

fn fault(shared: &Shared, why: &str) {
    shared.hears.fault(Error::bad_answer(&shared.place, why));
}
