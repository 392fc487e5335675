//! One client, seen from the test that plays it.

use bowline::protocol::limits::Limits;
use bowline::transport::memory;
use bowline::{Principal, Server};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// A client of a server in memory.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) server: Server,
    pub(crate) principal: Principal,
    pub(crate) limits: Limits,
    pub(crate) capabilities: Value,
}

impl Client {
    /// One that can be asked everything.
    pub(crate) fn new(server: &Server) -> Self {
        Self {
            server: server.clone(),
            principal: Principal::token("alice", []),
            limits: Limits::local(),
            capabilities: json!({
                "elicitation": {"form": {}, "url": {}},
                "sampling": {"tools": {}, "context": {}},
                "roots": {},
            }),
        }
    }

    /// One that declares this.
    pub(crate) fn declaring(server: &Server, capabilities: Value) -> Self {
        Self { capabilities, ..Self::new(server) }
    }

    /// Sends a request; gives back the whole response.
    pub(crate) async fn request(&self, method: &str, params: Value) -> Value {
        let mut params = params;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": self.capabilities,
        });
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let exchange = memory::answer(
            Arc::new(self.server.clone()),
            message.to_string(),
            self.principal.clone(),
            Arc::new(self.limits.clone()),
        )
        .await;
        serde_json::from_slice(exchange.response.unwrap().as_bytes()).unwrap()
    }

    /// Calls a tool without arguments.
    pub(crate) async fn call(&self, tool: &str) -> Value {
        self.request("tools/call", json!({"name": tool})).await
    }

    /// Calls it again with answers to what `asked` asks.
    pub(crate) async fn retry(&self, tool: &str, asked: &Value, answers: Value) -> Value {
        self.retry_with(json!({"name": tool}), asked, answers).await
    }

    pub(crate) async fn retry_with(
        &self,
        mut params: Value,
        asked: &Value,
        answers: Value,
    ) -> Value {
        params["requestState"] = asked["result"]["requestState"].clone();
        params["inputResponses"] = answers;
        self.request("tools/call", params).await
    }
}

/// The questions of a response that must be one of them, without the state.
pub(crate) fn questions(response: &Value) -> Map<String, Value> {
    assert_eq!(response["result"]["resultType"], "input_required", "{response:#}");
    assert!(!state(response).is_empty(), "{response:#}");
    response["result"]["inputRequests"].as_object().unwrap().clone()
}

/// The keys of the questions.
pub(crate) fn keys(response: &Value) -> Vec<String> {
    questions(response).keys().cloned().collect()
}

/// The state that goes with the questions.
pub(crate) fn state(response: &Value) -> &str {
    response["result"]["requestState"].as_str().unwrap()
}

/// The text of a result that must be complete.
pub(crate) fn text(response: &Value) -> &str {
    assert_eq!(response["result"]["resultType"], "complete", "{response:#}");
    response["result"]["content"][0]["text"].as_str().unwrap()
}

/// The error of a response as `code: message`.
pub(crate) fn error(response: &Value) -> String {
    let error = &response["error"];
    format!("{}: {}", error["code"], error["message"].as_str().unwrap_or("no error"))
}

pub(crate) const NOT_VALID: &str =
    "-32602: requestState is not valid for this request; ask again from the start";

/// An accepted form.
pub(crate) fn accept(content: Value) -> Value {
    json!({"action": "accept", "content": content})
}

/// What a model says.
pub(crate) fn said(text: &str) -> Value {
    json!({"role": "assistant", "model": "m", "content": {"type": "text", "text": text}})
}
