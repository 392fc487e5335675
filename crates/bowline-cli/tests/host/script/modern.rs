//! Calls of a modern server: each is one exchange, and a question is its result.

use super::talk::{Asking, Talk};
use super::{Stage, answered, capabilities};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;

/// What was answered so far, by the state that the client brings back.
#[derive(Clone, Default)]
pub(super) struct States(Arc<Mutex<HashMap<String, Vec<Value>>>>);

pub(super) fn discovered() -> Value {
    json!({
        "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
        "supportedVersions": ["2026-07-28"], "capabilities": capabilities(),
        "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "script", "version": "1" } },
    })
}

/// One round of a call; what leaves before the answer leaves through `out`.
pub(super) async fn round(
    stage: &Stage,
    states: &States,
    call: Value,
    out: mpsc::UnboundedSender<Value>,
) -> Value {
    let params = &call["params"];
    let mut answers = match params["requestState"].as_str() {
        None => Vec::new(),
        // Each state is good once.
        Some(state) => match states.0.lock().unwrap().remove(state) {
            Some(answers) => answers,
            None => {
                let error = json!({ "code": -32602, "message": "the script does not know this requestState" });
                return answered(&call, Err(error));
            }
        },
    };
    if let Some(responses) = params["inputResponses"].as_object() {
        answers.extend(responses.values().cloned());
    }
    let round = answers.len();
    let (ask, mut asked) = mpsc::unbounded_channel();
    let asking =
        Asking::Replayed { answers: Mutex::new(VecDeque::from(answers.clone())), round, ask };
    let played = (stage.play)(Talk { call: call.clone(), out, asking });
    tokio::select! {
        answer = played => {
            let complete = answer.map(|mut result| {
                result["resultType"] = json!("complete");
                result
            });
            answered(&call, complete)
        }
        Some(questions) = asked.recv() => {
            let state = format!("state-{}", stage.instance());
            states.0.lock().unwrap().insert(state.clone(), answers);
            let result = json!({
                "resultType": "input_required", "inputRequests": questions, "requestState": state,
            });
            answered(&call, Ok(result))
        }
    }
}
