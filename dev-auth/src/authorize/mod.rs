//! The authorization endpoint: where a person says yes or no.

mod page;
mod request;

use crate::answer;
use crate::books::{Asked, Code};
use crate::chance;
use crate::form::{Form, with_query};
use crate::hostile::Iss;
use crate::refusal::{Kind, Refusal, plain};
use crate::server::Server;
use crate::settings::Approval;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::header::{COOKIE, HeaderValue, ORIGIN, SET_COOKIE};
use http::{HeaderMap, StatusCode};
use request::{Answerable, Request};
use std::sync::Arc;

/// A request in the query.
pub(crate) async fn get(State(server): State<Arc<Server>>, RawQuery(query): RawQuery) -> Response {
    begin(&server, query.unwrap_or_default().as_bytes()).await
}

/// The same in a form.
pub(crate) async fn post(State(server): State<Arc<Server>>, body: Bytes) -> Response {
    begin(&server, &body).await
}

async fn begin(server: &Server, parameters: &[u8]) -> Response {
    server.count("authorize");
    let answerable = match Answerable::read(server, parameters).await {
        Ok(answerable) => answerable,
        // > … the authorization server MUST NOT automatically redirect the user-agent to the invalid redirection URI.
        Err(refusal) => return page::refused(&refusal),
    };
    match proceed(server, &answerable) {
        Ok(response) => response,
        Err(refusal) => denied(server, &answerable.redirect_uri, answerable.state(), &refusal),
    }
}

fn proceed(server: &Server, answerable: &Answerable) -> Result<Response, Refusal> {
    let Request { code, login_hint } = Request::read(server, answerable)?;
    match &server.settings.approval {
        Approval::Always(user) => {
            let user = login_hint.as_deref().unwrap_or(user);
            if !server.settings.users.iter().any(|one| one == user) {
                return Err(Kind::AccessDenied.because(format!("there is no user {user}")));
            }
            approved(server, code, user)
        }
        Approval::Asked => {
            let browser = chance::token();
            let shown = page::Shown {
                client: &answerable.client,
                redirect_uri: &answerable.redirect_uri,
                login: &code.login,
                users: &server.settings.users,
            };
            let (asked, now) =
                (Asked { browser: browser.clone(), code: code.clone() }, server.now());
            let ticket = server.books().ask(asked, now)?;
            let html = page::asking(&shown, &server.url("/authorize/answer"), &ticket);
            let mut response = answer::page(StatusCode::OK, html);
            response.headers_mut().insert(SET_COOKIE, cookie(server, &ticket, &browser)?);
            Ok(response)
        }
    }
}

/// What the person said to the page.
pub(crate) async fn answer(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match decide(&server, &headers, &body) {
        Ok(response) => response,
        Err(refusal) => page::refused(&refusal),
    }
}

fn decide(server: &Server, headers: &HeaderMap, body: &[u8]) -> Result<Response, Refusal> {
    let foreign = |origin: &HeaderValue| {
        let ours = |authority: &String| {
            ["http", "https"].iter().any(|scheme| *origin == format!("{scheme}://{authority}"))
        };
        !server.authorities.iter().any(ours)
    };
    if headers.get(ORIGIN).is_some_and(foreign) {
        return Err(Kind::AccessDenied.because("the answer comes from the page of somebody else"));
    }
    let form = Form::parse(body)?;
    let (ticket, decision) = (form.need("ticket")?, form.need("decision")?);
    let name = cookie_name(ticket);
    let browser = cookies(headers).find(|(is, _)| *is == name).map(|(_, value)| value);
    let code = server.books().answered(ticket, browser.unwrap_or_default(), server.now());
    let code = code.ok_or_else(|| {
        Kind::AccessDenied.because(
            "nothing was asked in this browser, or it was answered already; begin again in the application",
        )
    })?;
    let (redirect_uri, state) = (code.redirect_uri.clone(), code.state.clone());
    let outcome = match decision {
        "approve" => {
            let user = form.need("user")?;
            match server.settings.users.iter().any(|one| one == user) {
                true => approved(server, code, user),
                false => Err(Kind::AccessDenied.because(format!("there is no user {user}"))),
            }
        }
        _ => Err(Kind::AccessDenied.because("the user said no")),
    };
    Ok(outcome.unwrap_or_else(|refusal| denied(server, &redirect_uri, state.as_deref(), &refusal)))
}

fn approved(server: &Server, mut code: Code, user: &str) -> Result<Response, Refusal> {
    code.login.subject = user.to_owned();
    let (redirect_uri, state) = (code.redirect_uri.clone(), code.state.clone());
    let secret = server.books().give_code(code, server.now())?;
    server.note([secret.as_str()]);
    Ok(back(server, &redirect_uri, state.as_deref(), &[("code", &secret)]))
}

fn denied(server: &Server, uri: &str, state: Option<&str>, refusal: &Refusal) -> Response {
    let description = plain(&refusal.description);
    let parameters = [("error", refusal.kind.name()), ("error_description", &description)];
    back(server, uri, state, &parameters)
}

/// Back to the client, with its `state` and with our issuer (RFC 9207).
fn back(server: &Server, uri: &str, state: Option<&str>, parameters: &[(&str, &str)]) -> Response {
    let hostile = server.hostile();
    let mut parameters = parameters.to_vec();
    if let Some(state) = hostile.state.as_deref().or(state) {
        parameters.push(("state", state));
    }
    match &hostile.iss {
        Iss::Right => parameters.push(("iss", &server.issuer)),
        Iss::Wrong(other) => parameters.push(("iss", other)),
        Iss::Missing | Iss::NotAdvertised => {}
    }
    answer::redirect(&with_query(uri, &parameters))
}

/// A cookie for each page, so that two of them can be open in one browser.
fn cookie(server: &Server, ticket: &str, browser: &str) -> Result<HeaderValue, Refusal> {
    let secure = if server.issuer.starts_with("https:") { "; Secure" } else { "" };
    let name = cookie_name(ticket);
    let cookie = format!("{name}={browser}; Max-Age=600; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(cookie).map_err(|_| Kind::ServerError.because("the cookie is no header"))
}

fn cookie_name(ticket: &str) -> String {
    format!("dev-auth-{}", chance::name(ticket))
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let texts = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='))
}
