//! What must hold while calls run on one stdio link.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::defects::link::{SOON, call, code, meta, request, text};
use crate::defects::peer::Peer;
use crate::defects::{OnRmcp, Test};

/// What a server may hold in memory, whatever one client does.
const LIMIT: u64 = 16 << 20;

pub(crate) const TESTS: &[Test] = &[
    Test { name: "a_panic_is_answered", body: panic, on_rmcp: OnRmcp::Fails },
    Test {
        name: "an_id_in_flight_is_not_taken_twice",
        body: duplicate_ids,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "cancelled_means_silence",
        body: silence,
        on_rmcp: OnRmcp::Passes(
            "3.9.0 sends nothing for a cancelled call, as long as the handler watches its token",
        ),
    },
    Test {
        name: "progress_comes_before_its_answer",
        body: progress_order,
        on_rmcp: OnRmcp::Passes(
            "3.9.0 sends every notification through one queue, uncoalesced; the test guards our coalescing",
        ),
    },
    Test {
        name: "what_runs_at_end_of_input_is_answered",
        body: end_of_input,
        on_rmcp: OnRmcp::Passes("fixed in rust-sdk#947"),
    },
    Test {
        name: "a_client_that_does_not_read_costs_no_memory",
        body: pipelined,
        on_rmcp: OnRmcp::Fails,
    },
    Test { name: "calls_that_run_are_bounded", body: bounded, on_rmcp: OnRmcp::Fails },
    Test {
        name: "a_notification_may_come_first",
        body: first_notification,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "unknown_notifications_are_not_answered",
        body: notifications,
        on_rmcp: OnRmcp::Passes("3.9.0 takes them as custom notifications"),
    },
];

fn panic(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    link.send(&call(&json!(1), "panic", &json!({})))?;
    let answer = link.answer(&json!(1), SOON)?;
    if code(&answer) != Some(-32603) || answer.to_string().contains("on purpose") {
        return Err(format!("a panic is answered {answer}, want -32603 without its text"));
    }
    link.works()
}

fn duplicate_ids(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    let id = json!("same");
    link.send(&call(&id, "slow", &json!({ "seconds": 1.5 })))?;
    link.send(&call(&id, "echo", &json!({ "message": "second" })))?;
    let first = link.answer(&id, SOON)?;
    if code(&first) != Some(-32600) {
        return Err(format!(
            "a second request with an id in flight is answered {first}, want -32600"
        ));
    }
    match text(&link.answer(&id, SOON)?) {
        Some("waited") => link.works(),
        other => Err(format!("the first request is answered {other:?}, want its result")),
    }
}

fn silence(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    let id = json!("unwanted");
    link.send(&call(&id, "slow", &json!({ "seconds": 1 })))?;
    thread::sleep(Duration::from_millis(200));
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": id, "_meta": meta() } });
    link.send(&note)?;
    // Everything that was sent before this answer has been read by now, and a call that runs on has ended.
    thread::sleep(Duration::from_millis(1200));
    let last = json!("last");
    link.send(&call(&last, "cancelled_count", &json!({})))?;
    let answer = link.find("answer", SOON, |message| message.get("method").is_none())?;
    if answer["id"] != last {
        return Err(format!("a cancelled request is answered {answer}"));
    }
    let count = text(&answer).and_then(|text| serde_json::from_str::<Value>(text).ok());
    match count.as_ref().and_then(|count| count["cancelled"].as_u64()) {
        Some(1) => Ok(()),
        other => Err(format!("the handler counts {other:?} cancelled calls, want 1")),
    }
}

fn progress_order(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    let mut meta = meta();
    meta["progressToken"] = json!("t");
    link.send(&request(
        &json!(1),
        "tools/call",
        json!({ "name": "progress", "arguments": { "steps": 500 }, "_meta": meta }),
    ))?;
    let mut last = 0.0;
    loop {
        let message = link.next(SOON)?.ok_or("neither progress nor answer in time")?;
        if message.get("id").is_some() {
            break;
        }
        let progress =
            message.pointer("/params/progress").and_then(Value::as_f64).unwrap_or_default();
        if progress <= last {
            return Err(format!("progress {progress} after {last}"));
        }
        last = progress;
    }
    if last < 500.0 {
        return Err(format!("the answer came after progress {last} of 500"));
    }
    link.works()
}

