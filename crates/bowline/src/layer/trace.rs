//! Writing down every message, to look at or to replay.
//!
//! # Format
//!
//! A trace is a file of JSON lines. Each run appends one header and then one record per message or event:
//!
//! ```json
//! {"format":"bowline-trace","version":1,"time":1785110400000,"pid":4711}
//! {"at":1204,"time":1785110400001,"dir":"in","call":1,"transport":"stdio","principal":"stdio","message":{…}}
//! {"at":1530,"time":1785110400001,"dir":"out","call":1,"transport":"stdio","principal":"stdio","message":{…}}
//! {"at":9001,"time":1785110400009,"call":2,"event":"cancelled"}
//! {"at":9500,"time":1785110400009,"event":"dropped","count":3}
//! ```
//!
//! | member | meaning |
//! |---|---|
//! | `at` | microseconds since the header, by a clock that never goes back |
//! | `time` | milliseconds since 1970-01-01 UTC |
//! | `dir` | `in`: from the client, `out`: to the client |
//! | `call` | number of the call since the header, from 1; absent for a notification of the client |
//! | `transport` | `http`, or the name of the stream: `stdio`, `memory`, … |
//! | `principal` | who asked, as far as it was proved; empty for nobody in particular |
//! | `headers` | of the HTTP request; `dir` is `in` then |
//! | `message` | the JSON-RPC message |
//! | `event` | `cancelled`: the call ended without an answer; `dropped`: `count` records are missing here |
//!
//! Members may be added within a version; readers ignore what they do not know. Questions are results with
//! `"resultType":"input_required"`, their answers are in the params of the call that follows.
//!
//! # Secrets
//!
//! Under `arguments`, `_meta`, `inputResponses` and `structuredContent`, at any depth, the values of members whose
//! names look secret (`authorization`, `cookie`, `password`, `passphrase`, `secret`, `credential`, `api_key`,
//! `private_key`, `access_key`, … and whatever ends in `token`, save for `progressToken`) are replaced by
//! `"[redacted]"`; so are the values of such headers. Everything else is written as it is: a trace of private data
//! is private data. The file is made readable for its owner only.

pub(crate) mod redact;
mod sink;

use crate::context::Context;
use crate::error::{Error, Result};
use crate::principal::{Principal, PrincipalKind};
use crate::scopes::{Asked, Scopes};
use crate::service::{Answer, Call, Service};
use bowline_protocol::era;
use bowline_protocol::scan::{Message, Raw};
pub(crate) use sink::{Entry, Sink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A service that writes down every message of another one; see the [module](self) for the format.
///
/// A thread of its own writes. When it does not keep up, records are left out and counted, never waited for. Dropping
/// the last of the trace waits until everything is written.
#[derive(Debug)]
pub struct Trace<S> {
    inner: Arc<S>,
    sink: Arc<Sink>,
    calls: Arc<AtomicU64>,
}

impl<S: Service> Trace<S> {
    /// Traces a service into a file, behind what it holds already.
    ///
    /// # Errors
    /// When the file cannot be opened or its header cannot be written.
    pub fn to_file(service: S, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let sink = Sink::open(path).map_err(|error| {
            Error::io(format!("cannot write the trace to {}", path.display()), error)
        })?;
        Ok(Self::into(service, sink))
    }

    /// Traces a service to standard error.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn to_stderr(service: S) -> Result<Self> {
        let sink = Sink::stderr()
            .map_err(|error| Error::io("cannot write the trace to standard error", error))?;
        Ok(Self::into(service, sink))
    }

    fn into(service: S, sink: Sink) -> Self {
        Self { inner: Arc::new(service), sink: Arc::new(sink), calls: Arc::default() }
    }

    /// Traces another service to the same place, as if both were one.
    #[must_use]
    pub fn beside<T: Service>(&self, service: T) -> Trace<T> {
        Trace { inner: Arc::new(service), sink: self.sink.clone(), calls: self.calls.clone() }
    }

    /// How many records were left out so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.sink.dropped()
    }
}

impl<S: Service> Service for Trace<S> {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let number = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let cx = call.cx.clone();
        let mut entry = entry(cx.principal(), Some(number), "in", cx.request().message().raw());
        entry.headers = Some(cx.headers().clone()).filter(|headers| !headers.is_empty());
        self.sink.put(entry);
        let (sink, principal) = (self.sink.clone(), cx.principal().clone());
        cx.outbox().observe(move |message| {
            sink.put(self::entry(&principal, Some(number), "out", message));
        });
        let open = Open { sink: Some(self.sink.clone()), number };
        let info = self.inner.server_info();
        let answer = self.inner.clone().call(call);
        Answer::new(async move {
            let outcome = answer.await;
            let message = era::response(cx.request(), &outcome, info.as_ref());
            open.answered(&cx, &message);
            outcome
        })
    }

    fn notify(&self, from: &Principal, notification: Message) {
        self.sink.put(entry(from, None, "in", notification.raw()));
        self.inner.notify(from, notification);
    }

    fn scopes(&self, asked: &Asked<'_>, from: &Principal) -> Scopes {
        self.inner.scopes(asked, from)
    }

    fn server_info(&self) -> Option<Raw> {
        self.inner.server_info()
    }
}

/// A call that is not answered yet; its drop writes down that it never was.
struct Open {
    sink: Option<Arc<Sink>>,
    number: u64,
}

impl Open {
    fn answered(mut self, cx: &Context, message: &Raw) {
        if let Some(sink) = self.sink.take() {
            sink.put(entry(cx.principal(), Some(self.number), "out", message));
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(sink) = self.sink.take() {
            sink.put(Entry::cancelled(self.number));
        }
    }
}

fn entry(principal: &Principal, call: Option<u64>, dir: &'static str, message: &Raw) -> Entry {
    Entry {
        call,
        dir,
        // A stream's principal goes by the name of the stream.
        transport: match principal.kind() {
            PrincipalKind::Process => principal.name().into(),
            _ => "http".into(),
        },
        principal: principal.name().into(),
        headers: None,
        message: Some(message.clone()),
    }
}
