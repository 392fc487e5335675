//! Questions and answers by key: the multi round-trip pattern of 2026-07-28.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use serde_core::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::{
    CreateMessageRequest, CreateMessageResult, ElicitRequest, ElicitResult, ListRootsRequest,
    ListRootsResult,
};
use crate::decode::{self, DecodeError, Member};
use crate::macros::{deserialize, message, tagged_union};
use crate::meta::Meta;
use crate::method::result_body;

message! {
    /// An answer that is not final: the client answers the questions and sends the request again.
    ///
    /// At least one of questions and state is there.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr#inputrequiredresult)
    pub struct InputRequiredResult {
        optional {
            /// The questions, by keys that the server chose.
            input_requests: InputRequests = "inputRequests",
            /// What the client sends back unchanged. Opaque to it.
            request_state: String = "requestState",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        envelope "resultType";
    }
}

result_body!(InputRequiredResult);

tagged_union! {
    /// One question.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr#inputrequests)
    pub enum InputRequest by "method" {
        /// To the model.
        CreateMessage(Box<CreateMessageRequest>) = "sampling/createMessage",
        /// For the roots.
        ListRoots(ListRootsRequest) = "roots/list",
        /// To the user.
        Elicit(ElicitRequest) = "elicitation/create",
    }
}

/// One answer.
///
/// It does not say what it answers: only who asked knows, by the key. So it is kept whole and decoded as
/// what was asked for.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr#inputresponses)
#[derive(Debug, Clone, PartialEq)]
pub struct InputResponse(Map<String, Value>);

impl InputResponse {
    /// The answer to a question of any kind, such as an extension's.
    pub fn new(answer: Map<String, Value>) -> Self {
        Self(answer)
    }

    /// The answer as it is.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The answer as it is.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// The answer to an [`ElicitRequest`].
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn elicit(&self) -> Result<ElicitResult, DecodeError> {
        ElicitResult::from_value(Value::Object(self.0.clone()))
    }

    /// The answer to a [`CreateMessageRequest`].
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn create_message(&self) -> Result<CreateMessageResult, DecodeError> {
        CreateMessageResult::from_value(Value::Object(self.0.clone()))
    }

    /// The answer to a [`ListRootsRequest`].
    ///
    /// # Errors
    ///
    /// When it is not one.
    pub fn list_roots(&self) -> Result<ListRootsResult, DecodeError> {
        ListRootsResult::from_value(Value::Object(self.0.clone()))
    }

    fn of(answer: &impl Serialize) -> Self {
        match decode::to_value(answer) {
            Value::Object(answer) => Self(answer),
            _ => Self(Map::new()),
        }
    }
}

impl From<ElicitResult> for InputResponse {
    fn from(answer: ElicitResult) -> Self {
        Self::of(&answer)
    }
}

impl From<CreateMessageResult> for InputResponse {
    fn from(answer: CreateMessageResult) -> Self {
        Self::of(&answer)
    }
}

impl From<ListRootsResult> for InputResponse {
    fn from(answer: ListRootsResult) -> Self {
        Self::of(&answer)
    }
}

impl Member for InputResponse {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        Member::from_value(value).map(Self)
    }
}

impl Serialize for InputResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

deserialize!(InputResponse);

/// A table of maps by key.
macro_rules! keyed {
    ($($(#[$doc:meta])* $name:ident of $type:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Default, PartialEq)]
            pub struct $name(BTreeMap<String, $type>);

            impl Deref for $name {
                type Target = BTreeMap<String, $type>;

                fn deref(&self) -> &Self::Target {
                    &self.0
                }
            }

            impl DerefMut for $name {
                fn deref_mut(&mut self) -> &mut Self::Target {
                    &mut self.0
                }
            }

            impl<K: Into<String>, V: Into<$type>> FromIterator<(K, V)> for $name {
                fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
                    Self(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
                }
            }

            impl Member for $name {
                fn from_value(value: Value) -> Result<Self, DecodeError> {
                    Member::from_value(value).map(Self)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    self.0.serialize(serializer)
                }
            }

            deserialize!($name);
        )+
    };
}

keyed! {
    /// Questions by keys that the server chose. Used as a `BTreeMap`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr#inputrequests)
    InputRequests of InputRequest;
    /// Answers by the keys of the questions. Used as a `BTreeMap`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr#inputresponses)
    InputResponses of InputResponse;
}

impl From<CreateMessageRequest> for InputRequest {
    fn from(request: CreateMessageRequest) -> Self {
        Self::CreateMessage(Box::new(request))
    }
}

impl From<ListRootsRequest> for InputRequest {
    fn from(request: ListRootsRequest) -> Self {
        Self::ListRoots(request)
    }
}

impl From<ElicitRequest> for InputRequest {
    fn from(request: ElicitRequest) -> Self {
        Self::Elicit(request)
    }
}
