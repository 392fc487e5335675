//! Starts and kills, many of them.

use crate::census::{Census, Left};
use crate::kinds::{ESCAPES, KINDS, Kind, QUICK};
use bowline::transport::child::How;
use std::collections::BTreeMap;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::task::JoinSet;

#[test]
fn fifty_starts_and_kills_leave_nothing() {
    soak(10);
}

#[test]
#[ignore = "takes some seconds of both cores; `cargo test -p bowline --test children -- --ignored --nocapture`"]
fn a_thousand_starts_and_kills_leave_nothing() {
    soak(200);
}

/// How many run at the same time.
const TOGETHER: usize = 32;

fn soak(rounds: usize) {
    let census = Census::begin();
    let begun = Instant::now();
    let mut ways: BTreeMap<(&str, String), usize> = BTreeMap::new();
    census.runtime.as_ref().unwrap().block_on(async {
        let mut running = JoinSet::new();
        for number in 0..rounds * KINDS.len() {
            if running.len() == TOGETHER {
                *ways.entry(running.join_next().await.unwrap().unwrap()).or_default() += 1;
            }
            running.spawn(round(KINDS[number % KINDS.len()], number / KINDS.len()));
        }
        while let Some(way) = running.join_next().await {
            *ways.entry(way.unwrap()).or_default() += 1;
        }
    });
    let took = begun.elapsed();
    let (left, escaped) = census.left(ESCAPES);
    println!("{} starts and kills in {took:.1?}", rounds * KINDS.len());
    for ((kind, way), count) in &ways {
        println!("{count:6}  {kind}: {way}");
    }
    println!("left: {left:?}; apart: {escaped} that had left their session");
    assert_eq!(left, Left::default());
    assert!(escaped <= rounds, "{escaped}");
}

/// One start and one kill; each third is dropped when ready, each third right after its start.
async fn round(kind: Kind, number: usize) -> (&'static str, String) {
    let mut child = kind.command().start().await.unwrap();
    if number % 3 == 2 {
        return (kind.name, "dropped at once".to_owned());
    }
    let (stdout, stdin) = child.take_io().unwrap();
    let ready = BufReader::new(stdout).lines().next_line().await.unwrap();
    assert_eq!(ready.as_deref(), Some("ready"));
    if number % 3 == 1 {
        return (kind.name, "dropped".to_owned());
    }
    let ended = child.close(QUICK).await;
    drop(stdin);
    assert_ne!(ended.how, How::Itself, "{}", kind.name);
    (kind.name, ended.how.to_string())
}
