//! What a tool of a scripted server can do while it runs.

use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, oneshot};

/// One call of a tool.
pub(crate) struct Talk {
    pub(super) call: Value,
    /// The way out: the stream of the call, or of the process.
    pub(super) out: mpsc::UnboundedSender<Value>,
    pub(super) asking: Asking,
}

/// How questions go.
pub(super) enum Asking {
    /// As requests of the server, whose answers come back by their ids.
    Live(Arc<Asks>),
    /// As the result of the call, which comes again with what was answered so far.
    Replayed { answers: Mutex<VecDeque<Value>>, round: usize, ask: mpsc::UnboundedSender<Value> },
}

/// Questions of one instance or session that wait.
#[derive(Default)]
pub(super) struct Asks {
    next: AtomicUsize,
    waiting: Mutex<HashMap<String, oneshot::Sender<Value>>>,
}

impl Asks {
    /// Takes an answer; false when nobody asked.
    pub(super) fn answer(&self, message: &Value) -> bool {
        let id = message["id"].as_str().unwrap_or_default();
        let Some(waiting) = self.waiting.lock().unwrap().remove(id) else { return false };
        waiting.send(message.clone()).is_ok()
    }
}

impl Talk {
    pub(crate) fn tool(&self) -> &str {
        self.call["params"]["name"].as_str().unwrap()
    }

    pub(crate) fn argument(&self, name: &str) -> &Value {
        &self.call["params"]["arguments"][name]
    }

    /// Reports progress where the caller wants it and has not heard it in an earlier round.
    pub(crate) fn progress(&self, progress: usize, message: &str) {
        let token = &self.call["params"]["_meta"]["progressToken"];
        if token.is_null() || self.is_replaying() {
            return;
        }
        let params = json!({ "progressToken": token, "progress": progress, "message": message });
        self.say("notifications/progress", params);
    }

    pub(crate) fn log(&self, data: &str) {
        if !self.is_replaying() {
            self.say(
                "notifications/message",
                json!({ "level": "info", "logger": "script", "data": data }),
            );
        }
    }

    fn say(&self, method: &str, params: Value) {
        let _ = self.out.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn is_replaying(&self) -> bool {
        match &self.asking {
            Asking::Live(_) => false,
            Asking::Replayed { answers, .. } => !answers.lock().unwrap().is_empty(),
        }
    }

    /// Wants one field of text filled in: the answer of the client.
    pub(crate) async fn elicit(&self, message: &str, field: &str) -> Answered {
        let schema = json!({
            "type": "object", "properties": { field: { "type": "string" } }, "required": [field],
        });
        self.ask("elicitation/create", json!({ "message": message, "requestedSchema": schema }))
            .await
    }

    /// Wants a model to say something.
    pub(crate) async fn sample(&self, prompt: &str) -> Answered {
        let messages = json!([{ "role": "user", "content": { "type": "text", "text": prompt } }]);
        self.ask("sampling/createMessage", json!({ "messages": messages, "maxTokens": 10 })).await
    }

    pub(crate) async fn roots(&self) -> Answered {
        self.ask("roots/list", json!({})).await
    }

    async fn ask(&self, method: &str, params: Value) -> Answered {
        match &self.asking {
            Asking::Live(asks) => {
                let id = format!("ask-{}", asks.next.fetch_add(1, Ordering::SeqCst));
                let (sender, answer) = oneshot::channel();
                asks.waiting.lock().unwrap().insert(id.clone(), sender);
                let _ = self.out.send(
                    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }),
                );
                match answer.await {
                    Ok(answer) => Answered(answer),
                    // The connection is gone, and this with it.
                    Err(_) => std::future::pending().await,
                }
            }
            Asking::Replayed { answers, round, ask } => {
                if let Some(answer) = answers.lock().unwrap().pop_front() {
                    return Answered(json!({ "result": answer }));
                }
                let key = format!("round-{round}");
                let _ = ask.send(json!({ key: { "method": method, "params": params } }));
                std::future::pending().await
            }
        }
    }
}

/// What the client said to a question.
pub(crate) struct Answered(Value);

impl Answered {
    /// The text that was filled in; `Err` with what was done instead.
    pub(crate) fn filled(&self, field: &str) -> Result<String, String> {
        let result = &self.0["result"];
        match (result["action"].as_str(), result["content"][field].as_str()) {
            (Some("accept"), Some(text)) => Ok(text.to_owned()),
            (Some(action), _) => Err(action.to_owned()),
            _ => Err(self.0["error"]["code"].to_string()),
        }
    }

    /// The text of the model.
    pub(crate) fn said(&self) -> Result<String, String> {
        let text = self.0["result"]["content"]["text"].as_str();
        text.map(str::to_owned).ok_or_else(|| self.0["error"]["code"].to_string())
    }

    pub(crate) fn uris(&self) -> Result<String, String> {
        let roots = self.0["result"]["roots"].as_array();
        let roots = roots.ok_or_else(|| self.0["error"]["code"].to_string())?;
        let uris: Vec<&str> = roots.iter().filter_map(|root| root["uri"].as_str()).collect();
        Ok(uris.join(" "))
    }
}
