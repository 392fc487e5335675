//! The ends of calls and of connections.

use crate::expect::{Failure, fine, holds, same, until};
use crate::peer::Peer;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// A call that is dropped ends at the server.
pub(crate) async fn cancel(peer: &Peer) -> Result<String, Failure> {
    let before = peer.counters().await?.cancelled;
    let started = Arc::new(Notify::new());
    let heard = Arc::clone(&started);
    let call = peer.client.call_tool("slow", json!({})).on_progress(move |_| heard.notify_one());
    tokio::select! {
        outcome = call => return Err(format!("the call ended by itself: {outcome:?}").into()),
        () = started.notified() => {}
        () = tokio::time::sleep(Duration::from_secs(5)) => return Err("it did not start".into()),
    }
    cancelled(peer, before + 1).await
}

/// So does one that takes too long.
pub(crate) async fn timeout(peer: &Peer) -> Result<String, Failure> {
    let before = peer.counters().await?.cancelled;
    let began = Instant::now();
    let call = peer.client.call_tool("slow", json!({})).timeout(Duration::from_millis(300));
    let error = call.await.err().ok_or("the call was answered")?;
    holds(error.is_timeout(), || format!("no timeout: {error}"))?;
    let took = began.elapsed();
    holds(took < Duration::from_secs(2), || format!("it took {took:?}"))?;
    cancelled(peer, before + 1).await
}

async fn cancelled(peer: &Peer, wanted: u64) -> Result<String, Failure> {
    until("the server sees the cancelled call", || async {
        let now = peer.counters().await?.cancelled;
        Ok((now != wanted).then(|| format!("it counts {now}, not {wanted}")))
    })
    .await?;
    fine()
}

/// Nothing answers any more, and no process is left. This is the last row.
pub(crate) async fn close(peer: &Peer) -> Result<String, Failure> {
    let faults = peer.heard.faults();
    let started = descendants();
    let began = Instant::now();
    peer.client.close().await;
    let took = began.elapsed();
    holds(took < Duration::from_secs(10), || format!("closing took {took:?}"))?;
    let runs = |pid: u32, start: &str| process(pid).is_some_and(|(_, _, now, _)| now == start);
    let left: Vec<_> = started.iter().filter(|((pid, start), _)| runs(*pid, start)).collect();
    holds(left.is_empty(), || format!("left over: {left:?}"))?;
    let error = peer.client.ping().await.err().ok_or("a closed client answers")?;
    holds(error.is_closed(), || format!("after the end: {error}"))?;
    peer.client.close().await;
    same("faults", json!(faults), json!([]))?;
    fine()
}

/// The session ends at the server too. This is the last row.
pub(crate) async fn session(peer: &Peer) -> Result<String, Failure> {
    close(peer).await?;
    let other = peer.another().await?;
    let outcome = until("the session ends", || async {
        let open = other.counters().await?.sessions;
        Ok((open != 1).then(|| format!("{open} are open, one of them ours")))
    });
    let outcome = outcome.await;
    other.client.close().await;
    outcome?;
    fine()
}

/// What we have started and what that has started, by process and moment of its start, with its name.
fn descendants() -> BTreeMap<(u32, String), String> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let all: Vec<(u32, u32, String, String)> = pids.filter_map(process).collect();
    let mut ours = vec![std::process::id()];
    let mut found = BTreeMap::new();
    while let Some(parent) = ours.pop() {
        for (pid, _, start, name) in all.iter().filter(|one| one.1 == parent) {
            ours.push(*pid);
            found.insert((*pid, start.clone()), name.clone());
        }
    }
    found
}

/// A process, its parent, the moment of its start and its name.
fn process(pid: u32) -> Option<(u32, u32, String, String)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything.
    let (front, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let parent = fields.nth(1)?.parse().ok()?;
    let start = fields.nth(17)?.to_owned();
    Some((pid, parent, start, front.split_once('(')?.1.to_owned()))
}
