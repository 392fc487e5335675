//! What a trace holds.

use crate::link_wire::{Probe, call, cancel, settle};
use bowline::layer::Trace;
use bowline::protocol::limits::Limits;
use bowline::transport::{self, memory};
use expect_test::expect;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A file that nobody else uses, gone when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("bowline-{name}-{}.jsonl", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_file(&path);
        Self(path)
    }

    fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn talk(file: &Scratch, lines: &[String]) -> String {
    let trace = Trace::to_file(Probe::default(), &file.0).unwrap();
    let (mut near, far) = memory::pair();
    let mut running = transport::start(Arc::new(trace), far.limits(Limits::local()));
    for line in lines {
        near.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        settle().await;
    }
    near.shutdown().await.unwrap();
    let mut said = String::new();
    near.read_to_string(&mut said).await.unwrap();
    running.close(Duration::ZERO).await.unwrap();
    said
}

#[tokio::test(start_paused = true)]
async fn both_sides_can_be_replayed_from_it() {
    let file = Scratch::new("replay");
    let sent = [
        call("1", "now", 0),
        call("2", "slow progress", 2),
        call("3", "hang", 0),
        cancel("3"),
        r#"{"jsonrpc":"2.0","method":"notifications/whatever"}"#.to_owned(),
        call("4", "panic later", 0),
    ];
    let said = talk(&file, &sent).await;
    let lines = file.lines();
    assert_eq!(lines[0]["format"], "bowline-trace");
    assert_eq!(lines[0]["version"], 1);
    let heard = |dir: &str| {
        let of_dir = lines.iter().filter(|line| line["dir"] == dir);
        let mut messages: Vec<_> = of_dir.map(|line| line["message"].to_string()).collect();
        messages.sort();
        messages
    };
    let sorted = |lines: &mut dyn Iterator<Item = &str>| {
        let parsed = lines.map(|line| serde_json::from_str::<Value>(line).unwrap().to_string());
        let mut messages: Vec<_> = parsed.collect();
        messages.sort();
        messages
    };
    // A cancellation is the link's business; in the trace it is an event.
    let requests = sent.iter().map(String::as_str).filter(|line| !line.contains("cancelled"));
    assert_eq!(heard("in"), sorted(&mut requests.into_iter()));
    // The answer to a panic is made outside of the service that panicked.
    let answers = said.lines().filter(|line| !line.contains("-32603"));
    assert_eq!(heard("out"), sorted(&mut answers.into_iter()));
    let ended: Vec<_> = lines.iter().filter(|line| line["event"] == "cancelled").collect();
    assert_eq!(ended.len(), 2, "one was cancelled, one panicked");
    let ats: Vec<_> = lines[1..].iter().map(|line| line["at"].as_u64().unwrap()).collect();
    assert!(ats.is_sorted(), "{ats:?}");
}

#[tokio::test(start_paused = true)]
async fn secrets_are_not_in_it_and_a_second_run_is_appended() {
    let file = Scratch::new("secrets");
    let line = call("1", "now", 0).replace(r#""amount":0"#, r#""amount":0,"password":"hunter2""#);
    for _ in 0..2 {
        talk(&file, std::slice::from_ref(&line)).await;
    }
    let text = std::fs::read_to_string(&file.0).unwrap();
    assert!(!text.contains("hunter2"));
    let lines = file.lines();
    assert_eq!(lines.iter().filter(|line| line["format"] == "bowline-trace").count(), 2);
    expect![[r#"{"amount":0,"password":"[redacted]"}"#]]
        .assert_eq(&lines[1]["message"]["params"]["arguments"].to_string());
    let mut members: Vec<_> = lines[1].as_object().unwrap().keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["at", "call", "dir", "message", "principal", "time", "transport"]);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let file = Scratch::new("mode");
    std::fs::write(&file.0, "").unwrap();
    std::fs::set_permissions(&file.0, std::fs::Permissions::from_mode(0o644)).unwrap();
    let trace = Trace::to_file(Probe::default(), &file.0).unwrap();
    assert_eq!(std::fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(trace.dropped(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_named() {
    let error = Trace::to_file(Probe::default(), "/nonexistent/trace.jsonl").unwrap_err();
    assert_eq!(error.to_string(), "cannot write the trace to /nonexistent/trace.jsonl");
}
