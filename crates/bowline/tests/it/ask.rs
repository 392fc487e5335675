//! Asking, as the official suite sees it.

use crate::support::{Client, accept, error, keys, questions, said, text};
use bowline::types::input::{
    CreateMessageRequestParams, ElicitAction, ElicitRequestFormParams, ElicitSchema,
    SamplingContent, SamplingMessage, SamplingMessageContentBlock, StringSchema,
};
use bowline::types::tool::Tool;
use bowline::{Context, Result, Server};
use expect_test::expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

#[derive(Debug, Deserialize, JsonSchema)]
struct Name {
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Confirm {
    ok: bool,
}

async fn name(cx: &Context, key: &str) -> Result<String> {
    Ok(cx.elicit::<Name>(key, "What is your name?").await?.name)
}

async fn capital(cx: &Context, key: &str) -> Result<String> {
    let question = SamplingMessage::user("What is the capital of France?");
    let result = cx.sample(key, CreateMessageRequestParams::new(vec![question], 100)).await?;
    match &result.content {
        SamplingContent::One(block) => match &**block {
            SamplingMessageContentBlock::Text(text) => Ok(text.text.clone()),
            other => Ok(format!("{other:?}")),
        },
        SamplingContent::Many(blocks) => Ok(format!("{} blocks", blocks.len())),
    }
}

/// The tools that the official suite wants.
fn server() -> Server {
    Server::new("test", "1")
        .tool(Tool::new("elicitation"), |cx: Context| async move {
            Ok::<_, bowline::Error>(format!("Hello, {}!", name(&cx, "user_name").await?))
        })
        .tool(
            Tool::new("sampling"),
            |cx: Context| async move { capital(&cx, "capital_question").await },
        )
        .tool(Tool::new("list_roots"), |cx: Context| async move {
            let roots = cx.roots("client_roots").await?;
            let uris: Vec<_> = roots.iter().map(|root| root.uri.as_str()).collect();
            Ok::<_, bowline::Error>(uris.join(" "))
        })
        .tool(Tool::new("request_state"), |cx: Context| async move {
            let Confirm { ok } = cx.elicit("confirm", "Go on?").await?;
            Ok::<_, bowline::Error>(format!("state-ok {ok}"))
        })
        .tool(Tool::new("multiple_inputs"), |cx: Context| async move {
            let (name, greeting, roots) = tokio::join!(
                name(&cx, "user_name"),
                capital(&cx, "greeting"),
                cx.roots("client_roots")
            );
            Ok::<_, bowline::Error>(format!("{} {} {}", name?, greeting?, roots?.len()))
        })
        .tool(Tool::new("multi_round"), |cx: Context| async move {
            let first = name(&cx, "step1").await?;
            let second = name(&cx, "step2").await?;
            let third = name(&cx, "step3").await?;
            Ok::<_, bowline::Error>(format!("{first} {second} {third}"))
        })
        .tool(Tool::new("capabilities"), |cx: Context| async move {
            let (name, greeting, roots) = tokio::join!(
                name(&cx, "user_name"),
                capital(&cx, "greeting"),
                cx.roots("client_roots")
            );
            let told = [name.is_ok(), greeting.is_ok(), roots.is_ok()];
            format!("{told:?}")
        })
        .tool(Tool::new("url"), |cx: Context| async move {
            let url = "https://example.com/login";
            let did = cx.elicit_url("visit", "Log in there.", url).await?;
            Ok::<_, bowline::Error>(did.as_str().to_owned())
        })
        .tool(Tool::new("actions"), |cx: Context| async move {
            let schema = ElicitSchema::new().required_property("a", StringSchema::new());
            let form = ElicitRequestFormParams::new("What?", schema);
            let result = cx.elicit_form("form", form).await?;
            let content = result.content.map(|content| json!(content).to_string());
            Ok::<_, bowline::Error>(match result.action {
                ElicitAction::Accept => format!("accepted {}", content.unwrap_or_default()),
                ElicitAction::Decline => "declined".to_owned(),
                other => format!("{other}"),
            })
        })
        .tool(Tool::new("swallow"), |cx: Context| async move {
            let ok = cx.elicit::<Confirm>("sure", "Delete everything?").await;
            let deleted = ok.unwrap_or(Confirm { ok: true }).ok;
            format!("deleted: {deleted}")
        })
        .tool(Tool::new("plain"), || async { "no question" })
}

#[tokio::test]
async fn a_form_is_asked_for_and_its_answer_arrives() {
    let client = Client::new(&server());
    let asked = client.call("elicitation").await;
    expect![[r#"{"user_name":{"method":"elicitation/create","params":{"message":"What is your name?","mode":"form","requestedSchema":{"properties":{"name":{"type":"string"}},"required":["name"],"type":"object"}}}}"#]]
        .assert_eq(&json!(questions(&asked)).to_string());
    let done =
        client.retry("elicitation", &asked, json!({"user_name": accept(json!({"name": "Ada"}))}));
    assert_eq!(text(&done.await), "Hello, Ada!");
}

#[tokio::test]
async fn a_model_is_asked_and_its_answer_arrives() {
    let client = Client::new(&server());
    let asked = client.call("sampling").await;
    expect![[r#"{"capital_question":{"method":"sampling/createMessage","params":{"maxTokens":100,"messages":[{"content":{"text":"What is the capital of France?","type":"text"},"role":"user"}]}}}"#]]
        .assert_eq(&json!(questions(&asked)).to_string());
    let done = client.retry("sampling", &asked, json!({"capital_question": said("Paris")})).await;
    assert_eq!(text(&done), "Paris");
}

#[tokio::test]
async fn roots_are_asked_for_and_arrive() {
    let client = Client::new(&server());
    let asked = client.call("list_roots").await;
    expect![[r#"{"client_roots":{"method":"roots/list"}}"#]]
        .assert_eq(&json!(questions(&asked)).to_string());
    let roots = json!({"client_roots": {"roots": [{"uri": "file:///home/ada", "name": "home"}]}});
    assert_eq!(text(&client.retry("list_roots", &asked, roots).await), "file:///home/ada");
}

#[tokio::test]
async fn a_state_comes_with_every_question_and_leads_on() {
    let client = Client::new(&server());
    let asked = client.call("request_state").await;
    let done =
        client.retry("request_state", &asked, json!({"confirm": accept(json!({"ok": true}))}));
    assert_eq!(text(&done.await), "state-ok true");
}

#[tokio::test]
async fn questions_that_are_joined_are_one_round() {
    let client = Client::new(&server());
    let asked = client.call("multiple_inputs").await;
    assert_eq!(keys(&asked), ["client_roots", "greeting", "user_name"]);
    let answers = json!({
        "user_name": accept(json!({"name": "Ada"})),
        "greeting": said("hi"),
        "client_roots": {"roots": []},
    });
    assert_eq!(text(&client.retry("multiple_inputs", &asked, answers).await), "Ada hi 0");
}

#[tokio::test]
async fn only_what_is_missing_is_asked_again() {
    let client = Client::new(&server());
    let asked = client.call("multiple_inputs").await;
    let some = json!({"greeting": said("hi")});
    let asked = client.retry("multiple_inputs", &asked, some).await;
    assert_eq!(keys(&asked), ["client_roots", "user_name"]);
    let rest = json!({
        "user_name": accept(json!({"name": "Ada"})),
        "client_roots": {"roots": []},
        // Answered in the round before, so not asked in this one.
        "greeting": said("something else"),
    });
    assert_eq!(text(&client.retry("multiple_inputs", &asked, rest).await), "Ada hi 0");
}

#[tokio::test]
async fn answers_of_three_rounds_come_out_of_the_state() {
    let client = Client::new(&server());
    let mut asked = client.call("multi_round").await;
    let mut states = vec![asked["result"]["requestState"].clone()];
    for (key, value) in [("step1", "a"), ("step2", "b")] {
        assert_eq!(keys(&asked), [key]);
        let answers = json!({key: accept(json!({"name": value}))});
        asked = client.retry("multi_round", &asked, answers).await;
        assert!(!states.contains(&asked["result"]["requestState"]));
        states.push(asked["result"]["requestState"].clone());
    }
    assert_eq!(keys(&asked), ["step3"]);
    let last = json!({"step3": accept(json!({"name": "c"}))});
    assert_eq!(text(&client.retry("multi_round", &asked, last).await), "a b c");
}

#[tokio::test]
async fn missing_and_wrong_keys_ask_again_and_extra_ones_are_ignored() {
    let client = Client::new(&server());
    let asked = client.call("elicitation").await;
    for answers in [
        json!({}),
        json!({"wrong": accept(json!({"name": "Ada"}))}),
        json!({"user_name": "garbage"}),
        json!({"user_name": null}),
    ] {
        let again = client.retry("elicitation", &asked, answers.clone()).await;
        assert_eq!(keys(&again), ["user_name"], "{answers}");
    }
    let extra = json!({
        "user_name": accept(json!({"name": "Ada", "age": 36})),
        "other": accept(json!({})),
        "another": 7,
    });
    assert_eq!(text(&client.retry("elicitation", &asked, extra).await), "Hello, Ada!");
}

#[tokio::test]
async fn an_answer_that_is_none_ends_the_call_and_says_why() {
    let client = Client::new(&server());
    let asked = client.call("elicitation").await;
    let mut table = String::new();
    for answer in
        [json!({}), json!({"action": "shrug"}), accept(json!({})), accept(json!({"name": 7}))]
    {
        let ended = client.retry("elicitation", &asked, json!({"user_name": answer})).await;
        table += &format!("{}\n", error(&ended));
    }
    expect![[r#"
        -32602: params.inputResponses.user_name: action: missing field
        -32602: params.inputResponses.user_name: unknown action "shrug"
        -32602: params.inputResponses.user_name: content.name: missing
        -32602: params.inputResponses.user_name: content.name: expected a string
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn an_answer_that_comes_unasked_counts_for_the_first_question_of_its_key() {
    let client = Client::new(&server());
    let call = async |tool: &str, answers: Value| {
        client.request("tools/call", json!({"name": tool, "inputResponses": answers})).await
    };
    let ada = || accept(json!({"name": "Ada"}));
    assert_eq!(
        text(&call("elicitation", json!({"user_name": ada(), "other": ada()})).await),
        "Hello, Ada!"
    );
    assert_eq!(keys(&call("elicitation", json!({"other": ada()})).await), ["user_name"]);
    assert!(
        error(&call("elicitation", json!({"user_name": accept(json!({}))})).await)
            .starts_with("-32602")
    );

    // One that nothing has asked for by the end of the round is forgotten with it.
    let asked = call("multi_round", json!({"step2": ada(), "step3": ada()})).await;
    assert_eq!(keys(&asked), ["step1"]);
    let asked = client.retry("multi_round", &asked, json!({"step1": ada()})).await;
    assert_eq!(keys(&asked), ["step2"]);
}

#[tokio::test]
async fn only_declared_kinds_are_asked() {
    let server = server();
    for (declared, expected) in [
        (json!({"elicitation": {}}), vec!["user_name"]),
        (json!({"elicitation": {"form": {}}}), vec!["user_name"]),
        (json!({"sampling": {}}), vec!["greeting"]),
        (json!({"roots": {}, "sampling": {}}), vec!["client_roots", "greeting"]),
    ] {
        let asked = Client::declaring(&server, declared).call("capabilities").await;
        assert_eq!(keys(&asked), expected);
    }
    for none in [json!({}), json!({"elicitation": {"url": {}}}), json!({"experimental": {}})] {
        let done = Client::declaring(&server, none).call("capabilities").await;
        assert_eq!(text(&done), "[false, false, false]");
    }
}

#[tokio::test]
async fn a_capability_that_was_not_declared_is_named_in_an_error() {
    let mut table = String::new();
    for (tool, declared) in [
        ("elicitation", json!({})),
        ("elicitation", json!({"elicitation": {"url": {}}})),
        ("url", json!({"elicitation": {}})),
        ("sampling", json!({"roots": {}})),
        ("list_roots", json!({"sampling": {}})),
    ] {
        let error = Client::declaring(&server(), declared).call(tool).await["error"].clone();
        table += &format!("{tool}: {} {}\n", error["code"], error["data"]["requiredCapabilities"]);
    }
    expect![[r#"
        elicitation: -32021 {"elicitation":{"form":{}}}
        elicitation: -32021 {"elicitation":{"form":{}}}
        url: -32021 {"elicitation":{"url":{}}}
        sampling: -32021 {"sampling":{}}
        list_roots: -32021 {"roots":{}}
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn accepted_declined_and_cancelled_are_told_apart() {
    let client = Client::new(&server());
    let asked = client.call("actions").await;
    for (answer, expected) in [
        (accept(json!({"a": "b", "c": 1})), r#"accepted {"a":"b"}"#),
        (json!({"action": "decline"}), "declined"),
        (json!({"action": "cancel", "content": null}), "cancel"),
    ] {
        let done = client.retry("actions", &asked, json!({"form": answer})).await;
        assert_eq!(text(&done), expected);
    }
}

#[tokio::test]
async fn the_short_form_fails_when_the_user_declines() {
    let client = Client::new(&server());
    let asked = client.call("elicitation").await;
    for (action, did) in [("decline", "declined"), ("cancel", "cancelled")] {
        let answers = json!({"user_name": {"action": action}});
        let done = client.retry("elicitation", &asked, answers).await;
        assert_eq!(text(&done), format!("the user {did} `user_name`"));
        assert_eq!(done["result"]["isError"], true);
    }
}

#[tokio::test]
async fn a_url_is_shown_and_what_the_user_did_is_told() {
    let client = Client::new(&server());
    let asked = client.call("url").await;
    expect![[r#"{"visit":{"method":"elicitation/create","params":{"message":"Log in there.","mode":"url","url":"https://example.com/login"}}}"#]]
        .assert_eq(&json!(questions(&asked)).to_string());
    for action in ["accept", "decline", "cancel"] {
        let done = client.retry("url", &asked, json!({"visit": {"action": action}})).await;
        assert_eq!(text(&done), action);
    }
}

#[tokio::test]
async fn a_handler_that_would_swallow_an_error_does_not_go_on() {
    let client = Client::new(&server());
    let asked = client.call("swallow").await;
    assert_eq!(keys(&asked), ["sure"]);
    let done = client.retry("swallow", &asked, json!({"sure": accept(json!({"ok": false}))})).await;
    assert_eq!(text(&done), "deleted: false");
}

#[tokio::test]
async fn who_asks_nothing_is_answered_at_once() {
    let client = Client::new(&server());
    assert_eq!(text(&client.call("plain").await), "no question");
}

#[tokio::test]
async fn a_key_that_is_used_twice_is_an_error() {
    let server = Server::new("test", "1").tool(Tool::new("twice"), |cx: Context| async move {
        let (one, two) = tokio::join!(name(&cx, "same"), name(&cx, "same"));
        Ok::<_, bowline::Error>(format!("{} {}", one?, two?))
    });
    let client = Client::new(&server);
    let asked = client.call("twice").await;
    let done = client.retry("twice", &asked, json!({"same": accept(json!({"name": "Ada"}))})).await;
    let expected =
        "question `same` was asked twice in one run; give every question a key of its own";
    assert_eq!(text(&done), expected);
}

#[tokio::test(start_paused = true)]
async fn a_question_of_another_task_wakes_the_driver() {
    let server = Server::new("test", "1").tool(Tool::new("spawns"), |cx: Context| async move {
        let asking = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            name(&cx, "late").await
        });
        asking.await.map_err(|_| bowline::server::ToolError::new("lost")).map(|name| name.is_ok())
    });
    let asked = Client::new(&server).call("spawns").await;
    assert_eq!(keys(&asked), ["late"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_waits_elsewhere_too_is_dropped_at_once() {
    let server = Server::new("test", "1").tool(Tool::new("waits"), |cx: Context| async move {
        let (name, ()) =
            tokio::join!(name(&cx, "who"), tokio::time::sleep(Duration::from_secs(3600)),);
        name
    });
    let before = tokio::time::Instant::now();
    assert_eq!(keys(&Client::new(&server).call("waits").await), ["who"]);
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_handler_is_dropped_before_its_questions_are_sent() {
    struct Told(std::sync::mpsc::Sender<&'static str>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.send("dropped").unwrap();
        }
    }
    let (sender, told) = std::sync::mpsc::channel();
    let server = Server::new("test", "1").tool(Tool::new("guarded"), move |cx: Context| {
        let guard = Told(sender.clone());
        async move {
            let name = name(&cx, "who").await;
            drop(guard);
            name
        }
    });
    let client = Client::new(&server);
    for _ in 0..2 {
        assert_eq!(keys(&client.call("guarded").await), ["who"]);
        assert_eq!(told.try_recv(), Ok("dropped"));
        assert!(told.try_recv().is_err());
    }
}

#[tokio::test]
async fn what_was_sent_before_a_question_goes_before_it() {
    let server = Server::new("test", "1").tool(Tool::new("t"), |cx: Context| async move {
        cx.progress(1.0, None, Some("asking"));
        name(&cx, "who").await
    });
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "t", "_meta": {
        "progressToken": "p",
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
    }}});
    let exchange = bowline::transport::memory::answer(
        std::sync::Arc::new(server),
        message.to_string(),
        bowline::Principal::anonymous(),
        std::sync::Arc::default(),
    )
    .await;
    let sent: Vec<_> = exchange.notifications.iter().map(|message| message.as_str()).collect();
    expect![[r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1,"message":"asking"}}"#]].assert_eq(&sent.join("\n"));
    assert_eq!(
        keys(&serde_json::from_slice(exchange.response.unwrap().as_bytes()).unwrap()),
        ["who"]
    );
}

#[tokio::test]
async fn an_error_says_when_a_question_is_none() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only the schema matters")]
    struct Nested {
        inner: Name,
    }
    let server = Server::new("test", "1")
        .tool(Tool::new("nested"), |cx: Context| async move {
            cx.elicit::<Nested>("k", "m").await.map(|_| "")
        })
        .tool(Tool::new("no_url"), |cx: Context| async move {
            cx.elicit_url("k", "m", "not a url").await.map(|_| "")
        });
    let client = Client::new(&server);
    expect!["`Nested` makes no form: member `inner` is none of string, number, boolean, enum without data, list of such enums"]
        .assert_eq(text(&client.call("nested").await));
    expect![[r#"not a URL: "not a url""#]].assert_eq(text(&client.call("no_url").await));
    let unknown = client.request("tools/call", json!({"name": "nope"})).await;
    assert!(error(&unknown).starts_with("-32602"), "{unknown}");
}
