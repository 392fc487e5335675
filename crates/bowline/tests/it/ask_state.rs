//! What clients carry from round to round, and what they cannot do with it.

use crate::support::{Client, NOT_VALID, accept, error, keys, state, text};
use bowline::types::tool::Tool;
use bowline::{Context, Principal, Server};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Args {
    file: String,
    version: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Text {
    text: String,
}

async fn ask(cx: Context, args: Args) -> bowline::Result<String> {
    let message = format!("Delete {}?", args.file);
    let mut texts = Vec::new();
    for at in 0..3 {
        texts.push(cx.elicit::<Text>(&format!("step{at}"), message.as_str()).await?.text);
    }
    Ok(texts.join(" "))
}

/// Seconds since 1970, as a server sees them.
#[derive(Clone, Default)]
struct Time(Arc<AtomicU64>);

impl Time {
    fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::Relaxed);
    }
}

fn server() -> (Server, Time) {
    let time = Time::default();
    time.pass(Duration::from_secs(1_800_000_000));
    let seen = time.clone();
    let server = Server::new("test", "1")
        .clock(move || UNIX_EPOCH + Duration::from_secs(seen.0.load(Ordering::Relaxed)))
        .request_state_keys([[7; 32]])
        .tool(Tool::new("ask"), ask)
        .tool(Tool::new("other"), ask);
    (server, time)
}

fn answer(at: usize) -> Value {
    json!({format!("step{at}"): accept(json!({"text": format!("t{at}")}))})
}

/// The call as a client repeats it: `(what is different, its params)`.
fn params(tool: &str, arguments: Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}

#[tokio::test]
async fn a_state_counts_for_the_same_request_only() {
    let (server, _) = server();
    let client = Client::new(&server);
    let arguments = json!({"file": "a.txt", "version": 1});
    let asked = client.request("tools/call", params("ask", arguments.clone())).await;
    for other in [
        params("other", arguments.clone()),
        params("ask", json!({"file": "b.txt", "version": 1})),
        params("ask", json!({"file": "a.txt", "version": 2})),
        params("ask", json!({"file": "a.txt"})),
        params("ask", json!({"file": "a.txt", "version": 1, "more": null})),
        json!({"name": "ask"}),
    ] {
        let refused = client.retry_with(other.clone(), &asked, answer(0)).await;
        assert_eq!(error(&refused), NOT_VALID, "{other}");
    }
    for principal in
        [Principal::token("mallory", []), Principal::process("alice"), Principal::anonymous()]
    {
        let other = Client { principal, ..client.clone() };
        let refused = other.retry_with(params("ask", arguments.clone()), &asked, answer(0)).await;
        assert_eq!(error(&refused), NOT_VALID);
    }
    let next = client.retry_with(params("ask", arguments), &asked, answer(0)).await;
    assert_eq!(keys(&next), ["step1"]);
}

#[tokio::test]
async fn arguments_may_be_written_in_another_way() {
    let (server, _) = server();
    let client = Client::new(&server);
    let asked =
        client.request("tools/call", params("ask", json!({"file": "a", "version": 1}))).await;
    let text = format!(
        r#"{{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{{"requestState":"{}","inputResponses":{},
        "arguments":{{ "version" : 1, "file":"\u0061" }},"name":"ask","_meta":{{
        "io.modelcontextprotocol/protocolVersion":"2026-07-28",
        "io.modelcontextprotocol/clientCapabilities":{{"elicitation":{{}}}}}}}}}}"#,
        state(&asked),
        answer(0)
    );
    let exchange = bowline::transport::memory::answer(
        Arc::new(server),
        text,
        client.principal.clone(),
        Arc::new(client.limits.clone()),
    )
    .await;
    let next: Value = serde_json::from_slice(exchange.response.unwrap().as_bytes()).unwrap();
    assert_eq!(keys(&next), ["step1"]);
}

#[tokio::test]
async fn every_changed_character_is_noticed() {
    let (server, _) = server();
    let client = Client::new(&server);
    let asked = client.call("ask").await;
    let sealed = state(&asked).to_owned();
    let mut forged: Vec<String> = (0..sealed.len())
        .map(|at| {
            let other = if &sealed[at..=at] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &sealed[..at], &sealed[at + 1..])
        })
        .collect();
    forged.extend((0..sealed.len()).step_by(7).map(|length| sealed[..length].to_owned()));
    forged.extend(["{}", "AQ", "\u{0}", "é"].map(str::to_owned));
    forged.push(format!("{sealed}A"));
    forged.push("A".repeat(100_000));
    for state in forged {
        let params = json!({"name": "ask", "requestState": state, "inputResponses": answer(0)});
        let refused = client.request("tools/call", params).await;
        assert_eq!(error(&refused), NOT_VALID, "{state}");
    }
}

#[tokio::test]
async fn what_is_no_text_or_no_object_is_refused() {
    let (server, _) = server();
    let client = Client::new(&server);
    let asked = client.call("ask").await;
    for state in [json!(1), json!(null), json!({}), json!([])] {
        let params = json!({"name": "ask", "requestState": state});
        let refused = client.request("tools/call", params).await;
        assert_eq!(error(&refused), "-32602: params.requestState: expected a string");
    }
    for answers in [json!(1), json!([]), json!("x"), json!(null)] {
        let refused = client.retry("ask", &asked, answers).await;
        assert_eq!(error(&refused), "-32602: params.inputResponses: expected an object");
    }
}

