//! Arguments: from what a client sent to the struct a function takes.

use super::function::FromCall;
use super::schema::schema_of;
use super::strings;
use crate::context::Context;
use crate::error::Error;
use bowline_types::tool::Schema;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// What a client sent.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Arguments<'a> {
    /// A JSON object, as tools get; `None` when the client left it out.
    Json(Option<&'a [u8]>),
    /// Texts by name, as prompts and resource templates get.
    Strings(&'a BTreeMap<String, String>),
}

/// The last parameter of a handler: a struct of arguments, or one more extractor.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be decoded from arguments",
    note = "derive `serde::Deserialize` and `schemars::JsonSchema` for it"
)]
pub trait FromArguments<M>: Sized + Send {
    /// Decodes the value.
    ///
    /// # Errors
    /// When the arguments are not what the value is made of.
    fn from_arguments(cx: &Context, arguments: Arguments<'_>) -> Result<Self, ArgumentError>;

    /// The schema of the arguments; `None` when none are taken.
    fn schema() -> Option<Schema>;
}

/// Marks arguments that are decoded.
#[derive(Debug)]
pub enum Decoded {}

/// Marks a last parameter that is an extractor.
#[derive(Debug)]
pub enum Extracted {}

impl<T: FromCall> FromArguments<Extracted> for T {
    fn from_arguments(cx: &Context, _: Arguments<'_>) -> Result<Self, ArgumentError> {
        Ok(T::from_call(cx)?)
    }

    fn schema() -> Option<Schema> {
        None
    }
}

impl<T: DeserializeOwned + JsonSchema + Send> FromArguments<Decoded> for T {
    fn from_arguments(_: &Context, arguments: Arguments<'_>) -> Result<Self, ArgumentError> {
        match arguments {
            Arguments::Json(text) => serde_json::from_slice(text.unwrap_or(b"{}"))
                .map_err(|error| ArgumentError::wrong(&error)),
            Arguments::Strings(texts) => {
                strings::decode(texts).map_err(|error| ArgumentError::Wrong(error.to_string()))
            }
        }
    }

    fn schema() -> Option<Schema> {
        Some(schema_of::<T>())
    }
}

/// Why a function could not be started.
#[derive(Debug)]
pub enum ArgumentError {
    /// The arguments break the schema; says how, in words for whoever sent them.
    Wrong(String),
    /// An extractor found nothing to take.
    Extractor(Error),
}

impl ArgumentError {
    fn wrong(error: &serde_json::Error) -> Self {
        // The place in the text means nothing to a model that wrote an object.
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or_default();
        Self::Wrong(format!("invalid arguments: {text}"))
    }
}

impl From<Error> for ArgumentError {
    fn from(error: Error) -> Self {
        Self::Extractor(error)
    }
}
