//! Servers with a session that ask.

use crate::honest::{self, LEGACY};
use crate::script::{Peer, Script};
use serde_json::{Value, json};

/// One with a tool `ask` that wants a name and says it, one call after the other; it keeps to what it is told, and ends
/// a call that is cancelled.
pub(crate) fn asking() -> Script {
    Script::new(one_after_the_other).speaking(LEGACY)
}

async fn one_after_the_other(mut peer: Peer) {
    let mut running: Option<Value> = None;
    while let Some(message) = peer.next().await {
        match message["method"].as_str() {
            Some("tools/list") => {
                let mut tools = honest::tools(&["ask", "echo"]);
                tools.as_object_mut().unwrap().retain(|key, _| key == "tools");
                peer.answer(&message, tools).await;
            }
            Some("tools/call") if message["params"]["name"] == "echo" => {
                let text = message["params"]["arguments"]["text"].as_str().unwrap_or("echo");
                peer.answer(&message, says(text)).await;
            }
            Some("tools/call") => {
                running = Some(message);
                peer.ask("q".into(), "elicitation/create", form()).await;
            }
            Some("notifications/cancelled") => {
                running = running.filter(|call| call["id"] != message["params"]["requestId"]);
            }
            Some(_) => peer.honestly(&message).await,
            None => {
                if let Some(call) = running.take() {
                    let name = message["result"]["content"]["name"].as_str().unwrap_or("nobody");
                    peer.answer(&call, says(name)).await;
                }
            }
        }
    }
}

pub(crate) fn says(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

fn form() -> Value {
    json!({
        "message": "what is your name?",
        "requestedSchema": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
    })
}
