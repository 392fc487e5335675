//! Messages that should not be, over every transport: what the caller gets, and that the next call works.

use crate::deliver::{Delivery, Pair};
use crate::outcome::Got;
use std::time::Duration;
use tokio::task::JoinSet;

/// What a server says to a call, and what comes of it.
struct Row {
    name: &'static str,
    says: &'static [&'static str],
    line: Want,
    json: Want,
    event: Want,
    old: Want,
}

/// What the caller gets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Want {
    /// The good result.
    Good,
    /// Another result, with this text.
    Text(&'static str),
    /// [`bowline::Error::is_bad_answer`]
    Bad,
    /// [`bowline::Error::is_timeout`]: what came is no answer to this call, and nothing else comes.
    Late,
    /// [`bowline::Error::is_closed`]: the stream of this call ended without an answer.
    Gone,
    /// The error of the server, with this code.
    Rpc(i64),
    /// This transport cannot say it.
    Never,
}

use Want::{Bad, Gone, Good, Late, Never, Rpc, Text};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    // One that is good, so that the table is known to work.
    row("a good answer", &[r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Good, Good, Good),
    row("its members in another order", &[r#"{"result":$GOOD,"id":$ID,"jsonrpc":"2.0"}"#], Good, Good, Good, Good),
    row("white space between all tokens", &["{ \"jsonrpc\" :\t\"2.0\" , \"id\" : $ID , \"result\" : $GOOD }"], Good, Good, Good, Good),
    row("keys that are escaped", &[r#"{"json\u0072pc":"2.0","\u0069d":$ID,"resul\u0074":$GOOD}"#], Good, Good, Good, Good),
    row("members nobody knows", &[r#"{"jsonrpc":"2.0","id":$ID,"x":{"id":99},"result":$GOOD}"#], Good, Good, Good, Good),

    // Ids.
    row("the id as a string", &[r#"{"jsonrpc":"2.0","id":"$ID","result":$GOOD}"#], Late, Bad, Bad, Late),
    row("a null id", &[r#"{"jsonrpc":"2.0","id":null,"result":$GOOD}"#], Late, Bad, Bad, Late),
    row("no id", &[r#"{"jsonrpc":"2.0","result":$GOOD}"#], Late, Bad, Bad, Late),
    row("a fraction as the id", &[r#"{"jsonrpc":"2.0","id":$ID.5,"result":$GOOD}"#], Late, Bad, Bad, Late),
    row("another id", &[r#"{"jsonrpc":"2.0","id":1$ID,"result":$GOOD}"#], Late, Bad, Bad, Late),
    row("a negative id", &[r#"{"jsonrpc":"2.0","id":-$ID,"result":$GOOD}"#], Late, Bad, Bad, Late),
    row("an id beyond 64 bits", &[r#"{"jsonrpc":"2.0","id":99999999999999999999999,"result":$GOOD}"#], Late, Bad, Bad, Late),
    row("an object as the id", &[r#"{"jsonrpc":"2.0","id":{"id":$ID},"result":$GOOD}"#], Late, Bad, Bad, Late),
    row("a boolean as the id", &[r#"{"jsonrpc":"2.0","id":true,"result":$GOOD}"#], Late, Bad, Bad, Late),
    row("an error without an id", &[r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"parse error"}}"#], Late, Rpc(-32700), Rpc(-32700), Late),
    row("the answer of another call, then the right one", &[r#"{"jsonrpc":"2.0","id":1$ID,"result":{"content":[]}}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),

    // Envelopes.
    row("a result and an error", &[r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD,"error":{"code":1,"message":"m"}}"#], Bad, Bad, Bad, Bad),
    row("neither result nor error", &[r#"{"jsonrpc":"2.0","id":$ID}"#], Late, Bad, Gone, Late),
    row("a method beside the result", &[r#"{"jsonrpc":"2.0","id":$ID,"method":"x","result":$GOOD}"#], Bad, Bad, Bad, Bad),
    row("no version of JSON-RPC", &[r#"{"id":$ID,"result":$GOOD}"#], Bad, Bad, Bad, Bad),
    row("JSON-RPC 1.0", &[r#"{"jsonrpc":"1.0","id":$ID,"result":$GOOD}"#], Bad, Bad, Bad, Bad),
    row("the version as a number", &[r#"{"jsonrpc":2.0,"id":$ID,"result":$GOOD}"#], Bad, Bad, Bad, Bad),
    row("two ids", &[r#"{"jsonrpc":"2.0","id":$ID,"id":$ID,"result":$GOOD}"#], Late, Bad, Bad, Late),
    row("two results", &[r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD,"result":$GOOD}"#], Bad, Bad, Bad, Bad),
    row("two results, one escaped", &[r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD,"resul\u0074":$GOOD}"#], Bad, Bad, Bad, Bad),
    row("an array", &["[1,2,3]"], Late, Bad, Bad, Late),
    row("an empty array", &["[]"], Late, Bad, Bad, Late),
    row("a text", &[r#""good""#], Late, Bad, Bad, Late),
    row("a number", &["200"], Late, Bad, Bad, Late),
    row("null", &["null"], Late, Bad, Bad, Late),
    row("an empty object", &["{}"], Late, Bad, Gone, Late),
    row("a batch of one", &[r#"[{"jsonrpc":"2.0","id":$ID,"result":$GOOD}]"#], Late, Bad, Bad, Late),
    row("a request instead of an answer", &[r#"{"jsonrpc":"2.0","id":$ID,"method":"tools/list"}"#], Late, Bad, Gone, Late),
    row("a notification instead of an answer", &[r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#], Late, Bad, Gone, Late),

    // What is no JSON.
    row("half an object", &[r#"{"jsonrpc":"2.0","id":$ID,"result":"#], Bad, Bad, Bad, Bad),
    row("a comma too many", &[r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD,}"#], Bad, Bad, Bad, Bad),
    row("single quotes", &[r"{'jsonrpc':'2.0','id':$ID,'result':{}}"], Late, Bad, Bad, Late),
    row("two objects in one", &[r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}{}"#], Bad, Bad, Bad, Bad),
    row("NaN", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"content":[],"structuredContent":NaN}}"#], Bad, Bad, Bad, Bad),
    row("half a pair of surrogates", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"\ud800"}]}}"#], Bad, Bad, Bad, Bad),
    row("bytes that are no UTF-8", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"$FF"}]}}"#], Late, Bad, Bad, Late),
    row("a control character in a text", &["{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":{\"content\":[{\"type\":\"text\",\"text\":\"\u{1}\"}]}}"], Bad, Bad, Bad, Bad),
    row("HTML", &["<!DOCTYPE html><html><body>Bad Gateway</body></html>"], Late, Bad, Bad, Late),

    // Errors.
    row("an error of its own", &[r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":-32000,"message":"no"}}"#], Rpc(-32000), Rpc(-32000), Rpc(-32000), Rpc(-32000)),
    row("an error that is a text", &[r#"{"jsonrpc":"2.0","id":$ID,"error":"no"}"#], Bad, Bad, Bad, Bad),
    row("an error without a code", &[r#"{"jsonrpc":"2.0","id":$ID,"error":{"message":"no"}}"#], Bad, Bad, Bad, Bad),
    row("a code that is a text", &[r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":"E1","message":"no"}}"#], Bad, Bad, Bad, Bad),
    row("a code that is a fraction", &[r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":1.5,"message":"no"}}"#], Bad, Bad, Bad, Bad),
    row("an error that is null", &[r#"{"jsonrpc":"2.0","id":$ID,"error":null}"#], Bad, Bad, Bad, Bad),

    // Results.
    row("a result that is null", &[r#"{"jsonrpc":"2.0","id":$ID,"result":null}"#], Bad, Bad, Bad, Bad),
    row("a result that is a text", &[r#"{"jsonrpc":"2.0","id":$ID,"result":"good"}"#], Bad, Bad, Bad, Bad),
    row("a result that is a list", &[r#"{"jsonrpc":"2.0","id":$ID,"result":[]}"#], Bad, Bad, Bad, Bad),
    row("a result of another method", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","tools":[]}}"#], Bad, Bad, Bad, Bad),
    row("content that is no list", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","content":"good"}}"#], Bad, Bad, Bad, Bad),
    row("a wrong kind in isError", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","content":[],"isError":"yes"}}"#], Bad, Bad, Bad, Bad),
    row("no resultType", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"good"}]}}"#], Good, Good, Good, Good),
    row("a resultType nobody knows", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"maybe","content":[]}}"#], Bad, Bad, Bad, Never),
    row("a resultType that is a number", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":1,"content":[]}}"#], Bad, Bad, Bad, Never),
    row("a wish for input without a wish", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"input_required"}}"#], Bad, Bad, Bad, Never),
    row("a wish for input of the wrong shape", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"input_required","inputRequests":[]}}"#], Bad, Bad, Bad, Never),
    row("content of a kind nobody knows", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","content":[{"type":"text","text":"kept"},{"type":"hologram","of":1}]}}"#], Text("kept"), Text("kept"), Text("kept"), Text("kept")),
    row("a role nobody knows", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","content":[{"type":"text","text":"kept","annotations":{"audience":["robot"]}}]}}"#], Text("kept"), Text("kept"), Text("kept"), Text("kept")),
    row("broken content beside good", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","content":[5,{"type":"text"},{"type":"text","text":"kept"}]}}"#], Text("kept"), Text("kept"), Text("kept"), Text("kept")),
    row("an action beside the content", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","action":"accept","content":[{"type":"text","text":"kept"}]}}"#], Text("kept"), Text("kept"), Text("kept"), Text("kept")),
    row("the members of a prompt beside the content", &[r#"{"jsonrpc":"2.0","id":$ID,"result":{"resultType":"complete","messages":[],"tools":[],"content":[{"type":"text","text":"kept"}]}}"#], Text("kept"), Text("kept"), Text("kept"), Text("kept")),

    // Answers too many.
    row("the answer twice", &[r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":{"content":[{"type":"text","text":"again"}]}}"#], Good, Never, Good, Good),
    row("the answer, then an error", &[r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#, r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":1,"message":"no"}}"#], Good, Never, Good, Good),
    row("an error, then the answer", &[r#"{"jsonrpc":"2.0","id":$ID,"error":{"code":1,"message":"no"}}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Rpc(1), Never, Rpc(1), Rpc(1)),

    // What comes before the answer.
    row("noise before the answer", &["200", "[]", "{}", r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("a notification nobody knows", &[r#"{"jsonrpc":"2.0","method":"notifications/x/y","params":{"a":1}}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("notifications of the wrong shape", &[r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"loud"}}"#, r#"{"jsonrpc":"2.0","method":"notifications/progress","params":5}"#, r#"{"jsonrpc":"2.0","method":"notifications/resources/updated"}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("progress of somebody else", &[r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"x","progress":1}}"#, r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1$ID,"progress":1}}"#, r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":{},"progress":1}}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("a cancellation of the call", &[r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":$ID}}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("a cancellation of the wrong shape", &[r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":[]}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("a question of a method nobody knows", &[r#"{"jsonrpc":"2.0","id":"q","method":"x/y","params":{}}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("questions that were not declared", &[r#"{"jsonrpc":"2.0","id":"q","method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}"#, r#"{"jsonrpc":"2.0","id":"r","method":"roots/list"}"#, r#"{"jsonrpc":"2.0","id":"s","method":"elicitation/create","params":{"message":"m","requestedSchema":{"type":"object","properties":{}}}}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("a question without an id that can be", &[r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, r#"{"jsonrpc":"2.0","id":[],"method":"ping"}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
    row("the same question twice", &[r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#, r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#, r#"{"jsonrpc":"2.0","id":$ID,"result":$GOOD}"#], Good, Never, Good, Good),
];

const fn row(
    name: &'static str,
    says: &'static [&'static str],
    line: Want,
    json: Want,
    event: Want,
    old: Want,
) -> Row {
    Row { name, says, line, json, event, old }
}

#[tokio::test(start_paused = true)]
async fn as_lines() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let pair = Pair::new(Delivery::Line, row.says).await;
        wrong.extend(judge(row, row.line, &pair.run(row.name, idle(row.line)).await));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
#[cfg(feature = "http")]
async fn as_bodies() {
    over_sockets(Delivery::Json, |row| row.json).await;
}

#[tokio::test]
#[cfg(feature = "http")]
async fn as_events() {
    over_sockets(Delivery::Event, |row| row.event).await;
}

#[tokio::test]
#[cfg(all(feature = "http", not(modern_only)))]
async fn as_events_of_the_oldest_transport() {
    over_sockets(Delivery::OldEvent, |row| row.old).await;
}

/// Runs all rows at once, each with a server of its own: those that time out take their time together.
async fn over_sockets(delivery: Delivery, want: fn(&Row) -> Want) {
    let mut running = JoinSet::new();
    for row in ROWS.iter().filter(|row| want(row) != Never) {
        running.spawn(async move {
            let run = async {
                let pair = Pair::new(delivery, row.says).await;
                pair.run(row.name, idle(want(row))).await
            };
            match tokio::time::timeout(Duration::from_secs(60), run).await {
                Ok(got) => judge(row, want(row), &got),
                Err(_) => Some(format!("{}: never comes to an end", row.name)),
            }
        });
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How long to wait: what is answered must not depend on how busy the machine is.
fn idle(want: Want) -> Duration {
    if want == Late { Duration::from_millis(400) } else { Duration::from_secs(20) }
}

/// What is wrong with an outcome.
fn judge(row: &Row, want: Want, got: &Got) -> Option<String> {
    let want = match want {
        Good => Got::Said("good".into()),
        Text(text) => Got::Said(text.into()),
        Bad => Got::Bad,
        Late => Got::TimedOut,
        Gone => Got::Closed,
        Rpc(code) => Got::Rpc(code),
        Never => return None,
    };
    (want != *got).then(|| format!("{}: {got}, want {want}", row.name))
}
