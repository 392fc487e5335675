//! What goes to the client by itself: questions on the stream of their call, changes on the stream of the session.

use crate::http_session_support::{
    Event, Peer, Stream, VERSIONS, bytes, call, is_stream, json_of, messages, mounted, server,
};
use bowline::protocol::scan::Message;
use bowline::transport::http::Endpoint;
use bowline::{Answer, Call, Principal, Server, Service};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;

const NEWEST: &str = "2025-11-25";

fn accept(question: &Value, age: u8) -> Value {
    json!({
        "jsonrpc": "2.0", "id": question["id"],
        "result": { "action": "accept", "content": { "age": age } },
    })
}

/// The question of a call, and the stream that it came on.
async fn asked(peer: &Peer, id: impl Into<Value>) -> (Stream, Value) {
    let mut stream = Stream::of(peer.call(id, "ask", json!({})).await);
    let question = stream.message().await.unwrap();
    assert_eq!(question["method"], "elicitation/create", "{question}");
    (stream, question)
}

#[tokio::test(start_paused = true)]
async fn a_question_goes_out_on_its_call_and_is_answered_by_a_post() {
    let (service, _) = mounted(|endpoint| endpoint);
    for version in VERSIONS {
        let peer = Peer::open(&service, version).await;
        if version < "2025-06-18" {
            // Nobody can be asked: that is said to the handler, and nothing is sent.
            let answer = json_of(peer.call(1, "ask", json!({})).await).await;
            let said = answer["result"]["content"][0]["text"].as_str().unwrap();
            assert!(said.starts_with("elicitation does not exist"), "{version}: {answer}");
            continue;
        }
        let (mut stream, question) = asked(&peer, 1).await;
        assert_eq!(question["params"]["message"], "How old are you?");
        let answered = peer.post(&accept(&question, 42)).await;
        assert_eq!((answered.status().as_u16(), bytes(answered).await.len()), (202, 0));
        let answer = stream.message().await.unwrap();
        assert_eq!(answer["result"]["content"][0]["text"], "you are 42", "{answer}");
        assert_eq!(stream.next().await, None);
        // A second answer is one too many, and changes nothing.
        assert_eq!(peer.post(&accept(&question, 43)).await.status(), 202);
    }
}

#[tokio::test(start_paused = true)]
async fn equal_ids_in_two_sessions_are_two_questions() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peers = [Peer::open(&service, NEWEST).await, Peer::open(&service, NEWEST).await];
    let (mut first, question) = asked(&peers[0], 1).await;
    let (mut second, other) = asked(&peers[1], 1).await;
    assert_eq!(question["id"], other["id"]);
    peers[1].post(&accept(&other, 2)).await;
    let answer = second.message().await.unwrap();
    assert_eq!(answer["result"]["content"][0]["text"], "you are 2");
    // An answer from elsewhere reached nobody.
    let waits = tokio::time::timeout(Duration::from_secs(60), first.message()).await;
    assert!(waits.is_err());
    peers[0].post(&accept(&question, 1)).await;
    let answer = first.message().await.unwrap();
    assert_eq!(answer["result"]["content"][0]["text"], "you are 1");
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_a_client_whose_connection_broke() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, NEWEST).await;
    let mut stream = Stream::of(peer.call(1, "ask", json!({})).await);
    let prime = stream.next().await.unwrap();
    drop(stream);
    let mut stream = Stream::of(peer.get(prime.id.as_deref()).await);
    let question = stream.next().await.unwrap();
    drop(stream);
    // It was sent; who comes back from behind it is not asked again, and may answer.
    let message = question.message.unwrap();
    assert_eq!(message["method"], "elicitation/create");
    let mut stream = Stream::of(peer.get(question.id.as_deref()).await);
    peer.post(&accept(&message, 7)).await;
    let answer = stream.message().await.unwrap();
    assert_eq!(answer["result"]["content"][0]["text"], "you are 7", "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_question_of_a_cancelled_call_is_taken_back() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, NEWEST).await;
    let (mut stream, question) = asked(&peer, 1).await;
    peer.cancel(1).await;
    let taken_back = stream.message().await.unwrap();
    assert_eq!(taken_back["method"], "notifications/cancelled");
    assert_eq!(taken_back["params"]["requestId"], question["id"]);
    assert_eq!(stream.next().await, None);
    assert_eq!(peer.post(&accept(&question, 1)).await.status(), 202);
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_until_the_client_is_ready() {
    let (service, _) = mounted(|endpoint| endpoint);
    let mut peer = Peer::new(&service, NEWEST);
    let response = peer.post(&crate::http_session_support::initialize(NEWEST)).await;
    peer.session = Some(response.headers()["mcp-session-id"].to_str().unwrap().to_owned());
    let mut stream = Stream::of(peer.call(1, "ask", json!({})).await);
    let early = tokio::time::timeout(Duration::from_secs(30), stream.message()).await;
    assert!(early.is_err(), "{early:?}");
    let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(peer.post(&ready).await.status(), 202);
    assert_eq!(stream.message().await.unwrap()["method"], "elicitation/create");
}

fn subscribe(id: i32, method: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": id, "method": format!("resources/{method}"),
        "params": { "uri": "test://a" },
    })
}

