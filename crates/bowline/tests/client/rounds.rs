//! Questions: as rounds of one request in the newest version, live in older ones; the same handlers answer both.

use crate::honest::{self, LEGACY, MODERN};
use crate::outcome::{Faults, Got, call, works};
use crate::script::Script;
use bowline::client::{Builder, Target};
use bowline::types::input::{CreateMessageResult, ElicitAction, ElicitResult, Root};
use bowline::{Client, Result};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn form() -> Value {
    json!({
        "message": "who?",
        "requestedSchema": {"type": "object", "properties": {
            "name": {"type": "string", "minLength": 2}, "loud": {"type": "boolean", "default": true},
        }, "required": ["name"]},
    })
}

fn elicit() -> Value {
    json!({"method": "elicitation/create", "params": form()})
}

fn sample() -> Value {
    let message =
        json!({"role": "user", "content": {"type": "text", "text": "capital of France?"}});
    json!({"method": "sampling/createMessage", "params": {"messages": [message], "maxTokens": 10}})
}

fn roots() -> Value {
    json!({"method": "roots/list"})
}

/// A client that answers everything.
fn answering() -> Builder {
    Client::builder()
        .on_elicit(|_, _| async {
            let mut result = ElicitResult::new(ElicitAction::Accept);
            result.content = Some(json!({"name": "Ada"}).as_object().unwrap().clone());
            Ok(result)
        })
        .on_sample(|_, _| async { Ok(said("Paris")) })
        .roots(vec![Root::new("file:///home")])
}

fn said(text: &str) -> CreateMessageResult {
    serde_json::from_value(
        json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": text}}),
    )
    .unwrap()
}

async fn connect(builder: Builder, script: &Script) -> Result<Client> {
    builder.connect(Target::custom(script.clone())).await
}

/// A state that only survives when nobody reads it as anything.
const STATE: &str = "\u{0}\u{1f}\"\\/\u{7f}\u{e9}\u{1f600}  {\"a\":1.0}\u{2028}";

#[tokio::test(start_paused = true)]
async fn several_questions_are_one_round_and_the_state_comes_back_as_it_was() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("ask").await;
        let asks = json!({"who": elicit(), "what": sample(), "where": roots()});
        peer.answer(
            &call,
            json!({"resultType": "input_required", "requestState": STATE, "inputRequests": asks}),
        )
        .await;
        let retry = peer.until_call("ask").await;
        assert_ne!(retry["id"], call["id"]);
        assert_eq!(retry["params"]["requestState"], STATE);
        assert_eq!(retry["params"]["arguments"], call["params"]["arguments"]);
        let responses = &retry["params"]["inputResponses"];
        assert_eq!(responses["who"]["action"], "accept");
        // What the form has a default for, and the answer nothing, is filled in.
        assert_eq!(responses["who"]["content"], json!({"name": "Ada", "loud": true}));
        assert_eq!(responses["what"]["content"]["text"], "Paris");
        assert_eq!(responses["where"]["roots"][0]["uri"], "file:///home");
        assert_eq!(responses.as_object().unwrap().len(), 3);
        peer.answer(&retry, honest::says("done")).await;
        // Neither is for any other request.
        let next = peer.until_call("good").await;
        assert!(next["params"].get("requestState").is_none());
        assert!(next["params"].get("inputResponses").is_none());
        peer.honestly(&next).await;
        peer.honest().await;
    });
    let client = connect(answering(), &script).await.unwrap();
    let result = client.call_tool("ask", json!({"deep": [1.0, {"x": null}]})).await;
    assert_eq!(Got::of(&result), Got::Said("done".into()));
    works(&client, "a round").await;
}

#[tokio::test(start_paused = true)]
async fn without_a_state_none_is_sent_and_without_questions_no_answers() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("ask").await;
        peer.answer(
            &call,
            json!({"resultType": "input_required", "inputRequests": {"k": roots()}}),
        )
        .await;
        let retry = peer.until_call("ask").await;
        assert!(retry["params"].get("requestState").is_none());
        peer.answer(&retry, json!({"resultType": "input_required", "requestState": "only"})).await;
        let last = peer.until_call("ask").await;
        assert_eq!(last["params"]["requestState"], "only");
        assert!(last["params"].get("inputResponses").is_none_or(|answers| answers == &json!({})));
        peer.answer(&last, honest::says("done")).await;
        peer.honest().await;
    });
    let client = connect(answering(), &script).await.unwrap();
    assert_eq!(call(&client, "ask").await, Got::Said("done".into()));
    works(&client, "two rounds").await;
}

