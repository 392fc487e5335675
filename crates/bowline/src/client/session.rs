//! What only servers with sessions need of a client.

use super::asked::{Asked, Handlers};
use super::call::Options;
use super::live::{Core, Live, Setup};
use crate::error::{Error, Result};
use bowline_protocol::era::Incoming;
use bowline_protocol::era::client;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::protocol::Request;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::log::LoggingLevel;
use bowline_types::revision::Revision;
use serde_json::json;
use std::sync::Arc;

/// The sign of life.
pub(super) const PING: &str = "ping";

/// The roots have changed.
pub(super) const ROOTS_CHANGED: &str = "notifications/roots/list_changed";

/// The request that opens a session.
pub(super) fn initialize(revision: Revision, setup: &Setup) -> Result<Request> {
    Ok(client::initialize(revision, &setup.info, &setup.capabilities)?)
}

/// Says that the session is open.
pub(super) async fn begin(live: &Live) -> Result<()> {
    live.wire.send(client::initialized()).await.map_err(|failure| failure.into_error())
}

/// Tells a new session what the one before it knew.
pub(super) async fn resume(core: &Arc<Core>) {
    if let Some(level) = core.log_level()
        && core.server().capabilities.logging.is_some()
        && let Err(error) = set_log_level(core, level).await
    {
        core.fault(&error);
    }
    for uri in core.subscriptions.uris() {
        if let Err(error) = subscribe(core, &uri).await {
            core.fault(&error);
        }
    }
}

pub(super) async fn set_log_level(core: &Arc<Core>, level: LoggingLevel) -> Result<()> {
    tell(core, "logging/setLevel", &json!({ "level": level })).await
}

pub(super) async fn subscribe(core: &Arc<Core>, uri: &str) -> Result<()> {
    tell(core, "resources/subscribe", &json!({ "uri": uri })).await
}

pub(super) async fn unsubscribe(core: &Arc<Core>, uri: &str) -> Result<()> {
    tell(core, "resources/unsubscribe", &json!({ "uri": uri })).await
}

async fn tell(core: &Arc<Core>, method: &'static str, params: &serde_json::Value) -> Result<()> {
    core.exchange(method, Body::of(params)?, Options::default()).await.map(drop)
}

/// Answers a request of the server.
pub(super) async fn answer(
    handlers: &Handlers,
    revision: Revision,
    asked: Asked,
    question: Incoming,
) -> Outcome {
    let method = question.method();
    let answered = match client::question(&question) {
        None => {
            let params = question.params().unwrap_or_else(|| Body::empty().members().clone());
            handlers.custom(asked, &method, params).await
        }
        Some(Err(fault)) => {
            return ErrorObject::invalid_params(fault.to_string()).into();
        }
        Some(Ok(question)) => match handlers.answer(asked, question.request).await {
            Ok(answer) => client::reply_to_question(revision, &method, answer)
                .map_err(|fault| Error::unsupported(fault.to_string())),
            Err(error) => Err(error),
        },
    };
    match answered {
        Ok(body) => Outcome::complete(body),
        Err(error) => {
            let object = error.object();
            if object.is_none() {
                handlers.fault(&error);
            }
            // What went wrong here is not for the server to read.
            object
                .unwrap_or_else(|| ErrorObject::internal_error("the client could not answer"))
                .into()
        }
    }
}