#[tokio::test(start_paused = true)]
async fn changes_arrive_on_the_stream_of_the_session() {
    let (service, _) = mounted(|endpoint| endpoint);
    for version in VERSIONS {
        let peer = Peer::open(&service, version).await;
        let silent = Peer::open(&service, version).await;
        let mut others = Stream::of(silent.get(None).await);
        // Subscribed before anybody listens: what comes meanwhile waits, once.
        assert_eq!(json_of(peer.post(&subscribe(1, "subscribe")).await).await["result"], json!({}));
        for id in 2..5 {
            assert_eq!(peer.text(id, "touch", json!({})).await, "touched");
        }
        let mut own = Stream::of(peer.get(None).await);
        let update = own.message().await.unwrap();
        assert_eq!(
            update,
            json!({
                "jsonrpc": "2.0", "method": "notifications/resources/updated",
                "params": { "uri": "test://a" },
            }),
            "{version}"
        );
        peer.text(5, "touch", json!({})).await;
        assert_eq!(own.message().await.unwrap()["params"]["uri"], "test://a");
        assert_eq!(
            json_of(peer.post(&subscribe(6, "unsubscribe")).await).await["result"],
            json!({})
        );
        peer.text(7, "touch", json!({})).await;
        let nothing = tokio::time::timeout(Duration::from_secs(5), own.message()).await;
        assert!(nothing.is_err(), "{nothing:?}");
        let nothing = tokio::time::timeout(Duration::from_secs(5), others.message()).await;
        assert!(nothing.is_err(), "{nothing:?}");
        peer.delete().await;
        silent.delete().await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

/// The next message, which must not take long.
async fn soon(stream: &mut Stream) -> Option<Event> {
    let soon = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            match stream.next().await {
                Some(Event { message: None, .. }) => {}
                event => return event,
            }
        }
    });
    soon.await.ok().map(|event| event.expect("the stream goes on"))
}

#[tokio::test(start_paused = true)]
async fn of_several_listeners_the_newest_hears_and_the_others_stay() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, NEWEST).await;
    peer.post(&subscribe(1, "subscribe")).await;
    let mut first = Stream::of(peer.get(None).await);
    let first_id = first.next().await.unwrap().id;
    peer.text(2, "touch", json!({})).await;
    let heard = soon(&mut first).await.unwrap();
    let mut second = Stream::of(peer.get(None).await);
    let second_id = second.next().await.unwrap().id;
    for id in 3..6 {
        peer.text(id, "touch", json!({})).await;
        assert!(soon(&mut second).await.is_some());
        assert_eq!(soon(&mut first).await, None, "silent, and open");
    }
    // Each stream has what was sent on it, and nothing that was sent on another.
    drop(first);
    let mut again = Stream::of(peer.get(first_id.as_deref()).await);
    assert_eq!(soon(&mut again).await, Some(heard));
    assert_eq!(soon(&mut again).await, None);
    // Who was taken up last hears; when that one goes, the one before does.
    peer.text(6, "touch", json!({})).await;
    assert!(soon(&mut again).await.is_some());
    assert_eq!(soon(&mut second).await, None);
    drop(again);
    peer.text(7, "touch", json!({})).await;
    assert!(soon(&mut second).await.is_some());
    drop(second);
    // While nobody listens a change waits.
    peer.text(8, "touch", json!({})).await;
    let mut second = Stream::of(peer.get(second_id.as_deref()).await);
    let mut numbers = Vec::new();
    while let Some(event) = soon(&mut second).await {
        numbers.push(event.id.unwrap().rsplit_once('-').unwrap().1.to_owned());
    }
    assert_eq!(numbers, ["1", "2", "3", "4", "5"]);
    // A number that was never sent is none of this stream, and does not take it.
    let never = second_id.unwrap().replace("-0", "-6");
    assert_eq!(peer.get(Some(&never)).await.status(), 405);
    peer.text(9, "touch", json!({})).await;
    assert!(soon(&mut second).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_session_has_a_few_listeners_at_most() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, NEWEST).await;
    peer.post(&subscribe(1, "subscribe")).await;
    let mut open = Vec::new();
    for _ in 0..6 {
        open.push(Stream::of(peer.get(None).await));
    }
    for ended in open.drain(..2) {
        assert!(ended.rest().await.iter().all(|event| event.message.is_none()));
    }
    peer.text(2, "touch", json!({})).await;
    assert!(soon(&mut open[3]).await.is_some());
    assert_eq!(soon(&mut open[0]).await, None);
    // Those that nobody reads go first.
    open.remove(1);
    let newest = Stream::of(peer.get(None).await);
    assert_eq!(soon(&mut open[0]).await, None, "open still");
    drop(newest);
}

