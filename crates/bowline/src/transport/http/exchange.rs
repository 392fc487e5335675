//! One call over HTTP: started inside the connection's future, moved into a task only if it has to wait in public.
//!
//! A call that neither notifies nor asks and is done within the grace period costs no task and no channel: it is
//! polled here, and its answer is the body. As soon as it has something to say before its answer, or the grace period
//! is over, its future moves once into a task and the response becomes a stream.

use super::body::{Events, LARGE, ResponseBody};
use crate::context::Context;
use crate::service::{Answer, Call, Service};
use bowline_protocol::era;
use bowline_protocol::http::status_of;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::Raw;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// Answers one admitted request; as a stream, if it can be and `prefers_stream`.
pub(super) async fn answer(
    service: Arc<dyn Service>,
    cx: Context,
    prefers_stream: bool,
) -> Response<ResponseBody> {
    let info = service.server_info();
    let mut running = service.call(Call::new(cx.clone()));
    match first(&mut running, &cx).await {
        First::Done(outcome)
            if cx.outbox().is_used() || prefers_stream && status(&outcome) == StatusCode::OK =>
        {
            conclude(&cx, &outcome, info.as_ref());
            stream(ResponseBody::flow(Events::new(cx)))
        }
        First::Done(outcome) => json(&cx, &outcome, info.as_ref()),
        First::Move => {
            let shared = cx.clone();
            let mut events = Events::new(cx);
            let reader = events.reader();
            // The task is owned by the response: dropping its body aborts it.
            let task = tokio::spawn(async move {
                let mut stalled = pin!(reader.stalled(patience(shared.limits())));
                tokio::select! {
                    biased;
                    outcome = &mut running => {
                        conclude(&shared, &outcome, info.as_ref());
                        stalled.await;
                    }
                    () = stalled.as_mut() => {}
                }
                shared.outbox().close();
            });
            events.own(task.abort_handle());
            stream(ResponseBody::flow(events))
        }
    }
}

/// How long a body may go without being asked for more. One whose peer reads is asked at every comment.
pub(super) fn patience(limits: &Limits) -> Duration {
    limits.stalled_timeout.max(2 * limits.keep_alive)
}

enum First {
    Done(Outcome),
    Move,
}

async fn first(running: &mut Answer, cx: &Context) -> First {
    let mut running = pin!(running);
    // Made at the first wait: a call that never waits never costs a timer.
    let mut grace: Option<Pin<Box<tokio::time::Sleep>>> = None;
    poll_fn(|task| {
        if let Poll::Ready(outcome) = running.as_mut().poll(task) {
            return Poll::Ready(First::Done(outcome));
        }
        if cx.outbox().is_used_or_wake(task) {
            return Poll::Ready(First::Move);
        }
        let grace =
            grace.get_or_insert_with(|| Box::pin(tokio::time::sleep(cx.limits().stream_grace)));
        grace.as_mut().poll(task).map(|()| First::Move)
    })
    .await
}

/// Puts the answer behind everything the call has sent.
fn conclude(cx: &Context, outcome: &Outcome, info: Option<&Raw>) {
    cx.tell_dropped_logs();
    cx.outbox().finish(era::response(cx.request(), outcome, info));
}

fn json(cx: &Context, outcome: &Outcome, info: Option<&Raw>) -> Response<ResponseBody> {
    let mut response = whole(written(cx, outcome, info));
    *response.status_mut() = status(outcome);
    response
}

/// The answer to a request, as the whole of a body.
pub(super) fn written(cx: &Context, outcome: &Outcome, info: Option<&Raw>) -> ResponseBody {
    let request = cx.request();
    let large = match outcome {
        Outcome::Result { body, .. } => body.members().as_bytes().len() >= LARGE,
        Outcome::Error(_) => false,
    };
    if large {
        ResponseBody::pieces(era::response_pieces(request, outcome, info))
    } else {
        ResponseBody::whole(era::response(request, outcome, info).into_bytes())
    }
}

/// A JSON text as a response.
pub(super) fn whole(body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn status(outcome: &Outcome) -> StatusCode {
    match outcome {
        Outcome::Result { .. } => StatusCode::OK,
        Outcome::Error(error) => status_of(error.code),
    }
}

/// A stream of events as a response.
pub(super) fn stream(events: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(events);
    let headers = response.headers_mut();
    // The connection keeps them for as long as the stream lasts, and there is room for twice as many by default.
    *headers = HeaderMap::with_capacity(3);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Proxies such as nginx would hold events back until their buffer is full.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
