//! Many calls on one link: order, cancellation, and how much may be under way.

use crate::link_wire::{Wire, call, cancel, request, settle};
use bowline::protocol::limits::Limits;
use serde_json::json;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn ids(lines: &[String]) -> Vec<String> {
    let id =
        |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].to_string();
    lines.iter().map(id).collect()
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_do_not_hold_up_those_behind_them() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "sleep", 500)).await;
    wire.send(&call("2", "sleep", 100)).await;
    wire.send(&call("3", "now", 0)).await;
    assert_eq!(ids(&wire.lines_within(SECOND).await), ["3", "2", "1"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_done_at_once_costs_no_task() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut wire = Wire::new(Limits::local());
    let before = tasks();
    for id in 0..100 {
        wire.send(&call(&id.to_string(), "now", 0)).await;
        wire.send(&call(&id.to_string(), "progress", 3)).await;
        settle().await;
        assert_eq!(tasks(), before);
    }
    // Two answers and three reports of progress each.
    assert_eq!(wire.lines_within(SECOND).await.len(), 500);
}

#[tokio::test(start_paused = true)]
async fn progress_stands_before_its_answer_and_the_last_one_is_never_lost() {
    for name in ["progress", "slow progress"] {
        let mut wire = Wire::new(Limits::local());
        wire.send(&call("1", name, 25)).await;
        let lines = wire.lines_within(10 * SECOND).await;
        let (answer, progress) = lines.split_last().unwrap();
        assert!(answer.contains(r#""result""#), "{name}: {answer}");
        assert!(progress.last().unwrap().contains(r#""progress":25"#), "{name}: {progress:?}");
        assert!(progress.iter().all(|line| line.contains(r#""progressToken":"p""#)));
        assert_eq!(progress.len(), if name == "progress" { 11 } else { 25 }, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_dropped_at_once_and_sends_not_one_byte_more() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "slow progress", 100)).await;
    let before = wire.lines_within(Duration::from_millis(900)).await;
    assert_eq!(before.len(), 5);
    wire.send(&cancel("1")).await;
    settle().await;
    // No time has passed since.
    assert_eq!(wire.probe.alive(), 0);
    assert_eq!(wire.lines_within(60 * SECOND).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_id_used_again_after_its_cancellation_gets_only_its_own_messages() {
    let mut wire = Wire::new(Limits::local());
    for _ in 0..20 {
        // What the first call has sent may still be on its way when the second one starts.
        wire.send(&call("1", "progress", 30)).await;
        wire.send(&call("2", "hang", 0)).await;
        wire.send(&cancel("2")).await;
        wire.send(&call("2", "sleep", 5)).await;
        let lines = wire.lines_within(SECOND).await;
        assert_eq!(lines.iter().filter(|line| line.contains(r#""id":2"#)).count(), 1);
        assert_eq!(lines.iter().filter(|line| line.contains(r#""id":1"#)).count(), 1);
    }
    assert_eq!(wire.probe.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_run_than_the_limit_and_the_rest_wait_their_turn() {
    let mut wire = Wire::new(Limits::local().running_per_link(4));
    for id in 0..20 {
        wire.send(&call(&id.to_string(), "sleep", 100)).await;
    }
    settle().await;
    assert_eq!((wire.probe.started(), wire.probe.alive()), (4, 4));
    let lines = wire.lines_within(Duration::from_millis(150)).await;
    assert_eq!(lines.len(), 4);
    assert_eq!((wire.probe.started(), wire.probe.alive()), (8, 4));
    assert_eq!(wire.lines_within(SECOND).await.len(), 16);
}

#[tokio::test(start_paused = true)]
async fn a_request_cancelled_while_it_waits_never_starts_and_frees_its_id() {
    let mut wire = Wire::new(Limits::local().running_per_link(1));
    wire.send(&call("1", "sleep", 100)).await;
    wire.send(&call("2", "hang", 0)).await;
    wire.send(&call("3", "now", 0)).await;
    wire.send(&cancel("2")).await;
    wire.send(&call("2", "now", 0)).await;
    assert_eq!(ids(&wire.lines_within(SECOND).await), ["1", "3", "2"]);
    assert_eq!(wire.probe.started(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_read_ahead_acts_before_its_turn() {
    let mut wire = Wire::new(Limits::local().running_per_link(1));
    wire.send(&call("1", "hang", 0)).await;
    for id in 2..100 {
        wire.send(&call(&id.to_string(), "now", 0)).await;
    }
    wire.send(&cancel("1")).await;
    assert_eq!(wire.lines_within(SECOND).await.len(), 98);
    assert_eq!(wire.probe.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn reading_pauses_when_enough_was_read_ahead_and_goes_on_when_calls_end() {
    let mut wire = Wire::new(Limits::local().running_per_link(1).read_ahead_bytes(64 * 1024));
    wire.send(&call("0", "sleep", 1000)).await;
    let mut sent = 0;
    // The stream holds 64 KiB, one read brings 64 KiB, and 64 KiB may wait.
    while sent < 10_000 {
        let line = call(&(sent + 1).to_string(), "now", 0);
        let send = wire.send(&line);
        if tokio::time::timeout(Duration::from_millis(1), send).await.is_err() {
            break;
        }
        sent += 1;
    }
    assert!((200..2000).contains(&sent), "{sent} requests went in");
    assert_eq!(wire.probe.started(), 1);
    let lines = wire.lines_within(10 * SECOND).await;
    assert!(lines.len() >= sent, "{} of {sent} were answered", lines.len());
}

#[tokio::test(start_paused = true)]
async fn listens_do_not_count_as_running_and_have_a_limit_of_their_own() {
    let limits = Limits::local().running_per_link(1).listens_per_principal(3);
    let mut wire = Wire::new(limits);
    let listen =
        |id: u32| request(&id.to_string(), "subscriptions/listen", &json!({ "notifications": {} }));
    for id in 1..=4 {
        wire.send(&listen(id)).await;
    }
    wire.send(&call("5", "now", 0)).await;
    let lines = wire.lines_within(SECOND).await;
    assert_eq!(ids(&lines), ["4", "5"]);
    assert!(lines[0].contains(r#""code":-31000"#), "{}", lines[0]);
    assert_eq!(wire.probe.alive(), 3);
    wire.send(&cancel("2")).await;
    settle().await;
    wire.send(&listen(6)).await;
    assert_eq!(wire.lines_within(SECOND).await, [""; 0]);
    assert_eq!(wire.probe.alive(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_panic_answers_one_call_and_no_other() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "sleep", 10)).await;
    wire.send(&call("2", "panic", 0)).await;
    wire.send(&call("3", "panic later", 0)).await;
    let lines = wire.lines_within(SECOND).await;
    assert_eq!(ids(&lines), ["2", "3", "1"]);
    assert!(lines[0].contains("-32603") && lines[1].contains("-32603"), "{lines:?}");
    assert!(!lines[0].contains("in the call itself"), "details stay inside: {}", lines[0]);
}

#[tokio::test(start_paused = true)]
async fn starting_and_cancelling_in_turns_never_exceeds_the_limit() {
    let mut wire = Wire::new(Limits::local().running_per_link(8));
    let mut burst = String::new();
    for id in 0..500 {
        burst += &format!("{}\n{}\n", call(&id.to_string(), "hang", 0), cancel(&id.to_string()));
    }
    wire.send_bytes(burst.as_bytes()).await;
    settle().await;
    assert_eq!(wire.probe.alive(), 0);
    wire.send(&call("1", "now", 0)).await;
    assert_eq!(wire.lines_within(SECOND).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_pipelined_calls_are_answered_in_order() {
    let mut wire = Wire::new(Limits::local());
    let mut lines = String::new();
    for id in 0..10_000 {
        lines += &call(&id.to_string(), "now", 0);
        lines.push('\n');
    }
    let (mut reader, mut writer) = tokio::io::split(wire.stream);
    let writing = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        writer.write_all(lines.as_bytes()).await.unwrap();
        writer.shutdown().await.unwrap();
    });
    let mut answers = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut reader, &mut answers).await.unwrap();
    writing.await.unwrap();
    let answers: Vec<_> = answers.lines().map(String::from).collect();
    assert_eq!(ids(&answers), (0..10_000).map(|id| id.to_string()).collect::<Vec<_>>());
    wire.running.wait().await.unwrap();
}
