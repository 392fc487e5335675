//! A session between a client that follows a script and a server that knows the newest protocol version only.

use bowline_protocol::dialect;
use bowline_protocol::era::Incoming;
use bowline_protocol::era::legacy::{
    Peer, Received, Session, Settings, Step, join, notification, response,
};
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::protocol::{Asking, Request, Response};
use bowline_protocol::scan::{BodyKey, Message, MetaKey, Raw, scan};
use bowline_protocol::write;
use bowline_types::capability::ServerCapabilities;
use bowline_types::discover::Implementation;
use bowline_types::input::InputRequest;
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::log::LoggingLevel;
use bowline_types::{decode, decode_value};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) struct Exchange {
    session: Session,
    /// Questions, each with the call that waits for it.
    asking: Asking<Option<Incoming>>,
    running: HashMap<Id, Incoming>,
    next_id: i64,
    pub(crate) transcript: String,
}

impl Exchange {
    pub(crate) fn new() -> Self {
        let capabilities: ServerCapabilities = decode_value(json!({
            "tools": { "listChanged": true },
            "resources": { "subscribe": true },
            "prompts": {},
            "completions": {},
            "logging": {},
        }))
        .unwrap();
        let info = Implementation::new("inside", "1").title("Inside");
        let settings = Settings::new(capabilities, &info, Some("Ask."), Limits::local()).unwrap();
        Self {
            session: Session::new(Arc::new(settings)),
            asking: Asking::new(),
            running: HashMap::new(),
            next_id: 0,
            transcript: String::new(),
        }
    }

