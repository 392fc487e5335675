//! From round to round: the state that the client carries.

use super::asks::{Chain, Kept, KeptAnswer};
use super::canonical::Digest;
use super::ledger::{Slot, Term};
use super::question::Question;
use super::seal::random;
use crate::context::Context;
use crate::server::Server;
use bowline_protocol::outcome::{Body, Outcome, ResultKind};
use bowline_protocol::scan::BodyKey;
use bowline_protocol::table::NamedBy;
use bowline_types::input::{InputRequests, InputRequiredResult};
use bowline_types::jsonrpc::ErrorObject;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::mem;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is sealed into `requestState`. What it belongs to is bound to it as associated data.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// Milliseconds since 1970.
    expires: u64,
    /// How many results have asked so far.
    round: u32,
    chain: Chain,
    /// What the client was asked in this round.
    asked: BTreeMap<String, Digest>,
    /// What earlier rounds left: here, or in the ledger under a name.
    kept: Option<Kept>,
    stored: Option<String>,
}

/// Reads the answers that a client sent with a call.
///
/// With a state they count for what was asked in the round that made it. Without one nothing was asked yet: such an
/// answer counts for the first question of its key, checked as any other. It is the client's word either way.
///
/// # Errors
/// When the state is not one of ours for exactly this request, or too old, or what comes with it has no shape.
pub(crate) fn open(server: &Server, cx: &Context) -> Result<(), ErrorObject> {
    let request = cx.request();
    if !request.row().may_ask {
        return Ok(());
    }
    let mut given: Map<String, Value> = match request.param(BodyKey::InputResponses) {
        None => Map::new(),
        Some(text) => serde_json::from_slice(text).map_err(|_| {
            ErrorObject::invalid_params("params.inputResponses: expected an object")
        })?,
    };
    if request.param(BodyKey::RequestState).is_none() {
        if !given.is_empty() {
            cx.asks().foresee(given.into_iter().filter_map(|(key, answer)| match answer {
                Value::Object(answer) => Some((key, answer)),
                _ => None,
            }));
        }
        return Ok(());
    }
    let Some(text) = request.param_str(BodyKey::RequestState) else {
        return Err(ErrorObject::invalid_params("params.requestState: expected a string"));
    };
    let state = unsealed(server, cx, &text).ok_or_else(not_valid)?;
    let mut kept = state.kept.unwrap_or_default();
    for (key, question) in state.asked {
        if let Some(Value::Object(answer)) = given.remove(&key) {
            kept.answers.insert(key, KeptAnswer { question: Some(question), answer });
        }
    }
    cx.asks().resume(state.chain, state.round, kept, state.stored);
    Ok(())
}

/// Fetches what the ledger has for a call that was opened, before its handler runs.
///
/// # Errors
/// When the ledger has it no more, or cannot be read.
pub(crate) async fn load(server: &Server, cx: &Context) -> Result<(), ErrorObject> {
    let Some(name) = cx.asks().take_stored() else {
        return Ok(());
    };
    let desk = server.desk();
    let slot = Slot::new(cx.principal(), cx.asks().chain().0, name);
    let found = desk.ledger.get(slot, desk.now()).await.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "ledger cannot be read");
        ErrorObject::internal_error("the earlier answers cannot be read; try again later")
    })?;
    let stored: Kept =
        found.and_then(|text| serde_json::from_slice(&text).ok()).ok_or_else(not_valid)?;
    let mut state = cx.asks().lock();
    for (key, answer) in stored.answers {
        state.kept.answers.entry(key).or_insert(answer);
    }
    state.kept.effects.extend(stored.effects);
    Ok(())
}

