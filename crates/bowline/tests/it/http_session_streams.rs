//! Streams of sessions over HTTP: broken, resumed, taken over, let go.

use crate::http_session_support::{
    Event, Peer, Stream, VERSIONS, Watch, bytes, call, is_stream, json_of, messages, mounted,
};
use bowline::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

const STEPS: usize = 5;

/// Goes on until the handler has ended, however it gets there.
async fn finish(watch: &Watch) {
    watch.steps.add_permits(STEPS + 1);
    watch.until(|watch| watch.alive() == 0).await;
    watch.steps.forget_permits(usize::MAX);
}

/// What a call of `step` says, as short texts.
fn short(messages: &[Value]) -> Vec<String> {
    let text = |message: &Value| match &message["method"] {
        Value::Null => message["result"]["content"][0]["text"].to_string(),
        _ => message["params"]["data"].to_string(),
    };
    messages.iter().map(text).collect()
}

const ALL: [&str; STEPS + 1] = ["1", "2", "3", "4", "5", "\"stepped\""];

#[tokio::test(start_paused = true)]
async fn a_stream_cut_at_any_event_is_resumed_without_loss_and_without_repeats() {
    let (service, watch) = mounted(|endpoint| endpoint);
    for version in VERSIONS {
        let peer = Peer::open(&service, version).await;
        // How far the call is when the connection breaks, how much of that the client got, and how far the call gets
        // before the client is back.
        for told in 1..=STEPS + 1 {
            for read in 0..=told {
                for meanwhile in 0..=STEPS + 1 - told {
                    let response = {
                        let call = peer.call(1, "step", json!({"count": STEPS}));
                        watch.steps.add_permits(told);
                        call.await
                    };
                    let mut stream = Stream::of(response);
                    let mut got = Vec::new();
                    let mut last = None;
                    // A client of an older version has no id to come back with before its first message.
                    let primed = version == "2025-11-25";
                    if primed {
                        let prime = stream.next().await.unwrap();
                        assert_eq!((prime.retry, &prime.message), (Some(1000), &None));
                        last = prime.id;
                    }
                    for _ in 0..read {
                        let event = stream.next().await.unwrap();
                        last = event.id;
                        got.push(event.message.unwrap());
                    }
                    drop(stream);
                    watch.steps.add_permits(meanwhile);
                    for _ in 0..20 {
                        tokio::task::yield_now().await;
                    }
                    let Some(last) = last else {
                        finish(&watch).await;
                        continue;
                    };
                    let resumed = peer.get(Some(&last)).await;
                    finish(&watch).await;
                    if got.len() == ALL.len() {
                        assert_eq!(resumed.status(), 405, "nothing follows the answer");
                    } else {
                        got.extend(messages(resumed).await);
                    }
                    assert_eq!(short(&got), ALL, "{version} {told} {read} {meanwhile}");
                    assert_eq!(got[STEPS]["id"], 1);
                }
            }
        }
        assert_eq!(peer.delete().await.status(), 204);
    }
    assert_eq!(watch.dropped(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_can_be_cut_again_and_again() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    let mut response = {
        let call = peer.call(1, "step", json!({"count": STEPS}));
        watch.steps.add_permits(1);
        call.await
    };
    let (mut got, mut ids) = (Vec::new(), Vec::new());
    for _ in 0..=STEPS {
        let mut stream = Stream::of(response);
        let event = loop {
            let event = stream.next().await.unwrap();
            if event.message.is_some() {
                break event;
            }
        };
        ids.push(event.id.clone().unwrap());
        got.push(event.message.unwrap());
        drop(stream);
        response = peer.get(ids.last().map(String::as_str)).await;
        watch.steps.add_permits(1);
    }
    assert_eq!(short(&got), ALL);
    assert_eq!(response.status(), 405, "nothing follows the answer");
    // Every event can still be asked for: what follows it is always the same.
    for (at, id) in ids[..STEPS].iter().enumerate() {
        let again = messages(peer.get(Some(id)).await).await;
        assert_eq!(short(&again), ALL[at + 1..]);
    }
}

#[tokio::test(start_paused = true)]
async fn events_of_other_streams_and_sessions_are_out_of_reach() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let alice = Peer::open_as(&service, "2025-11-25", "alice").await;
    let second = Peer::open_as(&service, "2025-11-25", "alice").await;
    let bob = Peer::open_as(&service, "2025-11-25", "bob").await;
    let mut own = Stream::of(alice.call(1, "log", json!({"count": 2})).await);
    let id = own.next().await.unwrap().id.unwrap();
    let ids: Vec<_> = own.rest().await.into_iter().map(|event| event.id.unwrap()).collect();
    assert_eq!(ids.len(), 3);
    let running = alice.call(2, "wait", json!({})).await;
    let mut running = Stream::of(running);
    let live = running.next().await.unwrap().id.unwrap();
    let mut refused = Vec::new();
    for other in [&second, &bob] {
        for id in ids.iter().chain([&id, &live]) {
            refused.push(other.get(Some(id)).await);
        }
    }
    // Nobody was disturbed by that.
    assert_eq!(messages(alice.get(Some(&id)).await).await.len(), 3);
    let never = format!("{live}000");
    let stranger = live.replacen(|digit: char| digit.is_ascii_digit(), "x", 1);
    let longer = format!("x{live}");
    for unknown in
        ["x", "0-0", "-1", "AAAAAAAAAAAAAAAAAAAAAA-0", &never, &stranger, &longer, &ids[2]]
    {
        refused.push(alice.get(Some(unknown)).await);
    }
    // Over, unknown and foreign are told alike, so that no client asks for ever.
    let mut said = HashSet::new();
    for response in refused {
        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &"POST, DELETE".parse().unwrap())
        );
        said.insert(bytes(response).await);
    }
    assert_eq!(said.len(), 1);
    watch.go.notify_waiters();
    assert!(running.message().await.unwrap()["result"].is_object());
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_takes_the_stream_over() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    let mut first = Stream::of(peer.call(1, "step", json!({"count": 1})).await);
    let id = first.next().await.unwrap().id.unwrap();
    let mut second = Stream::of(peer.get(Some(&id)).await);
    assert_eq!(first.next().await, None, "the reader before ends");
    watch.steps.add_permits(2);
    assert_eq!(short(&[second.message().await.unwrap()]), ["1"]);
    assert!(second.message().await.unwrap()["result"].is_object());
    assert_eq!(second.next().await, None);
    assert_eq!((watch.ended(), watch.dropped()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_cancels_nothing() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    // Before there is a stream: the connection's own future is dropped.
    {
        let mut call = std::pin::pin!(peer.call(1, "wait", json!({})));
        tokio::select! {
            biased;
            _ = call.as_mut() => panic!("it waits"),
            () = watch.until(|watch| watch.alive() == 1) => {}
        }
    }
    // And when there is one.
    let stream = peer.call(2, "wait", json!({})).await;
    assert!(is_stream(&stream));
    drop(stream);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!((watch.alive(), watch.dropped()), (2, 0));
    // The session was not swept meanwhile, for its calls run.
    assert_eq!(peer.text(3, "echo", json!({"message": "there"})).await, "there");
    watch.go.notify_waiters();
    watch.until(|watch| watch.ended() == 2).await;
    // Its ids are free again.
    assert_eq!(peer.text(1, "echo", json!({"message": "1"})).await, "1");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_says_nothing_more() {
    let (service, watch) = mounted(|endpoint| endpoint);
    for version in VERSIONS {
        let before = watch.dropped();
        let peer = Peer::open(&service, version).await;
        // While nothing was said yet: there is no answer, so that the response ends without one.
        let (response, ()) = tokio::join!(peer.call("a", "wait", json!({})), async {
            watch.until(|watch| watch.alive() == 1).await;
            peer.cancel("b").await;
            peer.cancel("a").await;
        });
        assert!(is_stream(&response));
        assert_eq!(Stream::of(response).rest().await, []);
        // On a stream, with messages that nobody has read.
        let call = peer.call(5, "step", json!({"count": STEPS}));
        watch.steps.add_permits(3);
        let stream = Stream::of(call.await);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        peer.cancel("5").await;
        assert_eq!(watch.alive(), 1, "a text is no number");
        peer.cancel(5).await;
        watch.until(|watch| watch.alive() == 0).await;
        let rest = stream.rest().await;
        assert!(rest.iter().all(|event| event.message.is_none()), "{rest:?}");
        watch.steps.forget_permits(usize::MAX);
        // What is over cannot be cancelled.
        peer.cancel(5).await;
        assert_eq!(watch.dropped() - before, 2);
        assert_eq!(peer.text(5, "echo", json!({"message": "5"})).await, "5");
    }
}

/// The cancellation comes while the handler is polled for the first time, before anything knows where it runs.
#[tokio::test(start_paused = true)]
async fn a_call_cancelled_in_its_first_poll_says_nothing_more() {
    let me: Arc<OnceLock<Peer>> = Arc::default();
    let same = me.clone();
    let tool = move |cx: Context, Mode { pending }: Mode| {
        let me = same.clone();
        async move {
            at_once(me.get().unwrap().cancel(1));
            cx.log(LoggingLevel::Info, "too late");
            if pending {
                std::future::pending::<()>().await;
            }
            "done"
        }
    };
    let server = Server::new("test", "1").tool(Tool::new("give_up"), tool);
    let service = bowline::transport::http::Endpoint::default().mount(server);
    let peer = Peer::open(&service, "2025-11-25").await;
    assert!(me.set(peer.clone()).is_ok());
    for pending in [false, true] {
        let response = peer.call(1, "give_up", json!({"pending": pending})).await;
        let rest = Stream::of(response).rest().await;
        assert!(rest.iter().all(|event| event.message.is_none()), "{pending}: {rest:?}");
    }
    peer.delete().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

/// Does what need not wait.
fn at_once(future: impl Future<Output = ()>) {
    let mut nobody = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(std::pin::pin!(future).poll(&mut nobody).is_ready());
}

#[derive(Deserialize, JsonSchema)]
struct Mode {
    pending: bool,
}

#[tokio::test(start_paused = true)]
async fn an_id_is_taken_until_its_call_is_answered() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let (peer, other) =
        (Peer::open(&service, "2025-06-18").await, Peer::open(&service, "2025-06-18").await);
    let first = peer.call(1, "wait", json!({})).await;
    let second = peer.call(1, "echo", json!({"message": "hi"})).await;
    assert_eq!(second.status(), 400);
    assert_eq!(json_of(second).await["error"]["code"], -32600);
    // A text is another id, and another session has its own.
    assert_eq!(peer.text("1", "echo", json!({"message": "text"})).await, "text");
    assert_eq!(other.text(1, "echo", json!({"message": "other"})).await, "other");
    other.cancel(1).await;
    watch.go.notify_waiters();
    assert_eq!(messages(first).await.len(), 1);
    assert_eq!(watch.dropped(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_may_let_its_connection_go() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    let events = Stream::of(peer.call(1, "leave", json!({})).await).rest().await;
    let [prime, before, bye] = &*events else { panic!("{events:?}") };
    assert_eq!((prime.retry, &prime.message), (Some(1000), &None));
    assert_eq!(before.message.as_ref().unwrap()["params"]["data"], "before");
    assert_eq!(bye, &Event { retry: Some(1000), ..Event::default() });
    assert_eq!(watch.alive(), 1);
    let id = before.id.as_deref();
    // Back too early, and waiting.
    let resumed = peer.get(id).await;
    watch.go.notify_waiters();
    let answer = messages(resumed).await;
    assert_eq!(short(&answer), ["\"after\""]);
    // With the id of the first event everything comes again.
    assert_eq!(messages(peer.get(prime.id.as_deref()).await).await.len(), 2);

    // The answer is there before the client is back.
    let events = Stream::of(peer.call(2, "leave", json!({})).await).rest().await;
    watch.go.notify_waiters();
    watch.until(|watch| watch.alive() == 0).await;
    assert_eq!(short(&messages(peer.get(events[1].id.as_deref()).await).await), ["\"after\""]);
}

#[tokio::test(start_paused = true)]
async fn where_clients_would_not_come_back_connections_are_kept() {
    let (service, watch) = mounted(|endpoint| endpoint);
    for version in &VERSIONS[..3] {
        let peer = Peer::open(&service, version).await;
        let mut stream = Stream::of(peer.call(1, "leave", json!({})).await);
        assert!(stream.message().await.is_some());
        watch.go.notify_waiters();
        assert_eq!(short(&[stream.message().await.unwrap()]), ["\"after\""], "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn comments_keep_a_silent_stream_open() {
    use http_body_util::BodyExt;
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-06-18").await;
    let start = Instant::now();
    let mut response = peer.call(1, "wait", json!({})).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    for _ in 0..5 {
        let before = Instant::now();
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), ":\n\n");
        let gap = before.elapsed().as_secs_f64();
        assert!((11.9..18.1).contains(&gap), "{gap}");
    }
    watch.go.notify_waiters();
    assert_eq!(messages(response).await.len(), 1);
}

/// A reader that stops is let go of after a while; what runs goes on, and the client can come back.
#[tokio::test(start_paused = true)]
async fn a_reader_that_stops_holds_nothing_for_ever() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    let mut stalled = Stream::of(peer.call(1, "step", json!({"count": 1})).await);
    let id = stalled.next().await.unwrap().id.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    watch.steps.add_permits(2);
    watch.until(|watch| watch.ended() == 1).await;
    // The session's time runs: nobody reads it and nothing runs in it.
    assert_eq!(stalled.next().await, None);
    assert_eq!(short(&messages(peer.get(Some(&id)).await).await), ["1", "\"stepped\""]);
    let mut body = peer.call(2, "step", json!({"count": 1})).await;
    {
        use http_body_util::BodyExt;
        body.body_mut().frame().await.unwrap().unwrap();
    }
    watch.steps.add_permits(2);
    tokio::time::sleep(Duration::from_secs(40 + 30 * 60)).await;
    assert_eq!(peer.call(3, "echo", json!({"message": "hi"})).await.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn an_unread_stream_is_bounded_and_disturbs_nobody() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    let unread = peer.call(1, "log", json!({"count": 100_000})).await;
    for at in 0..10 {
        let message = at.to_string();
        assert_eq!(peer.text(2, "echo", json!({"message": message})).await, message);
    }
    let messages = messages(unread).await;
    // The newest logs, a word about those that found no room, and the answer.
    assert!(messages.len() <= 258, "{}", messages.len());
    assert_eq!(messages[messages.len() - 1]["id"], 1);
    assert_eq!(messages[messages.len() - 3]["params"]["data"], 100_000);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_session_ends_everything_in_it() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    let other = Peer::open(&service, "2025-11-25").await;
    let mut call = Stream::of(peer.call(1, "wait", json!({})).await);
    let id = call.next().await.unwrap().id.unwrap();
    drop(peer.call(2, "wait", json!({})).await);
    let mut own = Stream::of(peer.get(None).await);
    own.next().await.unwrap();
    let mut others = Stream::of(other.call(1, "wait", json!({})).await);
    others.next().await.unwrap();
    let (young, deleted) = tokio::join!(peer.call(3, "wait", json!({})), async {
        watch.until(|watch| watch.alive() == 4).await;
        peer.delete().await.status()
    });
    assert_eq!(deleted, 204);
    assert_eq!(Stream::of(young).rest().await, []);
    assert_eq!((call.next().await, own.next().await), (None, None));
    watch.until(|watch| watch.alive() == 1).await;
    assert_eq!(peer.get(Some(&id)).await.status(), 404);
    watch.go.notify_waiters();
    assert!(others.message().await.is_some());
    assert_eq!((watch.dropped(), watch.ended()), (3, 1));
    drop((call, own, others));
    other.delete().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_endpoint_drops_what_runs_in_its_sessions() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    drop(peer.call(1, "wait", json!({})).await);
    let own = peer.get(None).await;
    assert_eq!(watch.alive(), 1);
    drop((service, peer));
    watch.until(|watch| watch.dropped() == 1).await;
    let rest = Stream::of(own).rest().await;
    assert!(rest.iter().all(|event| event.message.is_none()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn batches_are_answered_together() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-03-26").await;
    let echo = |id: i32| call(id, "echo", json!({"message": id.to_string()}));
    let note = || json!({"jsonrpc": "2.0", "method": "notifications/no/such"});
    let reply = || json!({"jsonrpc": "2.0", "id": 77, "result": {}});
    let ids = |messages: &[Value]| {
        let mut ids: Vec<_> = messages.iter().map(|message| message["id"].to_string()).collect();
        ids.sort();
        ids
    };

    let ping = json!({"jsonrpc": "2.0", "id": "p", "method": "ping"});
    let batch = json!([echo(1), note(), ping, echo(2), {"id": 9}, echo(2), reply()]);
    let Value::Array(answers) = json_of(peer.post(&batch).await).await else { panic!("no array") };
    // The second 2 comes when the first is done already.
    assert_eq!(ids(&answers), ["\"p\"", "1", "2", "2", "9"]);

    assert_eq!(peer.post(&json!([note(), reply()])).await.status(), 202);
    assert_eq!(peer.post(&json!([])).await.status(), 400);

    // One of them waits: all of them go on one stream.
    let batch = json!([echo(1), call(2, "wait", json!({})), call(2, "wait", json!({})), echo(3)]);
    let response = peer.post(&batch).await;
    let mut stream = Stream::of(response);
    let mut got = vec![];
    for _ in 0..3 {
        got.push(stream.message().await.unwrap());
    }
    assert_eq!(ids(&got), ["1", "2", "3"], "the second 2 is refused, the first waits");
    assert!(got.iter().any(|message| message["error"]["code"] == -32600));
    watch.go.notify_waiters();
    let last = stream.next().await.unwrap();
    assert_eq!(last.message.unwrap()["id"], 2);
    assert_eq!(stream.next().await, None);

    // One is cancelled, the others are answered, and what was missed can be asked for.
    let batch = json!([call(1, "wait", json!({})), call(2, "wait", json!({})), echo(3)]);
    let mut stream = Stream::of(peer.post(&batch).await);
    let first = stream.next().await.unwrap();
    drop(stream);
    peer.cancel(1).await;
    watch.go.notify_waiters();
    watch.until(|watch| watch.alive() == 0).await;
    let rest = messages(peer.get(first.id.as_deref()).await).await;
    assert_eq!(ids(&rest), ["2"]);
}
