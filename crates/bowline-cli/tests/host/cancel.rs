//! Calls that are given up, at every step of the conversation.

use crate::asker::{Asker, At};
use crate::parked::{answer, to_the_end};
use crate::post::Caller;
use crate::script::{Speaks, Upstream, tools};
use crate::straight::{ALL, SERVERS};
use crate::up::Config;
use serde_json::json;
use std::sync::Arc;

/// A server of which only one call runs at a time, where that is up to the host: what is given up must be free again.
fn narrow(upstream: &Upstream) -> Config {
    Config::new().server("one", upstream).of("one", "instances", json!(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_hangs_up_between_questions_cancels_the_tool() {
    for (speaks, over) in SERVERS {
        let upstream = Upstream::new(speaks, over).await;
        let up = narrow(&upstream).up();
        let caller = Caller::new(&up.address);
        for pause in 0..=tools::QUESTIONS {
            let who = format!("{speaks:?} over {over:?}, after {pause} answers");
            let cancelled = upstream.seen.calls().cancelled + 1;
            let arguments = json!({ "pause": pause });
            let mut round = None;
            for _ in 0..pause {
                let open = caller.begin("converse", arguments.clone(), round.as_ref()).await;
                round = Some(open.finish().await.round(answer));
            }
            let mut open = caller.begin("converse", arguments, round.as_ref()).await;
            open.until(&format!("{pause} answered")).await;
            drop(open);
            upstream.seen.until(&who, |calls| calls.cancelled == cancelled).await;
            let free = caller.call("converse", json!({})).await;
            assert_eq!(to_the_end(&caller, free).await.text(), ALL, "{who}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cancels_between_questions_cancels_the_tool() {
    for (speaks, over) in SERVERS {
        let upstream = Upstream::new(speaks, over).await;
        let up = narrow(&upstream).up();
        for version in ["2025-11-25", "2025-06-18"] {
            for pause in 0..=tools::QUESTIONS {
                let who = format!("{version} to {speaks:?} over {over:?}, after {pause} answers");
                let cancelled = upstream.seen.calls().cancelled + 1;
                let asker = Arc::new(Asker::connect(version, &up.url(), At::Never).await);
                let calling = asker.clone();
                let call = tokio::spawn(async move {
                    calling.call("converse", json!({ "pause": pause })).await
                });
                asker.reported(&format!("{pause} answered")).await;
                call.abort();
                upstream.seen.until(&who, |calls| calls.cancelled == cancelled).await;
                assert_eq!(asker.call("converse", json!({})).await.as_deref(), Ok(ALL), "{who}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_cancels_while_it_is_asked_cancels_the_tool() {
    for (speaks, over) in SERVERS {
        let upstream = Upstream::new(speaks, over).await;
        let up = narrow(&upstream).up();
        for version in ["2025-11-25", "2025-06-18"] {
            for question in 1..=3 {
                let who = format!("{version} to {speaks:?} over {over:?}, at question {question}");
                let before = upstream.seen.calls();
                let asker =
                    Arc::new(Asker::connect(version, &up.url(), At::Silent(question)).await);
                let calling = asker.clone();
                let call = tokio::spawn(async move { calling.call("converse", json!({})).await });
                asker.silent().await;
                call.abort();
                if speaks == Speaks::Modern {
                    // Between its rounds nothing of the call is at the server.
                    upstream.seen.until(&who, |calls| calls.running() == 0).await;
                } else {
                    upstream
                        .seen
                        .until(&who, |calls| calls.cancelled == before.cancelled + 1)
                        .await;
                }
                let other = Asker::connect(version, &up.url(), At::Never).await;
                assert_eq!(other.call("converse", json!({})).await.as_deref(), Ok(ALL), "{who}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_lost_cancels_what_ran_in_it() {
    for (speaks, over) in SERVERS {
        let upstream = Upstream::new(speaks, over).await;
        let up = narrow(&upstream).up();
        let asker = Arc::new(Asker::connect("2025-11-25", &up.url(), At::Never).await);
        let calling = asker.clone();
        let call = tokio::spawn(async move { calling.call("hang", json!({})).await });
        asker.reported("hanging").await;
        // It ends its session, and its call with it.
        asker.client.close().await;
        let who = format!("{speaks:?} over {over:?}");
        upstream.seen.until(&who, |calls| calls.cancelled == 1).await;
        assert!(call.await.unwrap().is_err(), "{who}");
    }
}
