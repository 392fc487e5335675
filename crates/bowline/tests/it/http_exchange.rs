//! How one call becomes one response.

use crate::http_support::{call, events, media_type, mounted, request, text};
use bowline::protocol::limits::Limits;
use http_body::Body;
use http_body_util::BodyExt;
use serde_json::json;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::time::Instant;

/// In a runtime that is never driven, so that nothing but this poll can have made the answer.
#[test]
fn a_call_that_says_nothing_first_spawns_nothing() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    let (service, _) = mounted(Limits::local());
    for accept in ["application/json, text/event-stream", "text/event-stream, application/json"] {
        let mut request = request("echo", &json!({ "message": "hi" }));
        request.headers_mut().insert("accept", accept.parse().unwrap());
        let mut nobody = Context::from_waker(Waker::noop());
        let mut answer = pin!(service.answer(request));
        let Poll::Ready(mut response) = answer.as_mut().poll(&mut nobody) else {
            panic!("pending with {accept}");
        };
        let Poll::Ready(Some(Ok(frame))) = Pin::new(response.body_mut()).poll_frame(&mut nobody)
        else {
            panic!("no body with {accept}");
        };
        let bytes = frame.into_data().unwrap();
        assert!(String::from_utf8_lossy(&bytes).contains("\"text\":\"hi\""), "{bytes:?}");
        assert!(response.body().is_end_stream());
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    }
}

#[tokio::test]
async fn who_names_the_stream_first_gets_one() {
    let (service, _) = mounted(Limits::local());
    let cases = [
        ("application/json, text/event-stream", "application/json"),
        ("text/event-stream, application/json", "text/event-stream"),
        ("application/json;q=0.5, text/event-stream", "text/event-stream"),
        ("*/*", "application/json"),
    ];
    for (accept, expected) in cases {
        let mut request = request("echo", &json!({ "message": "hi" }));
        request.headers_mut().insert("accept", accept.parse().unwrap());
        let response = service.answer(request).await;
        assert_eq!(media_type(&response), expected, "{accept}");
        if expected == "text/event-stream" {
            assert_eq!(response.headers()["x-accel-buffering"], "no");
            assert_eq!(response.headers()["cache-control"], "no-cache");
            assert_eq!(events(&text(response).await).len(), 1);
        }
    }
}

