//! What the client of a session hears of without asking each time.

use crate::session_server::server;
use crate::session_wire::{Client, VERSIONS, initialize, notification, request};
use bowline::protocol::limits::Limits;
use bowline::transport::{memory, start};
use bowline::types::tool::Tool;
use bowline::{Answer, Call, Server, Service};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

const SECOND: Duration = Duration::from_secs(1);

fn methods(messages: &[Value]) -> Vec<String> {
    let name = |message: &Value| match message["method"].as_str() {
        Some("notifications/resources/updated") => {
            format!("updated {}", message["params"]["uri"].as_str().unwrap())
        }
        Some(method) => method.trim_start_matches("notifications/").to_owned(),
        None => format!("answer {}", message["id"]),
    };
    messages.iter().map(name).collect()
}

#[tokio::test(start_paused = true)]
async fn changed_lists_are_told_from_the_moment_the_client_is_ready() {
    for version in VERSIONS {
        let (server, _) = server();
        let mut client = Client::new(&server, Limits::local());
        client.initialize(version).await;
        server.add_tool(Tool::new("early"), || async { "" }).unwrap();
        assert_eq!(client.hear().await, [Value::Null; 0]);
        client.notify("notifications/initialized", &json!({})).await;
        client.hear().await;
        server.add_tool(Tool::new("late"), || async { "" }).unwrap();
        let said = client.hear().await;
        assert_eq!(methods(&said), ["tools/list_changed"], "{version}");
        // Nothing of what carries it inside shows.
        assert_eq!(said[0]["params"], json!({}), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resource_is_heard_of_while_it_is_subscribed_to() {
    let (server, _) = server();
    let mut client = Client::open(&server, Limits::local(), "2025-11-25").await;
    let uri = |uri: &str| json!({ "uri": uri });
    server.resource_updated("note:1");
    assert_eq!(client.hear().await, [Value::Null; 0]);
    client.ask("resources/subscribe", &uri("note:1")).await;
    client.ask("resources/subscribe", &uri("note:1")).await;
    server.resource_updated("note:1");
    server.resource_updated("note:2");
    assert_eq!(methods(&client.hear().await), ["updated note:1"]);
    client.ask("resources/subscribe", &uri("note:2")).await;
    server.resource_updated("note:2");
    server.resource_updated("note:1");
    assert_eq!(methods(&client.hear().await), ["updated note:2", "updated note:1"]);
    client.ask("resources/unsubscribe", &uri("note:1")).await;
    server.resource_updated("note:1");
    server.resource_updated("note:2");
    assert_eq!(methods(&client.hear().await), ["updated note:2"]);
    assert_eq!((server.listeners(), server.is_listened("note:1")), (1, false));
}

#[tokio::test(start_paused = true)]
async fn what_happens_right_behind_a_subscription_is_heard_and_right_before_the_next_too() {
    let (server, _) = server();
    let mut client = Client::open(&server, Limits::local(), "2025-11-25").await;
    // In one write: by the time of the second change of subscription nobody had a chance to tell of the first event.
    let lines = [
        request(101, "resources/subscribe", &json!({ "uri": "note:1" })),
        request(102, "tools/call", &json!({ "name": "touch" })),
        request(103, "resources/subscribe", &json!({ "uri": "note:2" })),
        request(104, "tools/call", &json!({ "name": "grow" })),
        request(105, "resources/unsubscribe", &json!({ "uri": "note:1" })),
        request(106, "resources/unsubscribe", &json!({ "uri": "note:2" })),
    ];
    client.say(&lines.join("\n")).await;
    let mut said = methods(&client.hear().await);
    said.retain(|what| !what.starts_with("answer"));
    said.sort_unstable();
    assert_eq!(said, ["tools/list_changed", "updated note:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_made_before_the_client_is_ready_counts_from_then() {
    let (server, _) = server();
    let mut client = Client::new(&server, Limits::local());
    client.initialize("2025-06-18").await;
    client.ask("resources/subscribe", &json!({ "uri": "note:1" })).await;
    assert_eq!(server.listeners(), 0);
    client.notify("notifications/initialized", &json!({})).await;
    client.hear().await;
    server.resource_updated("note:1");
    assert_eq!(methods(&client.hear().await), ["updated note:1"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_slow_to_read_hears_of_everything_once() {
    let (server, _) = server();
    let mut client = Client::open(&server, Limits::local(), "2025-11-25").await;
    client.ask("resources/subscribe", &json!({ "uri": "note:1" })).await;
    for _ in 0..100_000 {
        server.resource_updated("note:1");
    }
    let said = client.hear().await;
    assert_eq!(methods(&said), ["updated note:1"]);
}

#[tokio::test(start_paused = true)]
async fn listening_is_no_running_call_and_ends_with_the_link() {
    let (server, _) = server();
    let limits = Limits::local().running_per_link(1);
    let mut client = Client::open(&server, limits, "2025-11-25").await;
    client.ask("resources/subscribe", &json!({ "uri": "note:1" })).await;
    client.call("second").await;
    assert_eq!(client.hear_for(2 * SECOND).await.len(), 1);
    assert_eq!(server.listeners(), 1);
    let start = tokio::time::Instant::now();
    assert_eq!(client.end_input().await, [""; 0]);
    client.running.wait().await.unwrap();
    assert_eq!((start.elapsed(), server.listeners()), (Duration::ZERO, 0));
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn where_there_is_no_room_for_two_subscriptions_the_new_one_follows_the_old() {
    let (server, _) = server();
    let limits = Limits::local().listens_per_principal(1);
    let mut client = Client::open(&server, limits, "2025-11-25").await;
    for _ in 0..10 {
        client.ask("resources/subscribe", &json!({ "uri": "note:1" })).await;
        client.ask("resources/subscribe", &json!({ "uri": "note:2" })).await;
        client.ask("resources/unsubscribe", &json!({ "uri": "note:1" })).await;
        client.hear().await;
        server.resource_updated("note:2");
        assert_eq!(methods(&client.hear().await), ["updated note:2"]);
        assert_eq!(server.listeners(), 1);
        client.ask("resources/unsubscribe", &json!({ "uri": "note:2" })).await;
    }
}

/// Listens for ever, whatever it is told.
struct Stubborn {
    server: Server,
    alive: Arc<Mutex<usize>>,
}

struct Alive(Arc<Mutex<usize>>);

impl Drop for Alive {
    fn drop(&mut self) {
        *self.0.lock().unwrap() -= 1;
    }
}

impl Service for Stubborn {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        if call.request().method() != "subscriptions/listen" {
            return Arc::new(self.server.clone()).call(call);
        }
        *self.alive.lock().unwrap() += 1;
        let alive = Alive(self.alive.clone());
        Answer::new(async move {
            let _alive = alive;
            std::future::pending().await
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_listens_for_ever_holds_up_nothing() {
    let alive = Arc::new(Mutex::new(0));
    let service = Stubborn { server: server().0, alive: alive.clone() };
    let (near, far) = memory::pair();
    let mut running = start(Arc::new(service), far);
    let mut stream = BufReader::new(near);
    let subscribe = |id, uri| request(id, "resources/subscribe", &json!({ "uri": uri }));
    let lines = [
        request(1, "initialize", &initialize("2025-11-25")),
        notification("notifications/initialized", &json!({})),
        subscribe(2, "note:1"),
        subscribe(3, "note:2"),
        request(4, "ping", &json!({})),
    ];
    stream.write_all((lines.join("\n") + "\n").as_bytes()).await.unwrap();
    let start = tokio::time::Instant::now();
    for id in 1..=4 {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        assert!(line.contains(&format!(r#""id":{id}"#)), "{line}");
    }
    assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
    assert_eq!(*alive.lock().unwrap(), 1);
    stream.shutdown().await.unwrap();
    running.wait().await.unwrap();
    assert!(start.elapsed() < SECOND, "{:?}", start.elapsed());
    assert_eq!(*alive.lock().unwrap(), 0);
}
