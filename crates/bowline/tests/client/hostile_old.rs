//! What should not be on the stream of HTTP+SSE: what the caller gets, and that the next call works.

use crate::deliver::{quick, spoken};
use crate::old::{self, OLD, OPENING, Stream};
use crate::outcome::{Got, call_within, works};
use crate::web::{TEXT, Web};
use bowline::Client;
use bowline::protocol::limits::Limits;
use serde_json::Value;
use std::time::Duration;
use tokio::task::JoinSet;

/// What the server does when the tool `row` is called.
struct Row {
    name: &'static str,
    does: fn(&Value, &Stream),
    want: Want,
}

#[derive(Clone, Copy)]
enum Want {
    Good,
    TimedOut,
    Closed,
    Overloaded,
}

use Want::{Closed, Good, Overloaded, TimedOut};

const GOOD: &str = r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#;

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("the answer", |call, stream| say(stream, call, &format!("event: message\ndata: {GOOD}\n\n")), Good),
    row("the answer without a name for the event", |call, stream| say(stream, call, &format!("data: {GOOD}\n\n")), Good),
    row("lines that end in CR LF", |call, stream| say(stream, call, &format!("event: message\r\ndata: {GOOD}\r\n\r\n")), Good),
    row("lines that end in CR", |call, stream| say(stream, call, &format!("event: message\rdata: {GOOD}\r\r")), Good),
    row("the answer in pieces", |call, stream| spoken(&format!("data: {GOOD}\n\n"), call).into_iter().for_each(|byte| stream.say([byte])), Good),
    row("events of other names before the answer", |call, stream| say(stream, call, &format!("event: ping\ndata: now\n\nevent: log\ndata: {{}}\n\ndata: {GOOD}\n\n")), Good),
    row("the answer in an event of another name", |call, stream| say(stream, call, &format!("event: result\ndata: {GOOD}\n\n")), TimedOut),
    row("comments before the answer", |call, stream| { stream.say(": keep alive\n\n".repeat(10_000)); stream.honestly(&renamed(call)); }, Good),
    row("HTML in an event", |call, stream| say(stream, call, &format!("data: <html></html>\n\ndata: {GOOD}\n\n")), Good),
    row("an event without its blank line, then the end", |call, stream| { say(stream, call, &format!("data: {GOOD}\n")); stream.end(); }, Closed),
    row("half an event, then the end", |_call, stream| { stream.say("data: {\"jsonrpc\""); stream.end(); }, Closed),
    row("the end instead of an answer", |_call, stream| stream.end(), Closed),
    row("the end right behind the answer", |call, stream| { stream.honestly(&renamed(call)); stream.end(); }, Good),
    row("another address to post to", |call, stream| say(stream, call, &format!("event: endpoint\ndata: http://127.0.0.1:9/evil\n\ndata: {GOOD}\n\n")), Good),
    row("an event longer than may be, with the id in it", |call, stream| say(stream, call, &format!("data: {{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{{\"x\":\"{}\"}}}}\n\n", "x".repeat(1 << 18))), Overloaded),
    row("a wish to come back at once, and the end", |_call, stream| { stream.say("retry: 0\n\n"); stream.end(); }, Closed),
    row("a wish to come back in a year, and the end", |_call, stream| { stream.say("retry: 31536000000\n\n"); stream.end(); }, Closed),
    row("silence", |_call, _stream| {}, TimedOut),
    row("the answer twice", |call, stream| { stream.honestly(&renamed(call)); stream.honestly(&renamed(call)); }, Good),
    row("ten thousand notifications before the answer", |call, stream| { for _ in 0..10_000 { stream.event("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{\"level\":\"info\",\"data\":1}}"); } stream.honestly(&renamed(call)); }, Good),
];

const fn row(name: &'static str, does: fn(&Value, &Stream), want: Want) -> Row {
    Row { name, does, want }
}

fn say(stream: &Stream, call: &Value, words: &str) {
    stream.say(spoken(words, call));
}

/// The call as one of the tool `good`.
fn renamed(call: &Value) -> Value {
    let mut call = call.clone();
    call["params"]["name"] = "good".into();
    call
}

fn limits() -> Limits {
    quick().event_bytes(64 * 1024)
}

async fn connect(web: &Web) -> bowline::Result<Client> {
    Client::builder().limits(limits()).connect(web.url()).await
}

