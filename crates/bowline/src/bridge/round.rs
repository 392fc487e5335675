//! From round to round: what the caller carries, sealed for exactly its request.

use super::Bridge;
use super::fault::bad;
use crate::ask::{Need, not_valid};
use crate::context::Context;
use bowline_protocol::era::client::Answer;
use bowline_protocol::outcome::{Body, Outcome, ResultKind};
use bowline_protocol::scan::{BodyKey, MetaKey, Raw};
use bowline_types::capability::ClientCapabilities;
use bowline_types::input::{ElicitRequestUrlParams, InputRequests};
use bowline_types::jsonrpc::ErrorObject;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

/// What a caller brings back.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum State {
    /// A call that waits here.
    Parked {
        /// Which process it waits in.
        node: u64,
        slot: u64,
        /// How often it has waited.
        generation: u32,
    },
    /// The state of a server that has no sessions.
    Handed(String),
    /// Visits to URLs without which a server will not even begin.
    Visits {
        asked: BTreeMap<String, ElicitRequestUrlParams>,
        /// How often that has happened.
        rounds: u32,
    },
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    /// Milliseconds since 1970.
    expires: u64,
    state: State,
}

/// The state that a request brings, if any.
///
/// # Errors
/// When it is no string.
pub(super) fn brought(cx: &Context) -> Result<Option<Cow<'_, str>>, ErrorObject> {
    let request = cx.request();
    if request.param(BodyKey::RequestState).is_none() {
        return Ok(None);
    }
    let text = request.param_str(BodyKey::RequestState);
    text.map(Some)
        .ok_or_else(|| ErrorObject::invalid_params("params.requestState: expected a string"))
}

/// The answers that a request brings.
///
/// # Errors
/// When they are no object.
pub(super) fn answers(cx: &Context) -> Result<Map<String, Value>, ErrorObject> {
    match cx.request().param(BodyKey::InputResponses) {
        None => Ok(Map::new()),
        Some(text) => serde_json::from_slice(text)
            .map_err(|_| ErrorObject::invalid_params("params.inputResponses: expected an object")),
    }
}

/// An answer that asks.
///
/// # Errors
/// When there is no way to ask.
pub(super) fn ask(requests: &impl Serialize, state: String) -> Result<Outcome, ErrorObject> {
    let unwritable = |_| ErrorObject::internal_error("the questions cannot be encoded");
    let mut members = Map::new();
    let requests = serde_json::to_value(requests)
        .map_err(|_| ErrorObject::internal_error("the questions cannot be encoded"))?;
    members.insert(BodyKey::InputRequests.name().to_owned(), requests);
    members.insert(BodyKey::RequestState.name().to_owned(), state.into());
    let body = Body::of(&members).map_err(unwritable)?;
    Ok(Outcome::Result { kind: ResultKind::InputRequired, body, cache: None })
}

