//! What must be answered over Streamable HTTP.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::defects::link::{SOON, call, code, meta, request, text};
use crate::defects::peer::Peer;
use crate::defects::web::{Response, headers, open, post};
use crate::defects::{OnRmcp, Test};

pub(crate) const TESTS: &[Test] = &[
    Test { name: "http_malformed_json_is_400", body: malformed, on_rmcp: OnRmcp::Fails },
    Test { name: "http_a_batch_is_400", body: batch, on_rmcp: OnRmcp::Fails },
    Test { name: "http_a_null_id_is_400", body: null_id, on_rmcp: OnRmcp::Fails },
    Test {
        name: "http_bad_params_are_not_an_unknown_method",
        body: bad_params,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "http_a_pretty_printed_body_is_read",
        body: pretty,
        on_rmcp: OnRmcp::Passes(
            "3.9.0 builds its messages anew and forwards no bytes; the test guards our forwarding of slices",
        ),
    },
    Test { name: "http_a_foreign_origin_is_refused", body: foreign_origin, on_rmcp: OnRmcp::Fails },
    Test {
        name: "http_a_foreign_host_is_refused",
        body: foreign_host,
        on_rmcp: OnRmcp::Passes("3.9.0 checks Host since CVE-2026-42559, but not Origin"),
    },
    Test { name: "http_a_panic_is_answered", body: panic, on_rmcp: OnRmcp::Fails },
    Test {
        name: "http_a_disconnect_cancels",
        body: disconnect,
        on_rmcp: OnRmcp::Passes("3.9.0 cancels when the response is dropped (since 3.6)"),
    },
    Test {
        name: "http_readers_that_stall_stop_nobody",
        body: stalled,
        on_rmcp: OnRmcp::Passes(
            "a 2026-07-28 request has a worker of its own there; the stalled worker of the report belongs to a session of an older revision",
        ),
    },
];

fn malformed(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    for body in ["{", "nonsense", "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",}"] {
        let response = post(server.address, &headers("tools/list", ""), body.as_bytes(), SOON)?;
        expect(&format!("{body:?}"), &response, 400, -32700)?;
    }
    works(server.address)
}

fn batch(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let body = json!([call(&json!(1), "echo", &json!({ "message": "a" }))]).to_string();
    let response = post(server.address, &headers("tools/call", "echo"), body.as_bytes(), SOON)?;
    expect("a batch", &response, 400, -32600)?;
    works(server.address)
}

fn null_id(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let body = request(&Value::Null, "tools/list", json!({})).to_string();
    let response = post(server.address, &headers("tools/list", ""), body.as_bytes(), SOON)?;
    expect("a null id", &response, 400, -32600)?;
    works(server.address)
}

fn bad_params(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    for (method, params) in [
        ("completion/complete", json!({ "ref": 5, "argument": {} })),
        ("tools/list", json!({ "cursor": 5 })),
    ] {
        let body = request(&json!("r"), method, params).to_string();
        let message =
            post(server.address, &headers(method, ""), body.as_bytes(), SOON)?.message()?;
        if code(&message) != Some(-32602) || message["id"] != json!("r") {
            return Err(format!("{body} is answered {message}, want -32602 with its id"));
        }
    }
    works(server.address)
}

fn pretty(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let body =
        serde_json::to_string_pretty(&call(&json!(1), "echo", &json!({ "message": "a\nb" })))
            .map_err(|error| error.to_string())?
            .replace('\n', "\r\n\t");
    let message =
        post(server.address, &headers("tools/call", "echo"), body.as_bytes(), SOON)?.message()?;
    match text(&message) {
        Some("a\nb") => Ok(()),
        _ => Err(format!("a pretty-printed call is answered {message}")),
    }
}

fn foreign_origin(peer: &Peer) -> Result<(), String> {
    foreign(peer, "Origin", "https://evil.example")
}

fn foreign_host(peer: &Peer) -> Result<(), String> {
    foreign(peer, "Host", "evil.example")
}

fn foreign(peer: &Peer, header: &'static str, value: &str) -> Result<(), String> {
    let server = peer.http()?;
    let body = call(&json!(1), "echo", &json!({ "message": "a" })).to_string();
    let mut headers = headers("tools/call", "echo");
    headers.push((header, value.to_owned()));
    let response = post(server.address, &headers, body.as_bytes(), SOON)?;
    if response.status != 403 {
        return Err(format!(
            "{header}: {value} is answered with status {}, want 403",
            response.status
        ));
    }
    works(server.address)
}

fn panic(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let body = call(&json!(1), "panic", &json!({})).to_string();
    let message =
        post(server.address, &headers("tools/call", "panic"), body.as_bytes(), SOON)?.message()?;
    if code(&message) != Some(-32603) || message.to_string().contains("on purpose") {
        return Err(format!("a panic is answered {message}, want -32603 without its text"));
    }
    works(server.address)
}

fn disconnect(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let body = call(&json!(1), "slow", &json!({ "seconds": 30 })).to_string();
    drop({
        let stream = open(server.address, &headers("tools/call", "slow"), body.as_bytes())?;
        thread::sleep(Duration::from_millis(300));
        stream
    });
    let end = Instant::now() + SOON;
    loop {
        let body = call(&json!(2), "cancelled_count", &json!({})).to_string();
        let message =
            post(server.address, &headers("tools/call", "cancelled_count"), body.as_bytes(), SOON)?
                .message()?;
        let count = text(&message).and_then(|text| serde_json::from_str::<Value>(text).ok());
        match count.as_ref().and_then(|count| count["cancelled"].as_u64()) {
            Some(1) => return Ok(()),
            Some(0) if Instant::now() < end => thread::sleep(Duration::from_millis(50)),
            _ => {
                return Err(format!(
                    "after a disconnect the server counts {message}, want 1 cancelled call"
                ));
            }
        }
    }
}

/// 32 clients ask for progress and a long answer and read none of it.
fn stalled(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let mut meta = meta();
    meta["progressToken"] = json!("t");
    let params = [("progress", json!({ "steps": 1000 })), ("big", json!({ "kib": 4096 }))];
    let mut kept = Vec::new();
    for (tool, arguments) in params.iter().cycle().take(32) {
        let params = json!({ "name": tool, "arguments": arguments, "_meta": meta });
        let body = request(&json!(1), "tools/call", params).to_string();
        kept.push(open(server.address, &headers("tools/call", tool), body.as_bytes())?);
    }
    thread::sleep(Duration::from_millis(500));
    for _ in 0..20 {
        works(server.address)?;
    }
    drop(kept);
    works(server.address)
}

fn works(address: SocketAddr) -> Result<(), String> {
    let body = call(&json!("w"), "echo", &json!({ "message": "yes" })).to_string();
    let response = post(address, &headers("tools/call", "echo"), body.as_bytes(), SOON)
        .map_err(|error| format!("the server is dead afterwards: {error}"))?;
    match text(&response.message()?) {
        Some("yes") => Ok(()),
        _ => Err(format!("echo is answered {:.200} afterwards", response.body)),
    }
}

fn expect(what: &str, response: &Response, status: u16, wanted: i64) -> Result<(), String> {
    let message = response.message();
    match &message {
        Ok(message) if response.status == status && code(message) == Some(wanted) => Ok(()),
        Ok(message) => Err(format!(
            "{what} is answered {} {message}, want {status} and {wanted}",
            response.status
        )),
        Err(error) => Err(format!("{what}: {error}, want {status} and {wanted}")),
    }
}
