//! A server on standard streams that does one thing wrong: `bowline-interop script NAME`.
//!
//! It opens a session as servers of protocol version 2025-11-25 do, since every client knows those, and answers what a
//! client may ask before the thing that it does wrong.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

/// The version that it speaks.
const VERSION: &str = "2025-11-25";

/// Serves until the client hangs up.
pub(crate) fn serve(name: &str) -> Result<bool, String> {
    let mut server = Server { name: name.to_owned(), calls: 0 };
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let message: Value = serde_json::from_str(&line).map_err(|error| error.to_string())?;
        for said in server.answer(&message) {
            let mut out = io::stdout().lock();
            if out.write_all(&said).and_then(|()| out.flush()).is_err() {
                return Ok(true);
            }
        }
        if server.leaves(&message) {
            return Ok(true);
        }
    }
    Ok(true)
}

struct Server {
    name: String,
    calls: usize,
}

impl Server {
    /// What it says to a message, as bytes.
    fn answer(&mut self, message: &Value) -> Vec<Vec<u8>> {
        let Some(id) = message.get("id") else {
            return Vec::new();
        };
        let result = |result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
        let answer = match message["method"].as_str() {
            Some("initialize") => result(json!({
                "protocolVersion": VERSION,
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "script", "version": "1"},
            })),
            Some("ping") => result(json!({})),
            Some("tools/list") => result(self.list(&message["params"])),
            Some("tools/call") => {
                self.calls += 1;
                return self.call(id);
            }
            _ => json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32601, "message": "no"}}),
        };
        vec![line(&answer)]
    }

    fn list(&self, params: &Value) -> Value {
        let good = json!({"name": "good", "inputSchema": {"type": "object"}});
        match self.name.as_str() {
            "a broken tool" => {
                let broken = json!({"name": "broken", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": "yes"}});
                let none = json!({"name": "without a schema"});
                json!({"tools": [good, broken, none]})
            }
            "the same cursor" => json!({"tools": [good], "nextCursor": "again"}),
            "ever new cursors" => {
                let last = params["cursor"].as_str().and_then(|cursor| cursor.parse().ok());
                let next = last.unwrap_or(0_u64) + 1;
                json!({"tools": [good], "nextCursor": next.to_string()})
            }
            _ => json!({"tools": [good]}),
        }
    }

    fn call(&self, id: &Value) -> Vec<Vec<u8>> {
        let answer = |result: Value| line(&json!({"jsonrpc": "2.0", "id": id, "result": result}));
        let text = json!({"type": "text", "text": "good"});
        let good = || answer(json!({"content": [text]}));
        let raw = |bytes: &[u8]| bytes.to_vec();
        match self.name.as_str() {
            "an unknown role" => {
                let content = json!([{"type": "text", "text": "good", "annotations": {"audience": ["robot"]}}]);
                vec![answer(json!({"content": content}))]
            }
            "an unknown content type" => {
                vec![answer(json!({"content": [text, {"type": "hologram", "of": 1}]}))]
            }
            "an action beside the content" => {
                vec![answer(json!({"action": "accept", "content": [text]}))]
            }
            "messages beside the content" => {
                vec![answer(json!({"messages": [], "content": [text]}))]
            }
            "tools beside the content" => {
                vec![answer(json!({"tools": [], "content": [text]}))]
            }
            "a broken block beside a good one" => {
                vec![answer(json!({"content": [{"type": "text"}, text]}))]
            }
            "noise" => vec![raw(b"calling the tool\n"), raw(b"\n"), raw(b"{}\n[]\n5\n"), good()],
            "bytes that are no text" => vec![raw(b"\xFF\xFE\xFF\n"), good()],
            "a line without an end" => {
                let mut said = vec![vec![b'x'; 1 << 20]; 64];
                said.push(raw(b"\n"));
                said.push(good());
                said
            }
            "broken JSON in the answer" => {
                vec![raw(format!(
                    "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{\"content\":[}}}}\n"
                )
                .as_bytes())]
            }
            "an exit during a call" => Vec::new(),
            "two results" => {
                let result = json!({"content": [{"type": "text", "text": "other"}]});
                vec![raw(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result},\"result\":{{\"content\":[{text}]}}}}\n").as_bytes())]
            }
            _ => vec![good()],
        }
    }

    /// Whether it exits instead of going on.
    fn leaves(&self, message: &Value) -> bool {
        match self.name.as_str() {
            "an exit during a call" => message["method"] == "tools/call",
            "an exit on an unknown request" => message["method"] == "server/discover",
            _ => false,
        }
    }
}

fn line(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}
