//! What a client of a session GETs and DELETEs.

use super::live::Live;
use super::reading::{Begin, Reading, ReadingBody};
use super::route::{LAST_EVENT_ID, missing, nothing_more, session};
use super::sessions::{Missing, Sessions};
use super::stream::Stream;
use super::{StoredEvent, StreamId, id};
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
pub(super) async fn get(
    sessions: &Arc<Sessions>,
    headers: &HeaderMap,
    principal: &Principal,
) -> Result<Response<ResponseBody>, Refused> {
    let live = session(sessions, headers, principal).await?;
    let last = headers.get(&LAST_EVENT_ID).filter(|last| !last.is_empty());
    let (carried, ticket, begin) = match last {
        None => own(sessions, &live, Begin::New).await?,
        Some(last) => {
            let (id, seq) = id::parse_event(last.as_bytes()).ok_or_else(nothing_more)?;
            resume(sessions, &live, id, seq).await?
        }
    };
    let reading = Reading::new(sessions, carried, Arc::downgrade(&live), ticket, begin);
    Ok(stream(ResponseBody::flow(ReadingBody::new(reading))))
}

/// Goes on with a stream. Whoever read it before reads it no more.
async fn resume(
    sessions: &Sessions,
    live: &Arc<Live>,
    id: StreamId,
    seq: u64,
) -> Result<(Arc<Stream>, u64, Begin), Refused> {
    if let Some(carried) = live.stream(id) {
        let ticket = carried.attach_behind(seq).ok_or_else(nothing_more)?;
        return Ok((carried, ticket, Begin::After(seq)));
    }
    let kept = sessions.events.after(&live.key, id, seq).await.map_err(|error| {
        tracing::error!(%error, "events that were sent cannot be read again");
        missing(Missing::Unavailable)
    })?;
    if id.is_own() {
        // Of what is said outside of calls there may always be more; it is said on a stream of today.
        return own(sessions, live, Begin::Again(kept)).await;
    }
    if kept.is_empty() {
        return Err(nothing_more());
    }
    Ok(over(sessions, live, id, kept))
}

/// A new stream of what the session says outside of calls.
async fn own(
    sessions: &Sessions,
    live: &Arc<Live>,
    begin: Begin,
) -> Result<(Arc<Stream>, u64, Begin), Refused> {
    if !live.is_listening() {
        sessions.listen(live).await;
    }
    let own = sessions.own_stream(live).map_err(missing)?;
    let ticket = own.attach();
    Ok((own, ticket, begin))
}

/// A stream that is over, for the rest of its events.
fn over(
    sessions: &Sessions,
    live: &Live,
    id: StreamId,
    kept: Vec<StoredEvent>,
) -> (Arc<Stream>, u64, Begin) {
    let place = (id, live.key, sessions.events.clone());
    let over = Arc::new(Stream::of_calls(place, false, Vec::new(), VecDeque::new()));
    let ticket = over.attach();
    (over, ticket, Begin::Again(kept))
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
