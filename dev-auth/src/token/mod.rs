//! The token endpoint, and the two beside it that want to know who asks.

mod assertion;
mod client;
mod grants;
mod proof;
mod state;

pub(crate) use state::{introspect, revoke};

use crate::answer;
use crate::client::{
    AUTHORIZATION_CODE, CLIENT_CREDENTIALS, Client, GRANTS, JWT_BEARER, REFRESH_TOKEN,
    TOKEN_EXCHANGE,
};
use crate::form::Form;
use crate::hostile::Token;
use crate::refusal::{Kind, Refusal};
use crate::server::Server;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

/// A request for a token.
#[derive(Clone, Copy, Debug)]
struct Request<'a> {
    server: &'a Server,
    form: &'a Form,
    /// None where an assertion says who asks.
    client: Option<&'a Client>,
    /// Of the key that was proved.
    thumbprint: Option<&'a str>,
    now: u64,
}

/// A request for a token, and what a test wants of its answer.
pub(crate) async fn post(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let hostile = server.hostile().token;
    match &hostile {
        Token::Slow(time) => tokio::time::sleep(*time).await,
        Token::Elsewhere(url) => {
            server.count("token");
            return answer::moved(url);
        }
        Token::Refused(error) => {
            server.count("token");
            return answer::json(StatusCode::BAD_REQUEST, &json!({ "error": error }));
        }
        Token::Right | Token::Lost | Token::Huge(_) => {}
    }
    let mut response = match tokens(&server, &headers, &body).await {
        Ok(_) if matches!(hostile, Token::Lost) => answer::empty(StatusCode::BAD_GATEWAY),
        Ok(tokens) => match hostile {
            Token::Huge(spaces) => {
                let text = format!("{tokens}{}", " ".repeat(spaces));
                answer::with(StatusCode::OK, "application/json", text)
            }
            _ => answer::json(StatusCode::OK, &tokens),
        },
        Err(refusal) => refusal.into_response(),
    };
    if server.settings.dpop.nonce() {
        let nonces = server.books().nonces(server.now());
        let newest = nonces.first().and_then(|nonce| HeaderValue::from_str(nonce).ok());
        newest.map(|nonce| response.headers_mut().insert(DPOP_NONCE, nonce));
    }
    response
}

async fn tokens(server: &Server, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let form = form(headers, body)?;
    server.note(PRESENTED.iter().filter_map(|name| form.get(name)));
    let grant = form.need("grant_type")?;
    server.count(&format!("token {}", if GRANTS.contains(&grant) { grant } else { "other" }));
    if !GRANTS.contains(&grant) {
        return Err(Kind::UnsupportedGrantType
            .because(format!("grant_type {grant} is not one of {}", GRANTS.join(", "))));
    }
    let client = client::authenticated(server, headers, &form).await?;
    let thumbprint = proof::thumbprint(server, headers)?;
    let bound = client.as_ref().is_some_and(|client| client.dpop_bound_access_tokens);
    if thumbprint.is_none() && (bound || server.settings.dpop.required()) {
        return Err(Kind::InvalidDpopProof.because("the header DPoP is missing"));
    }
    let request = Request {
        server,
        form: &form,
        client: client.as_ref(),
        thumbprint: thumbprint.as_deref(),
        now: server.now(),
    };
    let given = match grant {
        AUTHORIZATION_CODE => grants::code(&request),
        REFRESH_TOKEN => grants::refresh(&request),
        CLIENT_CREDENTIALS => grants::credentials(&request),
        JWT_BEARER => assertion::bearer(&request),
        TOKEN_EXCHANGE => assertion::exchange(&request),
        other => Err(Kind::UnsupportedGrantType.because(format!("grant_type {other} is none"))),
    }?;
    server.note(GIVEN.iter().filter_map(|name| given[name].as_str()));
    Ok(given)
}

/// What nobody else may see of a request, and of an answer.
const PRESENTED: [&str; 7] = [
    "code",
    "code_verifier",
    "refresh_token",
    "client_secret",
    "client_assertion",
    "assertion",
    "subject_token",
];
const GIVEN: [&str; 3] = ["access_token", "refresh_token", "id_token"];

impl Request<'_> {
    /// The client, where there must be one.
    fn known_client(&self) -> Result<&Client, Refusal> {
        self.client.ok_or_else(|| {
            Kind::InvalidClient.because("the request does not say which client it is of")
        })
    }
}

/// A form, and nothing else.
fn form(headers: &HeaderMap, body: &[u8]) -> Result<Form, Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(
            Kind::InvalidRequest.because("the body must be application/x-www-form-urlencoded")
        );
    }
    Form::parse(body)
}

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