    pub(crate) fn initialize(&mut self, version: &str) {
        let can = r#"{"elicitation":{"form":{},"url":{}},"sampling":{"tools":{}},"roots":{}}"#;
        self.request(
            "initialize",
            &format!(r#""protocolVersion":"{version}","capabilities":{can},"clientInfo":{{"name":"script","version":"1"}}"#),
        );
    }

    pub(crate) fn call(&mut self, tool: &str, more: &str) -> i64 {
        self.request("tools/call", &format!(r#""name":"{tool}"{more}"#))
    }

    pub(crate) fn request(&mut self, method: &str, params: &str) -> i64 {
        self.next_id += 1;
        let id = self.next_id;
        self.client_says(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{{params}}}}}"#
        ));
        id
    }

    pub(crate) fn notify(&mut self, method: &str, params: &str) {
        self.client_says(&format!(
            r#"{{"jsonrpc":"2.0","method":"{method}","params":{{{params}}}}}"#
        ));
    }

    pub(crate) fn close(&mut self) {
        self.session.close();
    }

    pub(crate) fn client_says(&mut self, text: &str) {
        self.transcript += &format!("-> {text}\n");
        let received = match scan(text.to_owned().into(), Limits::local().json_depth) {
            Ok(scanned) => self.session.receive(scanned),
            Err(fault) => Received::One(self.session.unreadable(fault.into())),
        };
        match received {
            Received::One(step) => {
                if let Some(reply) = self.act(step) {
                    self.server_says(&reply);
                }
            }
            Received::Batch(steps) => {
                let replies: Vec<Raw> =
                    steps.into_iter().filter_map(|step| self.act(step)).collect();
                if let Some(reply) = join(&replies) {
                    self.server_says(&reply);
                }
            }
        }
    }

    pub(crate) fn ping_client(&mut self) {
        self.ask(&Request::new("ping"), None);
    }

    /// Ends the call that takes long, if it still runs.
    pub(crate) fn finish_slow(&mut self) {
        let ids: Vec<Id> = self.running.keys().cloned().collect();
        for id in ids {
            let call = self.running.remove(&id).unwrap();
            let reply = self.answer(&call, &text("done"));
            self.server_says(&reply);
        }
    }

    /// A resource and the list of tools change: who listens is told, as one that listens in the newest version.
    pub(crate) fn change(&mut self, uri: &str) {
        let listening = self.peer().listening();
        let id = MetaKey::SubscriptionId.name();
        if listening.tools_list_changed == Some(true) {
            self.emit("notifications/tools/list_changed", &json!({ "_meta": { id: 1 } }));
        }
        if listening.resource_subscriptions.iter().flatten().any(|watched| watched == uri) {
            let params = json!({ "uri": uri, "_meta": { id: 1 } });
            self.emit("notifications/resources/updated", &params);
        }
    }

    pub(crate) fn complete_elicitation(&mut self) {
        self.emit("notifications/elicitation/complete", &json!({ "elicitationId": "e-1" }));
    }

    fn peer(&self) -> &Peer {
        self.session.peer().unwrap()
    }

    fn server_says(&mut self, text: &Raw) {
        self.transcript += &format!("<- {}\n", text.as_str());
    }

    fn emit(&mut self, method: &str, params: &Value) {
        let newest = write::notification(method, params).unwrap();
        if let Some(text) = notification(self.peer().revision(), &newest) {
            self.server_says(&text);
        }
    }

    fn act(&mut self, step: Step) -> Option<Raw> {
        match step {
            Step::Admit(call) => self.serve(call),
            Step::Initialized(reply)
            | Step::Reply(reply)
            | Step::Refused { reply, .. }
            | Step::LogLevel { reply, .. }
            | Step::Subscribe { reply, .. }
            | Step::Unsubscribe { reply, .. } => Some(reply),
            Step::Cancelled(id) => {
                self.running.remove(&id);
                None
            }
            Step::Response(message) => {
                self.answered(message);
                None
            }
            Step::RootsChanged(_) => {
                let roots = decode_value(json!({ "method": "roots/list" })).unwrap();
                let request =
                    dialect::question(self.peer().revision(), "changed", &roots, "").unwrap();
                self.ask(&request, None);
                None
            }
            Step::Opened | Step::Progress(_) | Step::Notification(_) | Step::Ignore => None,
        }
    }

    fn answer(&self, call: &Incoming, outcome: &Outcome) -> Raw {
        response(call.revision(), &call.method(), call.id_text(), outcome)
    }

    fn serve(&mut self, call: Incoming) -> Option<Raw> {
        let outcome = match &*call.method() {
            "tools/list" => complete(&tools()),
            "tools/call" => return self.tool(call),
            "resources/read" => match &*call.param_str(BodyKey::Uri).unwrap() {
                "note:1" => complete(&json!({ "contents": [{ "uri": "note:1", "text": "one" }] })),
                other => ErrorObject::resource_not_found(other).into(),
            },
            "prompts/get" => complete(&json!({ "messages": [
                { "role": "user", "content": { "type": "audio", "data": "AAAA", "mimeType": "audio/wav" } },
                { "role": "user", "content": { "type": "resource_link", "uri": "note:1", "name": "note" } },
            ] })),
            "completion/complete" => complete(&json!({ "completion": { "values": ["bar"] } })),
            method => ErrorObject::method_not_found(method).into(),
        };
        Some(self.answer(&call, &outcome))
    }

    fn tool(&mut self, call: Incoming) -> Option<Raw> {
        let name = call.param_str(BodyKey::Name).unwrap().into_owned();
        let outcome = match &*name {
            "echo" => text("echo"),
            "numbers" => complete(&json!({ "content": [], "structuredContent": [1, 2] })),
            "record" => complete(&json!({ "content": [], "structuredContent": { "a": 1 } })),
            "media" => complete(&json!({ "content": [
                { "type": "audio", "data": "AAAA", "mimeType": "audio/wav" },
                { "type": "resource_link", "uri": "note:1", "name": "note" },
                { "type": "image", "data": "AAAA", "mimeType": "image/png" },
            ] })),
            "picky" => dialect::argument_violation(call.revision(), "a: missing field"),
            "chatty" => {
                self.chat(&call);
                text("said it all")
            }
            "slow" => {
                self.running.insert(call.id().unwrap(), call);
                return None;
            }
            question => return self.question(question, call),
        };
        Some(self.answer(&call, &outcome))
    }

    fn chat(&mut self, call: &Incoming) {
        if let Some(token) = call.meta(MetaKey::ProgressToken) {
            let progress = write::progress(token, 0.5, Some(1.0), Some("half"));
            self.server_says(&progress);
        }
        let wanted: Option<LoggingLevel> =
            call.meta_str(MetaKey::LogLevel).map(|level| level.parse().unwrap());
        for level in [LoggingLevel::Debug, LoggingLevel::Info, LoggingLevel::Error] {
            if wanted.is_some_and(|wanted| level >= wanted) {
                self.emit("notifications/message", &json!({ "level": level, "data": "hm" }));
            }
        }
    }

    fn question(&mut self, name: &str, call: Incoming) -> Option<Raw> {
        let question: InputRequest = decode_value(question(name)).unwrap();
        match dialect::question(call.revision(), name, &question, "e-1") {
            Ok(request) => {
                self.ask(&request, Some(call));
                None
            }
            Err(fault) => Some(self.answer(&call, &text(&fault.to_string()))),
        }
    }

    /// Sends a request of the server, which the client answers at once.
    fn ask(&mut self, request: &Request, waiting: Option<Incoming>) {
        assert!(self.session.is_open(), "the client is not ready to be asked");
        let (id, line) = self.asking.call(request, waiting);
        self.server_says(&line);
        let asked: Value = decode(line.as_bytes()).unwrap();
        let result = match asked["method"].as_str().unwrap() {
            "elicitation/create" if asked["params"]["mode"] == "url" => {
                json!({ "action": "accept" })
            }
            "elicitation/create" => json!({ "action": "accept", "content": { "name": "Ada" } }),
            "sampling/createMessage" => {
                json!({ "role": "assistant", "content": { "type": "text", "text": "yes" }, "model": "m" })
            }
            "roots/list" => json!({ "roots": [{ "uri": "file:///tmp" }] }),
            _ => json!({}),
        };
        self.client_says(&json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string());
    }

    fn answered(&mut self, message: Message) {
        let Ok(Some(answered)) = self.asking.receive(message) else { return };
        let Some(call) = answered.data else { return };
        let said = match &answered.response {
            Response::Result(message) => message.result().unwrap().as_str().to_owned(),
            other => format!("{other:?}"),
        };
        let reply = self.answer(&call, &text(&said));
        self.server_says(&reply);
    }
}

