//! What all exchanges with one endpoint share.

use super::Way;
use super::errands::Errands;
use super::head::{About, Heads, PROTOCOL_VERSION};
use super::refusal::{self, Question};
use super::session::Session;
use crate::client::auth::Login;
use crate::client::wire::{Failure, Hears};
use crate::closing::Closing;
use crate::error::Error;
use crate::transport::http::client::{Body, Connector, Target};
use bowline_protocol::era::client::Ear;
use bowline_protocol::http::{HeaderMap, HeaderValue};
use bowline_protocol::limits::Limits;
use bowline_protocol::scan::{MAX_DEPTH, Message, Raw, Scanned, scan};
use bowline_types::revision::{Era, Revision};
use bytes::Bytes;
use http::{Method, Response, Uri};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An endpoint, and what is known of whoever answers there.
pub(super) struct Shared {
    connector: Connector,
    target: Target,
    /// Scheme, host and port: all of the URL that is shown.
    pub(super) place: Box<str>,
    pub(super) heads: Heads,
    pub(super) limits: Arc<Limits>,
    pub(super) hears: Arc<dyn Hears>,
    login: Login,
    last_id: AtomicI64,
    settled: Mutex<Settled>,
    pub(super) session: Session,
    pub(super) errands: Errands,
    pub(super) closing: Closing,
}

/// What depends on the protocol version that was agreed on.
struct Settled {
    ear: Ear,
    version: Option<HeaderValue>,
    /// Whether headers repeat what messages say.
    repeats: bool,
}

impl Shared {
    pub(super) fn new(way: Way) -> Self {
        let Way { connector, target, headers, limits, hears, login } = way;
        Self {
            connector,
            place: place(target.uri()),
            target,
            heads: Heads::new(headers),
            hears,
            login,
            last_id: AtomicI64::new(0),
            settled: Mutex::new(Settled {
                ear: Ear::new(limits.json_depth),
                version: None,
                repeats: false,
            }),
            limits,
            session: Session::default(),
            errands: Errands::default(),
            closing: Closing::default(),
        }
    }

    pub(super) fn settle(&self, revision: Revision) {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        settled.ear = settled.ear.clone().agreed(revision);
        settled.version = Some(HeaderValue::from_static(revision.as_str()));
        settled.repeats = revision.era() == Era::Modern;
    }

