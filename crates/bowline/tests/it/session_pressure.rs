//! Calls that wait for their client: how many there may be, and that nothing stands still because of them.

use crate::session_server::server;
use crate::session_wire::{Client, named, outcome};
use bowline::protocol::limits::Limits;
use serde_json::{Value, json};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const VERSION: &str = "2025-11-25";

#[tokio::test(start_paused = true)]
async fn sixteen_calls_may_wait_and_the_next_is_told_so() {
    let mut client = Client::open(&server().0, Limits::local(), VERSION).await;
    let mut calls = Vec::new();
    for _ in 0..16 {
        calls.push(client.call("name").await);
    }
    let asked = client.hear().await;
    assert_eq!(asked.len(), 16);
    let refused = client.call("name").await;
    let answer = client.next().await;
    assert_eq!(answer["id"], refused);
    assert_eq!(outcome(&answer), "tool error: 16 questions wait for this client already");
    for one in &asked {
        client.answer(&one["id"], &named("Ada")).await;
    }
    let mut answered: Vec<_> =
        client.hear().await.iter().map(|answer| answer["id"].as_u64().unwrap()).collect();
    answered.sort_unstable();
    assert_eq!(answered, calls);
    // Now there is room again.
    client.call("name").await;
    assert_eq!(client.next().await["method"], "elicitation/create");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_its_client_takes_no_place_from_others() {
    let limits = Limits::local().running_per_link(1);
    let mut client = Client::open(&server().0, limits, VERSION).await;
    client.call("name").await;
    let asked = client.next().await;
    // It would wait for ever behind the one that waits.
    let second = client.call("second").await;
    assert_eq!(client.next().await["id"], second);
    client.answer(&asked["id"], &named("Ada")).await;
    assert_eq!(outcome(&client.next().await), "Hello, Ada!");
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_for_the_client_to_be_ready_take_no_place_either() {
    let limits = Limits::local().running_per_link(2).read_ahead_bytes(1);
    let mut client = Client::new(&server().0, limits);
    client.initialize(VERSION).await;
    for _ in 0..4 {
        client.call("name").await;
    }
    client.call("echo").await;
    client.notify("notifications/initialized", &json!({})).await;
    let said = client.hear().await;
    assert_eq!(said.len(), 5, "{said:#?}");
    assert_eq!(said.iter().filter(|one| one["method"] == "elicitation/create").count(), 4);
}

/// Fills every place and the queue behind it with calls that take a second, as long as they are read.
async fn fill(client: &mut Client) -> usize {
    let mut sent = 0;
    while tokio::time::timeout(Duration::from_micros(100), client.call("second")).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "reading never pauses");
    }
    sent
}

#[tokio::test(start_paused = true)]
async fn reading_pauses_when_enough_waits_but_not_while_an_answer_is_awaited() {
    let limits = Limits::local().running_per_link(1).read_ahead_bytes(8 * 1024);
    let mut client = Client::open(&server().0, limits, VERSION).await;
    // It asks after a second. By then the queue is full and reading has paused.
    client.call("later").await;
    fill(&mut client).await;
    let mut busy = 0;
    let mut done = 0;
    loop {
        let message = client.next().await;
        if message["method"] == "elicitation/create" {
            client.answer(&message["id"], &named("Ada")).await;
        } else if message["error"]["code"] == -31000 {
            busy += 1;
        } else if outcome(&message) == "Ada" {
            break;
        } else {
            assert_eq!(outcome(&message), "a second");
            done += 1;
        }
    }
    // What stood between the question and its answer was refused rather than kept.
    assert!(busy > 100, "{busy} were refused");
    assert!(done < 3, "{done} were done first");
}

#[tokio::test(start_paused = true)]
async fn without_a_waiting_call_nothing_is_refused_for_being_too_much() {
    let limits = Limits::local().running_per_link(64).read_ahead_bytes(8 * 1024);
    let mut client = Client::open(&server().0, limits, VERSION).await;
    let sent = fill(&mut client).await;
    let said = client.hear_for(60 * SECOND).await;
    assert!(said.len() >= sent, "{} of {sent}", said.len());
    assert!(said.iter().all(|message| outcome(message) == "a second"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_costs_bounded_memory_and_ends_its_session() {
    let limits = Limits::local().outbox_bytes(64 * 1024).stalled_timeout(30 * SECOND);
    let (server, alive) = server();
    let mut client = Client::open(&server, limits, VERSION).await;
    client.ask("resources/subscribe", &json!({ "uri": "note:1" })).await;
    // Until the pipe is full and the link reads no more.
    let mut calls = 0;
    while tokio::time::timeout(Duration::from_millis(1), client.call("touch")).await.is_ok() {
        calls += 1;
    }
    for _ in 0..100_000 {
        server.resource_updated("note:1");
    }
    assert!((100..10_000).contains(&calls), "{calls}");
    assert_eq!(server.listeners(), 1);
    let error = client.running.wait().await.unwrap_err();
    assert!(error.is_closed(), "{error:?}");
    assert_eq!((alive.now(), server.listeners()), (0, 0));
    let rest = client.stream;
    drop(rest);
}

#[tokio::test(start_paused = true)]
async fn many_changes_of_what_is_heard_end_in_one_subscription() {
    let (server, _) = server();
    let mut client = Client::open(&server, Limits::local(), VERSION).await;
    for round in 0..200 {
        let method = if round % 2 == 0 { "resources/subscribe" } else { "resources/unsubscribe" };
        client.request(method, &json!({ "uri": "note:1" })).await;
    }
    let said = client.hear().await;
    assert!(said.iter().all(|answer| answer["result"] == json!({})), "{said:?}");
    assert_eq!((said.len(), server.listeners()), (200, 1));
    assert_eq!(client.hear_for(SECOND).await, [Value::Null; 0]);
}
