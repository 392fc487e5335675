//! A server in this process: its service is called right here, in the future of the caller.

use super::{BoxFuture, Event, Exchange, Failure, Outgoing, Wire};
use crate::closing::Closing;
use crate::context::{Context, Surroundings};
use crate::error::Error;
use crate::outbox::Next;
use crate::principal::Principal;
use crate::service::{Answer, Call, Service};
use crate::transport::link::{conclude, panicked};
use bowline_protocol::era::client::{Ear, Heard, Hearing};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::protocol::{Answering, Received, Request, Response};
use bowline_protocol::scan::Raw;
use bowline_types::jsonrpc::Id;
use bowline_types::revision::Revision;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll};
use std::time::Duration;
use tokio::time::Sleep;

/// A service of this process.
pub(crate) struct MemoryWire(Arc<Near>);

struct Near {
    service: Arc<dyn Service>,
    info: Option<Raw>,
    principal: Principal,
    limits: Arc<Limits>,
    ear: OnceLock<Ear>,
    closing: Closing,
    last_id: AtomicI64,
}

impl MemoryWire {
    pub(crate) fn new(service: Arc<dyn Service>, limits: Limits) -> Arc<Self> {
        Arc::new(Self(Arc::new(Near {
            info: service.server_info(),
            service,
            principal: Principal::process("memory"),
            limits: Arc::new(limits),
            ear: OnceLock::new(),
            closing: Closing::default(),
            last_id: AtomicI64::new(0),
        })))
    }
}

impl Wire for MemoryWire {
    #[cfg(feature = "host")]
    fn owns_questions(&self) -> bool {
        true
    }

    fn exchange(&self, outgoing: Outgoing) -> Box<dyn Exchange> {
        let near = self.0.clone();
        Box::new(Open { near, stage: Stage::Unsent(outgoing), alarm: None, ending: None })
    }

    fn reply(&self, _: &Id, _: Outcome) -> BoxFuture<Result<(), Failure>> {
        // A server of this process asks by its answers only.
        Box::pin(std::future::ready(Ok(())))
    }

    fn send(&self, message: Raw) -> BoxFuture<Result<(), Failure>> {
        let Near { service, principal, limits, .. } = &*self.0;
        let received = Answering::<()>::new(limits.json_depth).receive(message.into_bytes());
        if let Received::Notification(message) = received {
            service.notify(principal, message);
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn settle(&self, revision: Revision) {
        let _ = self.0.ear.set(Ear::new(self.0.limits.json_depth).agreed(revision));
    }

    fn close(&self, _: Duration) -> BoxFuture<()> {
        self.0.closing.close();
        Box::pin(std::future::ready(()))
    }
}

impl fmt::Debug for MemoryWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryWire")
    }
}

/// One call.
struct Open {
    near: Arc<Near>,
    stage: Stage,
    /// Rings when progress that was held back is due.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Rings when the wire is closed; made when the call has to wait.
    ending: Option<BoxFuture<()>>,
}

enum Stage {
    Unsent(Outgoing),
    /// The call runs, and then what it has sent is read.
    Running {
        cx: Context,
        answer: Option<Answer>,
    },
    Done,
}

impl Near {
    #[expect(
        clippy::result_large_err,
        reason = "a refused request is rare, and taken apart at once"
    )]
    fn start(&self, request: &Request) -> Result<(Context, Answer), Response> {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let message = request.write(id).into_bytes();
        match Answering::<()>::new(self.limits.json_depth).receive(message) {
            Received::Request(incoming) => {
                let surroundings = Surroundings {
                    principal: self.principal.clone(),
                    headers: HeaderMap::new(),
                    limits: self.limits.clone(),
                    closing: self.closing.clone(),
                    line: None,
                    running: None,
                };
                let cx = Context::new(incoming, surroundings);
                let call = Call::new(cx.clone());
                let service = self.service.clone();
                let started = catch_unwind(AssertUnwindSafe(|| service.call(call)));
                let answer = started.unwrap_or_else(|panic| Answer::ready(panicked(&cx, &*panic)));
                Ok((cx, answer))
            }
            Received::Refused(refusal) => Err(Response::Error(refusal.error)),
            _ => Err(Response::Malformed("a request that is none".into())),
        }
    }

    /// What a message of the call is to its caller.
    fn event(&self, message: Raw) -> Option<Event> {
        let unsettled = || Ear::new(self.limits.json_depth);
        let ear = self.ear.get().cloned().unwrap_or_else(unsettled);
        let Hearing::One(heard) = ear.hear(&message.into_bytes()) else {
            return None;
        };
        match heard {
            Heard::Answer(message) => Some(Event::Answer(Response::of(message))),
            Heard::Progress(message) => Some(Event::Progress(message)),
            Heard::Notification(message) => Some(Event::Notification(message)),
            _ => None,
        }
    }
}

impl Exchange for Open {
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>> {
        let Self { near, stage, alarm, ending } = self;
        if let Stage::Unsent(outgoing) = stage {
            if near.closing.is_closed() {
                return Poll::Ready(Err(Failure::Unsent(closed())));
            }
            match near.start(&outgoing.request) {
                Ok((cx, answer)) => *stage = Stage::Running { cx, answer: Some(answer) },
                Err(response) => {
                    *stage = Stage::Done;
                    return Poll::Ready(Ok(Event::Answer(response)));
                }
            }
        }
        let Stage::Running { cx, answer } = stage else {
            return Poll::Pending;
        };
        if let Some(running) = answer {
            let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(running).poll(task)));
            let outcome = match polled {
                Ok(Poll::Pending) => None,
                Ok(Poll::Ready(outcome)) => Some(outcome),
                Err(panic) => Some(panicked(cx, &*panic)),
            };
            if let Some(outcome) = outcome {
                *answer = None;
                conclude(cx, &outcome, near.info.as_ref());
            }
        }
        loop {
            match cx.outbox().poll_next(task) {
                Poll::Ready(Next::Message(message)) => {
                    if let Some(event) = near.event(message) {
                        return Poll::Ready(Ok(event));
                    }
                }
                Poll::Ready(Next::Answer(message)) => {
                    if let Some(event) = near.event(message) {
                        *stage = Stage::Done;
                        return Poll::Ready(Ok(event));
                    }
                }
                Poll::Ready(Next::End) => {
                    *stage = Stage::Done;
                    return Poll::Ready(Err(Failure::Lost(closed())));
                }
                Poll::Ready(Next::NotBefore(due)) => {
                    let alarm = alarm.insert(Box::pin(tokio::time::sleep_until(due)));
                    if alarm.as_mut().poll(task).is_pending() {
                        break;
                    }
                }
                Poll::Pending => break,
            }
        }
        let ending = ending.get_or_insert_with(|| {
            let closing = near.closing.clone();
            Box::pin(async move { closing.closed().await })
        });
        if ending.as_mut().poll(task).is_ready() {
            *stage = Stage::Done;
            return Poll::Ready(Err(Failure::Lost(closed())));
        }
        Poll::Pending
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Stage::Running { cx, .. } = &self.stage {
            cx.outbox().close();
        }
    }
}

fn closed() -> Error {
    Error::closed("the client is closed")
}
