//! What a user may write as a function: extractors first, arguments last.

use super::arguments::{ArgumentError, Arguments, FromArguments};
use crate::context::Context;
use crate::error::Error;
use bowline_types::tool::Schema;
use std::future::Future;

/// A value that a handler can take from the call, in any place before its arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be taken from a call",
    note = "handlers take extractors such as `Context`, then at most one struct of arguments that implements `Deserialize` and `JsonSchema`"
)]
pub trait FromCall: Sized + Send {
    /// Takes the value.
    ///
    /// # Errors
    /// What the caller is answered when the value is not there.
    fn from_call(cx: &Context) -> Result<Self, Error>;
}

impl FromCall for Context {
    fn from_call(cx: &Context) -> Result<Self, Error> {
        Ok(cx.clone())
    }
}

/// A function that handles a call: `async fn(extractors…, arguments) -> output`.
///
/// Implemented for functions and closures of up to eight parameters. `M` tells the implementations apart and is
/// always inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    note = "a handler is an async function or closure whose parameters are extractors (`Context`, …) and, last, one struct of arguments that implements `Deserialize` and `JsonSchema`"
)]
pub trait Function<M>: Send + Sync + 'static {
    /// What the function returns in the end.
    type Output: Send;
    /// The running function.
    type Future: Future<Output = Self::Output> + Send + 'static;

    /// Decodes the arguments and starts the function.
    ///
    /// # Errors
    /// When the arguments or an extractor are not what the function takes.
    fn start(&self, cx: &Context, arguments: Arguments<'_>) -> Result<Self::Future, ArgumentError>;

    /// The schema of the arguments; `None` when the function takes none.
    fn schema() -> Option<Schema>;
}

impl<F, Fut> Function<()> for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Send> + Send + 'static,
{
    type Output = Fut::Output;
    type Future = Fut;

    fn start(&self, _: &Context, _: Arguments<'_>) -> Result<Fut, ArgumentError> {
        Ok(self())
    }

    fn schema() -> Option<Schema> {
        None
    }
}

macro_rules! functions {
    ($(($($extractor:ident)*) $last:ident;)+) => {$(
        impl<F, Fut, M, $($extractor,)* $last> Function<(M, $($extractor,)* $last,)> for F
        where
            F: Fn($($extractor,)* $last) -> Fut + Send + Sync + 'static,
            Fut: Future<Output: Send> + Send + 'static,
            $($extractor: FromCall,)*
            $last: FromArguments<M>,
        {
            type Output = Fut::Output;
            type Future = Fut;

            fn start(&self, cx: &Context, arguments: Arguments<'_>) -> Result<Fut, ArgumentError> {
                Ok(self($(<$extractor as FromCall>::from_call(cx)?,)* $last::from_arguments(cx, arguments)?))
            }

            fn schema() -> Option<Schema> {
                $last::schema()
            }
        }
    )+};
}

functions! {
    () A;
    (E1) A;
    (E1 E2) A;
    (E1 E2 E3) A;
    (E1 E2 E3 E4) A;
    (E1 E2 E3 E4 E5) A;
    (E1 E2 E3 E4 E5 E6) A;
    (E1 E2 E3 E4 E5 E6 E7) A;
}