fn complete(result: &Value) -> Outcome {
    Outcome::complete(Body::of(result).unwrap())
}

fn text(text: &str) -> Outcome {
    complete(&json!({ "content": [{ "type": "text", "text": text }] }))
}

fn tools() -> Value {
    let input = json!({ "type": "object" });
    json!({ "tools": [
        { "name": "record", "title": "Record", "inputSchema": input, "outputSchema": { "type": "object" }, "annotations": { "readOnlyHint": true } },
        { "name": "numbers", "inputSchema": input, "outputSchema": { "type": "array" } },
    ] })
}

fn question(name: &str) -> Value {
    let form = |fields: Value| json!({ "method": "elicitation/create", "params": { "mode": "form", "message": "who?", "requestedSchema": { "type": "object", "properties": fields } } });
    let sample = |content: Value| json!({ "method": "sampling/createMessage", "params": { "maxTokens": 9, "messages": [{ "role": "user", "content": content }] } });
    let said = json!({ "type": "text", "text": "well?" });
    match name {
        "form" => form(
            json!({ "name": { "type": "string", "oneOf": [{ "const": "Ada", "title": "Countess" }] } }),
        ),
        "several" => form(
            json!({ "all": { "type": "array", "items": { "type": "string", "enum": ["a"] } } }),
        ),
        "url" => {
            json!({ "method": "elicitation/create", "params": { "mode": "url", "message": "go", "url": "https://example.com" } })
        }
        "sample" => {
            sample(json!([said, { "type": "image", "data": "AAAA", "mimeType": "image/png" }]))
        }
        "sample_audio" => {
            sample(json!({ "type": "audio", "data": "AAAA", "mimeType": "audio/wav" }))
        }
        "sample_tools" => {
            let mut question = sample(said);
            question["params"]["tools"] =
                json!([{ "name": "t", "inputSchema": { "type": "object" } }]);
            question
        }
        _ => json!({ "method": "roots/list" }),
    }
}
