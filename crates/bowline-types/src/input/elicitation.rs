//! Elicitation: questions to the user. Since 2025-06-18.

use serde_core::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::schema::ElicitSchema;
use crate::decode::{DecodeError, Member};
use crate::macros::{deserialize, message, open_enum};
use crate::meta::Meta;
use crate::method::result_body;
use crate::task::TaskMetadata;

message! {
    /// The question, as it is in an [`InputRequiredResult`](super::InputRequiredResult).
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#elicitation-requests)
    pub struct ElicitRequest {
        tag "method" = "elicitation/create";
        new {
            /// What to ask.
            params: ElicitRequestParams = "params",
        }
    }
}

/// What to ask the user, and how. Without `mode` it is a form.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#elicitation-requests)
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ElicitRequestParams {
    /// By a form.
    Form(ElicitRequestFormParams),
    /// By a visit to a URL. Since 2025-11-25.
    Url(ElicitRequestUrlParams),
    /// A mode that no protocol version knows, whole.
    Other(Map<String, Value>),
}

impl Member for ElicitRequestParams {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let mode = value.get("mode").filter(|mode| !mode.is_null());
        match mode.map(|mode| mode.as_str()) {
            None | Some(Some("form")) => ElicitRequestFormParams::from_value(value).map(Self::Form),
            Some(Some("url")) => ElicitRequestUrlParams::from_value(value).map(Self::Url),
            Some(Some(_)) => Member::from_value(value).map(Self::Other),
            Some(None) => {
                Err(DecodeError::new("invalid type, expected a string").in_member("mode"))
            }
        }
    }
}

impl Serialize for ElicitRequestParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Form(params) => params.serialize(serializer),
            Self::Url(params) => params.serialize(serializer),
            Self::Other(params) => params.serialize(serializer),
        }
    }
}

deserialize!(ElicitRequestParams);

impl From<ElicitRequestFormParams> for ElicitRequestParams {
    fn from(params: ElicitRequestFormParams) -> Self {
        Self::Form(params)
    }
}

impl From<ElicitRequestUrlParams> for ElicitRequestParams {
    fn from(params: ElicitRequestUrlParams) -> Self {
        Self::Url(params)
    }
}

open_enum! {
    /// How the user is asked. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#elicitation-requests)
    pub enum ElicitMode {
        /// By a form.
        Form = "form",
        /// By a visit to a URL.
        Url = "url",
    }
}

message! {
    /// A form to show. Never ask for secrets in one.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#form-mode-elicitation-requests)
    pub struct ElicitRequestFormParams {
        new {
            /// What is asked for and why, in words for people.
            message: String = "message",
            /// The fields.
            requested_schema: ElicitSchema = "requestedSchema",
        }
        optional {
            /// The mode; a form when absent, as it always is until 2025-06-18.
            mode: ElicitMode = "mode",
            /// Asks for the question to be a task. Only in 2025-11-25.
            task: TaskMetadata = "task",
            /// Protocol metadata. Until 2025-11-25.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// A URL to visit, for what the client must not see. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#url-mode-elicitation-requests)
    pub struct ElicitRequestUrlParams {
        tag "mode" = "url";
        new {
            /// Why to go there, in words for people.
            message: String = "message",
            /// Where to go.
            url: String = "url",
        }
        optional {
            /// What tells this question from others of the server. Required in 2025-11-25, gone since.
            elicitation_id: String = "elicitationId",
            /// Asks for the question to be a task. Only in 2025-11-25.
            task: TaskMetadata = "task",
            /// Protocol metadata. Until 2025-11-25.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// What the user did.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#response-actions)
    pub struct ElicitResult {
        new {
            /// What the user did.
            action: ElicitAction = "action",
        }
        optional {
            /// What was filled in, by the names of the fields: strings, numbers, booleans and lists of
            /// strings. Only of a form that was accepted.
            content: Map<String, Value> = "content",
            /// Protocol metadata. Until 2025-11-25.
            meta: Meta = "_meta",
        }
    }
}

open_enum! {
    /// What the user did with a question.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#response-actions)
    pub enum ElicitAction {
        /// Filled it in or agreed.
        Accept = "accept",
        /// Said no.
        Decline = "decline",
        /// Went away without a choice.
        Cancel = "cancel",
    }
}

result_body!(ElicitResult);
