//! What went wrong, for the people who call this crate.

use bowline_types::capability::ClientCapabilities;
use bowline_types::jsonrpc::ErrorObject;
use std::fmt;

/// What went wrong.
///
/// Opaque on purpose: ask it what you need to know with its predicates. `Display` prints one level;
/// [`std::error::Error::source`] has the next.
pub struct Error(Box<Inner>);

/// The result of most functions of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

struct Inner {
    kind: Kind,
    message: Box<str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    /// The peer answered with an error.
    Rpc(ErrorObject),
    /// A client answered a question with an error, which is none of the call's own.
    #[cfg_attr(modern_only, expect(dead_code, reason = "only clients of sessions answer so"))]
    Refused(ErrorObject),
    /// The peer lacks what was asked of it: these capabilities, where that is all it lacks.
    Unsupported(Option<Box<ClientCapabilities>>),
    /// The peer answered with something that is no answer to what was asked.
    BadAnswer,
    /// The server wants credentials, or others.
    Unauthorized,
    /// The server could not be reached, and has seen nothing.
    Unreachable,
    /// A tool failed, by its own account.
    Tool,
    /// A person said no.
    Declined,
    /// Something that must happen at most once may have happened.
    Interrupted,
    /// Too much at once.
    Overloaded,
    /// There was no more time.
    TimedOut,
    /// The link is closed.
    Closed,
    /// Something was registered or configured wrongly.
    Invalid,
    /// Reading or writing failed.
    Io,
    /// Encoding or decoding failed.
    Codec,
}

impl Error {
    pub(crate) fn rpc_error(error: ErrorObject) -> Self {
        let message = error.message.clone().into();
        Self(Box::new(Inner { kind: Kind::Rpc(error), message, source: None }))
    }

    pub(crate) fn unsupported(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Unsupported(None), message)
    }

    /// Adds the capabilities that the peer would have had to declare.
    pub(crate) fn requiring(mut self, capabilities: ClientCapabilities) -> Self {
        self.0.kind = Kind::Unsupported(Some(Box::new(capabilities)));
        self
    }

    pub(crate) fn interrupted(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Interrupted, message)
    }

    pub(crate) fn codec(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Codec, message)
    }

    pub(crate) fn declined(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Declined, message)
    }

    pub(crate) fn overloaded(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Overloaded, message)
    }

    /// A question that its client answered with an error.
    #[cfg(not(modern_only))]
    pub(crate) fn refused(message: impl Into<Box<str>>, error: ErrorObject) -> Self {
        Self::new(Kind::Refused(error), message)
    }

    #[cfg(any(not(modern_only), feature = "client", feature = "auth"))]
    pub(crate) fn timed_out(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::TimedOut, message)
    }

    pub(crate) fn closed(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Closed, message)
    }

    #[cfg(feature = "client")]
    pub(crate) fn unauthorized(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Unauthorized, message)
    }

    /// What the server did is no way to speak with it.
    #[cfg(feature = "client")]
    pub(crate) fn no_connection(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::BadAnswer, message)
    }

    /// A server that could not be reached, and has seen nothing: for a transport of your own.
    pub fn unreachable(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Unreachable, message)
    }

    /// An answer to a request of this method that cannot be used.
    #[cfg(any(feature = "client", feature = "auth"))]
    pub(crate) fn bad_answer(method: &str, why: impl fmt::Display) -> Self {
        Self::new(Kind::BadAnswer, format!("{method}: {why}"))
    }

    /// A tool that said `isError`.
    #[cfg(feature = "client")]
    pub(crate) fn tool(name: &str, text: &str) -> Self {
        Self::new(Kind::Tool, format!("tool `{}` failed: {text}", name.escape_debug()))
    }

    pub(crate) fn invalid(message: impl Into<Box<str>>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    pub(crate) fn io(message: impl Into<Box<str>>, source: std::io::Error) -> Self {
        Self::new(Kind::Io, message).because(source)
    }

    /// Adds what caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    fn new(kind: Kind, message: impl Into<Box<str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), source: None }))
    }

    /// The error the peer answered with, if that is what happened.
    #[must_use]
    pub fn rpc(&self) -> Option<&ErrorObject> {
        match &self.0.kind {
            Kind::Rpc(error) | Kind::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the peer's protocol version or declared capabilities lack what was wanted.
    #[must_use]
    pub fn is_unsupported(&self) -> bool {
        matches!(self.0.kind, Kind::Unsupported(_))
    }

    /// The capabilities that the peer would have had to declare, if that is all that was wrong.
    #[must_use]
    pub fn required_capabilities(&self) -> Option<&ClientCapabilities> {
        match &self.0.kind {
            Kind::Unsupported(required) => required.as_deref(),
            _ => None,
        }
    }

    /// Whether it is unknown if something that must happen at most once has happened.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.0.kind == Kind::Interrupted
    }

    /// The JSON-RPC error that this is to a client, where it is more than a message to read.
    pub(crate) fn object(&self) -> Option<ErrorObject> {
        let required = self.required_capabilities();
        let missing = |required: &ClientCapabilities| {
            ErrorObject::missing_required_client_capability(required.clone())
        };
        match &self.0.kind {
            Kind::Rpc(error) => Some(error.clone()),
            _ => required.map(missing),
        }
    }

    /// Whether the peer broke the protocol, or answered in a shape that cannot be used.
    #[must_use]
    pub fn is_bad_answer(&self) -> bool {
        self.0.kind == Kind::BadAnswer
    }

    /// Whether the server wants credentials, or others than it was given.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.0.kind == Kind::Unauthorized
    }

    /// Whether the server could not be reached or started: it has seen nothing.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        self.0.kind == Kind::Unreachable
    }

    /// Whether a tool failed, by its own account (`isError`).
    #[must_use]
    pub fn is_tool_error(&self) -> bool {
        self.0.kind == Kind::Tool
    }

    /// Whether a person declined or cancelled a question.
    #[must_use]
    pub fn is_declined(&self) -> bool {
        self.0.kind == Kind::Declined
    }

    /// Whether time ran out.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::TimedOut
    }

    /// Whether a limit was reached.
    #[must_use]
    pub fn is_overloaded(&self) -> bool {
        self.0.kind == Kind::Overloaded
    }

    /// Whether the link to the peer is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.kind == Kind::Closed
    }

    /// Whether something was registered or configured wrongly.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.0.kind == Kind::Invalid
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.0.kind).field("message", &self.0.message);
        if let Some(source) = &self.0.source {
            shown.field("source", source);
        }
        shown.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<bowline_protocol::scan::EncodeError> for Error {
    fn from(error: bowline_protocol::scan::EncodeError) -> Self {
        Self::new(Kind::Codec, "value cannot be encoded as JSON").because(error)
    }
}

impl From<bowline_types::DecodeError> for Error {
    fn from(error: bowline_types::DecodeError) -> Self {
        Self::new(Kind::Codec, error.to_string())
    }
}
