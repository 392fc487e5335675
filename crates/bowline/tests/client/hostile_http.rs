//! Responses that should not be, over Streamable HTTP: what the caller gets, and that the next call works.

use crate::deliver::spoken;
use crate::honest;
use crate::outcome::{Faults, Got, call_within, works};
use crate::web::{Exchange, JSON, TEXT, Web, response};
use bowline::Client;
use bowline::protocol::limits::Limits;
use serde_json::json;
use std::pin::Pin;
use std::time::Duration;
use tokio::task::JoinSet;

/// How a call of the tool `row` is answered. All else is answered honestly.
struct Row {
    name: &'static str,
    does: Does,
    want: Want,
}

enum Does {
    /// Says a status line and headers, apart by `|`, and a body, into which `$ID` and `$GOOD` are put; then closes.
    Say(&'static str, &'static str),
    /// The same, without a length: the body ends with the connection.
    Pour(&'static str, &'static str),
    /// Anything else; then closes.
    Act(for<'a> fn(&'a mut Exchange) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>),
}

#[derive(Clone, Copy)]
enum Want {
    Good,
    Bad,
    TimedOut,
    Closed,
    Overloaded,
    Rpc(i64),
    /// None of the predicates, since what is wrong is said in words: this one.
    Word(&'static str),
}

use Does::{Act, Pour, Say};
use Want::{Bad, Closed, Good, Overloaded, Rpc, TimedOut, Word};

macro_rules! act {
    (|$exchange:ident| $body:expr) => {
        Act(|$exchange| Box::pin(async move { $body }))
    };
}

const GOOD: &str = r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#;
const OK: &str = "200 OK|content-type: application/json";
const STREAM: &str = "200 OK|content-type: text/event-stream";
const HTML: &str = "<!DOCTYPE html><html><body>gateway</body></html>";
const ERROR: &str = r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"no"}}"#;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Good ones.
    row("JSON", Say(OK, GOOD), Good),
    row("JSON that ends with the connection", Pour(OK, GOOD), Good),
    row("JSON of a type in capitals, with parameters", Say("200 OK|Content-Type: Application/JSON; charset=\"UTF-8\"", GOOD), Good),
    row("a stream of a type with parameters", Pour("200 OK|content-type: text/event-stream;charset=utf-8", "data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n\n"), Good),
    row("early hints before the response", act!(|x| { let answer = good(x); x.say("HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n").await; x.say(response("200 OK", JSON, &answer)).await; }), Good),
    row("one byte at a time", act!(|x| { let answer = response("200 OK", JSON, &good(x)); for byte in answer.bytes() { x.say([byte]).await; } }), Good),
    row("chunks of one byte", act!(|x| { let answer = good(x); x.say(format!("HTTP/1.1 200 OK\r\n{JSON}transfer-encoding: chunked\r\n\r\n")).await; for byte in answer.bytes() { x.say([b"1\r\n".as_slice(), &[byte], b"\r\n"].concat()).await; } x.say("0\r\n\r\n").await; }), Good),

    // Media types and encodings.
    row("HTML", Say("200 OK|content-type: text/html", HTML), Bad),
    row("HTML that is called JSON", Say(OK, HTML), Bad),
    row("JSON that is called text", Say("200 OK|content-type: text/plain", GOOD), Bad),
    row("JSON of no type", Say("200 OK", GOOD), Bad),
    row("JSON of two types", Say("200 OK|content-type: text/html|content-type: application/json", GOOD), Bad),
    row("JSON that is called a stream", Pour(STREAM, GOOD), Closed),
    row("a stream that is called JSON", Say(OK, "data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n\n"), Bad),
    row("a coding that nobody asked for", Say("200 OK|content-type: application/json|content-encoding: gzip", "$FF$FF$FF"), Bad),
    row("a coding that is not there", Say("200 OK|content-type: application/json|content-encoding: br", GOOD), Bad),
    row("UTF-16", Say(OK, "{\0\"\0j\0"), Bad),
    row("a byte order mark before JSON", Say(OK, "\u{feff}{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}"), Bad),
    row("an empty body", Say(OK, ""), Bad),
    row("a response without a body", Say("204 No Content", ""), Bad),
    row("202 to a request", Say("202 Accepted", ""), Bad),
    row("202 with the answer", Say("202 Accepted|content-type: application/json", GOOD), Bad),

    // Statuses.
    row("400 with HTML", Say("400 Bad Request|content-type: text/html", HTML), Bad),
    row("400 with an error", Say("400 Bad Request|content-type: application/json", ERROR), Rpc(-32000)),
    row("400 with an error of no id", Say("400 Bad Request|content-type: application/json", r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}"#), Rpc(-32600)),
    row("400 with an error of no use", Say("400 Bad Request|content-type: application/json", r#"{"jsonrpc":"2.0","id":$ID,"error":"no"}"#), Bad),
    row("400 with an error in a stream", Pour("400 Bad Request|content-type: text/event-stream", "data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"error\":{\"code\":-32000,\"message\":\"no\"}}\n\n"), Rpc(-32000)),
    row("400 with the result", Say("400 Bad Request|content-type: application/json", GOOD), Bad),
    row("401", Say("401 Unauthorized|www-authenticate: Bearer", ""), Word("401")),
    row("403", Say("403 Forbidden|content-type: text/plain", "go away"), Word("403")),
    row("404 with HTML", Say("404 Not Found|content-type: text/html", HTML), Bad),
    row("404 with an error", Say("404 Not Found|content-type: application/json", r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32601,"message":"no"}}"#), Rpc(-32601)),
    row("405", Say("405 Method Not Allowed|allow: GET", ""), Bad),
    row("406", Say("406 Not Acceptable|content-type: text/plain", "no"), Bad),
    row("413", Say("413 Content Too Large|content-type: text/plain", "no"), Bad),
    row("429", Say("429 Too Many Requests|retry-after: 1", ""), Overloaded),
    row("500 with HTML", Say("500 Internal Server Error|content-type: text/html", HTML), Bad),
    row("500 with an error", Say("500 Internal Server Error|content-type: application/json", ERROR), Rpc(-32000)),
    row("502", Say("502 Bad Gateway|content-type: text/html", HTML), Bad),
    row("503", Say("503 Service Unavailable|retry-after: 1", "later"), Overloaded),
    row("a status nobody knows", Say("299 Fine|content-type: application/json", ERROR), Rpc(-32000)),
    row("a status beyond all", Say("999 What", ""), Bad),
    row("a protocol to change to", Say("101 Switching Protocols|upgrade: websocket|connection: upgrade", ""), Closed),

    // Redirects.
    row("a redirect to nowhere", Say("307 Temporary Redirect", ""), Bad),
    row("a redirect in a circle", Say("307 Temporary Redirect|location: /mcp", ""), Bad),
    row("a redirect to another origin", Say("307 Temporary Redirect|location: http://localhost:9/mcp", ""), Bad),
    row("a redirect to another scheme", Say("308 Permanent Redirect|location: file:///etc/passwd", ""), Bad),
    row("a redirect to a URL with a password", Say("307 Temporary Redirect|location: http://user:pass@127.0.0.1:9/mcp", ""), Bad),
    row("a redirect that would make a GET of it", Say("303 See Other|location: /mcp", ""), Bad),
    row("301 for a POST", Say("301 Moved Permanently|location: /elsewhere", ""), Bad),
    row("304 to what was not conditional", Say("304 Not Modified", ""), Bad),

    // Broken HTTP.
    row("the connection closed", act!(|_x| {}), Closed),
    row("the connection closed in the head", act!(|x| { x.say("HTTP/1.1 200 OK\r\ncontent-").await; }), Closed),
    row("the connection closed in the body", Pour("200 OK|content-type: application/json|content-length: 1000", "{\"jsonrpc\":"), Closed),
    row("the connection closed in a chunk", Pour("200 OK|content-type: application/json|transfer-encoding: chunked", "ff\r\n{\"jsonrpc\":"), Closed),
    row("a chunk of no length", Pour("200 OK|content-type: application/json|transfer-encoding: chunked", "zz\r\n{}\r\n0\r\n\r\n"), Closed),
    row("a body shorter than it is", Say("200 OK|content-type: application/json|content-length: 3", GOOD), Bad),
    row("no HTTP at all", act!(|x| { x.say("SSH-2.0-OpenSSH_9.6\r\n").await; }), Bad),
    row("a head without an end", act!(|x| { x.say("HTTP/1.1 200 OK\r\n").await; while x.say("x-a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n").await {} }), Overloaded),
    row("a header of a megabyte", act!(|x| { x.say(format!("HTTP/1.1 200 OK\r\nx-a: {}\r\n\r\n", "a".repeat(1 << 20))).await; }), Overloaded),
    row("two answers to one request", act!(|x| { let answer = response("200 OK", JSON, &good(x)); x.say(answer.clone() + &answer).await; }), Good),

    // Length.
    row("a body longer than may be", Say(OK, ""), Bad),
    row("a body that says it is too long", Pour("200 OK|content-type: application/json|content-length: 99999999999", "{"), Overloaded),
    row("a body without an end", act!(|x| { x.say(format!("HTTP/1.1 200 OK\r\n{JSON}connection: close\r\n\r\n")).await; while x.say(" ".repeat(1024)).await {} }), Overloaded),
    row("a body of chunks without an end", act!(|x| { x.say(format!("HTTP/1.1 200 OK\r\n{JSON}transfer-encoding: chunked\r\n\r\n")).await; while x.say("4\r\n    \r\n".repeat(256)).await {} }), Overloaded),
    row("an error page without an end", act!(|x| { x.say("HTTP/1.1 500 Oops\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n").await; while x.say("x".repeat(1024)).await {} }), Bad),
    row("nothing", act!(|x| x.hung_up().await), TimedOut),
    row("a head and nothing", act!(|x| { x.say(format!("HTTP/1.1 200 OK\r\n{JSON}content-length: 10\r\n\r\n")).await; x.hung_up().await; }), TimedOut),

    // Streams.
    row("a stream that stays open behind the answer", act!(|x| { let answer = good(x); x.stream().await; x.say(format!("data: {answer}\n\n")).await; x.hung_up().await; }), Good),
    row("an event without its blank line", Pour(STREAM, "data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), Closed),
    row("an event without any line feed", Pour(STREAM, "data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}"), Closed),
    row("lines that end in CR LF", Pour(STREAM, "data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\r\n\r\n"), Good),
    row("lines that end in CR", Pour(STREAM, "data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\r\r"), Good),
    row("a byte order mark before the stream", Pour(STREAM, "\u{feff}data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n\n"), Good),
    row("a message over several lines of data", Pour(STREAM, "data: {\"jsonrpc\":\"2.0\",\"id\":$ID,\ndata: \"result\":\ndata:$GOOD}\n\n"), Good),
    row("fields nobody knows", Pour(STREAM, "x: y\nfoo\nevent: message\nid: 1\nretry: soon\ndata: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n\n"), Good),
    row("an event of another name before the answer", Pour(STREAM, "event: ping\ndata: now\n\ndata: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n\n"), Good),
    row("the answer in an event of another name", Pour(STREAM, "event: ping\ndata: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n\n"), Closed),
    row("an empty event before the answer", Pour(STREAM, "id: 1\ndata:\n\ndata: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n\n"), Good),
    row("a stream without events", Pour(STREAM, ""), Closed),
    row("a stream that ends in the middle of an event", Pour(STREAM, "data: {\"jsonrpc\":"), Closed),
    row("a stream that breaks off", Pour("200 OK|content-type: text/event-stream|transfer-encoding: chunked", "40\r\ndata: {\"jsonrpc\":"), Closed),
    row("a wish to come back at once", Pour(STREAM, "retry: 0\nid: 1\ndata:\n\n"), Closed),
    row("a wish to come back never", Pour(STREAM, "retry: 18446744073709551616\nid: 1\ndata:\n\n"), Closed),
    row("an event longer than may be", act!(|x| { x.stream().await; x.say(format!("data: {}\n\n", "x".repeat(1 << 20))).await; x.hung_up().await; }), Overloaded),
    row("an event without an end", act!(|x| { x.stream().await; while x.say("data: xxxxxxxx\n".repeat(64)).await {} }), Overloaded),
    row("a line without an end", act!(|x| { x.stream().await; x.say("data: ").await; while x.say("x".repeat(1024)).await {} }), Overloaded),
    row("comments until the client gives up", act!(|x| { x.stream().await; while x.say(":\n".repeat(512)).await { tokio::task::yield_now().await; } }), TimedOut),
    row("a megabyte of comments before the answer", act!(|x| { let answer = good(x); x.stream().await; x.say(": comment\n".repeat(100_000)).await; x.say(format!("data: {answer}\n\n")).await; }), Good),
    row("ten thousand notifications before the answer", act!(|x| { let answer = good(x); x.stream().await; let note = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}}); for _ in 0..10_000 { x.event(&note).await; } x.say(format!("data: {answer}\n\n")).await; }), Good),
];

const fn row(name: &'static str, does: Does, want: Want) -> Row {
    Row { name, does, want }
}

fn good(exchange: &Exchange) -> String {
    honest::answer(&exchange.heard.body, honest::says("good")).to_string()
}

/// So small that what has no end reaches them soon.
fn limits() -> Limits {
    Limits::local()
        .response_bytes(64 * 1024)
        .event_bytes(64 * 1024)
        .reconnect_delay(Duration::from_millis(1))
}

#[tokio::test]
async fn what_a_server_may_answer() {
    let mut running = JoinSet::new();
    for row in ROWS {
        running.spawn(async move {
            match tokio::time::timeout(Duration::from_secs(30), run(row)).await {
                Ok(wrong) => wrong,
                Err(_) => Some(format!("{}: never comes to an end", row.name)),
            }
        });
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong with the outcome of a row.
async fn run(row: &'static Row) -> Option<String> {
    let web = Web::new(move |exchange| play(exchange, row)).await;
    let faults = Faults::default();
    let builder = Client::builder().limits(limits()).on_error(faults.hear());
    let client = builder.connect(web.url()).await.unwrap();
    let got = call_within(&client, "row", Duration::from_millis(600)).await;
    works(&client, row.name).await;
    let want = match row.want {
        Good => Got::Said("good".into()),
        Bad => Got::Bad,
        TimedOut => Got::TimedOut,
        Closed => Got::Closed,
        Overloaded => Got::Overloaded,
        Rpc(code) => Got::Rpc(code),
        Word(word) => match &got {
            Got::Other(why) if why.contains(word) => return None,
            _ => return Some(format!("{}: {got}, want it to say {word}", row.name)),
        },
    };
    (got != want).then(|| format!("{}: {got}, want {want}", row.name))
}

async fn play(mut exchange: Exchange, row: &Row) -> Exchange {
    if !exchange.heard.calls("row") {
        return exchange.honestly(honest::MODERN).await;
    }
    let call = exchange.heard.body.clone();
    match row.does {
        Say(head, body) => {
            let body = spoken(body, &call);
            let length = format!("|content-length: {}", body.len());
            let length = if head.contains("content-length") { "" } else { &length };
            exchange.say([lines(&format!("{head}{length}")).into_bytes(), body].concat()).await;
        }
        Pour(head, body) => {
            exchange.say([lines(head).into_bytes(), spoken(body, &call)].concat()).await;
        }
        Act(act) => act(&mut exchange).await,
    }
    exchange.closed()
}

fn lines(head: &str) -> String {
    format!("HTTP/1.1 {}\r\nconnection: close\r\n\r\n", head.replace('|', "\r\n"))
}

#[tokio::test]
async fn a_stale_connection_is_not_used_for_a_call_that_must_happen_once() {
    // The server closes every connection behind its answer, without saying so beforehand.
    let web =
        Web::new(|exchange| async move { exchange.honestly(honest::MODERN).await.closed() }).await;
    let client = Client::connect(web.url()).await.unwrap();
    for _ in 0..20 {
        works(&client, "a closed connection").await;
    }
    assert_eq!(web.count("tools/call"), 20);
}

#[tokio::test]
async fn answers_on_one_connection_are_not_mixed_up_by_what_is_said_too_much() {
    // A second response stands ready for the next request on the same connection.
    let web = Web::new(|mut exchange| async move {
        if !exchange.heard.calls("row") {
            return exchange.honestly(honest::MODERN).await;
        }
        let stray = json!({"jsonrpc": "2.0", "id": 0, "result": honest::says("stray")});
        let answer = good(&exchange);
        exchange.respond("200 OK", JSON, &answer).await;
        exchange.say(response("200 OK", JSON, &stray.to_string())).await;
        exchange
    })
    .await;
    let client = Client::builder().limits(limits()).connect(web.url()).await.unwrap();
    for _ in 0..10 {
        call_within(&client, "row", Duration::from_secs(5)).await;
        works(&client, "a stray response").await;
    }
}

#[tokio::test]
async fn a_page_that_is_no_server_says_what_it_is() {
    for (status, kind) in
        [("200 OK", "text/html"), ("404 Not Found", "text/html"), ("500 Oops", "text/plain")]
    {
        let web = Web::new(move |mut exchange| async move {
            exchange.respond(status, &format!("content-type: {kind}\r\n"), HTML).await;
            exchange
        })
        .await;
        let error = Client::connect(web.url()).await.unwrap_err();
        assert!(!error.to_string().contains('\n'), "{error}");
        assert!(web.heard().len() <= 6, "{status}: {:?}", web.methods());
    }
}

#[tokio::test]
async fn what_is_no_session_id_is_not_sent_back() {
    let long = "x".repeat(10 * 1024);
    let ids = ["", "two words", "tab\there", "caf\u{e9}", long.as_str()];
    for id in ids.map(str::to_owned) {
        let sent = id.clone();
        let web = Web::new(move |mut exchange| {
            let id = id.clone();
            async move {
                if exchange.heard.method() != "initialize" {
                    return exchange.honestly(honest::LEGACY).await;
                }
                let reply = honest::reply(honest::LEGACY, &exchange.heard.body).unwrap();
                let headers = format!("{JSON}mcp-session-id: {id}\r\n");
                exchange.respond("200 OK", &headers, &reply.to_string()).await;
                exchange
            }
        })
        .await;
        // Whether such a server is one at all may be answered either way; it is not told what cannot be an id.
        if let Ok(client) = Client::connect(web.url()).await {
            works(&client, "a session id that is none").await;
        }
        let back: Vec<_> = web
            .heard()
            .iter()
            .filter_map(|heard| heard.header("mcp-session-id").map(str::to_owned))
            .collect();
        assert!(back.is_empty(), "{sent:?} came back: {back:?}");
    }
}

#[tokio::test]
async fn texts_of_a_server_that_turns_a_session_away_are_not_taken_for_more() {
    for status in ["401 Unauthorized", "403 Forbidden", "500 Oops", "503 Busy"] {
        let web = Web::new(move |mut exchange| async move {
            exchange.respond(status, TEXT, "no").await;
            exchange
        })
        .await;
        assert!(Client::connect(web.url()).await.is_err(), "{status}");
        let asked = web.heard().iter().filter(|heard| heard.verb == "GET").count();
        assert_eq!(asked, 0, "{status} is no reason to look for the oldest transport");
    }
}
