//! One handler, every effect it can have, every protocol version.

use crate::session_server::Name;
use crate::session_wire::{Client, VERSIONS, initialize};
use bowline::protocol::limits::Limits;
use bowline::types::content::{ContentBlock, ResourceLink};
use bowline::types::input::{CreateMessageRequestParams, SamplingMessage};
use bowline::types::log::LoggingLevel;
use bowline::types::tool::{CallToolResult, Tool};
use bowline::{Context, Error, Result, Server};
use expect_test::expect;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Does all that a handler can do, and tells how each of it went.
async fn everything(cx: Context) -> CallToolResult {
    let mut told = Map::new();
    let mut note = |key: &str, how: Result<String>| {
        let how = how.unwrap_or_else(|error| {
            if error.is_unsupported() { "Unsupported".to_owned() } else { format!("{error:?}") }
        });
        told.insert(key.to_owned(), how.into());
    };
    note("form", cx.elicit::<Name>("form", "Who?").await.map(|name| name.name));
    let url = "https://example.com/login";
    note("url", cx.elicit_url("url", "Log in.", url).await.map(|did| did.to_string()));
    cx.elicitation_complete("url");
    let ask = || CreateMessageRequestParams::new(vec![SamplingMessage::user("Well?")], 9);
    note("sample", cx.sample("sample", ask()).await.map(|said| said.model));
    let with_tools = ask().tools(vec![Tool::new("t")]);
    note("tools", cx.sample("tools", with_tools).await.map(|said| said.model));
    note("roots", cx.roots("roots").await.map(|roots| format!("{} roots", roots.len())));
    cx.progress(1.0, 2.0, Some("nearly"));
    cx.log(LoggingLevel::Warning, "careful");
    let link = ResourceLink::new("note:1", "one");
    CallToolResult::new(vec![
        ContentBlock::text("done"),
        ContentBlock::resource_link(link),
        ContentBlock::audio("AAAA", "audio/wav"),
    ])
    .structured_content(Value::Object(told))
}

fn server() -> Server {
    // What it tells of itself is in its content too, for versions without structured content.
    Server::new("test", "1").tool(Tool::new("everything"), |cx: Context| async move {
        let mut result = everything(cx).await;
        let told = result.structured_content.clone().unwrap_or_default();
        result.content.push(ContentBlock::text(told.to_string()));
        Ok::<_, Error>(result)
    })
}

/// What the client says to a question.
fn reply(question: &Value) -> Value {
    match question["method"].as_str().unwrap() {
        "elicitation/create" if question["params"]["mode"] == "url" => {
            json!({ "action": "accept" })
        }
        "elicitation/create" => json!({ "action": "accept", "content": { "name": "Ada" } }),
        "sampling/createMessage" => {
            json!({ "role": "assistant", "content": { "type": "text", "text": "" }, "model": "m" })
        }
        _ => json!({ "roots": [{ "uri": "file:///tmp" }] }),
    }
}

/// What was said before the answer, shortly, and the answer.
async fn in_session(version: &str) -> (Vec<String>, Value) {
    let mut client = Client::open(&server(), Limits::local(), version).await;
    let params = json!({ "name": "everything", "_meta": { "progressToken": "p" } });
    let call = client.request("tools/call", &params).await;
    let (mut said, mut visit) = (Vec::new(), Value::Null);
    loop {
        let message = client.next().await;
        let Some(method) = message["method"].as_str() else {
            assert_eq!(message["id"], call);
            return (said, message["result"].clone());
        };
        let mut what = method.to_owned();
        let params = &message["params"];
        if message["id"].is_null() {
            if method == "notifications/elicitation/complete" {
                assert_eq!(params["elicitationId"], visit, "the visit that was asked for");
            }
        } else {
            if params["mode"] == "url" {
                visit = params["elicitationId"].clone();
                assert!(visit.is_string());
            }
            write!(what, " {}", params["mode"].as_str().unwrap_or("-")).unwrap();
            client.answer(&message["id"], &reply(&message)).await;
        }
        said.push(what);
    }
}