fn end_of_input(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    for id in 1..=20 {
        link.send(&call(&json!(id), "echo", &json!({ "message": "a" })))?;
    }
    link.send(&call(&json!("slow"), "slow", &json!({ "seconds": 0.3 })))?;
    link.close_stdin();
    let mut missing: Vec<Value> = (1..=20).map(|id| json!(id)).chain([json!("slow")]).collect();
    while !missing.is_empty() {
        match link.next(SOON) {
            Ok(Some(message)) => missing.retain(|id| message.get("id") != Some(id)),
            Ok(None) => return Err(format!("no answer for {missing:?}")),
            Err(error) => return Err(format!("{error} before it answered {missing:?}")),
        }
    }
    Ok(())
}

/// 100,000 requests by a client that reads nothing for two seconds.
fn pipelined(peer: &Peer) -> Result<(), String> {
    const REQUESTS: u64 = 100_000;
    let mut link = peer.stdio()?;
    link.works()?;
    let mut stdin = link.take_stdin()?;
    let writer = thread::spawn(move || {
        let message = "x".repeat(400);
        let mut bytes = Vec::new();
        for id in 0..REQUESTS {
            bytes.extend_from_slice(
                call(&json!(id), "echo", &json!({ "message": message })).to_string().as_bytes(),
            );
            bytes.push(b'\n');
            if bytes.len() > 1 << 16 {
                stdin.write_all(&bytes)?;
                bytes.clear();
            }
        }
        stdin.write_all(&bytes)?;
        Ok::<_, std::io::Error>(stdin)
    });
    thread::sleep(Duration::from_secs(2));
    let unread = link.peak_memory()?;
    if unread > LIMIT {
        return Err(format!(
            "{} MiB resident while nobody reads, want at most {}",
            unread >> 20,
            LIMIT >> 20
        ));
    }
    let end = Instant::now() + Duration::from_secs(60);
    for count in 0..REQUESTS {
        if link.next(end.saturating_duration_since(Instant::now()))?.is_none() {
            return Err(format!("{count} of {REQUESTS} answers in 60 s"));
        }
    }
    // Open until the memory has been read: at the end of its input the server ends too.
    let _stdin = writer
        .join()
        .map_err(|_| "the writer panicked")?
        .map_err(|error| format!("cannot write: {error}"))?;
    match link.peak_memory()? {
        peak if peak > LIMIT => {
            Err(format!("{} MiB resident at the peak, want at most {}", peak >> 20, LIMIT >> 20))
        }
        _ => Ok(()),
    }
}

/// 50,000 calls that wait, sent at once: those beyond a cap must stay unread.
fn bounded(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    link.works()?;
    let mut stdin = link.take_stdin()?;
    let writer = thread::spawn(move || {
        for id in 0..50_000 {
            let mut line = call(&json!(id), "slow", &json!({ "seconds": 60 })).to_string();
            line.push('\n');
            if stdin.write_all(line.as_bytes()).is_err() {
                break;
            }
        }
    });
    thread::sleep(Duration::from_secs(3));
    let peak = link.peak_memory();
    // The end of the process frees a writer that waits for room in the pipe.
    drop(link);
    writer.join().map_err(|_| "the writer panicked")?;
    match peak? {
        peak if peak > LIMIT => {
            Err(format!("{} MiB resident, want at most {}", peak >> 20, LIMIT >> 20))
        }
        _ => Ok(()),
    }
}

fn notifications(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    link.works()?;
    for method in ["notifications/nothing", "notifications/cancelled", "com.example/hello"] {
        for params in [json!({}), json!({ "requestId": "none of mine", "_meta": meta() })] {
            link.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))?;
        }
    }
    let id = json!("last");
    link.send(&call(&id, "echo", &json!({ "message": "yes" })))?;
    match link.next(SOON)? {
        Some(answer) if answer["id"] == id => Ok(()),
        other => Err(format!("a notification is answered {other:?}")),
    }
}

/// Nothing opens a link of this revision, so any message may come first.
fn first_notification(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    link.send(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } }))?;
    link.works()
}
