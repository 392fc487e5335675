//! Callers with and without sessions, which answer what they are asked.

use super::gate::everything;
use crate::principal::Principal;
use crate::service::Service;
use crate::transport::{Memory, Running, memory, start};
use bowline_protocol::limits::Limits;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::time::{Instant, timeout, timeout_at};

pub(super) const MODERN: &str = "2026-07-28";
pub(super) const SESSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// What a caller answers; an error is `{"error": …}`.
pub(super) type Answers = fn(&str, &Value) -> Value;

/// Says yes to everything.
pub(super) fn yes(method: &str, params: &Value) -> Value {
    match method {
        "elicitation/create" if params["url"].is_string() => json!({ "action": "accept" }),
        "elicitation/create" => json!({ "action": "accept", "content": { "name": "Ada" } }),
        "sampling/createMessage" => json!({
            "role": "assistant", "model": "tiny", "content": { "type": "text", "text": "I" },
        }),
        "roots/list" => json!({ "roots": [{ "uri": "file:///home" }] }),
        other => panic!("asked {other}"),
    }
}

/// Says no to everything.
pub(super) fn no(method: &str, _: &Value) -> Value {
    match method {
        "elicitation/create" => json!({ "action": "decline" }),
        _ => json!({ "error": { "code": -1, "message": "rejected" } }),
    }
}

/// A request of the newest protocol version.
pub(super) fn request(method: &str, mut params: Value, capabilities: &Value) -> Vec<u8> {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(MODERN);
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = capabilities.clone();
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string().into()
}

/// One exchange of the newest protocol version: the notifications, and the response.
pub(super) async fn send(
    service: &Arc<dyn Service>,
    who: &str,
    text: Vec<u8>,
) -> (Vec<Value>, Value) {
    let principal = Principal::token(who, []);
    let limits = Arc::new(Limits::default());
    let said = memory::answer(service.clone(), text, principal, limits).await;
    let value = |raw: &bowline_protocol::scan::Raw| raw.decode::<Value>().unwrap();
    (said.notifications.iter().map(value).collect(), value(&said.response.unwrap()))
}

/// What a call came to, in words.
pub(super) fn shown(response: &Value) -> String {
    if let Some(error) = response.get("error") {
        let data = error.get("data").map(|data| format!(" {data}")).unwrap_or_default();
        return format!("error {}: {}{data}", error["code"], error["message"].as_str().unwrap());
    }
    let result = &response["result"];
    let text = result["content"][0]["text"]
        .as_str()
        .or_else(|| result["contents"][0]["text"].as_str())
        .or_else(|| result["messages"][0]["content"]["text"].as_str())
        .map_or_else(|| result.to_string(), str::to_owned);
    if result["isError"] == true { format!("failed: {text}") } else { text }
}

fn shown_notification(message: &Value) -> String {
    let params = &message["params"];
    match message["method"].as_str().unwrap() {
        "notifications/progress" => {
            assert_eq!(params["progressToken"], "mine");
            format!("progress {}", params["progress"])
        }
        "notifications/message" => format!("log {}", params["data"]),
        "notifications/cancelled" => "cancelled".to_owned(),
        "notifications/elicitation/complete" => "complete".to_owned(),
        other => other.to_owned(),
    }
}

fn shown_question(question: &Value) -> String {
    let method = question["method"].as_str().unwrap();
    let by_url = question["params"]["url"].is_string();
    format!("{}{}", method, if by_url { " url" } else { "" })
}

/// A caller that sends each request for itself, and answers as long as it is asked.
pub(super) async fn modern(
    service: &Arc<dyn Service>,
    method: &str,
    params: Value,
    answers: Answers,
) -> Vec<String> {
    modern_with(service, method, params, answers, &everything()).await
}

