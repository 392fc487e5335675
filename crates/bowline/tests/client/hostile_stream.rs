//! Bytes that should not be on a stream of lines: what the caller gets, and that the next call works.

use crate::deliver::{quick, spoken};
use crate::honest;
use crate::outcome::{Faults, Got, call, call_within, settle, works};
use crate::script::{Peer, Script};
use bowline::client::Target;
use bowline::protocol::limits::Limits;
use bowline::{Client, Result};
use serde_json::{Value, json};
use std::pin::Pin;
use std::time::Duration;

const GOOD: &str = r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#;

/// The longest line that the clients of this table read.
const LONGEST: usize = 4096;

/// What the server does when the tool `row` is called for the first time. All else it does honestly.
struct Row {
    name: &'static str,
    does: Does,
    want: Want,
}

/// As bytes, which `$ID` and `$GOOD` are put into, or as a deed.
enum Does {
    Say(&'static str),
    Act(for<'a> fn(&'a mut Peer, &'a Value) -> Deed<'a>),
}

type Deed<'a> = Pin<Box<dyn Future<Output = End> + Send + 'a>>;

/// Whether the server ends the connection behind it.
#[derive(PartialEq)]
enum End {
    Stays,
    Leaves,
}

#[derive(Clone, Copy)]
enum Want {
    Good,
    Bad,
    TimedOut,
    Closed,
    Overloaded,
}

use Does::{Act, Say};
use End::{Leaves, Stays};
use Want::{Bad, Closed, Good, Overloaded, TimedOut};

macro_rules! act {
    (|$peer:ident, $call:ident| $body:expr) => {
        Act(|$peer, $call| Box::pin(async move { $body }))
    };
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // Noise around messages.
    row("a log line before the answer", Say("[INFO] calling good\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), Good),
    row("a log line in JSON", Say("{\"level\":\"info\",\"msg\":\"calling\"}\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), Good),
    row("colors of a terminal", Say("\u{1b}[31mred\u{1b}[0m\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), Good),
    row("blank lines", Say("\n\n \n\t\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n\n"), Good),
    row("lines that end in CR LF", Say("\r\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\r\n"), Good),
    row("white space around the message", Say("  \t{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD} \t\n"), Good),
    row("zero bytes on a line of their own", Say("\0\0\0\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), Good),
    row("bytes that are no UTF-8 on a line of their own", Say("$FF$FF\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), Good),
    row("headers of another protocol", Say("Content-Length: 40\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), Good),
    row("a log line glued to the answer", Say("done: {\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), TimedOut),
    row("a message over several lines", Say("{\"jsonrpc\":\"2.0\",\n\"id\":$ID,\n\"result\":$GOOD}\n"), TimedOut),
    row("two answers on one line", Say("{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":$GOOD}\n"), Bad),
    row("a hundred lines of noise", act!(|peer, call| { for _ in 0..100 { peer.say("noise\n").await; } good(peer, call).await; Stays }), Good),

    // Length.
    row("a line too long before the answer", act!(|peer, call| { peer.say("x".repeat(LONGEST + 1) + "\n").await; good(peer, call).await; Stays }), Good),
    row("a line of a megabyte", act!(|peer, call| { peer.say("x".repeat(1 << 20) + "\n").await; good(peer, call).await; Stays }), Good),
    row("an answer as long as may be", act!(|peer, call| { peer.line(&padded(call, LONGEST)).await; Stays }), Good),
    row("an answer longer by one byte", act!(|peer, call| { peer.line(&padded(call, LONGEST + 1)).await; Stays }), Overloaded),
    row("an answer far too long", act!(|peer, call| { peer.line(&padded(call, 64 * LONGEST)).await; Stays }), Overloaded),
    row("a line that does not end, until the client has given up", act!(|peer, _call| { for _ in 0..64 { peer.say("x".repeat(LONGEST)).await; } peer.until("notifications/cancelled").await; peer.say("\n").await; Stays }), TimedOut),
    row("a line that ends with the stream", act!(|peer, _call| { peer.say("x".repeat(64 * LONGEST)).await; Leaves }), Closed),
    row("nesting a hundred thousand deep", act!(|peer, call| { peer.line(&"[".repeat(LONGEST / 2)).await; peer.line(&"{\"a\":".repeat(LONGEST / 8)).await; good(peer, call).await; Stays }), Good),

    // Pieces.
    row("an answer byte by byte", act!(|peer, call| { for byte in spoken(GOOD, call) { peer.say([byte]).await; tokio::task::yield_now().await; } peer.say("\n").await; Stays }), Good),
    row("the answer and half a line", act!(|peer, call| { peer.say([spoken(GOOD, call), b"\n{\"jsonrpc\"".to_vec()].concat()).await; peer.say(":\"2.0\",\"method\":\"x/y\"}\n").await; Stays }), Good),

    // Ends.
    row("an exit instead of an answer", act!(|_peer, _call| Leaves), Closed),
    row("an exit right after the answer", act!(|peer, call| { good(peer, call).await; Leaves }), Good),
    row("an answer without its line feed, and an exit", act!(|peer, call| { peer.say(spoken(GOOD, call)).await; Leaves }), Good),
    row("an exit in the middle of the answer", act!(|peer, _call| { peer.say("{\"jsonrpc\":\"2.0\",\"id").await; Leaves }), Closed),
    row("an end of its output only", act!(|peer, _call| { peer.shut().await; while peer.next().await.is_some() {} Leaves }), Closed),

    // Silence.
    row("silence", act!(|_peer, _call| Stays), TimedOut),
    row("an answer after the client gave up", act!(|peer, call| { peer.until("notifications/cancelled").await; good(peer, call).await; Stays }), TimedOut),
    row("two answers after the client gave up", act!(|peer, call| { peer.until("notifications/cancelled").await; good(peer, call).await; good(peer, call).await; Stays }), TimedOut),

    // Floods.
    row("ten thousand notifications", act!(|peer, call| { for _ in 0..10_000 { peer.notify("notifications/tools/list_changed", json!({})).await; } good(peer, call).await; Stays }), Good),
    row("ten thousand log messages", act!(|peer, call| { for _ in 0..10_000 { peer.notify("notifications/message", json!({"level": "error", "data": "x"})).await; } good(peer, call).await; Stays }), Good),
    row("ten thousand lines of noise", act!(|peer, call| { for _ in 0..10_000 { peer.say("noise\n").await; } good(peer, call).await; Stays }), Good),
    row("ten thousand answers to nothing", act!(|peer, call| { for id in 0..10_000 { peer.send(&json!({"jsonrpc": "2.0", "id": 1_000_000 + id, "result": {}})).await; } good(peer, call).await; Stays }), Good),
];

const fn row(name: &'static str, does: Does, want: Want) -> Row {
    Row { name, does, want }
}

async fn good(peer: &mut Peer, call: &Value) {
    peer.answer(call, honest::says("good")).await;
}

/// A good answer that is so many bytes long.
fn padded(call: &Value, length: usize) -> String {
    let mut result = honest::says("good");
    result["padding"] = "".into();
    let short = honest::answer(call, result.clone()).to_string().len();
    result["padding"] = "x".repeat(length - short).into();
    honest::answer(call, result).to_string()
}

fn limits() -> Limits {
    quick().client_line_bytes(LONGEST)
}

async fn connect(script: &Script, faults: &Faults) -> Result<Client> {
    let builder = Client::builder().limits(limits()).on_error(faults.hear());
    builder.connect(Target::custom(script.clone())).await
}

#[tokio::test(start_paused = true)]
async fn what_may_stand_on_a_stream() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let script = Script::new(|peer| play(peer, row));
        let client = connect(&script, &Faults::default()).await.unwrap();
        let got = call_within(&client, "row", Duration::from_secs(5)).await;
        let want = match row.want {
            Good => Got::Said("good".into()),
            Bad => Got::Bad,
            TimedOut => Got::TimedOut,
            Closed => Got::Closed,
            Overloaded => Got::Overloaded,
        };
        if got != want {
            wrong.push(format!("{}: {got}, want {want}", row.name));
        }
        works(&client, row.name).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn play(mut peer: Peer, row: &'static Row) {
    loop {
        let call = peer.until_call("row").await;
        let end = match row.does {
            Say(bytes) => {
                peer.say(spoken(bytes, &call)).await;
                Stays
            }
            Act(act) => act(&mut peer, &call).await,
        };
        if end == Leaves {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_read_costs_a_timeout() {
    let script = Script::new(|mut peer| async move {
        peer.until_call("row").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        peer.honest().await;
    });
    let client = connect(&script.buffering(64), &Faults::default()).await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(async move { call_within(&client, "row", Duration::from_secs(5)).await });
    }
    assert!(calls.join_all().await.iter().all(|got| *got == Got::TimedOut));
    tokio::time::sleep(Duration::from_secs(60)).await;
    works(&client, "a minute without reading").await;
}

#[tokio::test(start_paused = true)]
async fn questions_that_nobody_waits_for_are_answered_without_piling_up() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("row").await;
        for id in 0..2_000 {
            peer.ask(json!(format!("q{id}")), "x/y", json!({})).await;
            // As fast as the answers are read, and no faster.
            peer.until_answer().await;
        }
        peer.answer(&call, honest::says("good")).await;
        peer.honest().await;
    });
    let client =
        connect(&script.clone().speaking(honest::LEGACY), &Faults::default()).await.unwrap();
    assert_eq!(call(&client, "row").await, Got::Said("good".into()));
    let answers: Vec<Value> =
        script.heard().into_iter().filter(|heard| heard.get("method").is_none()).collect();
    assert_eq!(answers.len(), 2_000);
    assert!(answers.iter().all(|answer| answer["error"]["code"] == -32601), "{:?}", answers[0]);
}

#[tokio::test(start_paused = true)]
async fn noise_is_reported_and_never_echoed_back_without_end() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("row").await;
        for _ in 0..1_000 {
            peer.say("noise\n").await;
        }
        peer.answer(&call, honest::says("good")).await;
        peer.honest().await;
    });
    let faults = Faults::default();
    let client = connect(&script, &faults).await.unwrap();
    assert_eq!(call(&client, "row").await, Got::Said("good".into()));
    settle().await;
    assert!(!faults.all().is_empty(), "on_error hears of noise");
    let replies = script.heard().iter().filter(|heard| heard.get("method").is_none()).count();
    assert!(replies <= 64, "{replies} replies to noise that has no id");
}

#[tokio::test(start_paused = true)]
async fn noise_before_the_first_message_is_no_reason_to_give_up() {
    for noise in ["\u{feff}", "\u{feff}\n", "starting…\n", "\n\r\n", "{}\n", "[]\n", "\0\n"] {
        let script = Script::new(move |mut peer| async move {
            peer.say(noise).await;
            peer.honest().await;
        });
        let connected = connect(&script, &Faults::default()).await;
        let client = connected.unwrap_or_else(|error| panic!("{noise:?}: {error}"));
        assert_eq!(client.protocol_version(), honest::MODERN, "{noise:?}");
        works(&client, noise).await;
    }
}
