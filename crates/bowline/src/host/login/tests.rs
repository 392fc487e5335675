//! Browsers, and what they make of it.

use super::desk::{Asked, Desk, Place};
use super::{Entrance, Fetch, Later, Proofs, Recognize};
use crate::principal::Principal;
use bowline_auth::Url;
use bowline_auth::fetch::{FetchFault, Purpose, Request, Response};
use bowline_auth::settings::{ClientIdentity, Dynamic, Settings};
use bowline_auth::store::{MemoryStore, Store};
use bytes::Bytes;
use expect_test::expect;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

const BASE: &str = "https://mcp.example.com";
const SERVER: &str = "https://notes.example.net/mcp";
const ISSUER: &str = "https://login.example.net";
const OWN_ISSUER: &str = "https://door.example.com";

/// Authorization servers of a few lines: whoever comes gets in.
#[derive(Debug, Default)]
struct Peers {
    asked: Mutex<Vec<String>>,
    scopes: Vec<&'static str>,
}

impl Fetch for Peers {
    fn fetch<'a>(
        &'a self,
        server: &'a str,
        request: Request,
    ) -> Later<'a, Result<Response, FetchFault>> {
        let url = request.url.as_str().to_owned();
        let line = format!("{} {url} for {server}", request.method.name());
        self.asked.lock().unwrap().push(line);
        let issuer = if url.starts_with(OWN_ISSUER) { OWN_ISSUER } else { ISSUER };
        let body = match request.purpose {
            Purpose::ProtectedResourceMetadata if url.starts_with("https://notes.example.net") => {
                json!({ "resource": SERVER, "authorization_servers": [ISSUER], "scopes_supported": self.scopes })
            }
            Purpose::AuthorizationServerMetadata => json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "registration_endpoint": format!("{issuer}/register"),
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": true,
            }),
            Purpose::Registration => json!({ "client_id": "<client>", "redirect_uris": [] }),
            Purpose::Token => {
                let body =
                    request.body.as_ref().map(|body| body.expose().to_owned()).unwrap_or_default();
                let pairs = super::form::pairs(&body).unwrap();
                let code = super::form::once(&pairs, "code").unwrap_or_default().to_owned();
                json!({ "access_token": format!("token-of-{code}"), "token_type": "Bearer", "expires_in": 3600 })
            }
            _ => return Box::pin(async { Err(FetchFault::Unreachable("nobody is there".into())) }),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let status = if request.purpose == Purpose::Registration { 201 } else { 200 };
        Box::pin(async move { Ok(Response { status, headers, body: body.to_string().into() }) })
    }
}

/// Alice and Bob, by their tokens.
struct Known;

impl Recognize for Known {
    fn recognize<'a>(&'a self, token: &'a str) -> Later<'a, Option<Principal>> {
        let name = token.strip_prefix("token-of-");
        let name = name.filter(|name| ["alice", "bob"].contains(name));
        Box::pin(async move { name.map(|name| Principal::token(name, [])) })
    }
}

struct World {
    base: String,
    desk: Desk,
    place: Arc<Place>,
    peers: Arc<Peers>,
    store: MemoryStore,
    now: Arc<Mutex<SystemTime>>,
    made: Arc<Mutex<Vec<String>>>,
}

fn typed() -> Proofs {
    Proofs { token: true, ..Proofs::default() }
}

fn entered(entrance: Entrance) -> Proofs {
    Proofs { entrance: Some(entrance), ..Proofs::default() }
}

fn identity() -> ClientIdentity {
    let mut identity = ClientIdentity::default();
    identity.dynamic = Some(Dynamic { name: "Bowline".into(), uri: None });
    identity
}

impl World {
    fn new(base: &str, proofs: Proofs) -> Self {
        Self::asking(base, proofs, "notes", vec!["notes.read", "notes.write"])
    }

