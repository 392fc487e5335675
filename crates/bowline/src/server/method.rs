//! Methods that no protocol version defines.

use super::Server;
use super::catalogue::Handler;
use super::handler::HandlerError;
use super::run::run;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Answer;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::table;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::meta::Meta;
use bowline_types::method::Method;
use serde::Serialize;
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;

/// A function that answers a method of your own: `async fn(Context, M::Params) -> Result<M::Result, _>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not answer the method `{M}`",
    note = "it must be an async function of `Context` and `M::Params` that returns a `Result` of `M::Result`"
)]
pub trait MethodFunction<M: Method>: Send + Sync + 'static {
    /// Starts the function.
    fn start(
        &self,
        cx: Context,
        params: M::Params,
    ) -> impl Future<Output = Result<M::Result, HandlerError>> + Send + 'static;
}

impl<M, F, Fut, E> MethodFunction<M> for F
where
    M: Method,
    F: Fn(Context, M::Params) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<M::Result, E>> + Send + 'static,
    E: Into<HandlerError>,
{
    fn start(
        &self,
        cx: Context,
        params: M::Params,
    ) -> impl Future<Output = Result<M::Result, HandlerError>> + Send + 'static {
        let running = self(cx, params);
        async move { running.await.map_err(Into::into) }
    }
}

impl Server {
    /// Answers a method of your own: `server.method::<Restart>(restart)`.
    ///
    /// Name it as extensions do, with a prefix: `com.example/restart`. Its result is sent as a complete one.
    #[must_use]
    pub fn method<M: Method<Result: Send> + 'static>(
        self,
        function: impl MethodFunction<M>,
    ) -> Self {
        match self.add_method::<M>(function) {
            Ok(()) => self,
            Err(fault) => self.fault(&fault),
        }
    }

    /// Answers a method of your own from now on.
    ///
    /// # Errors
    /// When the protocol has a method of this name, or one is registered already.
    pub fn add_method<M: Method<Result: Send> + 'static>(
        &self,
        function: impl MethodFunction<M>,
    ) -> Result<()> {
        let name = M::NAME;
        if name.is_empty() || name.starts_with("rpc.") || name.starts_with("notifications/") {
            return Err(Error::invalid(format!("method `{name}`: the name is reserved")));
        }
        if table::find(name).is_some() {
            return Err(Error::invalid(format!("method `{name}`: the protocol has one already")));
        }
        self.change(|catalogue| {
            if catalogue.methods.contains_key(name) {
                return Err(Error::invalid(format!("method `{name}` is registered twice")));
            }
            catalogue.methods.insert(name, Arc::new(handler::<M>(function)));
            Ok(())
        })
    }

    /// Answers a method of your own no longer. `false` when it was not answered.
    pub fn remove_method<M: Method>(&self) -> bool {
        self.change(|catalogue| catalogue.methods.remove(M::NAME).is_some())
    }
}

fn handler<M: Method<Result: Send> + 'static>(function: impl MethodFunction<M>) -> Handler {
    Box::new(move |server, cx| {
        let params = cx.request().params();
        let params = params.as_ref().map_or(&b"{}"[..], |params| params.as_bytes());
        let params = match bowline_types::decode(params) {
            Ok(params) => params,
            Err(error) => {
                return Answer::ready(ErrorObject::invalid_params(match error.path() {
                    "" => format!("params: {}", error.message()),
                    _ => format!("params.{error}"),
                }));
            }
        };
        let running = function.start(cx.clone(), params);
        let (shared, limit) = (cx.clone(), server.settings().handler_timeout);
        Answer::new(run(server.clone(), cx, limit, running, move |server, output| {
            output
                .and_then(|result| outcome(&result))
                .unwrap_or_else(|error| server.refused(&shared, error))
        }))
    })
}

/// The answer from any value that makes an object; what belongs to the envelope is taken out of it.
fn outcome(result: &impl Serialize) -> Result<Outcome, HandlerError> {
    let mut result = serde_json::to_value(result)?;
    let meta = result.as_object_mut().and_then(|members| {
        members.remove("resultType");
        members.remove("_meta")
    });
    let body = Body::of(&result)?;
    Ok(Outcome::complete(match meta {
        Some(Value::Object(meta)) => body.with_meta(&Meta::from(meta))?,
        _ => body,
    }))
}
