//! Calls of servers that ask live, for callers who come back with their answers.

use crate::post::{Caller, Round, Said};
use crate::script::{LEGACY, Over, Upstream};
use crate::tokens::Tokens;
use crate::up::{Config, Up};
use serde_json::{Value, json};
use tokio::task::JoinSet;

const OVERS: [Over; 2] = [Over::Stdio, Over::Http];

/// What a user says to the questions of `converse`.
pub(crate) fn answer(method: &str, params: &Value) -> Value {
    match method {
        "sampling/createMessage" => json!({
            "role": "assistant", "model": "test", "content": { "type": "text", "text": "twelve metres" },
        }),
        "roots/list" => json!({ "roots": [{ "uri": "file:///of/the/caller" }] }),
        _ => {
            let name = params["message"].as_str().unwrap().contains("name");
            let content = if name { json!({ "name": "Ann" }) } else { json!({ "color": "red" }) };
            json!({ "action": "accept", "content": content })
        }
    }
}

/// Goes on until the call is answered.
pub(crate) async fn to_the_end(caller: &Caller, mut said: Said) -> Said {
    while said.answer()["result"]["resultType"] == "input_required" {
        said = caller.retry("converse", json!({}), &said.round(answer)).await;
    }
    said
}

async fn one(over: Over) -> (Upstream, Up) {
    let upstream = Upstream::new(LEGACY, over).await;
    let up = Config::new().server("one", &upstream).up();
    (upstream, up)
}

