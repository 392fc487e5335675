//! Leave to call a tool.

use crate::asking::asking;
use crate::script::Script;
use bowline::client::Target;
use bowline::host::{Builder, Consent};
use bowline::types::input::{ElicitAction, ElicitResult};
use bowline::{Host, Result};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

fn builder(script: &Script) -> Builder {
    Host::builder().server("one", Target::custom(script.clone()))
}

/// What a call gives: its text, or its error.
async fn call(host: &Host, tool: &str, arguments: Value) -> Result<String, String> {
    match host.call(tool, arguments).await {
        Ok(result) => {
            let result = serde_json::to_value(&result).unwrap();
            Ok(result["content"][0]["text"].as_str().unwrap().to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

#[tokio::test(start_paused = true)]
async fn a_denied_call_never_reaches_its_server() {
    let script = asking();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let proposals = seen.clone();
    let host = builder(&script).on_consent(move |proposal| {
        let arguments: Value = proposal.arguments().unwrap();
        let tool = proposal.tool().to_owned();
        let line = format!("{} {tool} {arguments}", proposal.server());
        proposals.lock().unwrap().push(line);
        async move { if arguments["text"] == "yes" { Consent::Allow } else { Consent::Deny } }
    });
    let host = host.start().await.unwrap();
    assert_eq!(call(&host, "one__echo", json!({ "text": "yes" })).await.as_deref(), Ok("yes"));
    let denied = call(&host, "one__echo", json!({ "text": "no" })).await.unwrap_err();
    assert!(denied.contains("echo") && denied.contains("one"), "{denied}");
    assert_eq!(script.heard_of("tools/call").len(), 1);
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen, [r#"one echo {"text":"yes"}"#, r#"one echo {"text":"no"}"#]);
}

#[tokio::test(start_paused = true)]
async fn whoever_calls_through_an_endpoint_needs_leave_too() {
    let script = asking();
    let host = builder(&script).on_consent(|_| async { Consent::Deny }).start().await.unwrap();
    let caller = crate::caller::Caller::new(&host);
    let denied = caller.call("one__echo", json!({})).await;
    assert!(denied["error"]["code"].is_i64(), "{denied}");
    assert_eq!(script.heard_of("tools/call").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_user_is_asked_and_decides() {
    for (action, made) in [
        (ElicitAction::Accept, true),
        (ElicitAction::Decline, false),
        (ElicitAction::Cancel, false),
    ] {
        let script = asking();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let questions = asked.clone();
        let host =
            builder(&script).on_consent(|_| async { Consent::Ask }).on_elicit(move |who, form| {
                questions.lock().unwrap().push(format!("{}: {}", who.server(), form.message));
                let action = action.clone();
                async move { Ok(ElicitResult::new(action)) }
            });
        let host = host.start().await.unwrap();
        assert_eq!(call(&host, "one__echo", json!({})).await.is_ok(), made);
        assert_eq!(script.heard_of("tools/call").len(), usize::from(made));
        let asked = asked.lock().unwrap().clone();
        assert_eq!(asked, ["one: Call tool `echo` of server `one`?"]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_anybody_to_ask_it_is_denied() {
    let script = asking();
    let host = builder(&script).on_consent(|_| async { Consent::Ask }).start().await.unwrap();
    assert!(call(&host, "one__echo", json!({})).await.is_err());
    assert_eq!(script.heard_of("tools/call").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn handlers_know_which_server_asks() {
    let (one, two) = (asking(), asking());
    let host = builder(&one).server("two", Target::custom(two.clone())).on_elicit(|who, _| {
        let mut result = ElicitResult::new(ElicitAction::Accept);
        let name = format!("the user of {}", who.server());
        result.content = json!({ "name": name }).as_object().cloned();
        async move { Ok(result) }
    });
    let host = host.start().await.unwrap();
    for server in ["two", "one"] {
        let said = call(&host, &format!("{server}__ask"), json!({})).await;
        assert_eq!(said, Ok(format!("the user of {server}")));
    }
}