/// Changes the members of a request's params.
///
/// # Errors
/// Never, of params that passed the scanner.
pub(super) fn rewrite(
    params: &mut Body,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<(), ErrorObject> {
    let unreadable = |_| ErrorObject::invalid_params("params: expected an object");
    let mut members: Map<String, Value> = params.members().decode().map_err(unreadable)?;
    change(&mut members);
    let unwritable = |_| ErrorObject::internal_error("the request cannot be written again");
    let mut body = Body::of(&members).map_err(unwritable)?;
    if let Some(meta) = params.meta() {
        body = body.with_meta::<Raw>(meta).map_err(unwritable)?;
    }
    *params = body;
    Ok(())
}

impl Bridge {
    /// Seals a state for exactly this request to this server.
    ///
    /// # Errors
    /// When it cannot be sealed.
    pub(super) fn seal(
        &self,
        cx: &Context,
        server: &str,
        state: State,
        ttl: Duration,
    ) -> Result<String, ErrorObject> {
        let until = (self.clock)() + ttl;
        let expires = until.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let sealed = Sealed { expires: u64::try_from(expires).unwrap_or(u64::MAX), state };
        let text = self.seals.seal(cx, &["bridge", server], &sealed);
        text.ok_or_else(|| ErrorObject::internal_error("the state of the call cannot be sealed"))
    }

    /// The state, if it is ours, for this request to this server, and not too old.
    ///
    /// # Errors
    /// The same in all other cases.
    pub(super) fn unseal(
        &self,
        cx: &Context,
        server: &str,
        text: &str,
    ) -> Result<State, ErrorObject> {
        let sealed: Option<Sealed> = self.seals.open(cx, &["bridge", server], text);
        let sealed = sealed.ok_or_else(not_valid)?;
        let expires = UNIX_EPOCH.checked_add(Duration::from_millis(sealed.expires));
        if expires.is_none_or(|expires| expires <= (self.clock)()) {
            return Err(not_valid());
        }
        Ok(sealed.state)
    }

    /// Hands on the questions of a server without sessions, its state sealed in one of ours.
    ///
    /// # Errors
    /// When it asks what this caller has not said it answers, or its answer is none.
    pub(super) fn hand_on(
        &self,
        cx: &Context,
        server: &str,
        answer: &Answer,
    ) -> Result<Outcome, ErrorObject> {
        let method = cx.request().method();
        let fault = |why: &str| bad(server, &method, why);
        let unreadable = |_| fault("the result is no object");
        let mut members: Map<String, Value> = answer.text.decode().map_err(unreadable)?;
        for key in [BodyKey::ResultType, BodyKey::TtlMs, BodyKey::CacheScope] {
            members.remove(key.name());
        }
        let meta = members.remove(BodyKey::Meta.name());
        let questions = members.get(BodyKey::InputRequests.name());
        let state = members.get(BodyKey::RequestState.name());
        if questions.is_none() && state.is_none() {
            return Err(fault(NEITHER));
        }
        if let Some(questions) = questions {
            let read = bowline_types::decode_value::<InputRequests>(questions.clone());
            let questions = read.map_err(|why| bad(server, &method, why))?;
            declared(&questions, &cx.client_capabilities())?;
        }
        if let Some(state) = state {
            let state =
                state.as_str().ok_or_else(|| fault("result.requestState: expected a string"))?;
            let state = State::Handed(state.to_owned());
            let sealed = self.seal(cx, server, state, cx.limits().request_state_ttl)?;
            members.insert(BodyKey::RequestState.name().to_owned(), sealed.into());
        }
        let unwritable = |_| fault("the result cannot be written again");
        let mut body = Body::of(&members).map_err(unwritable)?;
        if let Some(Value::Object(mut meta)) = meta {
            meta.remove(MetaKey::ServerInfo.name());
            if !meta.is_empty() {
                body = body.with_meta(&meta).map_err(unwritable)?;
            }
        }
        Ok(Outcome::Result { kind: ResultKind::InputRequired, body, cache: None })
    }
}

/// "Servers MUST include at least one of `inputRequests` or `requestState`": else the next round is the same again.
pub(super) const NEITHER: &str =
    "the server wants input, and neither says which nor what to send back";

/// Whether a client that declared this answers all of these questions.
///
/// # Errors
/// What it would have had to declare.
pub(super) fn declared(
    questions: &InputRequests,
    declared: &ClientCapabilities,
) -> Result<(), ErrorObject> {
    for (key, question) in questions.iter() {
        let checked = match Need::of(question) {
            Some(need) => need.check(declared),
            // What an extension asks only a client of it can judge.
            None if declared.extensions.as_ref().is_some_and(|all| !all.is_empty()) => Ok(()),
            None => {
                let key = key.escape_debug();
                let why = format!("the server asks `{key}`, which is a question of no known kind");
                return Err(ErrorObject::internal_error(why));
            }
        };
        if let Err(error) = checked {
            let object = error.object();
            return Err(object.unwrap_or_else(|| ErrorObject::internal_error(error.to_string())));
        }
    }
    Ok(())
}