    fn asking(base: &str, proofs: Proofs, name: &str, scopes: Vec<&'static str>) -> Self {
        let now = Arc::new(Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)));
        let (peers, store) =
            (Arc::new(Peers { scopes, ..Peers::default() }), MemoryStore::default());
        let made = Arc::new(Mutex::new(Vec::new()));
        let (heard, clock) = (made.clone(), now.clone());
        let made_by = move |server: &str, who: Option<&Principal>| {
            let who = who.map_or("nobody", Principal::name);
            heard.lock().unwrap().push(format!("{server} for {who}"));
        };
        let desk =
            Desk::new(base, proofs, Arc::new(store.clone()), peers.clone(), made_by).unwrap();
        let desk = desk.clock(move || *clock.lock().unwrap());
        // Whatever is put in there, the desk says itself where browsers come back to.
        let mut settings = Settings::new(
            Url::parse(SERVER).unwrap(),
            Url::parse("https://elsewhere.example/callback").unwrap(),
        );
        settings.identity = identity();
        let place = Arc::new(Place { server: name.into(), settings });
        Self { base: base.to_owned(), desk, place, peers, store, now, made }
    }

    fn link(&self, name: &str) -> String {
        let principal = Principal::token(name, []);
        self.desk.link(&self.place, Some(&principal), Some("Editor".into())).unwrap().url
    }

    fn pass(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    /// Whose logins are kept.
    fn kept(&self) -> Vec<String> {
        let all = self.store.list().unwrap().into_iter().map(Result::unwrap);
        let made = all.filter(|kept| kept.tokens.is_some());
        made.map(|kept| {
            let token = kept.tokens.as_ref().unwrap().access.expose().to_owned();
            format!("{} at {}: {token}", kept.key.principal, kept.key.server)
        })
        .collect()
    }
}

/// A browser: what it keeps, and what it shows.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
    /// The cookies that it was told to keep, as they were written.
    told: Vec<String>,
    headers: Vec<(&'static str, String)>,
}

struct Shown {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Browser {
    async fn send(&mut self, world: &World, method: Method, url: &str, body: &str) -> Shown {
        let rest = url.strip_prefix(&world_base(world)).unwrap_or(url);
        let (path, query) = rest.split_once('?').map_or((rest, None), |(p, q)| (p, Some(q)));
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        if method == Method::POST {
            let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.entry(header::CONTENT_TYPE).or_insert(kind);
        }
        let cookies: Vec<_> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
        if !cookies.is_empty() {
            headers.insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let asked = Asked {
            method,
            path: path.to_owned(),
            query: query.map(str::to_owned),
            headers,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        let response = world.desk.answer(asked, &Known).await;
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
            self.told.push(cookie.to_owned());
        }
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Shown { status: parts.status, headers: parts.headers, text }
    }

    async fn get(&mut self, world: &World, url: &str) -> Shown {
        self.send(world, Method::GET, url, "").await
    }

    /// Presses a button of the form that is shown.
    async fn press(&mut self, world: &World, page: &Shown, button: &str, extra: &str) -> Shown {
        let (action, fields) = form(&page.text);
        let body = format!("{fields}&answer={button}{extra}");
        self.send(world, Method::POST, &action, &body).await
    }

    /// Goes all the way to the authorization server, and gives the URL that it is sent to.
    async fn go(&mut self, world: &World, link: &str, token: &str) -> String {
        let who = self.get(world, link).await;
        assert_eq!(who.status, StatusCode::OK, "{}", who.text);
        let consent = self.press(world, &who, "go", &format!("&token={token}")).await;
        assert_eq!(consent.status, StatusCode::OK, "{}", consent.text);
        let away = self.press(world, &consent, "allow", "").await;
        assert_eq!(away.status, StatusCode::OK, "{}", away.text);
        away.away()
    }
}

fn world_base(world: &World) -> String {
    world.base.clone()
}

impl Shown {
    /// Where it leads to.
    fn away(&self) -> String {
        let url = self.text.split("0;url=").nth(1).expect(&self.text).split('"').next().unwrap();
        url.replace("&amp;", "&")
    }

