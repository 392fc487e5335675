//! The whole conversation of a tool that asks, between callers and servers of all eras.

use crate::asker::{Asker, At};
use crate::script::{LEGACY, Over, Speaks, Upstream, tools};
use crate::straight::{ALL, QUESTIONS, SERVERS, progress};
use crate::up::Config;
use serde_json::json;

/// Callers: every one through the same endpoint.
const CALLERS: [&str; 3] = ["2026-07-28", "2025-11-25", "2025-06-18"];

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_of_eras_holds_the_whole_conversation() {
    for (speaks, over) in SERVERS {
        let upstream = Upstream::new(speaks, over).await;
        let up = Config::new().server("one", &upstream).up();
        for version in CALLERS {
            let asker = Asker::connect(version, &up.url(), At::Never).await;
            let who = format!("{version} to {speaks:?} over {over:?}");
            assert_eq!(asker.call("converse", json!({})).await.as_deref(), Ok(ALL), "{who}");
            assert_eq!(asker.questions(), QUESTIONS, "{who}");
            assert_eq!(asker.progress(), progress(tools::QUESTIONS), "{who}");
            asker.client.close().await;
        }
        let calls = upstream.seen.calls();
        assert_eq!(calls.cancelled, 0, "{speaks:?} over {over:?}");
        // A legacy call is one call, however often its caller came back.
        let rounds = if speaks == Speaks::Modern { tools::QUESTIONS + 1 } else { 1 };
        assert_eq!(calls.begun, CALLERS.len() * rounds, "{speaks:?} over {over:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declined_reaches_the_tool_as_declined() {
    for (speaks, over) in SERVERS {
        let upstream = Upstream::new(speaks, over).await;
        let up = Config::new().server("one", &upstream).up();
        for version in CALLERS {
            // The roots are no question to a user: the last one is the third of his.
            for (at, question, saw) in [(1, 1, "decline"), (3, 4, "decline")] {
                let asker = Asker::connect(version, &up.url(), At::Decline(at)).await;
                let who = format!("{version} to {speaks:?} over {over:?}");
                let said = asker.call("converse", json!({})).await;
                let wanted = format!("tool error: question {question} was refused: {saw}");
                assert_eq!(said, Ok(wanted), "{who}");
                assert_eq!(asker.progress(), progress(question - 1), "{who}");
            }
        }
        assert_eq!(upstream.seen.calls().cancelled, 0, "{speaks:?} over {over:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_was_not_declared_is_never_forwarded() {
    for (speaks, over) in SERVERS {
        let upstream = Upstream::new(speaks, over).await;
        let up = Config::new().server("one", &upstream).up();
        for version in CALLERS {
            let client = bowline::Client::builder()
                .protocol_version(version)
                .connect(&up.url())
                .await
                .unwrap();
            let answer = client.call_tool("converse", json!({})).await;
            let who = format!("{version} to {speaks:?} over {over:?}: {answer:?}");
            match answer {
                // A tool that goes on without an answer says what it was refused with.
                Ok(result) => assert_eq!(result.is_error, Some(true), "{who}"),
                Err(error) => {
                    let rpc = error.rpc().unwrap_or_else(|| panic!("{who}"));
                    // Older protocol versions have no code of their own for it; our client knows it by its data.
                    assert_eq!(rpc.code.0, -32021, "{who}");
                    let required = &rpc.data.as_ref().unwrap()["requiredCapabilities"];
                    assert!(required["elicitation"].is_object(), "{who}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_many_share_is_told_the_roots_of_the_config() {
    let upstream = Upstream::new(LEGACY, Over::Stdio).await;
    for (roots, said) in
        [(json!([]), ""), (json!(["file:///of/the/config"]), "file:///of/the/config")]
    {
        let config = Config::new().server("one", &upstream).set("isolation", json!("shared"));
        let config = config.of("one", "roots", roots);
        let up = config.up();
        let asker = Asker::connect("2025-11-25", &up.url(), At::Never).await;
        let wanted = format!("Ann, twelve metres, {said}, red");
        assert_eq!(asker.call("converse", json!({})).await, Ok(wanted));
    }
}
