//! What a test or a person who tries things out does to the server from outside.

use crate::answer;
use crate::form::Form;
use crate::hostile::{Hostile, Token};
use crate::refusal::{Kind, Refusal};
use crate::server::Server;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// Signs with another key from now on.
pub(crate) async fn rotate(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    answered(no_page(&headers).map(|()| json!({ "kid": server.books().keys.rotate() })))
}

/// Ends every login of `user`.
pub(crate) async fn revoke(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let ended = || {
        no_page(&headers)?;
        let form = Form::parse(query.as_deref().unwrap_or_default().as_bytes())?;
        let ended = server.books().revoke_user(form.need("user")?, server.now());
        Ok(json!({ "ended": ended }))
    };
    answered(ended())
}

/// Lets access tokens last for so many `seconds` from now on.
pub(crate) async fn lifetime(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    answered(seconds(&headers, query.as_deref(), 1..=A_YEAR, |seconds| {
        server.set_lifetime(seconds)
    }))
}

const A_YEAR: u64 = 366 * 24 * 3600;

/// Answers token requests after so many `seconds` from now on.
pub(crate) async fn slow(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let changed = seconds(&headers, query.as_deref(), 0..=A_MINUTE, |seconds| {
        let token = match seconds {
            0 => Token::Right,
            seconds => Token::Slow(Duration::from_secs(seconds)),
        };
        server.misbehave(Hostile { token, ..server.hostile() });
    });
    answered(changed)
}

const A_MINUTE: u64 = 60;

/// Changes something to the number of `seconds` that is asked for.
fn seconds(
    headers: &HeaderMap,
    query: Option<&str>,
    allowed: RangeInclusive<u64>,
    change: impl FnOnce(u64),
) -> Result<Value, Refusal> {
    no_page(headers)?;
    let form = Form::parse(query.unwrap_or_default().as_bytes())?;
    let seconds = form.need("seconds")?;
    let seconds = seconds.parse().ok().filter(|seconds| allowed.contains(seconds));
    let seconds = seconds.ok_or_else(|| {
        let (least, most) = allowed.into_inner();
        Kind::InvalidRequest.because(format!("seconds must be a number from {least} to {most}"))
    })?;
    change(seconds);
    Ok(json!({ "seconds": seconds }))
}

/// How many requests there were of each sort.
pub(crate) async fn requests(State(server): State<Arc<Server>>) -> Response {
    answer::json(StatusCode::OK, &json!(server.requests()))
}

/// Everything that nobody else may see; nothing unless the settings say that it is to be shown.
pub(crate) async fn secrets(State(server): State<Arc<Server>>) -> Response {
    answer::json(StatusCode::OK, &json!(server.secrets()))
}

/// A page in a browser of this machine can send a request here, and then has an origin.
fn no_page(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(http::header::ORIGIN) {
        None => Ok(()),
        Some(_) => Err(Kind::AccessDenied.because("no page may do this; use curl")),
    }
}

fn answered(outcome: Result<Value, Refusal>) -> Response {
    match outcome {
        Ok(value) => answer::json(StatusCode::OK, &value),
        Err(refusal) => refusal.into_response(),
    }
}
