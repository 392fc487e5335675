use super::support::{ask, shown, table};
use crate::context::Context;
use crate::principal::Principal;
use crate::server::Server;
use bowline_types::prompt::{GetPromptResult, Prompt, PromptArgument, PromptMessage};
use expect_test::expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize, JsonSchema)]
struct Review {
    /// the code to review
    code: String,
    /// how many findings
    at_most: Option<u8>,
    /// its language
    #[serde(default)]
    language: String,
    author: String,
}

async fn review(review: Review) -> String {
    let Review { code, at_most, language, author } = review;
    format!("{author}: {language} {code} {at_most:?}")
}

fn server() -> Server {
    Server::new("s", "1")
        .prompt(Prompt::new("review").description("Reviews code."), review)
        .prompt(
            Prompt::new("own")
                .argument(PromptArgument::new("b").required(true).description("second letter"))
                .argument(PromptArgument::new("a")),
            || async { [PromptMessage::user("u"), PromptMessage::assistant("a")] },
        )
        .prompt(Prompt::new("plain"), |_cx: Context| async {
            Ok::<_, std::io::Error>(GetPromptResult::new(vec![]).description("nothing"))
        })
}

#[tokio::test]
async fn arguments_are_described_from_the_struct_or_the_definition() {
    let answer = ask(&server(), "prompts/list", json!({})).await;
    let prompts = answer["result"]["prompts"].as_array().unwrap();
    let lines: Vec<_> = prompts.iter().map(Value::to_string).collect();
    expect![[r#"
        {"arguments":[{"description":"the code to review","name":"code","required":true},{"name":"author","required":true},{"description":"how many findings","name":"at_most"},{"description":"its language","name":"language"}],"description":"Reviews code.","name":"review"}
        {"arguments":[{"description":"second letter","name":"b","required":true},{"name":"a"}],"name":"own"}
        {"name":"plain"}"#]].assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn prompts_are_filled_in_or_refused() {
    let get = |name: Value, arguments: Value| {
        ("prompts/get", json!({ "name": name, "arguments": arguments }))
    };
    let requests = [
        get(json!("review"), json!({ "code": "x", "author": "me" })),
        get(json!("review"), json!({ "code": "x", "author": "me", "at_most": "3", "other": "" })),
        get(json!("own"), json!({ "b": "" })),
        get(json!("plain"), json!(null)),
        ("prompts/get", json!({ "name": "plain" })),
        ("prompts/get", json!({ "name": "review" })),
        get(json!("review"), json!({ "code": "x" })),
        get(json!("review"), json!({ "code": "x", "author": 7 })),
        get(json!("review"), json!({ "code": "x", "author": "me", "at_most": "300" })),
        get(json!("review"), json!([])),
        get(json!("own"), json!({ "a": "" })),
        get(json!("none"), json!({})),
        get(json!(7), json!({})),
        ("prompts/get", json!({})),
    ];
    expect![[r#"
        prompts/get {"arguments":{"author":"me","code":"x"},"name":"review"}
            {"messages":[{"content":{"text":"me:  x None","type":"text"},"role":"user"}],"resultType":"complete"}
        prompts/get {"arguments":{"at_most":"3","author":"me","code":"x","other":""},"name":"review"}
            {"messages":[{"content":{"text":"me:  x Some(3)","type":"text"},"role":"user"}],"resultType":"complete"}
        prompts/get {"arguments":{"b":""},"name":"own"}
            {"messages":[{"content":{"text":"u","type":"text"},"role":"user"},{"content":{"text":"a","type":"text"},"role":"assistant"}],"resultType":"complete"}
        prompts/get {"arguments":null,"name":"plain"}
            {"description":"nothing","messages":[],"resultType":"complete"}
        prompts/get {"name":"plain"}
            {"description":"nothing","messages":[],"resultType":"complete"}
        prompts/get {"name":"review"}
            error {"code":-32602,"message":"params.arguments.code: missing, but required"}
        prompts/get {"arguments":{"code":"x"},"name":"review"}
            error {"code":-32602,"message":"params.arguments.author: missing, but required"}
        prompts/get {"arguments":{"author":7,"code":"x"},"name":"review"}
            error {"code":-32602,"message":"params.arguments.author: not a string"}
        prompts/get {"arguments":{"at_most":"300","author":"me","code":"x"},"name":"review"}
            error {"code":-32602,"message":"params.arguments: invalid value: \"300\", expected u8"}
        prompts/get {"arguments":[],"name":"review"}
            error {"code":-32602,"message":"params.arguments: not an object"}
        prompts/get {"arguments":{"a":""},"name":"own"}
            error {"code":-32602,"message":"params.arguments.b: missing, but required"}
        prompts/get {"arguments":{},"name":"none"}
            error {"code":-32602,"message":"unknown prompt: none"}
        prompts/get {"arguments":{},"name":7}
            error {"code":-32602,"message":"params.name: missing or not a string"}
        prompts/get {}
            error {"code":-32602,"message":"params.name: missing or not a string"}
    "#]].assert_eq(&table(&server(), &Principal::anonymous(), &requests).await);
}

#[tokio::test]
async fn prompts_come_and_go_at_run_time() {
    let server = server();
    server.add_prompt(Prompt::new("new"), || async { "hello" }).unwrap();
    let params = json!({ "name": "new" });
    expect![[r#"{"messages":[{"content":{"text":"hello","type":"text"},"role":"user"}],"resultType":"complete"}"#]].assert_eq(&shown(&ask(&server, "prompts/get", params.clone()).await));
    assert!(server.remove_prompt("new"));
    expect![[r#"error {"code":-32602,"message":"unknown prompt: new"}"#]]
        .assert_eq(&shown(&ask(&server, "prompts/get", params).await));
}
