//! The surroundings of one call.

use crate::ask::{Asks, Line};
use crate::closing::Closing;
use crate::error::Error;
use crate::outbox::{Bounds, Outbox, Refused};
use crate::principal::{Principal, Running};
use crate::server::Server;
use bowline_protocol::era::{self, Incoming};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::scan::{MetaKey, Raw};
use bowline_protocol::write;
use bowline_types::capability::ClientCapabilities;
use bowline_types::discover::Implementation;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::log::{LoggingLevel, LoggingMessageNotificationParams};
use bowline_types::method::Notification;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The surroundings of one call, and the way out for everything but its answer.
///
/// Cheap to clone; every clone belongs to the same call.
#[derive(Clone, Debug)]
pub struct Context(Arc<State>);

#[derive(Debug)]
struct State {
    request: Incoming,
    principal: Principal,
    headers: HeaderMap,
    limits: Arc<Limits>,
    /// Told when the transport that carries this call is about to end.
    closing: Closing,
    outbox: Outbox,
    /// The highest progress sent; a lower one is never sent after it.
    progress: Mutex<f64>,
    /// What was asked and answered; made by the first question.
    asks: Asks,
    /// The server that answers, once one does.
    server: OnceLock<Server>,
    /// The way to a client that is asked live.
    line: Option<Arc<Line>>,
    /// Ends the count of running calls with the call.
    _running: Option<Running>,
}

/// What a transport knows about a call besides its request.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) principal: Principal,
    pub(crate) headers: HeaderMap,
    pub(crate) limits: Arc<Limits>,
    /// Told when the transport that carries the call is about to end.
    pub(crate) closing: Closing,
    /// The way to the client, where it has a session and is asked live.
    pub(crate) line: Option<Arc<Line>>,
    /// One place among the calls that may run.
    pub(crate) running: Option<Running>,
}

impl Context {
    pub(crate) fn new(request: Incoming, surroundings: Surroundings) -> Self {
        let Surroundings { principal, headers, limits, closing, line, running } = surroundings;
        Self(Arc::new(State {
            request,
            principal,
            headers,
            limits,
            closing,
            outbox: Outbox::default(),
            progress: Mutex::new(f64::NEG_INFINITY),
            asks: Asks::default(),
            server: OnceLock::new(),
            line,
            _running: running,
        }))
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Incoming {
        &self.0.request
    }

    /// Who asks.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.0.principal
    }

    /// What an authorization server says of who asks, as a type of your own; `{}` where none says anything.
    ///
    /// # Errors
    /// When a claim is missing or of another type: an error for the caller, whose token lacks it.
    pub fn claims<C: DeserializeOwned>(&self) -> Result<C, Error> {
        self.0.principal.claims().map_err(|error| {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            let why = why.unwrap_or_default();
            Error::rpc_error(ErrorObject::invalid_request(format!(
                "the claims of the token lack what is needed here: {why}"
            )))
        })
    }