    /// The heading and the words.
    fn words(&self) -> String {
        let body = self.text.split("<body>").nth(1).unwrap();
        format!("{} {}", self.status.as_u16(), body.replace("</body>\n</html>\n", "").trim())
    }
}

/// Where the form of a page goes, and its hidden fields.
fn form(html: &str) -> (String, String) {
    let action = html.split("action=\"").nth(1).expect(html).split('"').next().unwrap();
    let hidden = html.split("type=\"hidden\" name=\"").skip(1).map(|rest| {
        let mut parts = rest.split('"');
        let (name, value) = (parts.next().unwrap(), parts.nth(1).unwrap());
        format!("{name}={value}")
    });
    (action.to_owned(), hidden.collect::<Vec<_>>().join("&"))
}

/// What the authorization server sends a browser back with.
fn back(away: &str, code: &str) -> String {
    let url = Url::parse(away).unwrap();
    let pairs = super::form::pairs(url.query().unwrap()).unwrap();
    let value = |name| super::form::once(&pairs, name).unwrap();
    let issuer = url.origin().replace(':', "%3A").replace('/', "%2F");
    format!("{}?code={code}&state={}&iss={issuer}", value("redirect_uri"), value("state"))
}

#[tokio::test]
async fn a_login_belongs_to_the_caller_whom_the_url_was_given_to() {
    let world = World::new(BASE, typed());
    let (alice, bob) = (world.link("alice"), world.link("bob"));
    let (mut of_alice, mut of_bob) = (Browser::default(), Browser::default());
    let away = of_alice.go(&world, &alice, "token-of-alice").await;
    let other = of_bob.go(&world, &bob, "token-of-bob").await;
    let done = of_alice.get(&world, &back(&away, "1")).await;
    expect![[r#"
        200 <h1>Logged in</h1>
        <p>You are logged in to <b>notes</b>. You can close this page, and go on where you were.</p>"#]]
    .assert_eq(&done.words());
    assert_eq!(world.kept(), ["token alice at https://notes.example.net/mcp: token-of-1"]);
    of_bob.get(&world, &back(&other, "2")).await;
    assert_eq!(world.kept().len(), 2);
    assert_eq!(*world.made.lock().unwrap(), ["notes for alice", "notes for bob"]);
}

#[tokio::test]
async fn what_is_allowed_in_one_browser_does_not_count_in_another() {
    let world = World::new(BASE, typed());
    let (mut one, mut other) = (Browser::default(), Browser::default());
    let away = one.go(&world, &world.link("alice"), "token-of-alice").await;
    // Bob logs in at the authorization server, by a URL that Alice has sent to him.
    let refused = other.get(&world, &back(&away, "bobs-account")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text.contains("another browser"), "{}", refused.text);
    // And that was it, also for Alice.
    assert_eq!(one.get(&world, &back(&away, "bobs-account")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.kept(), Vec::<String>::new());
    assert!(world.peers.asked.lock().unwrap().iter().all(|line| !line.contains("/token")));
}

#[tokio::test]
async fn a_browser_with_a_login_of_its_own_under_way_is_another_one_too() {
    let world = World::new(BASE, typed());
    let (mut one, mut other) = (Browser::default(), Browser::default());
    let away = one.go(&world, &world.link("alice"), "token-of-alice").await;
    other.go(&world, &world.link("bob"), "token-of-bob").await;
    assert_eq!(other.get(&world, &back(&away, "x")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.kept(), Vec::<String>::new());
}

#[tokio::test]
async fn somebody_else_who_opens_the_url_attaches_nothing() {
    let world = World::new(BASE, typed());
    let link = world.link("alice");
    for left in [2, 1, 0] {
        let mut bob = Browser::default();
        let who = bob.get(&world, &link).await;
        assert_eq!(who.status, StatusCode::OK);
        // Not even whose URL it is.
        assert!(!who.text.contains("alice"), "{}", who.text);
        let refused = bob.press(&world, &who, "go", "&token=token-of-bob").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{left}");
        assert!(refused.text.contains("begun by somebody else"), "{}", refused.text);
    }
    // By then it is of no use to Alice either.
    assert_eq!(Browser::default().get(&world, &link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        *world.peers.asked.lock().unwrap(),
        Vec::<String>::new(),
        "nobody was asked for anything"
    );
    assert_eq!(world.kept(), Vec::<String>::new());
}

#[tokio::test]
async fn a_url_and_what_comes_back_are_good_once_and_for_ten_minutes() {
    let world = World::new(BASE, typed());
    let mut alice = Browser::default();
    let link = world.link("alice");
    // Looking uses nothing up.
    for _ in 0..3 {
        assert_eq!(alice.get(&world, &link).await.status, StatusCode::OK);
    }
    let away = alice.go(&world, &link, "token-of-alice").await;
    assert_eq!(alice.get(&world, &link).await.status, StatusCode::NOT_FOUND);
    assert_eq!(alice.get(&world, &back(&away, "1")).await.status, StatusCode::OK);
    assert_eq!(alice.get(&world, &back(&away, "1")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.kept().len(), 1);

    let late = world.link("bob");
    world.pass(Duration::from_secs(10 * 60 + 1));
    assert_eq!(Browser::default().get(&world, &late).await.status, StatusCode::NOT_FOUND);
    let mut bob = Browser::default();
    let away = bob.go(&world, &world.link("bob"), "token-of-bob").await;
    world.pass(Duration::from_secs(10 * 60 + 1));
    assert_eq!(bob.get(&world, &back(&away, "1")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.kept().len(), 1);
}

#[tokio::test]
async fn an_answer_of_another_issuer_or_without_its_state_brings_no_login() {
    type Change = fn(&str) -> String;
    let rows: [(&str, Change); 6] = [
        ("no state", |back| drop_member(back, "state")),
        ("an empty state", |back| drop_member(back, "state") + "&state="),
        ("another state", |back| drop_member(back, "state") + "&state=" + &"A".repeat(43)),
        ("two states", |back| back.to_owned() + "&state=x"),
        ("another issuer", |back| drop_member(back, "iss") + "&iss=https%3A%2F%2Fevil.example"),
        // This one says of itself that it always names itself.
        ("no issuer", |back| drop_member(back, "iss")),
    ];
    for (what, change) in rows {
        let world = World::new(BASE, typed());
        let mut alice = Browser::default();
        let away = alice.go(&world, &world.link("alice"), "token-of-alice").await;
        let answer = alice.get(&world, &change(&back(&away, "1"))).await;
        assert_ne!(answer.status, StatusCode::OK, "{what}: {}", answer.text);
        assert!(!answer.text.contains("evil.example/"), "{what}: {}", answer.text);
        assert_eq!(world.kept(), Vec::<String>::new(), "{what}");
        let asked = world.peers.asked.lock().unwrap().clone();
        assert!(asked.iter().all(|line| !line.contains("/token")), "{what}: {asked:?}");
    }
}

/// A URL without one member of its query.
fn drop_member(url: &str, name: &str) -> String {
    let (path, query) = url.split_once('?').unwrap();
    let left = query.split('&').filter(|pair| pair.split('=').next() != Some(name));
    format!("{path}?{}", left.collect::<Vec<_>>().join("&"))
}

#[tokio::test]
async fn the_same_url_is_given_again_while_it_is_fresh_to_the_same_caller_only() {
    let world = World::new(BASE, typed());
    let first = world.link("alice");
    assert_eq!(world.link("alice"), first);
    assert_ne!(world.link("bob"), first);
    world.pass(Duration::from_secs(5 * 60));
    assert_ne!(world.link("alice"), first);
    let ticket = first.split("ticket=").nth(1).unwrap();
    assert_eq!(ticket.len(), 43, "256 bits");
}

#[tokio::test]
async fn what_another_site_makes_a_browser_send_is_refused() {
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], bool, bool);
    let rows: &[Row<'_>] = &[
        // What is sent, whether the page may be opened, whether the form counts.
        ("nothing", &[], true, true),
        (
            "typed in",
            &[
                ("sec-fetch-site", "none"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            true,
            false,
        ),
        (
            "a link elsewhere",
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
            ],
            true,
            false,
        ),
        (
            "our form",
            &[
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "document"),
                ("origin", BASE),
            ],
            true,
            true,
        ),
        (
            "a sibling",
            &[("sec-fetch-site", "same-site"), ("origin", "https://evil.example.com")],
            true,
            false,
        ),
        ("our origin", &[("origin", BASE)], true, true),
        ("another origin", &[("origin", "https://evil.example")], true, false),
        ("no origin to tell", &[("origin", "null")], true, false),
        (
            "a frame",
            &[
                ("sec-fetch-site", "cross-site"),
                ("sec-fetch-mode", "navigate"),
                ("sec-fetch-dest", "iframe"),
            ],
            false,
            false,
        ),
        (
            "a script",
            &[
                ("sec-fetch-site", "same-origin"),
                ("sec-fetch-mode", "cors"),
                ("sec-fetch-dest", "empty"),
            ],
            false,
            false,
        ),
        ("a picture", &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")], false, false),
        ("a look ahead", &[("sec-purpose", "prefetch")], false, false),
        ("an old look ahead", &[("purpose", "prefetch")], false, false),
    ];
    for (what, headers, opens, counts) in rows {
        let world = World::new(BASE, typed());
        let link = world.link("alice");
        let mut browser = Browser::default();
        let who = browser.get(&world, &link).await;
        for (name, value) in *headers {
            let name = [
                "sec-fetch-site",
                "sec-fetch-mode",
                "sec-fetch-dest",
                "origin",
                "sec-purpose",
                "purpose",
            ]
            .into_iter()
            .find(|known| known == name)
            .unwrap();
            browser.headers.push((name, (*value).to_owned()));
        }
        assert_eq!(browser.get(&world, &link).await.status == StatusCode::OK, *opens, "{what}");
        let sent = browser.press(&world, &who, "go", "&token=token-of-alice").await;
        assert_eq!(sent.status == StatusCode::OK, *counts, "{what}: {}", sent.text);
        if !counts {
            assert_eq!(sent.status, StatusCode::FORBIDDEN, "{what}");
        }
    }
}

#[tokio::test]
async fn forms_count_only_with_what_their_page_gave_to_this_browser() {
    let world = World::new(BASE, typed());
    let link = world.link("alice");
    let (mut alice, mut other) = (Browser::default(), Browser::default());
    let who = alice.get(&world, &link).await;
    let (action, fields) = form(&who.text);
    let token = "&answer=go&token=token-of-alice";
    let ticket = fields.split('&').next().unwrap().to_owned();
    let csrf_of_other = {
        let page = other.get(&world, &link).await;
        form(&page.text).1
    };
    let rows = [
        ("no cookie", Browser::default(), format!("{fields}{token}")),
        ("no csrf", alice.copy(), format!("{ticket}{token}")),
        ("csrf of another browser", alice.copy(), format!("{csrf_of_other}{token}")),
        ("cookie of another browser", other.copy(), format!("{fields}{token}")),
    ];
    for (what, mut browser, body) in rows {
        let sent = browser.send(&world, Method::POST, &action, &body).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{what}: {}", sent.text);
    }
    let mut forged = alice.copy();
    for value in forged.cookies.values_mut() {
        let (browser, _) = value.split_once('.').unwrap();
        *value = format!("{browser}.{}", "A".repeat(43));
    }
    let sent = forged.send(&world, Method::POST, &action, &format!("{fields}{token}")).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN, "a cookie that we have not signed");
    let elsewhere =
        alice.send(&world, Method::POST, "/login/other", &format!("{fields}{token}")).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND, "the page of another server");

    // And the second form.
    let link = world.link("alice");
    let mut alice = Browser::default();
    let who = alice.get(&world, &link).await;
    let consent = alice.press(&world, &who, "go", "&token=token-of-alice").await;
    let (action, fields) = form(&consent.text);
    let visit = fields.split('&').next().unwrap().to_owned();
    for (what, mut browser, body) in [
        ("no cookie", Browser::default(), fields.clone()),
        ("no csrf", alice.copy(), visit.clone()),
        ("csrf of the first form", alice.copy(), format!("{visit}&{}", form(&who.text).1)),
    ] {
        let sent =
            browser.send(&world, Method::POST, &action, &format!("{body}&answer=allow")).await;
        assert_ne!(sent.status, StatusCode::OK, "{what}");
        assert!(!sent.headers.contains_key(header::SET_COOKIE), "{what}");
    }
    let json = Asked {
        method: Method::POST,
        path: action.clone(),
        query: None,
        headers: HeaderMap::new(),
        body: Bytes::from(fields.clone()),
    };
    assert_eq!(world.desk.answer(json, &Known).await.status(), StatusCode::BAD_REQUEST, "no form");
    assert_eq!(alice.press(&world, &consent, "allow", "").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_browser_gets_what_it_comes_back_with_only_after_consent() {
    for (base, cookie) in [
        (
            BASE,
            "__Host-bowline-browser-VISIT=VALUE; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure",
        ),
        // Browsers take no `Secure` cookies, and so none that begin with `__Host-`, from plain http.
        (
            "http://127.0.0.1:8080",
            "bowline-8080-browser-VISIT=VALUE; Path=/; Max-Age=600; HttpOnly; SameSite=Lax",
        ),
    ] {
        let world = World::new(base, typed());
        let mut alice = Browser::default();
        let who = alice.get(&world, &world.link("alice")).await;
        let consent = alice.press(&world, &who, "go", "&token=token-of-alice").await;
        assert_eq!(alice.told.len(), 1, "{:?}", alice.told);
        let away = alice.press(&world, &consent, "allow", "").await;
        assert_eq!(alice.told.len(), 2);
        let plain = |told: &str| {
            let (name, rest) = told.split_once('=').unwrap();
            let (_, attributes) = rest.split_once(';').unwrap();
            let at = name
                .rfind("browser-")
                .map(|at| at + 8)
                .or_else(|| name.rfind("state-").map(|at| at + 6));
            format!("{}VISIT=VALUE;{attributes}", &name[..at.unwrap()])
        };
        assert_eq!(plain(&alice.told[0]), cookie);
        assert_eq!(plain(&alice.told[1]), cookie.replace("browser", "state"));
        // Where to, exactly.
        let pairs = super::form::pairs(Url::parse(&away.away()).unwrap().query().unwrap()).unwrap();
        let redirect = super::form::once(&pairs, "redirect_uri");
        assert_eq!(redirect, Some(&*format!("{base}/login/callback")));
        assert_eq!(super::form::once(&pairs, "code_challenge_method"), Some("S256"));
    }
}

#[tokio::test]
async fn a_person_who_does_not_allow_it_is_not_sent_anywhere() {
    let world = World::new(BASE, typed());
    let mut alice = Browser::default();
    let who = alice.get(&world, &world.link("alice")).await;
    let consent = alice.press(&world, &who, "go", "&token=token-of-alice").await;
    let denied = alice.press(&world, &consent, "deny", "").await;
    assert!(denied.text.contains("Nothing was asked of"), "{}", denied.text);
    assert!(!denied.text.contains("refresh"));
    assert_eq!(alice.press(&world, &consent, "allow", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn pages_say_what_is_asked_for_and_by_whom() {
    let world = World::new(BASE, typed());
    let mut alice = Browser::default();
    let who = alice.get(&world, &world.link("alice")).await;
    let consent = alice.press(&world, &who, "go", "&token=token-of-alice").await;
    let words = consent.words();
    let (_, fields) = form(&consent.text);
    let words =
        fields.split(['&', '=']).skip(1).step_by(2).fold(words, |words, f| words.replace(f, "…"));
    expect![[r#"
        200 <h1>Allow this login?</h1>
        <p>The login is for a program that calls itself <b>Editor</b>, working for you. It will be kept here, and used for your calls only.</p>
        <dl>
        <dt>Server</dt><dd><code>notes</code></dd>
        <dt>at</dt><dd><code>https://notes.example.net/mcp</code></dd>
        <dt>Authorization server</dt><dd><code>https://login.example.net</code></dd>
        <dt>We are known there as</dt><dd><code>&lt;client&gt;</code></dd>
        <dt>It sends you back to</dt><dd><code>https://mcp.example.com/login/callback</code></dd>
        <dt>For the caller</dt><dd><code>alice</code></dd>
        </dl>
        <p>It is asked for:</p>
        <ul><li><code>notes.read</code></li><li><code>notes.write</code></li></ul>
        <form method="post" action="/login/notes">
        <input type="hidden" name="visit" value="…">
        <input type="hidden" name="csrf" value="…">

        <p><button type="submit" name="answer" value="allow">Allow</button>
        <button type="submit" name="answer" value="deny">Do not allow</button>
        </p>
        </form>"#]].assert_eq(&words);
}

#[tokio::test]
async fn no_page_can_be_framed_scripted_kept_or_written_by_others() {
    let evil = "<script>alert(1)</script>\"'&\u{202e}x\u{1b}[31m";
    let world = World::asking(BASE, typed(), evil, vec!["<img/src=x>", "a&b"]);
    let principal = Principal::token("alice", []);
    let link = world.desk.link(&world.place, Some(&principal), Some(evil.into())).unwrap().url;
    let mut alice = Browser::default();
    let who = alice.get(&world, &link).await;
    let consent = alice.press(&world, &who, "go", "&token=token-of-alice").await;
    let away = alice.press(&world, &consent, "allow", "").await;
    let back = back(&away.away(), "1").replace(
        "code=1",
        "error=access_denied&error_description=%3Cscript%3Ealert(2)%3C/script%3E",
    );
    let failed = alice.get(&world, &back).await;
    let unknown = alice.get(&world, "/login/callback?state=%3Cscript%3E").await;
    for (what, page) in [
        ("who", &who),
        ("consent", &consent),
        ("away", &away),
        ("failed", &failed),
        ("unknown", &unknown),
    ] {
        let text = &page.text;
        for bad in ["<script", "<img", "\u{202e}", "\u{1b}", "onload", "javascript:"] {
            assert!(!text.contains(bad), "{what} {bad:?}: {text}");
        }
        let is = |name: &str| page.headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(
            is("content-security-policy"),
            "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(is("x-frame-options"), "DENY");
        assert_eq!(is("cache-control"), "no-store");
        assert_eq!(is("referrer-policy"), "same-origin");
        assert_eq!(is("x-content-type-options"), "nosniff");
        assert_eq!(is("content-type"), "text/html; charset=utf-8");
    }
    assert!(consent.text.contains("&lt;img/src=x&gt;"), "{}", consent.text);
    assert!(consent.text.contains("\\u{202e}x\\u{1b}[31m"), "{}", consent.text);
    assert_eq!(failed.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn whoever_logs_in_at_the_endpoint_shows_who_he_is() {
    let mut settings = Settings::new(
        Url::parse("https://mcp.example.com/mcp").unwrap(),
        Url::parse(BASE).unwrap(),
    );
    settings.identity = identity();
    let entrance = || Entrance {
        settings: settings.clone(),
        issuer: OWN_ISSUER.into(),
        scopes: vec!["mcp".into()],
    };
    for (person, status) in
        [("alice", StatusCode::OK), ("bob", StatusCode::FORBIDDEN), ("x", StatusCode::FORBIDDEN)]
    {
        let world = World::new(BASE, entered(entrance()));
        let mut browser = Browser::default();
        let who = browser.get(&world, &world.link("alice")).await;
        let away = browser.press(&world, &who, "go", "").await.away();
        assert!(away.starts_with("https://door.example.com/authorize?"), "{away}");
        // What he has shown once is not shown by another browser.
        assert_eq!(who.status, StatusCode::OK);
        let consent = browser.get(&world, &back(&away, person)).await;
        assert_eq!(consent.status, status, "{person}: {}", consent.text);
        let asked = world.peers.asked.lock().unwrap().clone();
        let reached = asked.iter().any(|line| line.contains("notes.example.net"));
        assert_eq!(reached, person == "alice", "{asked:?}");
        // What we say of ourselves, we need not ask ourselves.
        assert!(
            asked.iter().all(|line| !line.contains("GET https://mcp.example.com")),
            "{asked:?}"
        );
        if person != "alice" {
            assert_eq!(world.kept(), Vec::<String>::new());
            continue;
        }
        let away = browser.press(&world, &consent, "allow", "").await.away();
        assert!(away.starts_with("https://login.example.net/authorize?"), "{away}");
        assert_eq!(browser.get(&world, &back(&away, "9")).await.status, StatusCode::OK);
        // What he showed who he is with is not kept.
        assert_eq!(world.kept(), ["token alice at https://notes.example.net/mcp: token-of-9"]);
    }
    let world = World::new(BASE, entered(entrance()));
    let (mut mallory, mut alice) = (Browser::default(), Browser::default());
    let who = mallory.get(&world, &world.link("alice")).await;
    let away = mallory.press(&world, &who, "go", "").await.away();
    let refused = alice.get(&world, &back(&away, "alice")).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "Alice shows who she is, in Mallory's place");
}

#[test]
fn nobody_is_given_a_url_whom_a_browser_could_not_prove_to_be() {
    let entrance = entered(Entrance {
        settings: Settings::new(Url::parse(SERVER).unwrap(), Url::parse(BASE).unwrap()),
        issuer: OWN_ISSUER.into(),
        scopes: Vec::new(),
    });
    let alice = Principal::token("alice", []);
    let process = Principal::process("uid:1001");
    let claims = json!({ "sub": "alice" }).as_object().unwrap().clone();
    let claimed = Principal::claimed(OWN_ISSUER, claims).unwrap();
    let rows: [(Proofs, Option<&Principal>, bool); 11] = [
        (Proofs { nobody: true, ..Proofs::default() }, None, true),
        (Proofs { nobody: true, ..Proofs::default() }, Some(&alice), false),
        (Proofs { nobody: true, ..Proofs::default() }, Some(&process), false),
        (typed(), Some(&alice), true),
        (typed(), None, false),
        (typed(), Some(&claimed), false),
        (entrance.clone(), Some(&claimed), true),
        (typed(), Some(&process), false),
        (typed(), Some(&Principal::anonymous()), false),
        (entrance.clone(), Some(&alice), true),
        (entrance, Some(&process), false),
    ];
    for (proofs, principal, is_given) in rows {
        let world = World::new(BASE, proofs.clone());
        let link = world.desk.link(&world.place, principal, None);
        assert_eq!(link.is_ok(), is_given, "{proofs:?} {principal:?}");
    }
}

#[tokio::test]
async fn authorization_servers_find_out_who_we_are_where_others_reach_us() {
    async fn document(world: &World) -> http::Response<Bytes> {
        let asked = Asked {
            method: Method::GET,
            path: "/login/client.json".into(),
            query: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        world.desk.answer(asked, &Known).await
    }
    let response = document(&World::new(BASE, typed())).await;
    let said: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(said["client_id"], "https://mcp.example.com/login/client.json");
    assert_eq!(said["redirect_uris"], json!(["https://mcp.example.com/login/callback"]));
    for local in ["http://127.0.0.1:8080", "https://localhost:8443"] {
        let response = document(&World::new(local, typed())).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{local}");
    }
}

impl Browser {
    fn copy(&self) -> Self {
        Self { cookies: self.cookies.clone(), ..Self::default() }
    }
}
