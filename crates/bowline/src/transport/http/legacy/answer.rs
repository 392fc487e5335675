//! The calls of one POST: polled once where they stand, and moved into tasks of the session if that was not enough.
//!
//! What is done at once, and has said nothing before its answer, is answered as JSON. For everything else there is a
//! stream, which is answered as one only when something is said on it, or when the grace period is over; what is done
//! until then is JSON too.

use super::StreamId;
use super::live::{Ended, Live};
use super::reading::{Begin, Reading, ReadingBody, left};
use super::route::missing;
use super::sessions::{Missing, Sessions};
use super::stream::Stream;
use crate::context::{Context, Surroundings};
use crate::outbox::Next;
use crate::principal::Principal;
use crate::service::Answer;
use crate::transport::http::body::ResponseBody;
use crate::transport::http::exchange::{stream, whole, written};
use crate::transport::http::refuse::{Refused, busy, refuse};
use crate::transport::http::service::enter;
use crate::transport::link::drive::{conclude, panicked, start};
use bowline_protocol::era::Incoming;
use bowline_protocol::era::legacy::{error_response, join};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::Raw;
use bowline_types::jsonrpc::{ErrorObject, Id};
use bytes::Bytes;
use http::{Response, StatusCode};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, Weak};
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;

/// What the calls of one POST have in common.
pub(super) struct Post {
    pub(super) headers: HeaderMap,
    pub(super) principal: Principal,
    pub(super) prefers_stream: bool,
}

/// Answers the call of a message.
pub(super) async fn one(
    sessions: &Sessions,
    live: &Arc<Live>,
    post: Post,
    call: Incoming,
) -> Result<Response<ResponseBody>, Refused> {
    let Post { headers, principal, prefers_stream } = post;
    match begin(sessions, live, headers, principal, call) {
        Err((id, fault)) => Err(fault.refuse(&id)),
        Ok(Some(Begun::Done(cx, outcome))) if !(prefers_stream || cx.outbox().is_used()) => {
            // What the handler has left behind may neither say nor ask anything any more.
            cx.outbox().close();
            Ok(whole(written(&cx, &outcome, sessions.service.server_info().as_ref())))
        }
        Ok(begun) => {
            let begun: Vec<_> = begun.into_iter().collect();
            carry(sessions, live, begun, Replies::One, prefers_stream).await
        }
    }
}

/// Answers the calls of a batch, together with what is answered already.
pub(super) async fn batch(
    sessions: &Sessions,
    live: &Arc<Live>,
    post: Post,
    calls: Vec<Incoming>,
    mut replies: Vec<Raw>,
) -> Result<Response<ResponseBody>, Refused> {
    let mut begun = Vec::new();
    for call in calls {
        match begin(sessions, live, post.headers.clone(), post.principal.clone(), call) {
            Ok(call) => begun.extend(call),
            Err((id, fault)) => {
                replies.push(error_response(Some(live.revision), Some(&id), &fault.error()));
            }
        }
    }
    carry(sessions, live, begun, Replies::Batch(replies), post.prefers_stream).await
}

/// A call that has been polled once.
enum Begun {
    Done(Context, Outcome),
    Going(Going),
}

/// A call that is not done.
struct Going {
    cx: Context,
    id: Id,
    ticket: u64,
    answer: Answer,
}

/// Why a call does not begin.
enum Fault {
    /// The session has ended.
    Ended,
    /// Another call with its id runs.
    Duplicate,
    /// As many calls run as may.
    Busy(StatusCode, usize),
}

impl Fault {
    fn error(&self) -> ErrorObject {
        match self {
            Self::Ended => ErrorObject::invalid_request("the session has ended"),
            Self::Duplicate => {
                ErrorObject::invalid_request("a request with this id is still being answered")
            }
            Self::Busy(_, running) => limits::busy(*running),
        }
    }

    fn refuse(&self, id: &[u8]) -> Refused {
        match self {
            Self::Ended => missing(Missing::Unknown),
            Self::Duplicate => refuse(StatusCode::BAD_REQUEST, Some(id), &self.error()),
            Self::Busy(status, running) => busy(*status, id, *running),
        }
    }
}

/// Begins a call; `None` for one that was cancelled in its first poll. A fault comes with the id to answer to.
fn begin(
    sessions: &Sessions,
    live: &Arc<Live>,
    headers: HeaderMap,
    principal: Principal,
    incoming: Incoming,
) -> Result<Option<Begun>, (Box<[u8]>, Fault)> {
    let entered = enter(&principal, &sessions.everybody, &sessions.limits);
    let running = match entered {
        Ok(running) => running,
        Err((status, most)) => return Err((incoming.id_text().into(), Fault::Busy(status, most))),
    };
    let Some(id) = incoming.id() else {
        return Ok(None);
    };
    let cx = Context::new(
        incoming,
        Surroundings {
            principal,
            headers,
            limits: sessions.limits.clone(),
            closing: sessions.closing.clone(),
            line: Some(live.line.clone()),
            running: Some(running),
        },
    );
    if live.primes() {
        cx.outbox().let_hang_up();
    }
    let fault = |fault| (cx.request().id_text().into(), fault);
    let ticket = live.begin(id.clone(), &cx).map_err(|Ended| fault(Fault::Ended))?;
    let ticket = ticket.ok_or_else(|| fault(Fault::Duplicate))?;
    match start(sessions.service.clone(), &cx) {
        Err(answer) => Ok(Some(Begun::Going(Going { cx, id, ticket, answer }))),
        Ok(outcome) if live.finished(&id, ticket) => Ok(Some(Begun::Done(cx, outcome))),
        Ok(_) => {
            cx.outbox().close();
            Ok(None)
        }
    }
}

