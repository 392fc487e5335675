//! What a client of a session GETs and DELETEs.

use super::id::parse_event;
use super::reading::{Begin, Reading, ReadingBody};
use super::route::{LAST_EVENT_ID, missing, session};
use super::sessions::{Missing, Sessions};
use super::stream::Stream;
use crate::principal::Principal;
use crate::transport::http::body::ResponseBody;
use crate::transport::http::exchange::stream;
use crate::transport::http::refuse::Refused;
use bowline_protocol::http::HeaderMap;
use bytes::Bytes;
use http::{Response, StatusCode};
use std::collections::VecDeque;
use std::sync::Arc;

/// Carries a stream: the one whose last event the client names, or else what the session says outside of calls.
///
/// Whoever read that stream before reads it no more.
pub(super) async fn get(
    sessions: &Arc<Sessions>,
    headers: &HeaderMap,
    principal: &Principal,
) -> Result<Response<ResponseBody>, Refused> {
    let live = session(sessions, headers, principal).await?;
    let last = headers.get(&LAST_EVENT_ID).filter(|last| !last.is_empty());
    let (carried, begin) = match last.map(|last| parse_event(last.as_bytes())) {
        // An id that is none of ours names a stream that is over.
        Some(None) => return Ok(stream(ResponseBody::whole(Bytes::new()))),
        Some(Some((id, seq))) => {
            let kept = || {
                let place = (id, live.key, sessions.events.clone());
                Arc::new(Stream::of_calls(place, live.primes(), Vec::new(), VecDeque::new()))
            };
            (live.stream(id).unwrap_or_else(kept), Begin::After(seq))
        }
        None => {
            if !live.is_listening() {
                sessions.listen(&live).await;
            }
            let own = live.own(|| sessions.own_stream(&live));
            (own.ok_or_else(|| missing(Missing::Unknown))?, Begin::New)
        }
    };
    let reading = Reading::new(
        carried,
        Arc::downgrade(&live),
        sessions.limits.clone(),
        sessions.closing.clone(),
        begin,
    );
    Ok(stream(ResponseBody::flow(ReadingBody::new(reading))))
}

/// Ends a session.
pub(super) async fn delete(
    sessions: &Arc<Sessions>,
    headers: &HeaderMap,
    principal: &Principal,
) -> Result<Response<ResponseBody>, Refused> {
    let live = session(sessions, headers, principal).await?;
    sessions.end(&live.key).await;
    let mut response = Response::new(ResponseBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    Ok(response)
}