    /// Who reads what comes now.
    pub(super) fn ear(&self) -> Ear {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).ear.clone()
    }

    /// An id that no other request of this wire has.
    pub(super) fn next_id(&self) -> i64 {
        self.last_id.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Sends a message, and what is said `about` it; the response may be anything.
    ///
    /// # Errors
    /// No response came.
    pub(super) async fn post(
        &self,
        message: Raw,
        about: &About,
        extra: &HeaderMap,
    ) -> Result<Response<Body>, Failure> {
        let headers = || {
            let post = &self.heads.post;
            // Those that repeat what the message says, and that of the host.
            let room = post.len() + extra.len() + 4;
            let mut headers = HeaderMap::with_capacity(room);
            headers.extend(post.iter().map(|(name, value)| (name.clone(), value.clone())));
            self.address(&mut headers, about);
            for (name, value) in extra {
                headers.append(name, value.clone());
            }
            headers
        };
        self.send(Method::POST, headers, message.into_bytes()).await.map_err(failure)
    }

    /// Sends a message that is not answered.
    ///
    /// # Errors
    /// It was not taken.
    pub(super) async fn tell(&self, message: &Message) -> Result<(), Failure> {
        let about = About::message(message);
        let response = self.post(message.raw().clone(), &about, &HeaderMap::new()).await?;
        if response.status().is_success() {
            return Ok(());
        }
        let what = if about.method.is_empty() { "an answer" } else { &*about.method };
        let in_session = self.session.header().is_some();
        let question = Question { what, id: None, in_session };
        match refusal::read(self, response, question).await? {
            refusal::Said::Error(error, status) => Err(Failure::Refused {
                error: Error::rpc_error(error),
                status: status.as_u16(),
                challenges: Vec::new(),
            }),
            refusal::Said::Malformed(fault) => Err(Failure::Lost(Error::bad_answer(what, fault))),
        }
    }

    /// Sends a message in the background, for whom nobody waits.
    pub(super) fn tell_aside(self: &Arc<Self>, message: Raw) {
        let shared = self.clone();
        self.errands.run(async move {
            let Ok(message) = read(message) else { return };
            if let Err(failure) = shared.tell(&message).await {
                shared.hears.fault(failure.into_error());
            }
        });
    }

    /// Takes what is left of a stream that has been answered, so that its connection serves again.
    pub(super) fn finish(&self, mut body: Body) {
        if http_body::Body::is_end_stream(&body) {
            return;
        }
        self.errands.run(async move {
            let mut left = REST;
            while let Some(Ok(chunk)) = body.next_chunk().await {
                match left.checked_sub(chunk.len()) {
                    Some(less) => left = less,
                    None => break,
                }
            }
        });
    }

    pub(super) async fn send(
        &self,
        method: Method,
        headers: impl Fn() -> HeaderMap + Send + Sync,
        body: Bytes,
    ) -> Result<Response<Body>, Error> {
        let Self { connector, target, hears, .. } = self;
        self.login.send(connector, &**hears, target, &method, headers, &body).await
    }

    /// Adds what the protocol version wants in the headers of a message.
    fn address(&self, headers: &mut HeaderMap, about: &About) {
        if let Some(version) = &about.version {
            about.repeat(headers, version.clone());
            return;
        }
        if about.method == INITIALIZE {
            return;
        }
        let (version, repeats) = self.version();
        match version {
            Some(version) if repeats && !about.method.is_empty() => about.repeat(headers, version),
            _ => self.name_in(headers),
        }
    }

    /// Adds what every request in a session says: the protocol version, and which session it is.
    pub(super) fn name_in(&self, headers: &mut HeaderMap) {
        headers.extend(self.version().0.map(|version| (PROTOCOL_VERSION, version)));
        self.session.name_in(headers);
    }

    fn version(&self) -> (Option<HeaderValue>, bool) {
        let settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        (settled.version.clone(), settled.repeats)
    }

    /// What nothing may show.
    pub(super) fn secrets(&self) -> Vec<HeaderValue> {
        let own = self.heads.post.values().filter(|value| value.is_sensitive());
        own.cloned().chain(self.session.header()).collect()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.place).finish()
    }
}

/// The one request that belongs to no protocol version yet.
pub(super) const INITIALIZE: &str = "initialize";

/// How much of a stream is taken after the answer, in bytes.
const REST: usize = 64 * 1024;

/// Reads a message of ours.
///
/// # Errors
/// It is none.
pub(super) fn read(message: Raw) -> Result<Message, Failure> {
    match scan(message.into_bytes(), MAX_DEPTH) {
        Ok(Scanned::Message(message)) => Ok(message),
        Ok(Scanned::Batch(_)) => Err(unsendable("a message", "it is several")),
        Err(fault) => Err(unsendable("a message", &fault.to_string())),
    }
}

/// What it means that no response came.
pub(super) fn failure(error: Error) -> Failure {
    if error.is_unreachable() {
        Failure::Unsent(error)
    } else if error.is_closed() || error.is_timeout() {
        Failure::Lost(error)
    } else {
        Failure::here(error)
    }
}

/// What everybody who waits is told when the wire is closed.
pub(super) fn closed() -> Failure {
    Failure::Lost(Error::closed("the client was closed"))
}

fn unsendable(what: &str, why: &str) -> Failure {
    let error = Error::invalid(format!("{} cannot be sent: {why}", what.escape_debug()));
    Failure::here(error)
}

pub(super) fn place(url: &Uri) -> Box<str> {
    let scheme = url.scheme_str().unwrap_or("http");
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}").into()
}