#[tokio::test]
async fn what_may_stand_on_the_stream() {
    let mut running = JoinSet::new();
    for row in ROWS {
        running.spawn(async move {
            match tokio::time::timeout(Duration::from_secs(60), run(row)).await {
                Ok(wrong) => wrong,
                Err(_) => Some(format!("{}: never comes to an end", row.name)),
            }
        });
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn run(row: &'static Row) -> Option<String> {
    let web = old::server(OPENING, move |message, stream| async move {
        if message["params"]["name"] == "row" {
            (row.does)(&message, &stream);
        } else {
            stream.honestly(&message);
        }
    })
    .await;
    let client = connect(&web).await.unwrap();
    assert_eq!(client.protocol_version(), OLD);
    let mut state = client.state();
    // Those that are answered must not depend on how busy the machine is.
    let idle = if matches!(row.want, TimedOut) { 500 } else { 20_000 };
    let got = call_within(&client, "row", Duration::from_millis(idle)).await;
    if row.name.starts_with("the end right behind") {
        // A call that is on its way when the stream ends may have been handled, and is not made again.
        tokio::time::timeout(Duration::from_secs(10), state.changed()).await.unwrap().unwrap();
    }
    works(&client, row.name).await;
    let want = match row.want {
        Good => Got::Said("good".into()),
        TimedOut => Got::TimedOut,
        Closed => Got::Closed,
        Overloaded => Got::Overloaded,
    };
    let posted: Vec<_> = web.heard().into_iter().filter(|heard| heard.verb == "POST").collect();
    assert!(posted.iter().all(|heard| heard.path != "/evil"), "{}", row.name);
    (got != want).then(|| format!("{}: {got}, want {want}", row.name))
}

#[tokio::test]
async fn the_address_to_post_to_is_one_of_the_same_origin() {
    let addresses = [
        "event: endpoint\ndata: http://127.0.0.1:9/messages\n\n",
        "event: endpoint\ndata: https://example.com/messages\n\n",
        "event: endpoint\ndata: //example.com/messages\n\n",
        "event: endpoint\ndata: file:///etc/passwd\n\n",
        "event: endpoint\ndata: javascript:alert(1)\n\n",
        "event: endpoint\ndata: \n\n",
        "event: endpoint\ndata: /a b\n\n",
    ];
    for opening in addresses {
        let web =
            old::server(opening, |message, stream| async move { stream.honestly(&message) }).await;
        let connected = tokio::time::timeout(Duration::from_secs(30), connect(&web)).await;
        assert!(connected.unwrap().is_err(), "{opening:?}");
    }
}

#[tokio::test]
async fn messages_that_are_not_taken_fail_their_call() {
    // The address is there, but what is posted to it is turned away.
    for (status, want) in [
        ("400 Bad Request", Got::Bad),
        ("404 Not Found", Got::Closed),
        ("500 Oops", Got::Bad),
        ("503 Busy", Got::Overloaded),
    ] {
        let web = refusing(status).await;
        let client = connect(&web).await.unwrap();
        let got = call_within(&client, "row", Duration::from_secs(5)).await;
        assert_eq!(got, want, "{status}");
        works(&client, status).await;
    }
}

/// A server that answers everything but calls of `row`, which it turns away.
async fn refusing(status: &'static str) -> Web {
    let stream = Stream::default();
    Web::new(move |mut exchange| {
        let stream = stream.clone();
        async move {
            if exchange.heard.calls("row") {
                exchange.respond(status, TEXT, "no").await;
                return exchange;
            }
            old::answer(exchange, OPENING, &stream, |message, stream| async move {
                stream.honestly(&message);
            })
            .await
        }
    })
    .await
}

#[tokio::test]
async fn a_stream_that_tells_no_address_is_given_up() {
    let openings =
        ["", ": nothing\n\n", "data: /messages?session=1\n\n", "event: message\ndata: {}\n\n"];
    let mut running = JoinSet::new();
    for opening in openings {
        running.spawn(async move {
            let web =
                old::server(opening, |message, stream| async move { stream.honestly(&message) })
                    .await;
            let connected = tokio::time::timeout(Duration::from_secs(120), connect(&web)).await;
            assert!(connected.unwrap().is_err(), "{opening:?}");
        });
    }
    running.join_all().await;
}
