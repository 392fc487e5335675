//! Responses that say no: with a JSON-RPC error, or with a status alone.

use super::events::is_message;
use super::shared::Shared;
use crate::client::wire::Failure;
use crate::error::Error;
use crate::transport::http::client::Body;
use bowline_protocol::era::client::Heard;
use bowline_protocol::frame::sse;
use bowline_protocol::http::headers::MediaType;
use bowline_protocol::http::{HeaderMap, HeaderValue};
use bowline_protocol::protocol;
use bowline_protocol::scan::Kind;
use bowline_types::jsonrpc::{ErrorObject, Id};
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use std::fmt::Write as _;
use std::time::Duration;

/// What a response refuses.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// What it is called in errors: its method.
    pub(super) what: &'a str,
    pub(super) id: Option<i64>,
    /// Whether it named a session, which may be gone.
    pub(super) in_session: bool,
}

/// What a server said in the words of JSON-RPC.
pub(super) enum Said {
    Error(ErrorObject, StatusCode),
    /// It ought to be an error, and this is wrong with it.
    Malformed(Box<str>),
}

/// Reads a response whose status is that of a failure.
///
/// # Errors
/// There is no JSON-RPC error in it, or its status alone decides.
pub(super) async fn read(
    shared: &Shared,
    response: Response<Body>,
    question: Question<'_>,
) -> Result<Said, Failure> {
    let (head, body) = response.into_parts();
    let status = head.status;
    let is_stream = media(&head.headers) == Some(MediaType::EventStream);
    let text = beginning(body, shared.limits.response_bytes.min(MOST), is_stream).await;
    let said = error_in(shared, &text, is_stream, question.id);
    let challenges: Vec<HeaderValue> =
        head.headers.get_all(WWW_AUTHENTICATE).iter().cloned().collect();
    let session_lost = status == StatusCode::NOT_FOUND || names_no_session(status, said.as_ref());
    if question.in_session && session_lost {
        let place = &shared.place;
        return Err(Failure::SessionLost(Error::closed(format!(
            "{place} does not know the session any more"
        ))));
    }
    // Whoever wants to know who asks says so in headers; the body is for people.
    let wants_credentials = status == StatusCode::UNAUTHORIZED
        || (status == StatusCode::FORBIDDEN && !challenges.is_empty());
    match said {
        Some(protocol::Response::Error(error)) if !wants_credentials => {
            Ok(Said::Error(error, status))
        }
        Some(protocol::Response::Malformed(fault)) if !wants_credentials => {
            Ok(Said::Malformed(fault))
        }
        _ => Err(Failure::Refused {
            error: refused(shared, &head.headers, status, question.what, &text),
            status: status.as_u16(),
            challenges,
        }),
    }
}

/// Whether a server says that it does not know a session in the words of a much copied example, instead of by 404.
fn names_no_session(status: StatusCode, said: Option<&protocol::Response>) -> bool {
    let Some(protocol::Response::Error(error)) = said else { return false };
    status == StatusCode::BAD_REQUEST
        && matches!(error.code.0, -32_000 | -32_001)
        && error.message.to_ascii_lowercase().contains("session")
}

/// A response that succeeded without an answer in it.
pub(super) async fn no_answer(
    shared: &Shared,
    response: Response<Body>,
    question: Question<'_>,
) -> Failure {
    let (head, body) = response.into_parts();
    let text = beginning(body, EXCERPT_BYTES, false).await;
    Failure::Refused {
        error: refused(shared, &head.headers, head.status, question.what, &text),
        status: head.status.as_u16(),
        challenges: Vec::new(),
    }
}

/// The media type of a body, where it is one of the two that messages come in.
pub(super) fn media(headers: &HeaderMap) -> Option<MediaType> {
    MediaType::from_content_type(headers.get(CONTENT_TYPE)?.as_bytes())
}

/// When a busy server wants to be asked again, if it may decide that.
pub(super) fn busy(response: &Response<Body>, least: Duration, most: Duration) -> Option<Duration> {
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    if !busy.contains(&response.status()) {
        return None;
    }
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    let delay = Duration::from_secs(seconds);
    (delay <= most).then(|| delay.max(least))
}