/// Answers a call whose handler was dropped because it waits for its client.
///
/// # Errors
/// What happened, when there is no way to ask.
pub(crate) async fn answer(server: &Server, cx: &Context) -> Result<Outcome, String> {
    let (open, round, mut kept) = {
        let mut state = cx.asks().lock();
        if let Some((key, why)) = state.broken.take() {
            let message = if cx.line().is_some() {
                format!("the answer to question `{key}` is not usable: {why}")
            } else {
                format!("params.inputResponses.{key}: {why}")
            };
            return Ok(Outcome::Error(ErrorObject::invalid_params(message)));
        }
        (mem::take(&mut state.open), state.round + 1, mem::take(&mut state.kept))
    };
    // What a client sent unasked and nothing has asked for by now is forgotten.
    kept.answers.retain(|_, answer| answer.question.is_some());
    let most = cx.limits().rounds;
    if round > most {
        return Ok(Outcome::Error(ErrorObject::invalid_params(format!(
            "this request has asked {most} times and still lacks a usable answer; ask again from the start"
        ))));
    }
    let asked = open.iter().map(|(key, question)| (key.clone(), question.digest())).collect();
    let sealed = seal(server, cx, round, asked, kept).await?;
    let requests: InputRequests =
        open.into_iter().map(|(key, question)| (key, Question::into_request(question))).collect();
    let result = InputRequiredResult::new().input_requests(requests).request_state(sealed);
    let body = Body::encode(result).map_err(|error| error.to_string())?;
    Ok(Outcome::Result { kind: ResultKind::InputRequired, body, cache: None })
}

async fn seal(
    server: &Server,
    cx: &Context,
    round: u32,
    asked: BTreeMap<String, Digest>,
    kept: Kept,
) -> Result<String, String> {
    let desk = server.desk();
    let now = desk.now();
    let until = now + cx.limits().request_state_ttl;
    let chain = cx.asks().chain();
    let expires = until.duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
    let expires = u64::try_from(expires.as_millis()).map_err(|error| error.to_string())?;
    let bound = bound(cx, &[]);
    let write = |state: &State| {
        let plain = serde_json::to_vec(state).map_err(|error| error.to_string())?;
        let sealed = desk.keys.seal(plain, bound.as_bytes());
        sealed.ok_or_else(|| "there is no key to seal with".to_owned())
    };
    let mut state = State { expires, round, chain, asked, kept: Some(kept), stored: None };
    let text = write(&state)?;
    let most = cx.limits().request_state_bytes;
    if text.len() <= most {
        return Ok(text);
    }
    // A name of its own for each state: a client may come back with the same one twice, and answer differently.
    let name = format!("answers {}", Chain(random()));
    let value = serde_json::to_vec(&state.kept).map_err(|error| error.to_string())?;
    let slot = Slot::new(cx.principal(), chain.0, name.as_str());
    let put = desk.ledger.put(slot, value.into(), Term::new(now, until)).await;
    put.map_err(|error| error.to_string())?;
    (state.kept, state.stored) = (None, Some(name));
    let text = write(&state)?;
    if text.len() > most {
        return Err(format!("too many questions at once for a state of {most} bytes"));
    }
    Ok(text)
}

/// The state, if it is ours, for this request, and not too old. Says nothing about what else it may be.
fn unsealed(server: &Server, cx: &Context, text: &str) -> Option<State> {
    let limits = cx.limits();
    if text.len() > limits.request_state_bytes {
        return None;
    }
    let desk = server.desk();
    let plain = desk.keys.open(text, bound(cx, &[]).as_bytes())?;
    let state: State = serde_json::from_slice(&plain).ok()?;
    let expires: SystemTime = UNIX_EPOCH.checked_add(Duration::from_millis(state.expires))?;
    (desk.now() < expires && state.round <= limits.rounds).then_some(state)
}

/// Everything that a state is bound to: who asks for what, with which arguments, and whatever else is named.
pub(super) fn bound(cx: &Context, more: &[&str]) -> Digest {
    let request = cx.request();
    let name = match request.row().named_by {
        NamedBy::Name => request.param_str(BodyKey::Name),
        NamedBy::Uri => request.param_str(BodyKey::Uri),
        NamedBy::TaskId => request.param_str(BodyKey::TaskId),
        NamedBy::Nothing => None,
    };
    let kind = format!("{:?}", cx.principal().kind());
    let method = request.method();
    let arguments = Digest::of_text(request.param(BodyKey::Arguments).unwrap_or(b"{}"));
    let name = name.unwrap_or_default();
    let mut text = Vec::new();
    let who_and_what = [&kind, cx.principal().name(), &*method, &*name];
    for part in who_and_what.iter().chain(more).map(|part| part.as_bytes()) {
        // With its length in front no part can be taken for the end of another.
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part);
    }
    text.extend_from_slice(arguments.as_bytes());
    Digest::of_bytes(&text)
}

/// What every state is answered with that is none, whatever it is.
pub(crate) fn not_valid() -> ErrorObject {
    ErrorObject::invalid_params(
        "requestState is not valid for this request; ask again from the start",
    )
}
