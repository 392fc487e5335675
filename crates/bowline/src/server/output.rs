//! What a tool may return.

use crate::error::Error;
use crate::server::schema;
use bowline_protocol::outcome::Body;
use bowline_types::List;
use bowline_types::content::ContentBlock;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::tool::{CallToolResult, Schema};
use schemars::JsonSchema;
use serde::Serialize;
use std::any::Any;
use std::borrow::Cow;

/// What a tool may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something a tool can return",
    note = "return text, a number, a `ContentBlock` or several, `Json<T>`, a `CallToolResult`, `()`, or a `Result` of one of them"
)]
pub trait IntoToolResult: Send {
    /// Makes the result.
    ///
    /// # Errors
    /// What the caller gets instead.
    fn into_tool_result(self) -> Result<CallToolResult, ToolError>;

    /// Makes the result and encodes it. Only worth to be written where there is a way that is shorter than
    /// [`IntoToolResult::into_tool_result`], and then both must make the same.
    ///
    /// # Errors
    /// What the caller gets instead.
    fn into_body(self) -> Result<Body, ToolError>
    where
        Self: Sized,
    {
        encode(self.into_tool_result()?)
    }

    /// The schema of the structured content, as `schemars` generates it, where there is one.
    #[must_use]
    fn output_schema() -> Option<Schema> {
        None
    }
}

/// Structured content: sent as JSON with a schema, and as text for clients that read only that.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

impl<T: Serialize + JsonSchema + Send> IntoToolResult for Json<T> {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        let value = serde_json::to_value(&self.0).map_err(ToolError::broken)?;
        let text = serde_json::to_string(&self.0).map_err(ToolError::broken)?;
        Ok(CallToolResult::text(text).structured_content(value))
    }

    fn into_body(self) -> Result<Body, ToolError> {
        let text = serde_json::to_string(&self.0).map_err(ToolError::broken)?;
        let whole = Twins { content: [Text::new(&text)], structured_content: &self.0 };
        Body::of(&whole).map_err(ToolError::broken)
    }

    fn output_schema() -> Option<Schema> {
        Some(schema::encoded::<T>())
    }
}

impl IntoToolResult for CallToolResult {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(self)
    }
}

impl IntoToolResult for () {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new(List::new()))
    }
}

impl IntoToolResult for ContentBlock {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new(vec![self]))
    }
}

impl IntoToolResult for Vec<ContentBlock> {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        Ok(CallToolResult::new(self))
    }
}

impl<T: IntoToolResult, E: Into<ToolError> + Send> IntoToolResult for Result<T, E> {
    fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
        self.map_err(Into::into)?.into_tool_result()
    }

    fn into_body(self) -> Result<Body, ToolError> {
        self.map_err(Into::into)?.into_body()
    }

    fn output_schema() -> Option<Schema> {
        T::output_schema()
    }
}

macro_rules! texts {
    ($($type:ty)+) => {$(
        impl IntoToolResult for $type {
            fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
                Ok(CallToolResult::text(self))
            }

            fn into_body(self) -> Result<Body, ToolError> {
                text_body(&self)
            }
        }
    )+};
}

macro_rules! shown {
    ($($type:ty)+) => {$(
        impl IntoToolResult for $type {
            fn into_tool_result(self) -> Result<CallToolResult, ToolError> {
                self.to_string().into_tool_result()
            }

            fn into_body(self) -> Result<Body, ToolError> {
                text_body(&self.to_string())
            }
        }
    )+};
}

texts! { String &'static str }
shown! { Cow<'static, str> bool char f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize }

/// Encodes a result; structured content without any other is repeated as text, for clients that read only that.
pub(super) fn encode(result: CallToolResult) -> Result<Body, ToolError> {
    Body::encode(with_twin(result)).map_err(ToolError::broken)
}

fn with_twin(mut result: CallToolResult) -> CallToolResult {
    if result.content.is_empty()
        && let Some(value) = &result.structured_content
    {
        result.content = [ContentBlock::text(value.to_string())].into();
    }
    result
}

fn text_body(text: &str) -> Result<Body, ToolError> {
    Body::of(&OneText { content: [Text::new(text)] }).map_err(ToolError::broken)
}

/// A result that is one text, encoded without being built first.
#[derive(Serialize)]
struct OneText<'a> {
    content: [Text<'a>; 1],
}

/// A result that is structured content and its text, encoded without a tree.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Twins<'a, T> {
    content: [Text<'a>; 1],
    structured_content: &'a T,
}

#[derive(Serialize)]
struct Text<'a> {
    r#type: &'static str,
    text: &'a str,
}

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Self {
        Self { r#type: "text", text }
    }
}

/// Why a tool did not do what it was called for.
///
/// Any error converts into it with `?`: the model then reads its message in a result with `isError` and can try
/// again. An [`ErrorObject`] is the exception: it becomes the JSON-RPC error it is.
#[derive(Debug)]
pub struct ToolError(Reason);

#[derive(Debug)]
enum Reason {
    Execution(String),
    Protocol(ErrorObject),
    /// A result that cannot be encoded: nothing that the caller could do anything about.
    Broken(Box<str>),
}

impl ToolError {
    /// A failure that the model should read.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Reason::Execution(message.into()))
    }

    /// A JSON-RPC error.
    #[must_use]
    pub fn protocol(error: ErrorObject) -> Self {
        Self(Reason::Protocol(error))
    }

    /// The result or error it becomes.
    ///
    /// # Errors
    /// The JSON-RPC error, where it is one.
    pub fn into_result(self) -> Result<CallToolResult, ErrorObject> {
        match self.0 {
            Reason::Execution(message) => {
                Ok(CallToolResult::new(vec![ContentBlock::text(message)]).is_error(true))
            }
            Reason::Protocol(error) => Err(error),
            Reason::Broken(_) => Err(ErrorObject::internal_error(BROKEN)),
        }
    }

    /// What prevented the result from being encoded, if that is what happened.
    pub(super) fn unexpected(&self) -> Option<&str> {
        match &self.0 {
            Reason::Broken(details) => Some(details),
            _ => None,
        }
    }

    fn broken(error: impl std::error::Error) -> Self {
        Self(Reason::Broken(chain(&error).into()))
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for ToolError {
    fn from(error: E) -> Self {
        // `E` is one type among all errors; these two mean something to the protocol.
        let any: &dyn Any = &error;
        if let Some(error) = any.downcast_ref::<ErrorObject>() {
            return Self::protocol(error.clone());
        }
        if let Some(error) = any.downcast_ref::<Error>().and_then(Error::object) {
            return Self::protocol(error);
        }
        Self::new(chain(&error))
    }
}

/// An error and what it was caused by, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

pub(super) const BROKEN: &str = "result cannot be encoded";

#[cfg(test)]
mod tests;