#[tokio::test(start_paused = true)]
async fn rounds_are_bounded() {
    for asks in [json!({"k": roots()}), json!(null)] {
        let script = Script::new(move |mut peer| {
            let asks = asks.clone();
            async move {
                loop {
                    let call = peer.until_call("ask").await;
                    let mut result =
                        json!({"resultType": "input_required", "requestState": "again"});
                    if !asks.is_null() {
                        result["inputRequests"] = asks.clone();
                    }
                    peer.answer(&call, result).await;
                }
            }
        });
        let client = connect(answering(), &script).await.unwrap();
        let got = tokio::time::timeout(Duration::from_secs(3600), call(&client, "ask")).await;
        assert_eq!(got.unwrap(), Got::Overloaded);
        assert!(
            script.heard_of("tools/call").len() <= 12,
            "{}",
            script.heard_of("tools/call").len()
        );
        works(&client, "rounds without end").await;
    }
}

#[tokio::test(start_paused = true)]
async fn questions_at_once_are_bounded() {
    for (count, too_many) in [(16, false), (17, true)] {
        let script = Script::new(move |mut peer| async move {
            let call = peer.until_call("ask").await;
            let questions: serde_json::Map<_, _> =
                (0..count).map(|key| (format!("k{key}"), roots())).collect();
            let result = json!({"resultType": "input_required", "inputRequests": questions});
            peer.answer(&call, result).await;
            peer.honest().await;
        });
        let client = connect(answering(), &script).await.unwrap();
        let got = call(&client, "ask").await;
        assert_eq!(got == Got::Overloaded, too_many, "{count} questions: {got:?}");
        assert_eq!(matches!(got, Got::Said(_)), !too_many, "{count} questions: {got:?}");
        works(&client, "many questions").await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_declared_is_not_answered() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("ask").await;
        peer.answer(
            &call,
            json!({"resultType": "input_required", "inputRequests": {"k": elicit()}}),
        )
        .await;
        peer.honest().await;
    });
    let client = connect(Client::builder(), &script).await.unwrap();
    let discovered = &script.heard_of("server/discover")[0]["params"]["_meta"];
    assert_eq!(discovered["io.modelcontextprotocol/clientCapabilities"], json!({}));
    assert_eq!(call(&client, "ask").await, Got::Bad);
    assert_eq!(script.heard_of("tools/call").len(), 1, "nothing is retried");
    works(&client, "a question that was not declared").await;
}

