//! What a test or a person who tries things out does to the server from outside.

use crate::answer;
use crate::form::Form;
use crate::refusal::{Kind, Refusal};
use crate::server::Server;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

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
    let changed = || {
        no_page(&headers)?;
        let form = Form::parse(query.as_deref().unwrap_or_default().as_bytes())?;
        let seconds = form.need("seconds")?;
        let seconds = seconds.parse().ok().filter(|seconds| (1..=A_YEAR).contains(seconds));
        let seconds = seconds.ok_or_else(|| {
            Kind::InvalidRequest.because(format!("seconds must be a number from 1 to {A_YEAR}"))
        })?;
        server.set_lifetime(seconds);
        Ok(json!({ "seconds": seconds }))
    };
    answered(changed())
}

const A_YEAR: u64 = 366 * 24 * 3600;

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
