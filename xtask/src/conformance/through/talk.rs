//! What the suite does not do: turn pages, hear of a resource, give a call up. Every step goes through both recorders.

mod peer;

use super::recorder::Recorded;
use super::{Era, Pair};
use peer::Peer;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

/// Talks to the endpoint as a client of this pair; what is not as it should be.
pub(super) fn run(url: &str, pair: Pair, recorded: &Recorded) -> Result<Vec<String>, String> {
    let mut peer = Peer::new(url, pair.client)?;
    peer.open()?;
    let steps: [(&str, Result<(), String>); 3] = [
        ("pages", pages(&peer)),
        ("subscription", subscription(&peer)),
        ("cancellation", cancellation(&peer, pair.upstream, recorded)),
    ];
    peer.close()?;
    let failed = |(step, outcome): (&str, Result<(), String>)| {
        outcome.err().map(|problem| format!("{step}: {problem}"))
    };
    Ok(steps.into_iter().filter_map(failed).collect())
}

/// Every resource comes once, however many pages there are.
fn pages(peer: &Peer) -> Result<(), String> {
    let mut uris = BTreeSet::new();
    let (mut cursor, mut turned) = (Value::Null, 0);
    loop {
        let params = if cursor.is_null() { json!({}) } else { json!({ "cursor": cursor }) };
        let result = peer.request(&format!("page-{turned}"), "resources/list", params)?;
        for resource in result["resources"].as_array().into_iter().flatten() {
            let uri = resource["uri"].as_str().unwrap_or_default();
            if !uris.insert(uri.to_owned()) {
                return Err(format!("{uri} comes twice"));
            }
        }
        cursor = result["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
        turned += 1;
        if turned > MORE {
            return Err("the pages have no end".to_owned());
        }
    }
    let wanted = (0..MORE).map(|n| format!("test://more/{n}"));
    let lacking: Vec<String> = wanted.filter(|uri| !uris.contains(uri)).collect();
    match (turned, lacking.first()) {
        (_, Some(first)) => Err(format!("{} resources are on no page: {first} …", lacking.len())),
        (0, None) => Err("there is one page only, so that nothing is known of cursors".to_owned()),
        (_, None) => Ok(()),
    }
}

/// So many resources of the upstream that the host has pages too.
pub(super) const MORE: usize = 150;

/// A change of the upstream's resource is heard of, under the client's own id where there is one.
fn subscription(peer: &Peer) -> Result<(), String> {
    let heard = peer.subscribe(WATCHED)?;
    peer.call("change", "test_trigger_resource_change")?;
    let until = Instant::now() + PATIENCE;
    while let Ok(message) = heard.next(until) {
        if message["method"] == "notifications/resources/updated" {
            let id = &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
            let right_id = peer.era() == Era::Legacy || *id == peer::SUBSCRIPTION;
            return match message["params"]["uri"] == WATCHED && right_id {
                true => Ok(()),
                false => Err(format!("not what was asked for: {message}")),
            };
        }
    }
    Err("a change was not heard of".to_owned())
}

const WATCHED: &str = "test://watched-resource";

/// A call that the client gives up is given up at the upstream, in the way of the upstream's versions, and the client
/// hears no more of it.
fn cancellation(peer: &Peer, upstream: Era, recorded: &Recorded) -> Result<(), String> {
    let call = peer.begin("given-up", "tools/call", json!({"name": WAITS, "arguments": {}}))?;
    until("the call did not reach the upstream", || recorded.reached_upstream(WAITS))?;
    peer.give_up("given-up", &call)?;
    until("the upstream was not told", || recorded.given_up_at_upstream(WAITS, upstream))?;
    match call.next(Instant::now() + Duration::from_millis(300)) {
        Ok(message) => Err(format!("the client was told after all: {message}")),
        Err(_) => Ok(()),
    }
}

/// A tool that waits to be given up.
const WAITS: &str = "test_wait";

fn until(otherwise: &str, holds: impl Fn() -> bool) -> Result<(), String> {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() > until {
            return Err(otherwise.to_owned());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(5);