    /// The headers of the HTTP request; empty on every other transport.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The protocol version of this request.
    #[must_use]
    pub fn protocol_version(&self) -> &'static str {
        self.0.request.protocol_version()
    }

    /// What the client says it is; for display and logs only, since nobody has verified it.
    #[must_use]
    pub fn client_info(&self) -> Option<Implementation> {
        bowline_types::decode(self.0.request.meta(MetaKey::ClientInfo)?).ok()
    }

    /// What the client declared it can do, in this request.
    #[must_use]
    pub fn client_capabilities(&self) -> ClientCapabilities {
        let declared = self.0.request.meta(MetaKey::ClientCapabilities);
        declared.and_then(|text| bowline_types::decode(text).ok()).unwrap_or_default()
    }

    /// The server that answers, to change its catalogue or to tell its listeners of a change.
    ///
    /// `None` where something else than a [`Server`] answers.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.0.server.get()
    }

    /// Reports progress. Nothing happens when the client did not ask for it.
    ///
    /// `progress` must grow from call to call; one that does not is not sent. After ten reports at once, ten a second
    /// go out, the last one always before the answer.
    ///
    /// See [Progress](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/progress).
    pub fn progress(&self, progress: f64, total: impl Into<Option<f64>>, message: Option<&str>) {
        let Some(token) = self.0.request.meta(MetaKey::ProgressToken) else {
            return;
        };
        {
            let mut highest = self.0.progress.lock().unwrap_or_else(PoisonError::into_inner);
            if progress <= *highest || !progress.is_finite() {
                return;
            }
            *highest = progress;
        }
        let message = write::progress(token, progress, total.into(), message);
        self.0.outbox.progress(message, self.bounds());
    }

    /// Sends a log message to the client, if this request asked for messages of that level.
    ///
    /// See [Logging](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/logging).
    pub fn log(&self, level: LoggingLevel, data: impl Serialize) {
        self.log_as(level, None, data);
    }

    /// As [`Context::log`], in the name of a part of the server.
    pub fn log_as(&self, level: LoggingLevel, logger: Option<&str>, data: impl Serialize) {
        if !self.wants_log(level) {
            return;
        }
        let Ok(data) = serde_json::to_value(data) else {
            return;
        };
        let mut params = LoggingMessageNotificationParams::new(level, data);
        params.logger = logger.map(Into::into);
        if let Ok(message) =
            write::notification(bowline_types::method::LoggingMessage::NAME, &params)
        {
            self.0.outbox.log(message, self.bounds());
        }
    }

    /// Whether this request asked for log messages of this level.
    pub(crate) fn wants_log(&self, level: LoggingLevel) -> bool {
        let wanted = self.0.request.meta(MetaKey::LogLevel);
        let wanted: Option<LoggingLevel> =
            wanted.and_then(|wanted| bowline_types::decode(wanted).ok());
        wanted.is_some_and(|wanted| level >= wanted)
    }

    /// Sends a notification that belongs to this call.
    ///
    /// # Errors
    /// When the client reads so slowly that no room is left, when it has gone, or when `params` cannot be encoded.
    pub fn notify<N: Notification>(&self, params: &N::Params) -> Result<(), Error> {
        self.notify_raw(write::notification(N::NAME, params)?)
    }

    /// Sends a notification of the newest protocol version in the shape of this call's; one that does not exist
    /// there counts as sent.
    pub(crate) fn notify_raw(&self, message: Raw) -> Result<(), Error> {
        match era::notification(&self.0.request, message) {
            Some(message) => self.send(message).map_err(|_| slow()),
            None => Ok(()),
        }
    }

    /// As [`Context::notify_raw`], unless the very same message waits to be read already.
    pub(crate) fn notify_once(&self, message: Raw) -> Result<(), Error> {
        match era::notification(&self.0.request, message) {
            Some(message) => self.0.outbox.send_once(&message, self.bounds()).map_err(|_| slow()),
            None => Ok(()),
        }
    }

    /// Puts a message into the outbox as it is.
    pub(crate) fn send(&self, message: Raw) -> Result<(), Refused> {
        self.0.outbox.send(message, self.bounds())
    }

    /// What tells this call from every other one that is alive.
    #[cfg(not(modern_only))]
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// What tells the session of this call from all others of this process; nothing where there is none.
    #[cfg(feature = "host")]
    pub(crate) fn session(&self) -> Option<u64> {
        Some(self.0.line.as_ref()?.number())
    }

    /// The way to a client that is asked live.
    pub(crate) fn line(&self) -> Option<&Arc<Line>> {
        self.0.line.as_ref()
    }

    /// Tells the client how many log messages found no room, if it wanted any.
    pub(crate) fn tell_dropped_logs(&self) {
        let dropped = self.0.outbox.dropped_logs();
        if dropped > 0 {
            let data = serde_json::json!({ "dropped": dropped });
            self.log_as(LoggingLevel::Warning, Some("bowline"), data);
        }
    }

    /// Lets the client's connection go while this call goes on: the client comes back a second later for the rest.
    ///
    /// What was sent before still arrives. Nothing happens where a client would not come back: only those of a
    /// session over Streamable HTTP do, and among them only those whose protocol version knows of it.
    ///
    /// See [Sending messages](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#sending-messages-to-the-server),
    /// where the server closes the connection without terminating the stream.
    pub fn disconnect(&self) {
        self.0.outbox.hang_up();
    }

    pub(crate) fn asks(&self) -> &Asks {
        &self.0.asks
    }

    pub(crate) fn outbox(&self) -> &Outbox {
        &self.0.outbox
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    pub(crate) fn closing(&self) -> &Closing {
        &self.0.closing
    }

    pub(crate) fn serve_by(&self, server: Server) {
        // A call that passes through several servers belongs to the first.
        let _ = self.0.server.set(server);
    }

    fn bounds(&self) -> Bounds {
        Bounds { messages: self.0.limits.outbox_messages, bytes: self.0.limits.outbox_bytes }
    }
}

fn slow() -> Error {
    Error::overloaded("the client does not keep up")
}
