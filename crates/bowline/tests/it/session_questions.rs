//! Questions to the client of a session: put while the call runs, answered well, badly or never.

use crate::session_server::{name, server};
use crate::session_wire::{Client, VERSIONS, named, outcome};
use bowline::protocol::limits::Limits;
use bowline::types::tool::Tool;
use bowline::{Context, Server};
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const VERSION: &str = "2025-11-25";

async fn open() -> Client {
    Client::open(&server().0, Limits::local(), VERSION).await
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_until_the_client_says_that_it_is_ready() {
    for version in ["2025-06-18", "2025-11-25"] {
        let mut client = Client::new(&server().0, Limits::local());
        client.initialize(version).await;
        let call = client.call("name").await;
        assert_eq!(client.hear_for(60 * SECOND).await, [Value::Null; 0]);
        client.notify("notifications/initialized", &json!({})).await;
        let asked = client.next().await;
        assert_eq!(asked["method"], "elicitation/create");
        client.answer(&asked["id"], &named("Ada")).await;
        let answer = client.next().await;
        assert_eq!((&answer["id"], outcome(&answer).as_str()), (&json!(call), "Hello, Ada!"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_answers_is_given_up_and_its_client_told() {
    let limits = Limits::local().person_timeout(90 * SECOND);
    let mut client = Client::open(&server().0, limits, VERSION).await;
    client.call("name").await;
    let asked = client.next().await;
    let start = Instant::now();
    let given_up = client.next().await;
    assert_eq!(start.elapsed(), 90 * SECOND);
    assert_eq!(given_up["method"], "notifications/cancelled");
    assert_eq!(given_up["params"]["requestId"], asked["id"]);
    let answer = client.next().await;
    assert_eq!(outcome(&answer), "tool error: nobody answered `name` within 90 seconds");
    // Too late.
    client.answer(&asked["id"], &named("Ada")).await;
    assert_eq!(client.hear().await, [Value::Null; 0]);
}

/// What a call of `name` ends with when its question is answered by these lines, `ID` standing for its id.
async fn answered(lines: &[&str]) -> String {
    let limits = Limits::local().person_timeout(60 * SECOND);
    let mut client = Client::open(&server().0, limits, VERSION).await;
    let call = client.call("name").await;
    let asked = client.next().await;
    for line in lines {
        client.say(&line.replace("ID", &asked["id"].to_string())).await;
    }
    let mut said = Vec::new();
    for message in client.hear_for(61 * SECOND).await {
        said.push(match message["method"].as_str() {
            Some(method) => method.to_owned(),
            None if message["id"] == call => outcome(&message),
            None => format!("error {} for {}", message["error"]["code"], message["id"]),
        });
    }
    assert_eq!(client.ask("ping", &json!({})).await["result"], json!({}));
    said.join(" | ")
}

#[tokio::test(start_paused = true)]
async fn whatever_comes_back_the_call_ends_once_and_the_session_goes_on() {
    let good = r#"{"jsonrpc":"2.0","id":ID,"result":{"action":"accept","content":{"name":"Ada"}}}"#;
    let other =
        r#"{"jsonrpc":"2.0","id":ID,"result":{"action":"accept","content":{"name":"Eve"}}}"#;
    let rows: Vec<(&str, Vec<&str>)> = vec![
        ("an answer", vec![good]),
        ("two answers", vec![good, other]),
        (
            "a wrong id first",
            vec![
                r#"{"jsonrpc":"2.0","id":99,"result":{"action":"accept","content":{"name":"Eve"}}}"#,
                good,
            ],
        ),
        (
            "its id as text first",
            vec![
                r#"{"jsonrpc":"2.0","id":"ID","result":{"action":"accept","content":{"name":"Eve"}}}"#,
                good,
            ],
        ),
        ("only a wrong id", vec![r#"{"jsonrpc":"2.0","id":99,"result":{}}"#]),
        ("declined", vec![r#"{"jsonrpc":"2.0","id":ID,"result":{"action":"decline"}}"#]),
        ("cancelled", vec![r#"{"jsonrpc":"2.0","id":ID,"result":{"action":"cancel"}}"#]),
        (
            "refused by a person",
            vec![r#"{"jsonrpc":"2.0","id":ID,"error":{"code":-1,"message":"User rejected"}}"#],
        ),
        (
            "not known",
            vec![
                r#"{"jsonrpc":"2.0","id":ID,"error":{"code":-32601,"message":"Method not found"}}"#,
            ],
        ),
        (
            "an error that names nothing, then an answer",
            vec![r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}"#, good],
        ),
        (
            "a form that is not filled in",
            vec![
                r#"{"jsonrpc":"2.0","id":ID,"result":{"action":"accept","content":{"nom":"Ada"}}}"#,
            ],
        ),
        (
            "an action that does not exist",
            vec![r#"{"jsonrpc":"2.0","id":ID,"result":{"action":"maybe"}}"#],
        ),
        ("an empty result", vec![r#"{"jsonrpc":"2.0","id":ID,"result":{}}"#]),
        ("a result that is a text", vec![r#"{"jsonrpc":"2.0","id":ID,"result":"Ada"}"#]),
        (
            "a result and an error",
            vec![r#"{"jsonrpc":"2.0","id":ID,"result":{},"error":{"code":1,"message":"both"}}"#],
        ),
        ("an error without a code", vec![r#"{"jsonrpc":"2.0","id":ID,"error":{"message":"hm"}}"#]),
        ("a broken line, then an answer", vec!["{\"jsonrpc\":", good]),
        ("no answer", vec![]),
    ];
    let mut table = String::new();
    for (name, lines) in rows {
        writeln!(table, "{name}: {}", answered(&lines).await).unwrap();
    }
    expect![[r#"
        an answer: Hello, Ada!
        two answers: Hello, Ada!
        a wrong id first: Hello, Ada!
        its id as text first: Hello, Ada!
        only a wrong id: notifications/cancelled | tool error: nobody answered `name` within 60 seconds
        declined: tool error: the user declined `name`
        cancelled: tool error: the user cancelled `name`
        refused by a person: tool error: the user declined `name`
        not known: tool error: the client refused `name` with error -32601: Method not found
        an error that names nothing, then an answer: Hello, Ada!
        a form that is not filled in: -32602: the answer to question `name` is not usable: content.name: missing
        an action that does not exist: -32602: the answer to question `name` is not usable: unknown action "maybe"
        an empty result: -32602: the answer to question `name` is not usable: action: missing field
        a result that is a text: -32602: the answer to question `name` is not usable: `result` must be an object
        a result and an error: -32602: the answer to question `name` is not usable: a response has a `result` or an `error`, never both
        an error without a code: -32602: the answer to question `name` is not usable: code: missing field
        a broken line, then an answer: error -32700 for null | Hello, Ada!
        no answer: notifications/cancelled | tool error: nobody answered `name` within 60 seconds
    "#]].assert_eq(&table);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_lets_a_question_go_tells_its_client() {
    let mut client = open().await;
    client.call("impatient").await;
    let asked = client.next().await;
    let given_up = client.next().await;
    assert_eq!(given_up["method"], "notifications/cancelled");
    assert_eq!(given_up["params"]["requestId"], asked["id"]);
    assert_eq!(outcome(&client.next().await), "nobody there");
}

#[tokio::test(start_paused = true)]
async fn joined_questions_are_put_together_and_answered_in_any_order() {
    let mut client = open().await;
    client.call("names").await;
    let asked = client.hear().await;
    let keys: Vec<_> = asked.iter().map(|one| &one["params"]["_meta"]["bowline/key"]).collect();
    assert_eq!(keys, ["one", "two"]);
    client.answer(&asked[1]["id"], &named("Bea")).await;
    assert_eq!(client.hear().await, [Value::Null; 0]);
    client.answer(&asked[0]["id"], &named("Ada")).await;
    assert_eq!(outcome(&client.next().await), "Ada and Bea");
}

#[tokio::test(start_paused = true)]
async fn the_time_in_which_a_client_thinks_is_not_the_handlers() {
    // Two naps of 400 ms each in a handler that has a second.
    let server: Server = server().0.handler_timeout(SECOND);
    let mut client = Client::open(&server, Limits::local(), VERSION).await;
    client.call("slow name").await;
    let asked = client.next().await;
    assert_eq!(client.hear_for(300 * SECOND).await, [Value::Null; 0]);
    client.answer(&asked["id"], &named("Ada")).await;
    assert_eq!(outcome(&client.next().await), "Ada");
    client.call("hang").await;
    let start = Instant::now();
    assert!(outcome(&client.next().await).contains("handler ran out of time"));
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_gives_up_its_questions_first_and_sends_nothing_more() {
    let (server, alive) = server();
    let mut client = Client::open(&server, Limits::local(), VERSION).await;
    let call = client.call("name").await;
    let asked = client.next().await;
    client.cancel(call).await;
    let said = client.hear_for(SECOND).await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert_eq!(said[0]["method"], "notifications/cancelled");
    assert_eq!(said[0]["params"]["requestId"], asked["id"]);
    assert_eq!(alive.now(), 0);
    client.answer(&asked["id"], &named("Ada")).await;
    assert_eq!(client.hear_for(SECOND).await, [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_stream_ends_open_questions_at_once() {
    for version in VERSIONS {
        let (server, alive) = server();
        let mut client = Client::open(&server, Limits::local(), version).await;
        let call = client.call("sample").await;
        client.call("hang").await;
        client.next().await;
        let start = Instant::now();
        let rest = client.end_input().await;
        // The call that hangs goes on for a while, as without a session.
        assert!(start.elapsed() < 6 * SECOND, "{:?}", start.elapsed());
        let answers: Vec<Value> =
            rest.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        let last = answers.last().unwrap();
        assert_eq!(last["id"], call, "{rest:?}");
        assert_eq!(outcome(last), "tool error: the session ended before the client answered");
        client.running.wait().await.unwrap();
        assert_eq!((alive.now(), server.listeners()), (0, 0));
        let left = tokio::runtime::Handle::current().metrics().num_alive_tasks();
        assert_eq!(left, 0, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn closing_the_server_gives_the_client_until_the_deadline_to_answer() {
    for answers in [true, false] {
        let (server, alive) = server();
        let mut client = Client::open(&server, Limits::local(), VERSION).await;
        client.call("name").await;
        let asked = client.next().await;
        let Client { mut running, mut stream, .. } = client;
        let talking = async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            tokio::time::sleep(SECOND).await;
            if answers {
                let line = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": named("Ada") });
                stream.write_all(format!("{line}\n").as_bytes()).await.unwrap();
            }
            let mut said = String::new();
            stream.read_to_string(&mut said).await.unwrap();
            said
        };
        let start = Instant::now();
        let (closed, said) = tokio::join!(running.close(10 * SECOND), talking);
        closed.unwrap();
        assert_eq!(said.contains("Hello, Ada!"), answers, "{said}");
        let expected = if answers { SECOND } else { 10 * SECOND };
        assert!(start.elapsed() >= expected && start.elapsed() < expected + SECOND);
        assert_eq!((alive.now(), server.listeners()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_outlives_its_call_asks_nobody_and_takes_no_place() {
    let (sender, mut errors) = tokio::sync::mpsc::channel(1);
    let server = Server::new("test", "1").tool(Tool::new("abandon"), move |cx: Context| {
        let sender = sender.clone();
        async move {
            tokio::spawn(async move {
                tokio::time::sleep(SECOND).await;
                sender.send(name(&cx, "name").await.unwrap_err()).await.unwrap();
            });
            "gone"
        }
    });
    let mut client = Client::open(&server, Limits::local(), VERSION).await;
    client.call("abandon").await;
    assert_eq!(outcome(&client.next().await), "gone");
    let start = Instant::now();
    let error = errors.recv().await.unwrap();
    assert!(error.is_closed() && start.elapsed() <= SECOND, "{error:?}");
    assert_eq!(client.hear_for(SECOND).await, [Value::Null; 0]);
}