/// The status is decided before the stream begins.
#[tokio::test]
async fn an_unknown_method_is_404_whatever_is_preferred() {
    let (service, _) = mounted(Limits::local());
    let mut request = request("echo", &json!({}));
    request.headers_mut().insert("accept", "text/event-stream, */*".parse().unwrap());
    request.headers_mut().insert("mcp-method", "no/such".parse().unwrap());
    let body = call(1, "echo", &json!({})).replace("tools/call", "no/such");
    let response = service.answer(request.map(|_| http_body_util::Full::from(body))).await;
    assert_eq!((response.status().as_u16(), media_type(&response)), (404, "application/json"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_notifies_becomes_a_stream() {
    let (service, _) = mounted(Limits::local());
    let response = service.answer(request("log", &json!({ "count": 2 }))).await;
    assert_eq!(media_type(&response), "text/event-stream");
    let events = events(&text(response).await);
    let methods: Vec<_> = events.iter().map(|event| event["method"].as_str()).collect();
    let log = Some("notifications/message");
    assert_eq!(methods, [log, log, None]);
    assert_eq!(events[2]["id"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_silent_for_a_second_becomes_a_stream() {
    let (service, watch) = mounted(Limits::local());
    let start = Instant::now();
    let mut response = service.answer(request("wait", &json!({}))).await;
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    assert_eq!(media_type(&response), "text/event-stream");
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 1);

    // Comments keep it open, between 12 and 18 seconds apart, not all the same.
    let mut gaps = Vec::new();
    for _ in 0..20 {
        let before = Instant::now();
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), ":\n\n");
        gaps.push(before.elapsed());
    }
    let near = Duration::from_millis(11_990)..=Duration::from_millis(18_010);
    assert!(gaps.iter().all(|gap| near.contains(gap)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap != gaps[0]), "{gaps:?}");

    watch.go.notify_waiters();
    let answer = response.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(answer.starts_with(b"data: ") && answer.ends_with(b"\n\n"));
    assert!(response.body().is_end_stream(), "the stream goes on behind the answer");
    assert!(response.body_mut().frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn dropping_the_body_drops_the_handler_at_once() {
    let (service, watch) = mounted(Limits::local().running_per_principal(1));
    let response = service.answer(request("wait", &json!({}))).await;
    assert_eq!(watch.alive.load(Ordering::SeqCst), 1);
    let dropped = Instant::now();
    drop(response);
    watch.dropped.one().await;
    assert!(dropped.elapsed() < Duration::from_millis(10), "{:?}", dropped.elapsed());
    tokio::task::yield_now().await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    // Its place is free again, so its context is gone too.
    let response = service.answer(request("echo", &json!({ "message": "hi" }))).await;
    assert_eq!(response.status(), 200);
}

/// As over HTTP/2 with a peer that grants no room: the body is kept, but never asked.
#[tokio::test(start_paused = true)]
async fn a_stream_that_nobody_reads_ends_its_handler() {
    let (service, watch) = mounted(Limits::local());
    let start = Instant::now();
    let mut unread = service.answer(request("wait", &json!({}))).await;
    watch.dropped.one().await;
    let after = start.elapsed().as_secs();
    assert!((30..=61).contains(&after), "{after}");
    assert!(unread.body_mut().frame().await.is_none());
    tokio::task::yield_now().await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_drops_a_handler_that_has_not_streamed_yet() {
    let (service, watch) = mounted(Limits::local());
    {
        let mut answer = pin!(service.answer(request("wait", &json!({}))));
        poll_fn(|task| {
            assert!(answer.as_mut().poll(task).is_pending());
            Poll::Ready(())
        })
        .await;
        assert_eq!(watch.alive.load(Ordering::SeqCst), 1);
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
    }
    assert_eq!((watch.alive.load(Ordering::SeqCst), watch.dropped.count()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn progress_is_paced_in_order_and_ends_before_the_answer() {
    let (service, _) = mounted(Limits::local());
    let response = service.answer(request("report", &json!({ "count": 25 }))).await;
    let events = events(&text(response).await);
    let steps: Vec<_> =
        events.iter().filter_map(|event| event["params"]["progress"].as_f64()).collect();
    let mut expected: Vec<_> = (1..=10).map(f64::from).collect();
    expected.push(25.0);
    assert_eq!(steps, expected);
    assert!(events[..11].iter().all(|event| event["params"]["progressToken"] == "p"));
    assert_eq!(events[11]["id"], 1);
    assert_eq!(events.len(), 12);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_reads_is_bounded_and_counted() {
    let limits = Limits::local().outbox_messages(8);
    let (service, _) = mounted(limits);
    let response = service.answer(request("log", &json!({ "count": 100_000 }))).await;
    let events = events(&text(response).await);
    let data: Vec<_> = events.iter().map(|event| &event["params"]["data"]).collect();
    assert_eq!(events.len(), 9, "{events:?}");
    assert_eq!(*data[6], json!(100_000), "the newest are kept");
    assert_eq!(*data[7], json!({ "dropped": 99_992 }));
    assert_eq!(events[8]["id"], 1);
}

#[tokio::test]
async fn a_large_result_is_sent_as_it_was_encoded() {
    let (service, _) = mounted(Limits::local());
    for (accept, frames) in [("*/*", 3), ("text/event-stream, */*", 3)] {
        for (count, frames) in [(1_000, 1), (200_000, frames)] {
            let mut request = request("large", &json!({ "count": count }));
            request.headers_mut().insert("accept", accept.parse().unwrap());
            let mut response = service.answer(request).await;
            let exact = response.body().size_hint().exact();
            let mut got = Vec::new();
            while let Some(frame) = response.body_mut().frame().await {
                got.push(frame.unwrap().into_data().unwrap());
            }
            assert!(response.body().is_end_stream());
            assert_eq!(got.len(), frames, "{accept} {count}");
            let whole = String::from_utf8(got.concat()).unwrap();
            let message = match exact {
                Some(len) => {
                    assert_eq!(len, whole.len() as u64);
                    serde_json::from_str(&whole).unwrap()
                }
                None => events(&whole).remove(0),
            };
            let text = message["result"]["content"][0]["text"].as_str().unwrap();
            assert_eq!(text.len(), count);
        }
    }
}
