//! Sessions walked through at random: whatever breaks when, every call says everything once and in order, and at the
//! end nothing is left.

use crate::http_session_support::{Peer, Stream, messages, mounted};
use bowline::transport::http::legacy::{MemoryEvents, MemorySessions};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// Numbers that are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

/// One call, as its client knows it.
struct Call {
    peer: usize,
    id: i64,
    stream: Option<Stream>,
    last: Option<String>,
    got: Vec<String>,
    cancelled: bool,
}

impl Call {
    fn take(&mut self, message: &serde_json::Value) {
        match &message["method"] {
            serde_json::Value::Null => {
                assert_eq!(message["id"], self.id);
                self.got.push(message["result"]["content"][0]["text"].to_string());
            }
            _ => self.got.push(message["params"]["data"].to_string()),
        }
    }
}

const STEPS: usize = 4;
const ALL: [&str; STEPS + 1] = ["1", "2", "3", "4", "\"stepped\""];

async fn walk(seed: u64) {
    let (sessions, events) = (
        Arc::new(MemorySessions::new(100)),
        Arc::new(MemoryEvents::new(&bowline::protocol::limits::Limits::local())),
    );
    let (kept, sent) = (sessions.clone(), events.clone());
    let (service, watch) = mounted(|endpoint| endpoint.session_store(kept).event_store(sent));
    let mut dice = Dice(seed);
    let mut peers = Vec::new();
    for version in ["2025-11-25", "2025-06-18", "2025-11-25"] {
        peers.push(Peer::open_as(&service, version, if peers.len() < 2 { "a" } else { "b" }).await);
    }
    let mut calls: Vec<Call> = Vec::new();
    for turn in 0..60 {
        match dice.below(12) {
            0 | 1 if calls.len() < 8 => {
                let (peer, id) = (dice.below(peers.len()), turn);
                let response = peers[peer].call(id, "step", json!({"count": STEPS})).await;
                let mut call =
                    Call { peer, id, stream: None, last: None, got: Vec::new(), cancelled: false };
                call.stream = Some(Stream::of(response));
                calls.push(call);
            }
            2..=4 => {
                watch.steps.add_permits(1 + dice.below(3));
                for _ in 0..dice.below(20) {
                    tokio::task::yield_now().await;
                }
            }
            5..=8 if !calls.is_empty() => {
                let at = dice.below(calls.len());
                let call = &mut calls[at];
                let Some(stream) = &mut call.stream else { continue };
                let read = tokio::time::timeout(Duration::from_millis(10), stream.next()).await;
                match read {
                    Err(_) => {}
                    Ok(None) => {
                        assert!(
                            call.cancelled || call.got.len() == ALL.len(),
                            "{seed}: {:?}",
                            call.got
                        );
                        call.stream = None;
                    }
                    Ok(Some(event)) => {
                        call.last = event.id.or_else(|| call.last.take());
                        if let Some(message) = event.message {
                            call.take(&message);
                        }
                    }
                }
            }
            9 if !calls.is_empty() => {
                let at = dice.below(calls.len());
                let call = &mut calls[at];
                // One of an older version cannot come back before it has an event.
                if call.last.is_some() {
                    call.stream = None;
                }
            }
            10 if !calls.is_empty() => {
                let at = dice.below(calls.len());
                let call = &mut calls[at];
                if let Some(last) = &call.last {
                    let response = peers[call.peer].get(Some(last)).await;
                    let over = call.cancelled || call.got.len() == ALL.len();
                    assert!(response.status() == 200 || over, "{seed}: {}", response.status());
                    call.stream = (response.status() == 200).then(|| Stream::of(response));
                }
            }
            11 if !calls.is_empty() && dice.below(3) == 0 => {
                let at = dice.below(calls.len());
                let call = &mut calls[at];
                peers[call.peer].cancel(call.id).await;
                call.cancelled = true;
            }
            _ => {}
        }
    }
    // Everybody who went comes back, and hears the rest.
    watch.steps.add_permits(1000);
    for call in &mut calls {
        let rest = match (call.stream.take(), &call.last) {
            (Some(stream), _) => {
                stream.rest().await.into_iter().filter_map(|event| event.message).collect()
            }
            (None, Some(last)) => match peers[call.peer].get(Some(last)).await {
                over if over.status() == 405 => Vec::new(),
                response => messages(response).await,
            },
            (None, None) => continue,
        };
        for message in rest {
            call.take(&message);
        }
        if call.cancelled {
            assert_eq!(call.got, ALL[..call.got.len()], "{seed}");
        } else {
            assert_eq!(call.got, ALL, "{seed}");
        }
    }
    watch.until(|watch| watch.alive() == 0).await;
    for peer in &peers {
        assert_eq!(peer.delete().await.status(), 204);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(sessions.is_empty() && events.is_empty(), "{seed}");
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "{seed}");
}

#[tokio::test(start_paused = true)]
async fn whatever_breaks_when_every_call_says_everything_once() {
    for seed in 0..400 {
        walk(seed).await;
    }
}