/// How much of such a response is read, in bytes.
const MOST: usize = 64 * 1024;

/// How much of it can be shown.
const EXCERPT_BYTES: usize = 1024;
const EXCERPT_CHARS: usize = 160;

/// How a body begins; of a stream, up to the end of its first event with a message.
async fn beginning(mut body: Body, most: usize, is_stream: bool) -> Bytes {
    let mut text = BytesMut::new();
    let mut decoder = sse::Decoder::new(most);
    while text.len() < most {
        // What broke off is shown as far as it goes.
        let Some(Ok(chunk)) = body.next_chunk().await else { break };
        let chunk = &chunk[..chunk.len().min(most - text.len())];
        text.extend_from_slice(chunk);
        if is_stream {
            decoder.push(chunk);
            if message_in(&mut decoder).is_some() {
                break;
            }
        }
    }
    text.freeze()
}

fn message_in(decoder: &mut sse::Decoder) -> Option<Bytes> {
    std::iter::from_fn(|| decoder.decode()).find_map(|event| match event {
        sse::Event::Message { name, data, .. } if is_message(&name, &data) => Some(data),
        _ => None,
    })
}

/// The JSON-RPC error in a body, whatever the body says that it is.
fn error_in(
    shared: &Shared,
    text: &Bytes,
    is_stream: bool,
    id: Option<i64>,
) -> Option<protocol::Response> {
    let message = if is_stream {
        let mut decoder = sse::Decoder::new(text.len());
        decoder.push(text);
        message_in(&mut decoder)?
    } else {
        text.clone()
    };
    if !message.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    shared.ear().hear(&message).into_iter().find_map(|heard| match heard {
        // Other JSON may have an `error` too.
        Heard::Answer(message) if message.kind() == Ok(Kind::Error) => {
            // Whoever could not read the request could not read its id.
            let ours = message.id().is_none_or(|named| id.map(Id::Int) == Some(named));
            ours.then(|| protocol::Response::of(message))
        }
        _ => None,
    })
}

fn refused(
    shared: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    what: &str,
    text: &Bytes,
) -> Error {
    let place = &shared.place;
    let mut why = format!("{} was answered with {status}", plain(what));
    let kind = headers.get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    // Writing to a string cannot fail.
    let _ = match (status.as_u16(), kind) {
        (401, _) => write!(why, "; it wants to know who asks, send it an `Authorization` header"),
        (403, _) => write!(why, "; it does not let this client in"),
        (429 | 503, _) => write!(why, "; it is busy, try again later"),
        (202 | 204, _) => write!(why, ", which is no answer"),
        (200..=299, Some(kind)) => {
            write!(why, " and `{}`, which is no answer", plain(&kind))
        }
        (200..=299, None) => write!(why, " and no content type, which is no answer"),
        _ => write!(why, " and no JSON-RPC error; check the URL"),
    };
    let shown = excerpt(text, &shared.secrets());
    if !shown.is_empty() {
        let _ = write!(why, " (it said: {shown})");
    }
    match status.as_u16() {
        401 | 403 => Error::unauthorized(format!("{place}: {why}")),
        429 | 503 => Error::overloaded(format!("{place}: {why}")),
        _ => Error::bad_answer(place, why),
    }
}

/// How a text begins, on one line and without what could steer a terminal or give away what we sent.
fn excerpt(text: &[u8], secrets: &[HeaderValue]) -> String {
    let text = &text[..text.len().min(EXCERPT_BYTES)];
    let mut text = String::from_utf8_lossy(text).into_owned();
    for secret in secrets {
        if let Ok(secret) = secret.to_str()
            && !secret.is_empty()
        {
            text = text.replace(secret, "…");
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let mut shown = plain(&line.chars().take(EXCERPT_CHARS).collect::<String>());
    if line.chars().nth(EXCERPT_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// A text of a peer without what could steer a terminal.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}
