//! Connections that are kept, and requests over them.
//!
//! A connection of HTTP/1 belongs to one exchange at a time: who takes it gives it back when the response was read to
//! its end, and closes it by dropping it. One of HTTP/2 is for everybody at once.

use super::connector::{Target, Whole};
use super::dial::Dial;
use super::explain;
use super::origin::Origin;
use super::tls::Offer;
use crate::error::Result;
use bowline_protocol::limits::Limits;
use http::header::HOST;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::task::AbortHandle;

/// Connections that are kept, by where they lead. Clones share them.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    dial: Dial,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    by_origin: HashMap<Origin, Arc<Line>>,
    /// Closes what nobody needs; ends when nothing is kept any more, or with the pool.
    sweeper: Option<AbortHandle>,
}

/// What is kept for one origin.
#[derive(Default)]
struct Line(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The one that was used last is the last, so that those that are not needed grow old.
    http1: Vec<Aging<Http1>>,
    http2: Option<Aging<http2::SendRequest<Whole>>>,
}

/// A connection, and how often it was looked at since it was used.
struct Aging<S> {
    sender: S,
    age: u32,
}

struct Http1 {
    sender: http1::SendRequest<Whole>,
    /// Whether it ends at a proxy, which wants whole URLs.
    proxied: bool,
}

/// A connection that a request was sent over; its drop closes it, unless others use it too.
pub(super) struct Connection {
    sender: Sender,
    line: Arc<Line>,
}

enum Sender {
    Http1(Http1),
    Http2(http2::SendRequest<Whole>),
}

/// How long a connection is kept at most that nothing is sent over, and how often it is looked at meanwhile.
const IDLE: Duration = Duration::from_secs(60);
const LOOKS: u32 = 3;

/// How many of them are kept for one server.
const MOST_IDLE: usize = 16;

/// What hyper takes at least.
const SMALLEST_BUFFER: usize = 8 * 1024;

/// How often a server of HTTP/2 is asked for a sign of life while it has something to answer, and the time it has.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);

impl Pool {
    pub(super) fn new(dial: Dial, limits: &Limits) -> Self {
        let mut http1 = http1::Builder::new();
        http1.max_headers(limits.headers).max_buf_size(limits.headers_bytes.max(SMALLEST_BUFFER));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.headers_bytes).unwrap_or(u32::MAX))
            .keep_alive_interval(PING)
            .keep_alive_timeout(PONG);
        Self(Arc::new(Inner { dial, http1, http2, lines: Mutex::default() }))
    }

    pub(super) fn dial(&self) -> &Dial {
        &self.0.dial
    }

    /// Sends a request over a connection that is there or a new one, and gives its response as soon as its head is
    /// there, with the connection to be kept when the body was read. The request is made when it is needed, so that
    /// nothing holds it while its response is waited for.
    ///
    /// # Errors
    /// There is no connection, or no response.
    pub(super) async fn send(
        &self,
        target: &Target,
        request: impl Fn() -> Result<Request<Whole>>,
    ) -> Result<(Response<Incoming>, Connection)> {
        let line = self.line(target.origin());
        loop {
            let kept = lock(&line.0).take();
            let is_new = kept.is_none();
            let sender = match kept {
                Some(kept) => kept,
                None => {
                    // What must not be sent is refused before a connection is opened.
                    request()?;
                    // Boxed, so that the future of a request over a connection that is there stays small.
                    Box::pin(self.open(&line, target)).await?
                }
            };
            let mut connection = Connection { sender, line: line.clone() };
            let sent = match &mut connection.sender {
                Sender::Http1(Http1 { sender, proxied }) => {
                    let mut request = request()?;
                    request.headers_mut().insert(HOST, target.host().clone());
                    let uri = if *proxied { target.uri() } else { target.path() };
                    *request.uri_mut() = uri.clone();
                    sender.try_send_request(request).await
                }
                Sender::Http2(sender) => {
                    let mut request = request()?;
                    *request.uri_mut() = target.uri().clone();
                    sender.try_send_request(request).await
                }
            };
            let mut fault = match sent {
                Ok(response) => return Ok((response, connection)),
                Err(fault) => fault,
            };
            // It was closed while nobody used it, which showed before a byte was written.
            let is_unsent = !is_new && fault.take_message().is_some();
            if !is_unsent {
                return Err(explain::request(fault.into_error(), target.origin()));
            }
            connection.distrust();
        }
    }

    async fn open(&self, line: &Arc<Line>, target: &Target) -> Result<Sender> {
        let link = self.0.dial.open(target.uri(), Offer::Both).await?;
        let unshaken = |error| explain::handshake(error, target.origin());
        if !link.is_http2() {
            let proxied = link.is_proxied();
            let (sender, connection) = self.0.http1.handshake(link).await.map_err(unshaken)?;
            // It ends with the connection: when its sender is dropped and nothing is under way.
            tokio::spawn(drive(connection));
            return Ok(Sender::Http1(Http1 { sender, proxied }));
        }
        let (sender, connection) = self.0.http2.handshake(link).await.map_err(unshaken)?;
        tokio::spawn(drive(connection));
        // Several may have found out at the same time that one is enough: then the first is.
        Ok(Sender::Http2(lock(&line.0).share(sender)))
    }

    /// What is kept for an origin.
    fn line(&self, origin: &Origin) -> Arc<Line> {
        let mut lines = lock(&self.0.lines);
        // The runtime that it ran on may be gone.
        if lines.sweeper.as_ref().is_none_or(AbortHandle::is_finished) {
            lines.sweeper = Some(tokio::spawn(sweep(Arc::downgrade(&self.0))).abort_handle());
        }
        match lines.by_origin.get(origin) {
            Some(line) => line.clone(),
            None => lines.by_origin.entry(origin.clone()).or_default().clone(),
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(sweeper) = lock(&self.lines).sweeper.take() {
            sweeper.abort();
        }
    }
}

