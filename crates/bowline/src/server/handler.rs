//! Running functions whose failures are JSON-RPC errors: everything but tools.

use super::Server;
use super::arguments::{ArgumentError, Arguments};
use super::function::Function;
use super::output::chain;
use super::run::run;
use crate::context::Context;
use crate::error::Error;
use crate::service::Answer;
use bowline_protocol::outcome::Outcome;
use bowline_types::jsonrpc::ErrorObject;
use std::any::Any;

/// Why a function that reads a resource, fills in a prompt, completes an argument or answers a method of your own
/// failed.
///
/// Any error converts into it with `?`. Its text is for the server's people: it goes to
/// [`Server::on_error`](super::Server::on_error), and the client gets a number to quote. An [`ErrorObject`] is the
/// exception: the client gets it as it is.
#[derive(Debug)]
pub struct HandlerError(Reason);

#[derive(Debug)]
enum Reason {
    Unexpected(String),
    Protocol(ErrorObject),
}

impl HandlerError {
    /// A failure that the client need not understand.
    pub fn new(details: impl Into<String>) -> Self {
        Self(Reason::Unexpected(details.into()))
    }

    /// A JSON-RPC error for the client.
    #[must_use]
    pub fn protocol(error: ErrorObject) -> Self {
        Self(Reason::Protocol(error))
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        // `E` is one type among all errors; these two mean something to the protocol.
        let any: &dyn Any = &error;
        if let Some(error) = any.downcast_ref::<ErrorObject>() {
            return Self::protocol(error.clone());
        }
        if let Some(ours) = any.downcast_ref::<Error>() {
            if let Some(error) = ours.object() {
                return Self::protocol(error);
            }
            // What a client or its user brought about is no failure of this server.
            let theirs = ours.is_declined() || ours.is_unsupported() || ours.is_timeout();
            if theirs || ours.is_overloaded() || ours.rpc().is_some() {
                return Self::protocol(ErrorObject::internal_error(ours.to_string()));
            }
        }
        Self::new(chain(&error))
    }
}

impl Server {
    /// Starts a function and makes its answer from what it returns in the end.
    pub(super) fn launch<M, F: Function<M>>(
        &self,
        cx: Context,
        function: &F,
        arguments: Arguments<'_>,
        wrong: impl FnOnce(String) -> ErrorObject,
        convert: impl FnOnce(&Context, F::Output) -> Result<Outcome, HandlerError> + Send + 'static,
    ) -> Answer {
        match function.start(&cx, arguments) {
            Ok(future) => {
                let limit = self.settings().handler_timeout;
                let shared = cx.clone();
                Answer::new(run(self.clone(), cx, limit, future, move |server, output| {
                    convert(&shared, output).unwrap_or_else(|error| server.refused(&shared, error))
                }))
            }
            Err(ArgumentError::Wrong(message)) => Answer::ready(wrong(message)),
            Err(ArgumentError::Extractor(error)) => Answer::ready(self.refused(&cx, error.into())),
        }
    }

    /// The answer that a failure becomes.
    pub(super) fn refused(&self, cx: &Context, error: HandlerError) -> Outcome {
        match error.0 {
            Reason::Protocol(error) => Outcome::Error(error),
            Reason::Unexpected(details) => self.failed(cx, "handler failed", Some(&details)),
        }
    }
}