#[tokio::test(start_paused = true)]
async fn questions_of_a_kind_nobody_knows_are_not_answered() {
    for asks in [
        json!({"k": {"method": "x/y", "params": {}}}),
        json!({"k": {"params": {}}}),
        json!({"k": 5}),
        json!({"k": {"method": "elicitation/create"}}),
        json!({"k": {"method": "tools/call", "params": {"name": "rm"}}}),
    ] {
        let script = Script::new(move |mut peer| {
            let asks = asks.clone();
            async move {
                let call = peer.until_call("ask").await;
                peer.answer(&call, json!({"resultType": "input_required", "inputRequests": asks}))
                    .await;
                peer.honest().await;
            }
        });
        let client = connect(answering(), &script).await.unwrap();
        let got = call(&client, "ask").await;
        assert_eq!(got, Got::Bad);
        works(&client, "a question of no kind").await;
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_question_may_be_asked_it_is_a_bad_answer() {
    let script = Script::new(|mut peer| async move {
        let list = peer.until("tools/list").await;
        peer.answer(
            &list,
            json!({"resultType": "input_required", "inputRequests": {"k": roots()}}),
        )
        .await;
        peer.honest().await;
    });
    let client = connect(answering(), &script).await.unwrap();
    let error = client.list_tools().await.unwrap_err();
    assert!(error.is_bad_answer(), "{error:?}");
    works(&client, "a question out of place").await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_breaks_its_form_is_not_sent() {
    for version in [MODERN, LEGACY] {
        let script = Script::new(asking_once).speaking(version);
        let faults = Faults::default();
        let builder = Client::builder().on_error(faults.hear()).on_elicit(|_, _| async {
            let mut result = ElicitResult::new(ElicitAction::Accept);
            result.content = Some(json!({"name": "A"}).as_object().unwrap().clone());
            Ok(result)
        });
        let client = connect(builder, &script).await.unwrap();
        let got = call(&client, "ask").await;
        assert_ne!(got, Got::Said("done".into()), "{version}");
        assert!(
            faults.all().iter().any(|fault| fault.contains("form")) || got == Got::Invalid,
            "{version}: {got} {:?}",
            faults.all()
        );
        let sent = script.heard().iter().any(|heard| heard.to_string().contains("\"name\":\"A\""));
        assert!(!sent, "{version}: what does not fit its form must not leave");
        works(&client, "an answer that broke its form").await;
    }
}

/// Asks a form for the sake of one call, in the way of its version, and is honest about all others.
async fn asking_once(mut peer: crate::script::Peer) {
    let call = peer.until_call("ask").await;
    if peer.version == MODERN {
        peer.answer(
            &call,
            json!({"resultType": "input_required", "inputRequests": {"k": elicit()}}),
        )
        .await;
    } else {
        peer.ask(json!("q"), "elicitation/create", form()).await;
        let answer = peer.until_answer().await;
        let said = if answer.get("error").is_some() { "refused" } else { "done" };
        peer.answer(&call, honest::says(said)).await;
    }
    peer.honest().await;
}

#[tokio::test(start_paused = true)]
async fn older_servers_ask_live_and_several_at_once() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("ask").await;
        for (id, asked) in
            [("a", elicit()), ("b", sample()), ("c", roots()), ("d", json!({"method": "ping"}))]
        {
            let params = asked.get("params").cloned().unwrap_or_else(|| json!({}));
            peer.ask(json!(id), asked["method"].as_str().unwrap(), params).await;
        }
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(peer.until_answer().await);
        }
        answers.sort_by_key(|answer| answer["id"].to_string());
        assert_eq!(answers[0]["result"]["content"], json!({"name": "Ada", "loud": true}));
        assert_eq!(answers[1]["result"]["content"]["text"], "Paris");
        assert_eq!(answers[2]["result"]["roots"], json!([{"uri": "file:///home"}]));
        assert_eq!(answers[3]["result"], json!({}));
        peer.answer(&call, honest::says("done")).await;
        peer.honest().await;
    });
    let client = connect(answering(), &script.clone().speaking(LEGACY)).await.unwrap();
    let declared = &script.heard_of("initialize")[0]["params"]["capabilities"];
    assert!(declared.get("elicitation").is_some() && declared.get("sampling").is_some());
    assert_eq!(declared["roots"], json!({"listChanged": true}));
    assert_eq!(call(&client, "ask").await, Got::Said("done".into()));
    works(&client, "live questions").await;
}

#[tokio::test(start_paused = true)]
async fn a_question_that_the_server_gives_up_is_given_up_here() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = dropped.clone();
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("ask").await;
        peer.ask(json!("q"), "elicitation/create", form()).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        peer.notify("notifications/cancelled", json!({"requestId": "q"})).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        peer.answer(&call, honest::says("done")).await;
        peer.honest().await;
    });
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let builder = Client::builder().on_elicit(move |_, _| {
        let counted = Counted(count.clone());
        async move {
            let _counted = counted;
            std::future::pending().await
        }
    });
    let client = connect(builder, &script.clone().speaking(LEGACY)).await.unwrap();
    assert_eq!(call(&client, "ask").await, Got::Said("done".into()));
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    let answered = script.heard().iter().any(|heard| heard["id"] == "q");
    assert!(!answered, "what was given up is not answered");
}

#[tokio::test(start_paused = true)]
async fn new_roots_are_told_to_those_who_keep_a_session_and_used_at_once() {
    for version in [MODERN, LEGACY] {
        let script = Script::new(|mut peer| async move { peer.honest().await }).speaking(version);
        let client = connect(answering(), &script).await.unwrap();
        client.set_roots(vec![Root::new("file:///srv")]).await.unwrap();
        works(&client, "new roots").await;
        let told = script.heard_of("notifications/roots/list_changed").len();
        assert_eq!(told, usize::from(version == LEGACY), "{version}");
    }
    let script = Script::new(|mut peer| async move { peer.honest().await });
    let client = connect(Client::builder(), &script).await.unwrap();
    assert!(client.set_roots(Vec::new()).await.unwrap_err().is_invalid());
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_or_panics_ends_nothing_but_its_question() {
    for version in [MODERN, LEGACY] {
        for panics in [false, true] {
            let script = Script::new(asking_once).speaking(version);
            let builder = Client::builder().on_elicit(move |_, _| async move {
                assert!(!panics, "as the test wants it");
                Err(Target::url("nonsense").unwrap_err())
            });
            let client = connect(builder, &script).await.unwrap();
            let calling = tokio::time::timeout(Duration::from_secs(3600), call(&client, "ask"));
            let got = calling.await.unwrap();
            assert_ne!(got, Got::Said("done".into()), "{version} {panics}");
            works(&client, "a handler that failed").await;
        }
    }
}
