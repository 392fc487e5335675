//! What becomes of a token: introspection (RFC 7662) and revocation (RFC 7009).

use super::{client, form};
use crate::answer;
use crate::client::Client;
use crate::form::Form;
use crate::refusal::{Kind, Refusal};
use crate::server::Server;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// Whether a token counts, and what it says.
pub(crate) async fn introspect(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    server.count("introspect");
    match asked(&server, &headers, &body).await {
        // Else anybody could try tokens out.
        Ok((client, _)) if client.is_public() => {
            Kind::InvalidClient.because("the client does not prove who it is").into_response()
        }
        Ok((_, form)) => match form.need("token") {
            Ok(token) => answer::json(StatusCode::OK, &described(&server, token)),
            Err(refusal) => refusal.into_response(),
        },
        Err(refusal) => refusal.into_response(),
    }
}

/// Ends a token; one that is not known, or of another client, is none to be ended.
pub(crate) async fn revoke(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    server.count("revoke");
    match asked(&server, &headers, &body).await {
        Ok((client, form)) => match form.need("token") {
            Ok(token) => {
                end(&server, &client, token);
                answer::empty(StatusCode::OK)
            }
            Err(refusal) => refusal.into_response(),
        },
        Err(refusal) => refusal.into_response(),
    }
}

async fn asked(
    server: &Server,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Client, Form), Refusal> {
    let form = form(headers, body)?;
    let client = client::authenticated(server, headers, &form).await?;
    let nobody = || Kind::InvalidClient.because("the request does not say which client it is of");
    Ok((client.ok_or_else(nobody)?, form))
}

fn described(server: &Server, token: &str) -> Value {
    let now = server.now();
    let books = server.books();
    if let Some(name) = books.login_of_refresh(token, now).filter(|_| books.is_unused(token, now)) {
        let login = books.login(&name, now);
        return login.map_or_else(inactive, |login| {
            json!({
                "active": true, "client_id": login.client_id, "sub": login.subject,
                "username": login.subject, "scope": login.scopes.join(" "), "iss": server.issuer,
            })
        });
    }
    let Some((_, claims)) = access(&books, token, now) else { return inactive() };
    let mut described = Value::Object(claims);
    described["active"] = true.into();
    described["username"] = described["sub"].clone();
    let bound = described["cnf"]["jkt"].is_string();
    described["token_type"] = if bound { "DPoP" } else { "Bearer" }.into();
    if !bound {
        // Looking has made it.
        described.as_object_mut().map(|members| members.remove("cnf"));
    }
    described
}

fn end(server: &Server, client: &Client, token: &str) {
    let now = server.now();
    let mut books = server.books();
    if let Some(name) = books.login_of_refresh(token, now) {
        if books.login(&name, now).is_some_and(|login| login.client_id == client.client_id) {
            books.revoke(&name, now);
        }
        return;
    }
    let Some((jti, claims)) = access(&books, token, now) else { return };
    if claims.get("client_id").and_then(Value::as_str) == Some(&client.client_id) {
        books.revoke_access(&jti, now);
    }
}

/// `jti` and claims of an access token that counts.
fn access(
    books: &crate::books::Books,
    token: &str,
    now: u64,
) -> Option<(String, serde_json::Map<String, Value>)> {
    let verified = books.keys.verify(token)?;
    if verified.header.kind.as_deref() != Some("at+jwt") {
        return None;
    }
    let jti = verified.claims.get("jti")?.as_str()?.to_owned();
    books.login_of(&jti, now)?;
    Some((jti, verified.claims))
}

fn inactive() -> Value {
    json!({ "active": false })
}