/// The answers that are there already.
enum Replies {
    One,
    Batch(Vec<Raw>),
}

/// Brings calls to their end, on a stream if it must be.
async fn carry(
    sessions: &Sessions,
    live: &Arc<Live>,
    begun: Vec<Begun>,
    replies: Replies,
    prefers_stream: bool,
) -> Result<Response<ResponseBody>, Refused> {
    let info = sessions.service.server_info();
    let (mut calls, mut going) = (Vec::new(), Vec::new());
    for begun in begun {
        match begun {
            Begun::Done(cx, outcome) => {
                conclude(&cx, &outcome, info.as_ref());
                calls.push(cx);
            }
            Begun::Going(call) => {
                calls.push(call.cx.clone());
                going.push(call);
            }
        }
    }
    let silent = !calls.iter().any(|cx| cx.outbox().is_used());
    if going.is_empty() && silent && (!prefers_stream || calls.is_empty()) {
        return Ok(replies.with(&calls));
    }
    let kept = StreamId::random(false).ok_or(Missing::Unavailable).and_then(|id| {
        let place = (id, live.key, sessions.events.clone());
        let carrier = Stream::of_calls(place, live.primes(), calls.clone(), replies.loose());
        live.keep(carrier).map_err(|Ended| Missing::Unknown)
    });
    let carrier = kept.map_err(|why| {
        for call in &going {
            live.finished(&call.id, call.ticket);
        }
        missing(why)
    })?;
    let home = Arc::downgrade(live);
    let reading =
        Reading::new(sessions, carrier.clone(), home.clone(), carrier.attach(), Begin::New);
    for call in going {
        let (id, ticket, cx) = (call.id.clone(), call.ticket, call.cx.clone());
        // Owned by the session: what cancels the call, or ends the session, aborts it.
        let task = tokio::spawn(run(home.clone(), carrier.clone(), call, info.clone()));
        if !live.moved(&id, ticket, task.abort_handle(), &carrier) {
            task.abort();
            carrier.cancelled(&cx, live.line.cancel_of(&cx));
        }
    }
    if !prefers_stream && is_whole(&calls, sessions.limits.stream_grace).await {
        let response = replies.with(&calls);
        carrier.end();
        return Ok(response);
    }
    Ok(stream(ResponseBody::flow(ReadingBody::new(reading))))
}

/// Waits until it is known what the answer is: JSON if all is answered and nothing was said before.
async fn is_whole(calls: &[Context], grace: Duration) -> bool {
    let mut grace = pin!(tokio::time::sleep(grace));
    poll_fn(|task| {
        // Each is asked, so that each wakes this.
        let ready = calls.iter().filter(|cx| cx.outbox().is_ready_before(task)).count();
        if calls.iter().any(|cx| cx.outbox().is_used()) {
            return Poll::Ready(false);
        }
        if ready == calls.len() {
            return Poll::Ready(true);
        }
        grace.as_mut().poll(task).map(|()| false)
    })
    .await
}

/// Runs a call to its end.
async fn run(home: Weak<Live>, carrier: Arc<Stream>, call: Going, info: Option<Raw>) {
    let Going { cx, id, ticket, mut answer } = call;
    let outcome = poll_fn(|task| {
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut answer).poll(task)));
        polled.unwrap_or_else(|panic| Poll::Ready(panicked(&cx, &*panic)))
    })
    .await;
    // Whatever the handler holds is given back before anybody learns that it is done.
    drop(answer);
    if let Some(live) = home.upgrade()
        && live.finished(&id, ticket)
    {
        conclude(&cx, &outcome, info.as_ref());
        left(&carrier, &home);
    }
}

impl Replies {
    /// What goes on a stream besides the calls.
    fn loose(&self) -> std::collections::VecDeque<Raw> {
        match self {
            Self::One => std::collections::VecDeque::new(),
            Self::Batch(replies) => replies.iter().cloned().collect(),
        }
    }

    /// All answers as JSON. Where all calls were cancelled there is none, and nothing may be said: a stream says that.
    fn with(self, calls: &[Context]) -> Response<ResponseBody> {
        let mut answers = calls.iter().filter_map(|cx| {
            match cx.outbox().poll_next(&Task::from_waker(Waker::noop())) {
                Poll::Ready(Next::Answer(answer)) => Some(answer),
                _ => None,
            }
        });
        let reply = match self {
            Self::One => answers.next(),
            Self::Batch(mut replies) => {
                replies.extend(answers);
                join(&replies)
            }
        };
        match reply {
            Some(reply) => whole(ResponseBody::whole(reply.into_bytes())),
            None => stream(ResponseBody::whole(Bytes::new())),
        }
    }
}
