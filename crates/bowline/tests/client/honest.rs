//! What an honest server answers, of whatever protocol version; scripts depart from it where they want to.

use serde_json::{Value, json};

pub(crate) const MODERN: &str = "2026-07-28";
pub(crate) const LEGACY: &str = "2025-11-25";

/// The whole answer to a message; `None` for what is not answered.
pub(crate) fn reply(version: &str, message: &Value) -> Option<Value> {
    message.get("id")?;
    let method = message["method"].as_str()?;
    Some(match result(version, method, &message["params"]) {
        Some(result) => answer(message, result),
        None => error(message, -32601, "method not found"),
    })
}

/// An answer with this result.
pub(crate) fn answer(request: &Value, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": request["id"], "result": result})
}

/// An answer with an error.
pub(crate) fn error(request: &Value, code: i64, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message}})
}

/// The result of a tool that says this.
pub(crate) fn says(text: &str) -> Value {
    json!({"resultType": "complete", "content": [{"type": "text", "text": text}]})
}

/// What `server/discover` tells.
pub(crate) fn discovered(versions: &[&str]) -> Value {
    json!({
        "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
        "supportedVersions": versions, "capabilities": capabilities(),
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "script", "version": "1"}},
    })
}

/// What `initialize` tells.
pub(crate) fn initialized(version: &str) -> Value {
    json!({
        "protocolVersion": version, "capabilities": capabilities(),
        "serverInfo": {"name": "script", "version": "1"},
    })
}

/// A tool of a list.
pub(crate) fn tool(name: &str) -> Value {
    json!({"name": name, "inputSchema": {"type": "object"}})
}

/// A page of tools.
pub(crate) fn tools(names: &[&str]) -> Value {
    let tools: Vec<Value> = names.iter().map(|name| tool(name)).collect();
    json!({"resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": tools})
}

fn capabilities() -> Value {
    json!({
        "tools": {"listChanged": true}, "prompts": {"listChanged": true}, "completions": {},
        "resources": {"listChanged": true, "subscribe": true}, "logging": {},
    })
}

fn result(version: &str, method: &str, params: &Value) -> Option<Value> {
    let list =
        |of: &str| json!({"resultType": "complete", "ttlMs": 0, "cacheScope": "private", of: []});
    let modern = version == MODERN;
    Some(match method {
        "server/discover" if modern => discovered(&[MODERN]),
        "initialize" if !modern => initialized(version),
        "ping" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe"
            if !modern =>
        {
            json!({})
        }
        "tools/call" => says(params["name"].as_str().unwrap_or("nobody")),
        "tools/list" => tools(&["good"]),
        "prompts/list" => list("prompts"),
        "resources/list" => list("resources"),
        "resources/templates/list" => list("resourceTemplates"),
        "resources/read" => json!({
            "resultType": "complete", "ttlMs": 0, "cacheScope": "private",
            "contents": [{"uri": params["uri"], "text": "read"}],
        }),
        _ => return None,
    })
}