impl Kept {
    /// A connection that can be sent over now. One of HTTP/1 is not kept meanwhile.
    fn take(&mut self) -> Option<Sender> {
        if let Some(shared) = self.http2.take_if(|one| one.sender.is_closed()) {
            drop(shared);
        } else if let Some(shared) = &mut self.http2 {
            shared.age = 0;
            return Some(Sender::Http2(shared.sender.clone()));
        }
        self.http1.retain(|one| !one.sender.sender.is_closed());
        // One that has just been given back may still be at the end of its response.
        let ready = self.http1.iter().rposition(|one| one.sender.sender.is_ready())?;
        Some(Sender::Http1(self.http1.remove(ready).sender))
    }

    /// Makes a connection of HTTP/2 that of everybody, unless there is one.
    fn share(&mut self, sender: http2::SendRequest<Whole>) -> http2::SendRequest<Whole> {
        let open = self.http2.take().filter(|one| !one.sender.is_closed());
        self.http2.insert(open.unwrap_or(Aging { sender, age: 0 })).sender.clone()
    }

    fn grow_older(&mut self) {
        self.http1.retain_mut(|one| one.grows_older(one.sender.sender.is_closed()));
        self.http2.take_if(|one| !one.grows_older(one.sender.is_closed()));
    }

    fn is_empty(&self) -> bool {
        self.http1.is_empty() && self.http2.is_none()
    }
}

impl<S> Aging<S> {
    /// Whether it is kept on.
    fn grows_older(&mut self, is_closed: bool) -> bool {
        self.age += 1;
        self.age < LOOKS && !is_closed
    }
}

impl Connection {
    /// The response was read to its end: the next request may have it.
    pub(super) fn keep(self) {
        let Self { sender: Sender::Http1(sender), line } = self else { return };
        let mut kept = lock(&line.0);
        if kept.http1.len() < MOST_IDLE && !sender.sender.is_closed() {
            kept.http1.push(Aging { sender, age: 0 });
        }
    }

    /// Nobody is to send anything over it any more.
    pub(super) fn distrust(self) {
        if let Sender::Http2(_) = self.sender {
            lock(&self.line.0).http2 = None;
        }
    }
}

/// Keeps a connection going until it ends.
async fn drive(connection: impl Future<Output = hyper::Result<()>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "connection to a server ended");
    }
}

/// Closes what nobody has used for long enough, until nothing is kept.
async fn sweep(pool: Weak<Inner>) {
    loop {
        tokio::time::sleep(IDLE / LOOKS).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut lines = lock(&pool.lines);
        lines.by_origin.retain(|_, line| {
            let mut kept = lock(&line.0);
            kept.grow_older();
            !kept.is_empty() || Arc::strong_count(line) > 1
        });
        if lines.by_origin.is_empty() {
            lines.sweeper = None;
            return;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under these locks can leave what they hold half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
