//! Visits to URLs without which a server with a session will not even begin: an error there, a question to its caller
//! where that has no session.
//!
//! See [URL elicitation required](https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#url-elicitation-required-error).

use super::Bridge;
use super::live::gave_up;
use super::round::{self, State, declared};
use crate::context::Context;
use bowline_protocol::outcome::Outcome;
use bowline_types::input::{
    ElicitAction, ElicitRequest, ElicitRequestUrlParams, InputRequests, InputResponse,
};
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use bowline_types::legacy::UrlElicitationRequired;
use serde_json::Value;
use std::collections::BTreeMap;

/// Makes questions of an error that wants visits; every other one stays what it is, and so does this for a caller that
/// has a session and knows it.
///
/// # Errors
/// The error, or why the caller cannot be asked.
pub(super) fn required(
    bridge: &Bridge,
    cx: &Context,
    server: &str,
    error: ErrorObject,
    rounds: u32,
) -> Result<Outcome, ErrorObject> {
    let asks = error.code == ErrorCode::URL_ELICITATION_REQUIRED;
    if !asks || cx.request().is_of_session() || !cx.request().row().may_ask {
        return Err(error);
    }
    let Ok(UrlElicitationRequired { elicitations, .. }) = error.decode_data() else {
        return Err(error);
    };
    let asked = elicitations.iter().enumerate().map(|(at, visit)| {
        let ElicitRequestUrlParams { message, url, .. } = visit.clone();
        (format!("visit-{}", at + 1), ElicitRequestUrlParams::new(message, url))
    });
    let asked: BTreeMap<_, _> = asked.collect();
    if asked.is_empty() {
        return Err(error);
    }
    ask(bridge, cx, server, asked, rounds + 1)
}

/// Whether a caller has been everywhere it was sent; inside, the answer when it has not.
///
/// # Errors
/// What is wrong with what it says.
pub(super) fn answered(
    bridge: &Bridge,
    cx: &Context,
    server: &str,
    mut asked: BTreeMap<String, ElicitRequestUrlParams>,
    rounds: u32,
) -> Result<Result<u32, Outcome>, ErrorObject> {
    for (key, answer) in round::answers(cx)? {
        if !asked.contains_key(&key) {
            continue;
        }
        let wrong = |why: String| {
            ErrorObject::invalid_params(format!("params.inputResponses.{key}: {why}"))
        };
        let Value::Object(answer) = answer else {
            return Err(wrong("expected an object".to_owned()));
        };
        let result = InputResponse::new(answer).elicit();
        match result.map_err(|fault| wrong(fault.to_string()))?.action {
            ElicitAction::Accept => asked.remove(&key),
            ElicitAction::Decline => {
                return Ok(Err(gave_up(cx, &format!("the user declined `{key}`"))));
            }
            ElicitAction::Cancel => {
                return Ok(Err(gave_up(cx, &format!("the user cancelled `{key}`"))));
            }
            other => return Err(wrong(format!("unknown action {other:?}"))),
        };
    }
    if asked.is_empty() {
        return Ok(Ok(rounds));
    }
    Ok(Err(ask(bridge, cx, server, asked, rounds + 1)?))
}

/// As an error has it, for a caller with a session.
pub(super) fn as_error(mut visit: ElicitRequestUrlParams, id: String) -> ErrorObject {
    visit.elicitation_id = Some(id);
    UrlElicitationRequired::new(vec![visit]).into_error()
}

fn ask(
    bridge: &Bridge,
    cx: &Context,
    server: &str,
    asked: BTreeMap<String, ElicitRequestUrlParams>,
    rounds: u32,
) -> Result<Outcome, ErrorObject> {
    let most = cx.limits().rounds;
    if rounds > most {
        return Err(ErrorObject::invalid_params(format!(
            "this request has asked {most} times and is still not done; ask again from the start"
        )));
    }
    let requests: InputRequests =
        asked.iter().map(|(key, visit)| (key.clone(), ElicitRequest::new(visit.clone()))).collect();
    declared(&requests, &cx.client_capabilities())?;
    let state = State::Visits { asked, rounds };
    let sealed = bridge.seal(cx, server, state, cx.limits().request_state_ttl)?;
    round::ask(&requests, sealed)
}