#[tokio::test]
async fn a_state_expires() {
    let (server, time) = server();
    let client = Client::new(&server);
    let asked = client.call("ask").await;
    time.pass(client.limits.request_state_ttl - Duration::from_secs(1));
    let next = client.retry("ask", &asked, answer(0)).await;
    assert_eq!(keys(&next), ["step1"]);
    time.pass(Duration::from_secs(1));
    assert_eq!(error(&client.retry("ask", &asked, answer(0)).await), NOT_VALID);
    // Each round has its own time.
    assert_eq!(keys(&client.retry("ask", &next, answer(1)).await), ["step2"]);
}

#[tokio::test]
async fn the_eleventh_round_is_refused() {
    let (server, _) = server();
    let client = Client::new(&server);
    let mut asked = client.call("ask").await;
    for _ in 2..=10 {
        asked = client.retry("ask", &asked, json!({})).await;
        assert_eq!(keys(&asked), ["step0"]);
    }
    let refused = client.retry("ask", &asked, json!({})).await;
    assert_eq!(
        error(&refused),
        "-32602: this request has asked 10 times and still lacks a usable answer; ask again from the start"
    );
    // The tenth round may still be answered, if that is all.
    let stricter = Client { limits: client.limits.clone().rounds(9), ..client };
    assert_eq!(error(&stricter.retry("ask", &asked, answer(0)).await), NOT_VALID);
}

#[tokio::test]
async fn old_keys_open_and_unknown_ones_do_not() {
    let (server, _) = server();
    let client = Client::new(&server);
    let asked = client.call("ask").await;
    let server = server.request_state_keys([[8; 32], [7; 32]]);
    let next = client.retry("ask", &asked, answer(0)).await;
    assert_eq!(keys(&next), ["step1"]);
    let _server = server.request_state_keys([[8; 32]]);
    assert_eq!(error(&client.retry("ask", &asked, answer(0)).await), NOT_VALID);
    assert_eq!(keys(&client.retry("ask", &next, answer(1)).await), ["step2"]);
}

#[tokio::test]
async fn two_servers_share_rounds_by_sharing_keys_and_else_do_not() {
    let asked = Client::new(&server().0).call("ask").await;
    let twin = Client::new(&server().0);
    assert_eq!(keys(&twin.retry("ask", &asked, answer(0)).await), ["step1"]);
    let stranger = Client::new(&Server::new("test", "1").tool(Tool::new("ask"), ask));
    assert_eq!(error(&stranger.retry("ask", &asked, answer(0)).await), NOT_VALID);
}

#[test]
fn no_keys_at_all_are_a_fault() {
    let fault = Server::new("test", "1").request_state_keys([]).check().unwrap_err();
    assert_eq!(fault.to_string(), "request_state_keys needs at least one secret");
}

#[tokio::test]
async fn a_question_that_changed_is_asked_anew() {
    let price = Arc::new(AtomicU64::new(5));
    let shown = price.clone();
    let server = Server::new("test", "1").tool(Tool::new("buy"), move |cx: Context| {
        let price = shown.load(Ordering::Relaxed);
        async move {
            Ok::<_, bowline::Error>(cx.elicit::<Text>("ok", format!("Pay {price}?")).await?.text)
        }
    });
    let client = Client::new(&server);
    let yes = json!({"ok": accept(json!({"text": "yes"}))});
    let asked = client.call("buy").await;
    price.store(500, Ordering::Relaxed);
    let again = client.retry("buy", &asked, yes.clone()).await;
    assert_eq!(again["result"]["inputRequests"]["ok"]["params"]["message"], "Pay 500?");
    assert_eq!(text(&client.retry("buy", &again, yes).await), "yes");
}

#[tokio::test]
async fn answers_that_are_long_go_through_the_ledger() {
    let (server, time) = server();
    let client = Client::new(&server);
    let long = "x".repeat(60_000);
    let reply = |at: usize| json!({format!("step{at}"): accept(json!({"text": long}))});
    let first = client.call("ask").await;
    let second = client.retry("ask", &first, reply(0)).await;
    assert_eq!(keys(&second), ["step1"]);
    let short = client.limits.request_state_bytes;
    assert!(state(&second).len() <= short);
    assert!(state(&second).len() < 2_000, "{}", state(&second).len());
    let third = client.retry("ask", &second, reply(1)).await;
    assert_eq!(keys(&third), ["step2"]);
    assert!(state(&third).len() < 2_000);
    let done = client.retry("ask", &third, reply(2)).await;
    assert_eq!(text(&done).len(), 3 * 60_000 + 2);
    // The same state twice, with another answer.
    assert_eq!(text(&client.retry("ask", &third, answer(2)).await).len(), 2 * 60_000 + 4);

    // Another process has not the ledger of this one.
    let twin = Client::new(&self::server().0);
    assert_eq!(error(&twin.retry("ask", &third, reply(2)).await), NOT_VALID);
    time.pass(client.limits.request_state_ttl);
    assert_eq!(error(&client.retry("ask", &third, reply(2)).await), NOT_VALID);
}

#[tokio::test]
async fn a_full_ledger_ends_a_call_with_a_reference() {
    let (server, _) = server();
    let server = server.ledger(bowline::ask::MemoryLedger::new().bytes(1000, 1000));
    let client = Client::new(&server);
    let asked = client.call("ask").await;
    let long = json!({"step0": accept(json!({"text": "x".repeat(60_000)}))});
    let failed = client.retry("ask", &asked, long).await;
    assert_eq!(error(&failed), "-32603: client cannot be asked (reference 1)");
}
