//! What servers say while a client logs in.

use bowline_auth::fetch::{Method, Purpose, Response};
use bowline_auth::flow::{Cause, Event, Flow, Step};
use bowline_auth::settings::{Dynamic, Settings};
use bowline_auth::store::Kept;
use bowline_auth::url::Scheme;
use bowline_auth::{Challenge, Url};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A login at a server on the internet, whatever everybody says: no request leaves for this machine or in the clear,
/// nobody is sent anywhere with a foreign `resource`, and no code is taken without the `state`.
///
/// Input: the challenge, the metadata of the resource and of the authorization server, the answer to the registration,
/// what the browser brings (in which `{state}` stands for the right one), and the answers to token requests, with a zero
/// byte after each.
pub(crate) fn oauth(input: &[u8]) {
    let mut parts = input.split(|&byte| byte == 0);
    let mut part = || parts.next().unwrap_or_default();
    let challenges = challenges(part());
    let mut answers = Answers {
        resource: part().to_vec(),
        server: part().to_vec(),
        registration: part().to_vec(),
        returned: String::from_utf8_lossy(part()).into_owned(),
        tokens: parts.map(<[u8]>::to_vec).collect(),
    };
    url(&answers.returned);
    let first = answers.run(Cause::Unauthorized(challenges.clone()), None);
    // What came of it is worth a refresh, whatever that is.
    if let Some(kept) = first {
        let _ = answers.run(Cause::Refresh, Some(kept.clone()));
        let _ = answers.run(Cause::Unauthorized(challenges), Some(kept));
    }
}

const SERVER: &str = "https://mcp.example/tenant/mcp";
const REDIRECT: &str = "http://127.0.0.1:5000/callback";

struct Answers {
    resource: Vec<u8>,
    server: Vec<u8>,
    registration: Vec<u8>,
    returned: String,
    tokens: VecDeque<Vec<u8>>,
}

impl Answers {
    fn run(&mut self, cause: Cause, kept: Option<Kept>) -> Option<Kept> {
        let [server, redirect] = [SERVER, REDIRECT].map(|text| Url::parse(text).expect("a URL"));
        let mut settings = Settings::new(server, redirect);
        settings.identity.dynamic = Some(Dynamic { name: "fuzz".to_owned(), uri: None });
        let mut flow = Flow::new(settings, cause, kept);
        let (mut event, mut state) = (Event::Begin, None);
        for _ in 0..64 {
            event = match flow.next(event, now()) {
                Step::Fetch(request) => {
                    leads_nowhere(&request.url);
                    assert_eq!(request.body.is_some(), request.method == Method::Post);
                    if let (Purpose::Token, Some(state)) = (request.purpose, &state) {
                        let was_there =
                            self.returned.contains("{state}") || self.returned.contains(state);
                        assert!(was_there, "a code was taken without the state");
                    }
                    Event::Fetched(Ok(self.answer(request.purpose)))
                }
                Step::OpenBrowser { url, redirect_uri, state: given, .. } => {
                    leads_nowhere(&url);
                    assert_eq!(redirect_uri.as_str(), REDIRECT);
                    let query = url.query().unwrap_or_default();
                    for (name, value) in [
                        ("state", given.as_str()),
                        ("code_challenge_method", "S256"),
                        ("response_type", "code"),
                        ("redirect_uri", "http%3A%2F%2F127.0.0.1%3A5000%2Fcallback"),
                    ] {
                        assert_eq!(all(query, name), [value], "{name} stands there once");
                    }
                    let resource = all(query, "resource").concat().to_ascii_lowercase();
                    assert!(resource.starts_with("https%3a%2f%2fmcp.example"), "for {resource}");
                    let returned = self.returned.replace("{state}", &given);
                    state = Some(given);
                    Event::Returned(returned)
                }
                Step::Wait { fault, .. } => {
                    shows_nothing(&fault.to_string());
                    Event::Cancelled
                }
                Step::Done(kept) => return Some(*kept),
                Step::Failed(failed) => {
                    shows_nothing(&failed.fault.to_string());
                    return None;
                }
            };
        }
        panic!("the flow does not end");
    }

    fn answer(&mut self, purpose: Purpose) -> Response {
        let body = match purpose {
            Purpose::ProtectedResourceMetadata => self.resource.clone(),
            Purpose::AuthorizationServerMetadata => self.server.clone(),
            Purpose::Registration => self.registration.clone(),
            _ => self.tokens.pop_front().unwrap_or_default(),
        };
        // The first byte chooses the status, unless it begins a document.
        let status = match body.first() {
            Some(b'4') => 404,
            Some(b'5') => 503,
            _ => 200,
        };
        let mut headers = HeaderMap::new();
        headers.insert("dpop-nonce", HeaderValue::from_static("nonce"));
        Response { status, headers, body: Bytes::from(body) }
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

/// Challenges mean the same after they were written again.
fn challenges(text: &[u8]) -> Vec<Challenge> {
    let Ok(value) = HeaderValue::from_bytes(text) else { return Vec::new() };
    let challenges = Challenge::parse([&value]);
    assert!(challenges.len() <= Challenge::MAX);
    for challenge in &challenges {
        let written = challenge.to_header();
        let again = Challenge::parse([&written]);
        let [again] = &again[..] else { panic!("{written:?} are {} challenges", again.len()) };
        assert_eq!((again.scheme, &again.scopes), (challenge.scheme, &challenge.scopes));
        assert_eq!(again.to_header(), written);
    }
    challenges
}

/// What is a URL to us is the same one to whoever sends the request.
fn url(text: &str) {
    let Ok(url) = Url::parse(text) else { return };
    assert_eq!(url.as_str(), text);
    let uri = url.to_uri();
    assert_eq!(uri.host(), Some(url.host()), "{text}");
    assert!(uri.port_u16().is_none_or(|port| port == url.port()), "{text}");
    assert_eq!(uri.query(), url.query(), "{text}");
    assert!(uri.path() == url.path() || url.path().is_empty(), "{text}");
    let joined = url.join(text).expect("it is absolute");
    assert_eq!(joined, url);
    assert!(url.same_origin(&Url::parse(&url.origin()).expect("an origin is a URL")), "{text}");
}

/// Where a peer may lead from a server on the internet.
fn leads_nowhere(url: &Url) {
    assert!(url.scheme() == Scheme::Https && !url.is_loopback(), "a request to {url}");
    let strange = |c: char| !c.is_ascii_graphic() || "\"`\\<>{}|^".contains(c);
    assert!(!url.as_str().contains(strange), "a request to {url}");
}

/// All values of a member, as they stand there.
fn all<'a>(query: &'a str, name: &str) -> Vec<&'a str> {
    let members = query.split('&').filter_map(|member| member.split_once('='));
    members.filter(|(member, _)| *member == name).map(|(_, value)| value).collect()
}

/// Nothing of a peer steers what shows a message.
fn shows_nothing(message: &str) {
    assert!(!message.chars().any(char::is_control), "{message:?}");
    assert!(message.len() < 64 * 1024);
}