pub(super) async fn modern_with(
    service: &Arc<dyn Service>,
    method: &str,
    mut params: Value,
    answers: Answers,
    capabilities: &Value,
) -> Vec<String> {
    let mut told = Vec::new();
    params["_meta"]["progressToken"] = json!("mine");
    params["_meta"]["io.modelcontextprotocol/logLevel"] = json!("info");
    for _ in 0..20 {
        let (said, response) =
            send(service, "ada", request(method, params.clone(), capabilities)).await;
        told.extend(said.iter().map(shown_notification));
        let result = &response["result"];
        if result["resultType"] != "input_required" {
            told.push(shown(&response));
            return told;
        }
        let mut given = Map::new();
        for (key, question) in result["inputRequests"].as_object().unwrap() {
            told.push(format!("{key}: {}", shown_question(question)));
            let answer = answers(question["method"].as_str().unwrap(), &question["params"]);
            if answer.get("error").is_some() {
                told.push("gave up".to_owned());
                return told;
            }
            given.insert(key.clone(), answer);
        }
        params["inputResponses"] = given.into();
        params["requestState"] = result["requestState"].clone();
    }
    panic!("asked without end: {told:?}");
}

/// A caller that opens a session.
pub(super) struct Session {
    _running: Running,
    stream: BufReader<Memory>,
    last_id: u64,
}

impl Session {
    pub(super) async fn open(
        service: &Arc<dyn Service>,
        version: &str,
        capabilities: &Value,
    ) -> Self {
        let (near, far) = memory::pair();
        let running = start(service.clone(), far);
        let mut session = Self { _running: running, stream: BufReader::new(near), last_id: 0 };
        let params = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": { "name": "caller", "version": "1" },
        });
        let opened = session.ask("initialize", params).await;
        assert_eq!(opened["result"]["protocolVersion"], version, "{opened}");
        session.say(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
        session
    }

    pub(super) async fn say(&mut self, message: &Value) {
        self.stream.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    pub(super) async fn next(&mut self) -> Value {
        let mut line = String::new();
        let read = timeout(Duration::from_secs(3600), self.stream.read_line(&mut line));
        assert_ne!(read.await.expect("nothing came for an hour").unwrap(), 0, "the stream ended");
        serde_json::from_str(&line).unwrap()
    }

    /// What is said while nothing else happens.
    pub(super) async fn hear(&mut self) -> Vec<String> {
        let until = Instant::now() + Duration::from_millis(100);
        let mut told = Vec::new();
        while let Ok(message) = timeout_at(until, self.next()).await {
            told.push(self.show(&message));
        }
        told
    }

    pub(super) async fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
        id
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.begin(method, params).await;
        self.next().await
    }

    pub(super) async fn answer(&mut self, asked: &Value, answers: Answers) {
        let method = asked["method"].as_str().unwrap();
        let mut reply = json!({ "jsonrpc": "2.0", "id": asked["id"] });
        let answer = answers(method, &asked["params"]);
        match answer.get("error") {
            Some(error) => reply["error"] = error.clone(),
            None => reply["result"] = answer,
        }
        self.say(&reply).await;
    }

    fn show(&self, message: &Value) -> String {
        match (message.get("method"), message.get("id")) {
            (Some(_), Some(_)) => {
                let key = message["params"]["_meta"]["bowline/key"].as_str().unwrap();
                format!("{key}: {}", shown_question(message))
            }
            (Some(_), None) => shown_notification(message),
            _ => shown(message),
        }
    }

    /// A request, with everything that is said until its answer.
    pub(super) async fn call(
        &mut self,
        method: &str,
        mut params: Value,
        answers: Answers,
    ) -> Vec<String> {
        params["_meta"]["progressToken"] = json!("mine");
        let id = self.begin(method, params).await;
        let mut told = Vec::new();
        loop {
            let message = self.next().await;
            told.push(self.show(&message));
            if message.get("method").is_none() {
                assert_eq!(message["id"], id, "{message}");
                return told;
            }
            if message.get("id").is_some() {
                self.answer(&message, answers).await;
            }
        }
    }
}
