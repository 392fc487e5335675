//! How a link ends, and that nothing of it is left.

use crate::link_wire::{Wire, call, cancel, request, settle};
use bowline::protocol::limits::Limits;
use serde_json::json;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn alive_tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

#[tokio::test(start_paused = true)]
async fn the_end_of_input_lets_calls_finish_and_then_ends_listens() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&request("1", "subscriptions/listen", &json!({}))).await;
    wire.send(&call("2", "sleep", 3000)).await;
    wire.end_input().await;
    let start = Instant::now();
    let lines = wire.rest().await;
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(r#""id":2"#), "{lines:?}");
    assert!(start.elapsed() >= 3 * SECOND && start.elapsed() < 4 * SECOND);
    wire.running.wait().await.unwrap();
    assert_eq!((wire.probe.alive(), alive_tasks()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn requests_that_waited_when_the_input_ended_are_still_answered() {
    let mut wire = Wire::new(Limits::local().running_per_link(1));
    for id in 0..5 {
        wire.send(&call(&id.to_string(), "sleep", 100)).await;
    }
    wire.end_input().await;
    assert_eq!(wire.rest().await.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_ends_does_not_outlive_the_end_of_input_for_long() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "hang", 0)).await;
    wire.end_input().await;
    let start = Instant::now();
    assert_eq!(wire.rest().await, [""; 0]);
    wire.running.wait().await.unwrap();
    assert!(start.elapsed() < 6 * SECOND, "{:?}", start.elapsed());
    assert_eq!((wire.probe.alive(), alive_tasks()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn closing_refuses_new_calls_obeys_cancellations_and_drains_open_ones() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "sleep", 1000)).await;
    wire.send(&call("2", "hang", 0)).await;
    settle().await;
    let mut stream = wire.stream;
    let mut running = wire.running;
    let start = Instant::now();
    let talking = async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        tokio::time::sleep(Duration::from_millis(100)).await;
        let late = format!("{}\n{}\n", call("3", "now", 0), cancel("2"));
        stream.write_all(late.as_bytes()).await.unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    };
    let (closed, said) = tokio::join!(running.close(10 * SECOND), talking);
    closed.unwrap();
    assert_eq!(start.elapsed(), SECOND, "as soon as the open call is done");
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].contains(r#""id":3,"error":{"code":-31000"#), "{said}");
    assert!(lines[1].contains(r#""id":1,"result""#), "{said}");
    assert_eq!(lines.len(), 2);
    assert_eq!((wire.probe.alive(), alive_tasks()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn closing_cancels_what_is_open_at_the_deadline() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "hang", 0)).await;
    wire.send(&request("2", "subscriptions/listen", &json!({}))).await;
    settle().await;
    let start = Instant::now();
    wire.running.close(2 * SECOND).await.unwrap();
    assert!(start.elapsed() >= 2 * SECOND && start.elapsed() < 3 * SECOND);
    assert_eq!((wire.probe.alive(), alive_tasks()), (0, 0));
    // A second time does nothing, nor does waiting.
    wire.running.close(2 * SECOND).await.unwrap();
    wire.running.wait().await.unwrap();
    assert_eq!(wire.rest().await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn dropping_what_runs_ends_it_without_waiting() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "sleep", 100)).await;
    wire.send(&call("2", "hang", 0)).await;
    settle().await;
    let start = Instant::now();
    drop(wire.running);
    assert_eq!(start.elapsed(), Duration::ZERO);
    let mut said = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut wire.stream, &mut said).await.unwrap();
    assert_eq!(said.lines().count(), 1, "what could finish did: {said}");
    settle().await;
    assert_eq!((wire.probe.alive(), alive_tasks()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_ends_the_link_after_a_while_and_costs_bounded_memory() {
    let limits = Limits::local().outbox_bytes(256 * 1024).stalled_timeout(30 * SECOND);
    let mut wire = Wire::new(limits);
    wire.send(&call("0", "flood", 1000)).await;
    let mut sent = 0;
    loop {
        sent += 1;
        let line = call(&sent.to_string(), "big", 10_000);
        let send = wire.send(&line);
        if tokio::time::timeout(Duration::from_millis(10), send).await.is_err() {
            break;
        }
    }
    // 256 KiB may wait, 64 KiB are in the stream: a few dozen answers of 10 kB were made, the rest wait unread.
    assert!(wire.probe.started() < 60, "{} calls were started", wire.probe.started());
    let start = Instant::now();
    let error = wire.running.wait().await.unwrap_err();
    assert!(error.is_closed(), "{error:?}");
    assert_eq!(error.to_string(), "the peer has read nothing for 30 seconds");
    assert!(start.elapsed() <= 30 * SECOND);
    assert_eq!((wire.probe.alive(), alive_tasks()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_is_not_taken_for_one_that_reads_nothing() {
    let mut wire = Wire::new(Limits::local().stalled_timeout(10 * SECOND));
    for id in 0..20 {
        wire.send(&call(&id.to_string(), "big", 20_000)).await;
    }
    for _ in 0..20 {
        tokio::time::sleep(9 * SECOND).await;
        assert!(wire.line().await.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_gone_ends_the_link() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "hang", 0)).await;
    settle().await;
    drop(wire.stream);
    let _ = wire.running.wait().await;
    assert_eq!((wire.probe.alive(), alive_tasks()), (0, 0));
}
