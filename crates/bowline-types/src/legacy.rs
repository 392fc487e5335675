//! Messages that ended with 2025-11-25: the session and what belonged to it.

use crate::List;
use crate::capability::{ClientCapabilities, ServerCapabilities};
use crate::decode::{self, DecodeError};
use crate::discover::Implementation;
use crate::input::ElicitRequestUrlParams;
use crate::jsonrpc::{EmptyResult, ErrorCode, ErrorObject, NotificationParams, RequestParams};
use crate::log::LoggingLevel;
use crate::macros::message;
use crate::meta::Meta;
use crate::method::{methods, notifications, result_body};

methods! {
    /// Opens a session.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#initialization)
    Initialize = "initialize" (InitializeRequestParams) -> InitializeResult;
    /// Asks whether the other side is there.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/ping)
    Ping = "ping" (RequestParams) -> EmptyResult;
    /// Sets the least severe log message that the client wants.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/server/utilities/logging#setting-log-level)
    SetLevel = "logging/setLevel" (SetLevelRequestParams) -> EmptyResult;
    /// Wants to hear of changes of a resource.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/server/resources#subscriptions)
    Subscribe = "resources/subscribe" (ResourceRequestParams) -> EmptyResult;
    /// Wants to hear of changes of a resource no more.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/server/resources#subscriptions)
    Unsubscribe = "resources/unsubscribe" (ResourceRequestParams) -> EmptyResult;
}

notifications! {
    /// The session stands.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#initialization)
    Initialized = "notifications/initialized" (NotificationParams);
    /// The roots of the client changed.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/client/roots#root-list-changes)
    RootsListChanged = "notifications/roots/list_changed" (NotificationParams);
    /// What the user did at a URL is done. Only in 2025-11-25.
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#completion-notifications-for-url-mode-elicitation)
    ElicitationComplete = "notifications/elicitation/complete" (ElicitationCompleteNotificationParams);
}

message! {
    /// Parameters of `initialize`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#initializerequestparams)
    pub struct InitializeRequestParams {
        new {
            /// The newest protocol version that the client speaks.
            protocol_version: String = "protocolVersion",
            /// What it can do, for the whole session.
            capabilities: ClientCapabilities = "capabilities",
            /// What it is.
            client_info: Implementation = "clientInfo",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The answer to `initialize`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#initializeresult)
    pub struct InitializeResult {
        new {
            /// The protocol version of the session; a client that does not speak it leaves.
            protocol_version: String = "protocolVersion",
            /// What the server offers.
            capabilities: ServerCapabilities = "capabilities",
            /// What it is.
            server_info: Implementation = "serverInfo",
        }
        optional {
            /// How to use the server, in words for a model.
            instructions: String = "instructions",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

result_body!(InitializeResult);

message! {
    /// Parameters of `logging/setLevel`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#setlevelrequestparams)
    pub struct SetLevelRequestParams {
        new {
            /// The least severe that is wanted.
            level: LoggingLevel = "level",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Parameters of `resources/subscribe` and `resources/unsubscribe`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#subscriberequestparams)
    pub struct ResourceRequestParams {
        new {
            /// The resource.
            uri: String = "uri",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Parameters of `notifications/elicitation/complete`. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitationcompletenotification)
    pub struct ElicitationCompleteNotificationParams {
        new {
            /// The question that is done.
            elicitation_id: String = "elicitationId",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The `data` of [`ErrorCode::URL_ELICITATION_REQUIRED`]: the user has to visit these first. Only in
    /// 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#error-handling)
    pub struct UrlElicitationRequired {
        new {
            /// The visits.
            elicitations: List<ElicitRequestUrlParams> = "elicitations",
        }
    }
}

impl UrlElicitationRequired {
    /// The error that carries this.
    pub fn into_error(self) -> ErrorObject {
        let message = "this request needs a visit to a URL first";
        ErrorObject::new(ErrorCode::URL_ELICITATION_REQUIRED, message).data(decode::to_value(&self))
    }

    /// What an error carries, when it has this code.
    ///
    /// # Errors
    ///
    /// When the data has another shape.
    pub fn of(error: &ErrorObject) -> Option<Result<Self, DecodeError>> {
        (error.code == ErrorCode::URL_ELICITATION_REQUIRED).then(|| error.decode_data())
    }
}