/// That it was refused in the words for whatever state is not good.
fn refused(said: &Said, why: &str) {
    assert_eq!(said.code(), -32602, "{why}: {}", said.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_state_is_accepted_once_and_the_call_goes_on_with_the_newest() {
    for over in OVERS {
        let (upstream, up) = one(over).await;
        let caller = Caller::new(&up.address);
        let first = caller.call("converse", json!({})).await;
        assert_eq!(first.questions().len(), 1, "{}", first.bytes);
        let round = first.round(answer);
        let second = caller.retry("converse", json!({}), &round).await;
        assert_ne!(second.state(), round.state);
        refused(&caller.retry("converse", json!({}), &round).await, "the same state again");
        let last = to_the_end(&caller, second).await;
        assert_eq!(last.text(), crate::straight::ALL);
        refused(
            &caller.retry("converse", json!({}), &round).await,
            "a state of a call that is over",
        );
        let calls = upstream.seen.calls();
        assert_eq!((calls.begun, calls.answered, calls.cancelled), (1, 1, 0), "{over:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_state_twice_at_once_is_accepted_once() {
    for over in OVERS {
        let (upstream, up) = one(over).await;
        let caller = Caller::new(&up.address);
        let first = caller.call("converse", json!({})).await;
        let round = first.round(answer);
        let (a, b) = tokio::join!(
            caller.retry("converse", json!({}), &round),
            caller.retry("converse", json!({}), &round)
        );
        let (good, bad) = if a.code().is_null() { (a, b) } else { (b, a) };
        refused(&bad, "the second of two");
        assert_eq!(to_the_end(&caller, good).await.text(), crate::straight::ALL);
        assert_eq!(upstream.seen.calls().begun, 1, "{over:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_was_altered_or_made_up_is_unknown_and_does_no_harm() {
    for over in OVERS {
        let (upstream, up) = one(over).await;
        let caller = Caller::new(&up.address);
        let first = caller.call("converse", json!({})).await;
        let good = first.round(answer);
        let altered = |at: usize| {
            let mut state = good.state.clone().into_bytes();
            state[at] = if state[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(state).unwrap()
        };
        let len = good.state.len();
        let wrong = [
            altered(0),
            altered(len / 2),
            altered(len - 2),
            good.state[..len - 4].to_owned(),
            format!("{}AAAA", good.state),
            String::new(),
            "no state".to_owned(),
        ];
        for state in wrong {
            let round = Round { state: state.clone(), ..good.clone() };
            refused(&caller.retry("converse", json!({}), &round).await, &state);
        }
        refused(&caller.retry("secret", json!({}), &good).await, "the state of another tool");
        assert_eq!(upstream.seen.calls().begun, 1, "{over:?}: nothing of it reached the server");
        let next = caller.retry("converse", json!({}), &good).await;
        assert_eq!(to_the_end(&caller, next).await.text(), crate::straight::ALL, "{over:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_of_another_principal_is_unknown() {
    for over in OVERS {
        let upstream = Upstream::new(LEGACY, over).await;
        let config = Config::new().server("one", &upstream);
        let tokens = Tokens::write(config.folder(), 2);
        let up = config.up_with(&["--token-file", tokens.file()]);
        let ann = Caller::new(&up.address).with_token(tokens.token(0));
        let eve = Caller::new(&up.address).with_token(tokens.token(1));
        let first = ann.call("converse", json!({})).await;
        let round = first.round(answer);
        let stolen = eve.retry("converse", json!({}), &round).await;
        refused(&stolen, "a stolen state");
        let made_up = Round { state: "made up".to_owned(), ..round.clone() };
        let unknown = eve.retry("converse", json!({}), &made_up).await;
        assert_eq!(stolen.answer(), unknown.answer(), "foreign and unknown answer alike");
        assert_eq!(upstream.seen.calls().begun, 1, "{over:?}");
        let next = ann.retry("converse", json!({}), &round).await;
        assert_eq!(to_the_end(&ann, next).await.text(), crate::straight::ALL, "{over:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_ends_what_was_parked_and_nothing_is_done_twice() {
    for over in OVERS {
        let upstream = Upstream::new(LEGACY, over).await;
        let config = Config::new().server("one", &upstream);
        let up = config.up();
        let first = Caller::new(&up.address).call("converse", json!({})).await;
        let round = first.round(answer);
        up.end();
        upstream.seen.until("shutdown cancels what is parked", |calls| calls.cancelled == 1).await;
        let up = config.up();
        let caller = Caller::new(&up.address);
        refused(
            &caller.retry("converse", json!({}), &round).await,
            "a state from before the restart",
        );
        assert_eq!(upstream.seen.calls().begun, 1, "{over:?}: it is never executed on its own");
        let again = caller.call("converse", json!({})).await;
        assert_eq!(to_the_end(&caller, again).await.text(), crate::straight::ALL, "{over:?}");
    }
}

/// As many as one principal may have parked.
const MANY: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_calls_are_parked_at_once_and_the_next_is_refused() {
    for over in OVERS {
        let upstream = Upstream::new(LEGACY, over).await;
        let config = Config::new().server("one", &upstream).of("one", "instances", json!(MANY));
        let up = config.up();
        let caller = Caller::new(&up.address);
        let mut asking = JoinSet::new();
        for at in 0..MANY {
            let caller = caller.clone();
            asking.spawn(async move {
                (at, caller.call("secret", json!({ "label": format!("call {at}") })).await)
            });
        }
        let mut parked = asking.join_all().await;
        for (at, said) in &parked {
            assert_eq!(said.questions().len(), 1, "{over:?}: call {at}: {}", said.bytes);
        }
        assert_eq!(upstream.seen.calls().running(), MANY, "{over:?}");
        // On standard streams it waits for an instance, of which none is free.
        if over == Over::Stdio {
            let waiting = caller.begin("echo", json!({ "text": "one too many" }), None).await;
            assert_eq!(upstream.seen.calls().begun, MANY);
            drop(waiting);
        } else {
            let refused = caller.call("secret", json!({ "label": "one too many" })).await;
            assert!(refused.answer()["error"].is_object(), "{}", refused.bytes);
            upstream
                .seen
                .until("what cannot wait is given up", |calls| calls.running() == MANY)
                .await;
        }
        // From the last to the first, so that nothing comes in the order of its asking.
        parked.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        let mut answering = JoinSet::new();
        for (at, said) in parked {
            let question = said.answer()["result"]["inputRequests"].to_string();
            assert!(question.contains(&format!("the secret of call {at}?")), "{question}");
            let round = said.round(|_, _| {
                json!({ "action": "accept", "content": { "secret": format!("secret {at}") } })
            });
            let caller = caller.clone();
            answering.spawn(async move {
                let arguments = json!({ "label": format!("call {at}") });
                (at, caller.retry("secret", arguments, &round).await)
            });
        }
        for (at, said) in answering.join_all().await {
            assert_eq!(said.text(), format!("result secret {at}"), "{over:?}");
        }
        upstream.seen.until("nothing is left", |calls| calls.running() == 0).await;
        assert_eq!(upstream.seen.calls().answered, MANY, "{over:?}");
    }
}
