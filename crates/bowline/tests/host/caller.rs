//! Callers of a host that come back with their answers, each message written by hand.

use bowline::protocol::limits::Limits;
use bowline::transport::memory;
use bowline::{Host, Principal, Service};
use serde_json::{Value, json};
use std::sync::Arc;

/// One caller.
#[derive(Clone)]
pub(crate) struct Caller {
    service: Arc<dyn Service>,
    principal: Principal,
}

impl Caller {
    pub(crate) fn new(host: &Host) -> Self {
        Self::named(host, "alice")
    }

    pub(crate) fn named(host: &Host, name: &str) -> Self {
        Self::at(host.service(), name)
    }

    /// One who knows this endpoint and nothing else.
    pub(crate) fn at(service: Arc<dyn Service>, name: &str) -> Self {
        Self { service, principal: Principal::token(name, []) }
    }

    /// The whole response to a call.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.request(json!({ "name": tool, "arguments": arguments })).await
    }

    /// The call again, with this answer to the one question of `asked`.
    pub(crate) async fn retry(&self, tool: &str, asked: &Value, answer: Value) -> Value {
        let questions = asked["result"]["inputRequests"].as_object();
        let questions = questions.unwrap_or_else(|| panic!("no questions: {asked}"));
        let key = questions.keys().next().unwrap();
        self.request(json!({
            "name": tool, "arguments": {}, "requestState": asked["result"]["requestState"],
            "inputResponses": { key: answer },
        }))
        .await
    }

    async fn request(&self, mut params: Value) -> Value {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} }, "sampling": {}, "roots": {} },
        });
        let message =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let limits = Arc::new(Limits::local());
        let service = self.service.clone();
        let said =
            memory::answer(service, message.to_string(), self.principal.clone(), limits).await;
        serde_json::from_slice(said.response.unwrap().as_bytes()).unwrap()
    }
}

/// The text of a complete result.
pub(crate) fn text(response: &Value) -> &str {
    let text = response["result"]["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("no text: {response}"))
}

pub(crate) fn accept(content: Value) -> Value {
    json!({ "action": "accept", "content": content })
}

/// That it is refused as whatever state is not good.
pub(crate) fn refused(response: &Value) {
    assert_eq!(response["error"]["code"], -32602, "{response}");
    let message = response["error"]["message"].as_str().unwrap();
    assert!(message.contains("ask again from the start"), "{message}");
}
