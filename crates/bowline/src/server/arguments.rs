//! Arguments: from what a client sent to the struct a function takes.

use super::function::FromCall;
use super::json;
use super::reworded;
use super::schema;
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
///
/// A tool whose arguments no struct describes takes a `serde_json::Map<String, Value>`; what they must be is then told
/// by the input schema that its definition brings.
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

    /// The schema of the arguments, as `schemars` generates it; `None` when none are taken.
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
            Arguments::Json(text) => {
                let text = text.unwrap_or(b"{}");
                serde_json::from_slice(text).map_err(|error| ArgumentError::wrong(text, &error))
            }
            Arguments::Strings(texts) => {
                strings::decode(texts).map_err(|error| ArgumentError::Wrong(error.to_string()))
            }
        }
    }

    fn schema() -> Option<Schema> {
        Some(schema::decoded::<T>())
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
    /// Cold on purpose: nothing of this is needed by arguments that decode.
    #[cold]
    fn wrong(text: &[u8], error: &serde_json::Error) -> Self {
        let said = error.to_string();
        // Arguments are one line, and a place in bytes means nothing to a model that wrote an object.
        let said = said.split(" at line ").next().unwrap_or_default();
        let path = json::path_to(text, error.column());
        Self::Wrong(reworded::line(path, said))
    }
}

impl From<Error> for ArgumentError {
    fn from(error: Error) -> Self {
        Self::Extractor(error)
    }
}
