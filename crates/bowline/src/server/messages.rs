//! What a prompt may be.

use super::handler::HandlerError;
use bowline_types::List;
use bowline_types::prompt::{GetPromptResult, PromptMessage};
use std::borrow::Cow;

/// What a function that fills in a prompt may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something a prompt can be",
    note = "return text (one message of the user), a `PromptMessage` or several, a `GetPromptResult`, or a `Result` of one of them"
)]
pub trait IntoPrompt: Send {
    /// Makes the result.
    ///
    /// # Errors
    /// What the caller gets instead.
    fn into_prompt(self) -> Result<GetPromptResult, HandlerError>;
}

impl IntoPrompt for GetPromptResult {
    fn into_prompt(self) -> Result<GetPromptResult, HandlerError> {
        Ok(self)
    }
}

impl IntoPrompt for Vec<PromptMessage> {
    fn into_prompt(self) -> Result<GetPromptResult, HandlerError> {
        Ok(GetPromptResult::new(self))
    }
}

impl<const N: usize> IntoPrompt for [PromptMessage; N] {
    fn into_prompt(self) -> Result<GetPromptResult, HandlerError> {
        Ok(GetPromptResult::new(List::from(self)))
    }
}

impl IntoPrompt for PromptMessage {
    fn into_prompt(self) -> Result<GetPromptResult, HandlerError> {
        [self].into_prompt()
    }
}

impl<T: IntoPrompt, E: Into<HandlerError> + Send> IntoPrompt for Result<T, E> {
    fn into_prompt(self) -> Result<GetPromptResult, HandlerError> {
        self.map_err(Into::into)?.into_prompt()
    }
}

macro_rules! texts {
    ($($type:ty)+) => {$(
        impl IntoPrompt for $type {
            fn into_prompt(self) -> Result<GetPromptResult, HandlerError> {
                PromptMessage::user(self).into_prompt()
            }
        }
    )+};
}

texts! { String &'static str Cow<'static, str> }
