//! Flows against scripted servers: every test is a table of what is answered where, and a record of what was asked.

mod conformance;
mod extensions;
mod hostile;
mod keeping;
mod legacy;
mod messages;

use super::{Attempts, Cause, Event, Fault, Flow, Step};
use crate::fetch::{FetchFault, Method, NamedBy, Request, Response};
use crate::settings::{Dynamic, Settings};
use crate::store::Kept;
use crate::{Challenge, Url, form};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SERVER: &str = "http://localhost:3000/mcp";
const ISSUER: &str = "http://localhost:4000";
const REDIRECT: &str = "http://127.0.0.1:5000/callback";
const AT_PATH: &str = "http://localhost:3000/.well-known/oauth-protected-resource/mcp";
const AT_ROOT: &str = "http://localhost:3000/.well-known/oauth-protected-resource";
const AS_METADATA: &str = "http://localhost:4000/.well-known/oauth-authorization-server";
const REGISTER: &str = "http://localhost:4000/register";
const TOKEN: &str = "http://localhost:4000/token";

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

/// A person at a native client that may register itself.
fn settings() -> Settings {
    let mut settings = Settings::new(url(SERVER), url(REDIRECT));
    settings.identity.dynamic = Some(Dynamic { name: "Bowline".to_owned(), uri: None });
    settings
}

/// What a resource says of itself.
fn resource() -> Value {
    json!({ "resource": SERVER, "authorization_servers": [ISSUER] })
}

/// What an authorization server says of itself.
fn server(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// One with further members, or without some: null takes one away.
fn with(mut document: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        match value {
            Value::Null => document.as_object_mut().unwrap().remove(name),
            value => document.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    document
}

fn tokens() -> Value {
    json!({ "access_token": "acc", "token_type": "Bearer", "expires_in": 3600 })
}

fn unauthorized(header: &'static str) -> Cause {
    Cause::Unauthorized(Challenge::parse([&HeaderValue::from_static(header)]))
}

/// The servers of the world, and the person in front of the browser.
struct World {
    answers: Vec<(Method, String, VecDeque<Response>)>,
    /// What the browser brings besides `state`; the issuer stands for itself.
    brings: &'static str,
    log: String,
}

impl World {
    /// A world where everything but the registration, the browser and the tokens is to be filled in.
    fn new() -> Self {
        let world = Self {
            answers: Vec::new(),
            brings: "code=c0de&iss=http%3A%2F%2Flocalhost%3A4000",
            log: String::new(),
        };
        world.post(REGISTER, 201, &json!({ "client_id": "registered" })).post(TOKEN, 200, &tokens())
    }

    /// The usual world.
    fn usual() -> Self {
        Self::new().get(AT_PATH, &resource()).get(AS_METADATA, &server(ISSUER))
    }

    fn get(self, url: &str, document: &Value) -> Self {
        self.answer(Method::Get, url, 200, &[], document.to_string())
    }

    fn post(self, url: &str, status: u16, document: &Value) -> Self {
        self.answer(Method::Post, url, status, &[], document.to_string())
    }

    /// What is answered there, in the place of what was said for it before. Everywhere else it is 404.
    fn answer(
        mut self,
        method: Method,
        url: &str,
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: impl Into<Bytes>,
    ) -> Self {
        self.answers.retain(|(with, at, _)| (*with, at.as_str()) != (method, url));
        let answer = response(status, headers, body.into());
        self.answers.push((method, url.to_owned(), VecDeque::from([answer])));
        self
    }

    /// What is answered there after all of that; the last one goes on.
    fn then(mut self, status: u16, headers: &[(&'static str, &'static str)], body: &Value) -> Self {
        let answer = response(status, headers, body.to_string().into());
        self.answers.last_mut().unwrap().2.push_back(answer);
        self
    }

    fn brings(self, brings: &'static str) -> Self {
        Self { brings, ..self }
    }

    /// Runs a flow to its end.
    fn run(&mut self, settings: Settings, cause: Cause, kept: Option<Kept>) -> Result<Kept, Fault> {
        let mut flow = Flow::new(settings, cause, kept);
        let mut event = Event::Begin;
        for _ in 0..50 {
            event = match flow.next(event, now()) {
                Step::Fetch(request) => Event::Fetched(Ok(self.fetch(&request))),
                Step::OpenBrowser { url, redirect_uri, state, until } => {
                    assert_eq!(until, now() + Duration::from_secs(600));
                    let _ = writeln!(self.log, "browser {}", members(url.as_str(), '?'));
                    let returned = format!("{redirect_uri}?state={state}&{}", self.brings);
                    Event::Returned(returned)
                }
                Step::Wait { fault, .. } => {
                    let _ = writeln!(self.log, "stray: {fault}");
                    Event::Cancelled
                }
                Step::Done(kept) => {
                    let _ = writeln!(self.log, "done: {}", summary(&kept));
                    return Ok(*kept);
                }
                Step::Failed(failed) => {
                    let _ = writeln!(self.log, "failed: {}", failed.fault);
                    if let Some(kept) = failed.kept {
                        let _ = writeln!(self.log, "kept: {}", summary(&kept));
                    }
                    return Err(failed.fault);
                }
            };
        }
        panic!("it never ends:\n{}", self.log);
    }

    /// Runs a flow that lets somebody in.
    fn login(&mut self, settings: Settings, cause: Cause, kept: Option<Kept>) -> Kept {
        self.run(settings, cause, kept).unwrap_or_else(|fault| panic!("{fault}\n{}", self.log))
    }

    fn fetch(&mut self, request: &Request) -> Response {
        self.record(request);
        let answers = self.answers.iter_mut().find(|(method, url, _)| {
            (*method, url.as_str()) == (request.method, request.url.as_str())
        });
        match answers {
            Some((_, _, answers)) if answers.len() > 1 => answers.pop_front().unwrap(),
            Some((_, _, answers)) => answers[0].clone(),
            None => response(404, &[], Bytes::from_static(b"<!doctype html>not found")),
        }
    }

    fn record(&mut self, request: &Request) {
        let whose = match request.named_by {
            NamedBy::User => "",
            NamedBy::Peer => " (named by a peer)",
        };
        let _ = write!(self.log, "{} {}{whose}", request.method.name(), request.url);
        for name in ["authorization", "dpop"] {
            if let Some(value) = request.headers.get(name) {
                let value = value.to_str().unwrap();
                let value = if name == "dpop" { claims(value) } else { value.to_owned() };
                let _ = write!(self.log, "\n  {name}: {value}");
            }
        }
        if let Some(body) = &request.body {
            let body = body.expose();
            let body = if body.starts_with('{') { body.to_owned() } else { members(body, '\0') };
            let _ = write!(self.log, "\n  {body}");
        }
        self.log.push('\n');
    }
}

fn response(status: u16, headers: &[(&'static str, &'static str)], body: Bytes) -> Response {
    let headers: HeaderMap = headers
        .iter()
        .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect();
    Response { status, headers, body }
}

/// The members of a query, decoded, without what is random.
fn members(text: &str, separator: char) -> String {
    let (before, query) = text.split_once(separator).unwrap_or(("", text));
    let mut out = before.to_owned();
    for (name, value) in form::members(query).unwrap() {
        let random = ["state", "code_challenge", "code_verifier", "dpop_jkt", "client_assertion"];
        let value = if random.contains(&name.as_str()) {
            assert!(value.len() >= 43, "{name} is too short: {value}");
            if name == "client_assertion" { claims(&value) } else { "…".to_owned() }
        } else {
            value
        };
        let _ = write!(out, "{}{name}={value}", if out.is_empty() { "" } else { " " });
    }
    out
}

/// The claims of a token, without what is random.
fn claims(token: &str) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&payload).unwrap();
    claims["jti"] = "…".into();
    claims.to_string()
}

