//! The member names the scanner knows, one enum per level, and the table of spans they index.

use super::Span;

/// Declares an enum of member names with its lookup; the order of the rows is the order of the table.
macro_rules! keys {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        $vis enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            pub(crate) const COUNT: usize = [$($text),+].len();

            /// The key with this name, if the table has one.
            pub(crate) fn find(name: &[u8]) -> Option<Self> {
                match name {
                    $(n if n == $text.as_bytes() => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The member's name on the wire.
            #[must_use]
            #[allow(dead_code, unreachable_pub, reason = "one macro for levels of different visibility")]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

keys! {
    /// Members of a JSON-RPC envelope.
    pub(crate) enum EnvelopeKey {
        Jsonrpc = "jsonrpc",
        Id = "id",
        Method = "method",
        Params = "params",
        Result = "result",
        Error = "error",
    }
}

keys! {
    /// Members of `params`, `result` or `error` that the protocol itself looks at.
    pub enum BodyKey {
        /// `_meta` of params and results.
        Meta = "_meta",
        /// Name of a tool or prompt.
        Name = "name",
        /// Arguments of a tool or prompt.
        Arguments = "arguments",
        /// A resource's URI.
        Uri = "uri",
        /// Where a list goes on.
        Cursor = "cursor",
        /// Answers to an earlier `input_required` result.
        InputResponses = "inputResponses",
        /// The state that goes with them.
        RequestState = "requestState",
        /// The filter of `subscriptions/listen`.
        Notifications = "notifications",
        /// What a completion is for.
        Ref = "ref",
        /// The argument to complete.
        Argument = "argument",
        /// Arguments already resolved, for a completion.
        Context = "context",
        /// The request a cancellation names.
        RequestId = "requestId",
        /// Why something was cancelled.
        Reason = "reason",
        /// The token of a progress notification.
        ProgressToken = "progressToken",
        /// How far the work is.
        Progress = "progress",
        /// Id of a task.
        TaskId = "taskId",
        /// Protocol version offered or chosen by `initialize`.
        ProtocolVersion = "protocolVersion",
        /// Capabilities declared by `initialize`.
        Capabilities = "capabilities",
        /// Who the client says it is, in `initialize`.
        ClientInfo = "clientInfo",
        /// A log level.
        Level = "level",
        /// The task augmentation of 2025 calls.
        Task = "task",
        /// Type of a result.
        ResultType = "resultType",
        /// How long a result stays fresh, in milliseconds.
        TtlMs = "ttlMs",
        /// Who may share a cached result.
        CacheScope = "cacheScope",
        /// What an `input_required` result asks for.
        InputRequests = "inputRequests",
        /// Where a list goes on, in a result.
        NextCursor = "nextCursor",
        /// Code of an error.
        Code = "code",
        /// Message of an error.
        Message = "message",
        /// Data of an error.
        Data = "data",
    }
}

keys! {
    /// The reserved keys of `_meta`.
    pub enum MetaKey {
        /// Progress is wanted, under this token.
        ProgressToken = "progressToken",
        /// Protocol version of this request.
        ProtocolVersion = "io.modelcontextprotocol/protocolVersion",
        /// Who the client says it is.
        ClientInfo = "io.modelcontextprotocol/clientInfo",
        /// What the client can do.
        ClientCapabilities = "io.modelcontextprotocol/clientCapabilities",
        /// The least severe log message wanted.
        LogLevel = "io.modelcontextprotocol/logLevel",
        /// The subscription a notification belongs to.
        SubscriptionId = "io.modelcontextprotocol/subscriptionId",
        /// Who the server says it is.
        ServerInfo = "io.modelcontextprotocol/serverInfo",
        /// The task a message belongs to.
        RelatedTask = "io.modelcontextprotocol/related-task",
        /// W3C trace context.
        TraceParent = "traceparent",
        /// W3C trace state.
        TraceState = "tracestate",
        /// W3C baggage.
        Baggage = "baggage",
    }
}

/// Where the known members of one message are.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    pub(crate) envelope: [Span; EnvelopeKey::COUNT],
    pub(crate) body: [Span; BodyKey::COUNT],
    pub(crate) meta: [Span; MetaKey::COUNT],
}

impl Default for Tables {
    fn default() -> Self {
        Self {
            envelope: [Span::default(); EnvelopeKey::COUNT],
            body: [Span::default(); BodyKey::COUNT],
            meta: [Span::default(); MetaKey::COUNT],
        }
    }
}