/// The same in the newest protocol version, where a question is a round.
async fn in_rounds() -> (Vec<String>, Value) {
    let mut client = Client::new(&server(), Limits::local());
    let mut params = json!({ "name": "everything", "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": initialize("")["capabilities"],
        "io.modelcontextprotocol/logLevel": "info",
        "progressToken": "p",
    } });
    let mut said = Vec::new();
    loop {
        client.request("tools/call", &params).await;
        let message = loop {
            let message = client.next().await;
            match message["method"].as_str() {
                Some(method) => said.push(method.to_owned()),
                None => break message,
            }
        };
        let result = &message["result"];
        if result["resultType"] != "input_required" {
            return (said, result.clone());
        }
        let mut answers = Map::new();
        for (key, question) in result["inputRequests"].as_object().unwrap() {
            let mode = question["params"]["mode"].as_str().unwrap_or("-");
            said.push(format!("{} {mode}", question["method"].as_str().unwrap()));
            answers.insert(key.clone(), reply(question));
        }
        params["requestState"] = result["requestState"].clone();
        params["inputResponses"] = answers.into();
    }
}

#[tokio::test(start_paused = true)]
async fn one_handler_has_the_effects_that_the_protocol_version_of_its_caller_has() {
    let mut table = String::new();
    for version in VERSIONS.into_iter().chain(["2026-07-28"]) {
        let (said, result) =
            if VERSIONS.contains(&version) { in_session(version).await } else { in_rounds().await };
        let content = result["content"].as_array().unwrap();
        let told = content.last().unwrap()["text"].as_str().unwrap();
        let kinds: Vec<_> = content.iter().map(|block| block["type"].as_str().unwrap()).collect();
        writeln!(table, "{version}").unwrap();
        said.iter().for_each(|what| writeln!(table, "  {what}").unwrap());
        writeln!(table, "  told: {told}").unwrap();
        writeln!(table, "  content: {}", kinds.join(" ")).unwrap();
        let structured = &result["structuredContent"];
        writeln!(table, "  structured: {}", structured.is_object()).unwrap();
        if structured.is_object() {
            assert_eq!(structured.to_string(), told, "{version}");
        }
    }
    expect![[r#"
        2024-11-05
          sampling/createMessage -
          roots/list -
          notifications/progress
          notifications/message
          told: {"form":"Unsupported","roots":"1 roots","sample":"m","tools":"Unsupported","url":"Unsupported"}
          content: text text text text
          structured: false
        2025-03-26
          sampling/createMessage -
          roots/list -
          notifications/progress
          notifications/message
          told: {"form":"Unsupported","roots":"1 roots","sample":"m","tools":"Unsupported","url":"Unsupported"}
          content: text text audio text
          structured: false
        2025-06-18
          elicitation/create -
          sampling/createMessage -
          roots/list -
          notifications/progress
          notifications/message
          told: {"form":"Ada","roots":"1 roots","sample":"m","tools":"Unsupported","url":"Unsupported"}
          content: text resource_link audio text
          structured: true
        2025-11-25
          elicitation/create form
          elicitation/create url
          notifications/elicitation/complete
          sampling/createMessage -
          sampling/createMessage -
          roots/list -
          notifications/progress
          notifications/message
          told: {"form":"Ada","roots":"1 roots","sample":"m","tools":"m","url":"accept"}
          content: text resource_link audio text
          structured: true
        2026-07-28
          elicitation/create form
          elicitation/create url
          sampling/createMessage -
          sampling/createMessage -
          roots/list -
          notifications/progress
          notifications/message
          told: {"form":"Ada","roots":"1 roots","sample":"m","tools":"m","url":"accept"}
          content: text resource_link audio text
          structured: true
    "#]].assert_eq(&table);
}
