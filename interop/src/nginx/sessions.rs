//! Sessions behind nginx: Streamable HTTP of older protocol versions, and HTTP with SSE.

use std::time::Duration;

use serde_json::{Value, json};

use crate::nginx::Case;
use crate::nginx::cases::{PUBLIC, cancelled, require, same};
use crate::nginx::client::{Http, Request, URL, json_of};
use crate::nginx::config::with_prefix;
use crate::nginx::site::{Ground, Site};

cases!(
    a_session_opens_listens_and_ends,
    a_broken_stream_is_resumed,
    http_with_sse,
    http_with_sse_behind_a_path,
);

fn a_session_opens_listens_and_ends(ground: &Ground) -> Result<(), String> {
    for http in [Http::One, Http::Two] {
        let site = ground.documented()?;
        let session = Session::open(&site, "2025-06-18")?;
        let answer =
            session.post(&call(1, "echo", &json!({ "message": "hello" }))).answer(&site)?;
        same(&answer.text()?, "hello")?;
        let mut stream = session.on(Request::get(URL)).begin(&site, http)?;
        let subscribe = json!({
            "jsonrpc": "2.0", "id": 2, "method": "resources/subscribe",
            "params": { "uri": "everything://counter" },
        });
        same(&session.post(&subscribe).answer(&site)?.status, &200)?;
        let touch = call(3, "touch_resource", &json!({ "uri": "everything://counter" }));
        same(&session.post(&touch).answer(&site)?.status, &200)?;
        let event = json_of(stream.event()?)?;
        same(&event["method"], &json!("notifications/resources/updated"))?;
        let ended = session.on(Request::delete(URL)).answer(&site)?.status;
        require((200..300).contains(&ended), || format!("DELETE was answered {ended}"))?;
        // The stream ends with its session, also for a client that only reads.
        require(stream.next("data: ")?.is_none(), || "the stream went on".to_owned())?;
        same(
            &session.post(&call(4, "echo", &json!({ "message": "x" }))).answer(&site)?.status,
            &404,
        )?;
    }
    Ok(())
}

fn a_broken_stream_is_resumed(ground: &Ground) -> Result<(), String> {
    for http in [Http::One, Http::Two] {
        let site = ground.documented()?;
        let session = Session::open(&site, "2025-11-25")?;
        let mut slow = call(1, "slow", &json!({ "seconds": 3 }));
        slow["params"]["_meta"] = json!({ "progressToken": 1 });
        let mut stream = session.post(&slow).begin(&site, http)?;
        // The first event is there to be resumed from.
        let (_, first) = stream.next("id: ")?.ok_or("the stream has no events")?;
        let (_, event) = stream.next("data: {")?.ok_or("the call said nothing")?;
        require(event.contains("started"), || format!("the first event is {event}"))?;
        drop(stream);
        let get = session.on(Request::get(URL)).header(&format!("Last-Event-ID: {first}"));
        let mut stream = get.begin(&site, http)?;
        let again = json_of(stream.event()?)?;
        same(&again["params"]["message"], &json!("started"))?;
        let answer = json_of(stream.event()?)?;
        same(&answer["result"]["content"][0]["text"], &json!("waited"))?;
        cancelled(&site, 0)?;
    }
    Ok(())
}

fn http_with_sse(ground: &Ground) -> Result<(), String> {
    let site = ground.documented()?;
    let sse = "https://tools.example.com/sse";
    speak(&site, sse, "/messages", Http::One, 1)?;
    speak(&site, sse, "/messages", Http::Two, 2)
}

fn http_with_sse_behind_a_path(ground: &Ground) -> Result<(), String> {
    let known = ["--public-url", "https://tools.example.com/tools/mcp"];
    let site = ground.with(&known, &with_prefix(ground.page)?)?;
    speak(&site, "https://tools.example.com/tools/sse", "/tools/messages", Http::One, 1)?;
    // Without being told the server gives a path that nginx does not know.
    let site = ground.with(PUBLIC, &with_prefix(ground.page)?)?;
    let told = speak(&site, "https://tools.example.com/tools/sse", "/tools/messages", Http::One, 1);
    require(told.is_err(), || "the switch makes no difference".to_owned())
}

/// What a client of HTTP with SSE does, to its disappearance.
fn speak(site: &Site, url: &str, messages: &str, http: Http, gone: u64) -> Result<(), String> {
    let mut stream = Request::get(url).begin(site, http)?;
    let (_, endpoint) = stream.event()?;
    require(endpoint.starts_with(&format!("{messages}?")), || {
        format!("the endpoint is {endpoint}")
    })?;
    let endpoint = format!("https://tools.example.com{endpoint}");
    let post = |message: &Value| -> Result<(), String> {
        same(&Request::post(&endpoint, message).answer(site)?.status, &202)
    };
    post(&initialize("2024-11-05"))?;
    let opened = json_of(stream.event()?)?;
    same(&opened["result"]["protocolVersion"], &json!("2024-11-05"))?;
    post(&initialized())?;
    let mut slow = call(1, "slow", &json!({ "seconds": 2 }));
    slow["params"]["_meta"] = json!({ "progressToken": 1 });
    post(&slow)?;
    let started = stream.event()?;
    let waited = stream.event()?;
    let apart = waited.0.saturating_sub(started.0);
    require(apart > Duration::from_secs(1), || format!("the events came {apart:?} apart"))?;
    same(&json_of(waited)?["result"]["content"][0]["text"], &json!("waited"))?;
    // Whoever goes away ends its session, and what runs in it.
    post(&call(2, "slow", &json!({ "seconds": 60 })))?;
    post(&call(3, "echo", &json!({ "message": "running" })))?;
    stream.event()?;
    drop(stream);
    cancelled(site, gone)
}

/// A session of Streamable HTTP.
struct Session {
    id: String,
    version: &'static str,
}

impl Session {
    fn open(site: &Site, version: &'static str) -> Result<Self, String> {
        let answer = Request::post(URL, &initialize(version)).answer(site)?;
        same(&answer.status, &200)?;
        require(!answer.session.is_empty(), || "there is no Mcp-Session-Id".to_owned())?;
        let session = Self { id: answer.session, version };
        same(&session.post(&initialized()).answer(site)?.status, &202)?;
        Ok(session)
    }

    fn post(&self, message: &Value) -> Request {
        self.on(Request::post(URL, message))
    }

    fn on(&self, request: Request) -> Request {
        request
            .header(&format!("Mcp-Session-Id: {}", self.id))
            .header(&format!("MCP-Protocol-Version: {}", self.version))
    }
}

fn initialize(version: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": { "name": "curl", "version": "8" },
        },
    })
}

fn initialized() -> Value {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })
}

fn call(id: u64, tool: &str, arguments: &Value) -> Value {
    let params = json!({ "name": tool, "arguments": arguments });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}