fn summary(kept: &Kept) -> String {
    let tokens = kept.tokens.as_ref().map(|tokens| {
        let refresh = tokens.refresh.as_ref().map_or("-", |token| token.expose());
        format!(" {} {} refresh {refresh}", tokens.scheme.name(), tokens.access.expose())
    });
    format!(
        "{} at {} ({}{}) for {} scopes [{}]{}{}",
        kept.client.id,
        kept.issuer,
        kept.client.method,
        if kept.client.dynamic { ", dynamic" } else { "" },
        kept.resource.as_deref().unwrap_or("-"),
        kept.scopes.join(" "),
        tokens.unwrap_or_default(),
        if kept.dpop.is_some() { " bound" } else { "" },
    )
}

#[test]
fn an_event_that_nobody_asked_for_ends_the_flow() {
    let fetched = || Event::Fetched(Err(FetchFault::TimedOut));
    let returned = || Event::Returned(String::new());
    let scripts: [Vec<Event>; 4] = [
        vec![fetched()],
        vec![returned()],
        vec![Event::Begin, Event::Begin],
        vec![Event::Begin, returned()],
    ];
    for script in scripts {
        let mut flow = Flow::new(settings(), Cause::Login, None);
        let last = script.into_iter().map(|event| flow.next(event, now())).last();
        let Some(Step::Failed(failed)) = last else { panic!("{last:?}") };
        assert_eq!(failed.fault, Fault::OutOfTurn);
        let Step::Failed(failed) = flow.next(Event::Begin, now()) else { panic!() };
        assert_eq!(failed.fault, Fault::OutOfTurn, "it has ended");
    }
}

#[test]
fn a_flow_can_be_given_up_at_any_moment() {
    for events in 0..2 {
        let mut flow = Flow::new(settings(), Cause::Login, None);
        for _ in 0..events {
            let _ = flow.next(Event::Begin, now());
        }
        let Step::Failed(failed) = flow.next(Event::Cancelled, now()) else { panic!() };
        assert_eq!(failed.fault, Fault::Cancelled);
        assert!(failed.kept.is_none());
    }
}

#[test]
fn what_nobody_answers_is_told_with_its_place() {
    for (fault, transient) in [
        (FetchFault::TimedOut, true),
        (FetchFault::Unreachable("connection refused".to_owned()), true),
        (FetchFault::TooLarge, false),
        (FetchFault::Refused("10.0.0.1 is a private address".to_owned()), false),
    ] {
        let mut flow = Flow::new(settings(), Cause::Login, None);
        let _ = flow.next(Event::Begin, now());
        let Step::Failed(failed) = flow.next(Event::Fetched(Err(fault.clone())), now()) else {
            panic!()
        };
        assert_eq!(failed.fault.is_transient(), transient);
        let text = failed.fault.to_string();
        assert!(
            text.contains("http://localhost:3000") && text.contains(&fault.to_string()),
            "{text}"
        );
    }
}
