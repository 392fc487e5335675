//! Sessions over HTTP: from `initialize` to their end.

use crate::http_session_support::{
    Peer, Stream, VERSIONS, bytes, call, initialize, is_stream, json_of, messages, mounted,
};
use bowline::protocol::limits::Limits;
use expect_test::expect;
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn a_session_opens_works_and_ends_in_every_version() {
    let (service, _) = mounted(|endpoint| endpoint);
    for version in VERSIONS {
        let peer = Peer::open(&service, version).await;
        assert_eq!(peer.text(1, "echo", json!({"message": "hi"})).await, "hi");
        let ping = peer.post(&json!({"jsonrpc": "2.0", "id": "p", "method": "ping"})).await;
        assert_eq!(json_of(ping).await, json!({"jsonrpc": "2.0", "id": "p", "result": {}}));
        let messages = messages(peer.call(2, "log", json!({"count": 2})).await).await;
        let methods: Vec<_> = messages.iter().map(|message| message["method"].as_str()).collect();
        let log = Some("notifications/message");
        assert_eq!(methods, [log, log, None], "{version}");
        assert_eq!(messages[2]["id"], 2);
        assert_eq!(peer.delete().await.status(), 204);
        assert_eq!(peer.call(3, "echo", json!({"message": "hi"})).await.status(), 404);
        assert_eq!(peer.get(None).await.status(), 404);
        assert_eq!(peer.delete().await.status(), 404);
    }
}