/// Each message goes out on one stream only.
#[tokio::test(start_paused = true)]
async fn nothing_of_a_call_is_said_on_the_stream_of_the_session() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, NEWEST).await;
    let mut own = Stream::of(peer.get(None).await);
    assert_eq!(messages(peer.call(1, "log", json!({"count": 3})).await).await.len(), 4);
    let (mut stream, question) = asked(&peer, 2).await;
    peer.post(&accept(&question, 1)).await;
    assert!(stream.message().await.is_some());
    let nothing = tokio::time::timeout(Duration::from_secs(60), own.message()).await;
    assert!(nothing.is_err(), "{nothing:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_hears_of_changed_lists_while_somebody_listens() {
    let (server, _) = server();
    let service = Endpoint::default().mount(server.clone());
    let peer = Peer::open(&service, "2025-06-18").await;
    let mut own = Stream::of(peer.get(None).await);
    server.list_changed(bowline::server::ItemKind::Tool);
    let changed = own.message().await.unwrap();
    assert_eq!(changed["method"], "notifications/tools/list_changed", "{changed}");
    assert!(changed["params"]["_meta"].is_null(), "{changed}");
    assert_eq!(server.listeners(), 1);
    peer.delete().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(server.listeners(), 0);
}

/// Hears what no call owns.
struct Hearing {
    server: Arc<Server>,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Service for Hearing {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        self.server.clone().call(call)
    }

    fn notify(&self, from: &Principal, notification: Message) {
        let said = format!("{} {}", from.name(), notification.method());
        self.heard.lock().unwrap().push(said);
    }
}

#[tokio::test(start_paused = true)]
async fn the_service_hears_what_no_call_owns() {
    let heard = Arc::new(Mutex::default());
    let hearing = Hearing { server: Arc::new(server().0), heard: Arc::clone(&heard) };
    let service = Endpoint::default().mount(hearing);
    let peer = Peer::open_as(&service, NEWEST, "ann").await;
    for method in ["notifications/roots/list_changed", "notifications/progress", "com.example/own"]
    {
        let response = peer.post(&json!({"jsonrpc": "2.0", "method": method})).await;
        assert_eq!(response.status(), 202, "{method}");
    }
    let wanted = ["ann notifications/roots/list_changed", "ann com.example/own"];
    assert_eq!(*heard.lock().unwrap(), wanted);
}

/// What the client says of its own accord.
#[tokio::test(start_paused = true)]
async fn notifications_are_taken_in_any_state() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, NEWEST).await;
    for method in [
        "notifications/initialized",
        "notifications/roots/list_changed",
        "notifications/progress",
        "notifications/cancelled",
        "notifications/message",
        "notifications/no/such",
    ] {
        let response = peer.post(&json!({"jsonrpc": "2.0", "method": method})).await;
        assert_eq!(response.status(), 202, "{method}");
        assert!(!is_stream(&response) && bytes(response).await.is_empty());
    }
    let broken =
        json!({"jsonrpc": "2.0", "id": 1, "result": {}, "error": {"code": 1, "message": ""}});
    assert_eq!(peer.post(&broken).await.status(), 202);
    assert_eq!(
        peer.text(
            1,
            "echo",
            call(1, "echo", json!({"message": "on"}))["params"]["arguments"].clone()
        )
        .await,
        "on"
    );
}
