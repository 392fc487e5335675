//! A client and a server in one thread, without an async runtime, a socket or a clock.
//!
//! `cargo run -p bowline-protocol --example exchange` prints the transcript.

use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::protocol::{Event, Protocol, Request, Response};
use bowline_protocol::scan::BodyKey;
use bowline_types::jsonrpc::ErrorObject;
use serde_json::json;
use std::error::Error;
use std::io::Write;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let limits = Limits::local();
    let mut out = std::io::stdout().lock();
    let mut client = Protocol::<(), &str>::new(limits.json_depth);
    let mut server = Protocol::<(), ()>::new(limits.json_depth);
    let now = Duration::ZERO;

    let params = Body::of(&json!({ "name": "add", "arguments": { "a": 1, "b": 2 } }))?;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let request = Request::new("tools/call").params(params.with_meta(&meta)?);
    client.call(&request, "the sum");

    // Pass lines back and forth until nobody has anything to say.
    loop {
        let mut silent = true;
        while let Some(message) = client.poll_transmit() {
            silent = false;
            writeln!(out, "-> {}", message.as_str())?;
            if let Event::Request(request) = server.receive(now, message.into_bytes())
                && let Some(id) = request.id()
            {
                server.started(id.clone(), ());
                let outcome = answer(request.param(BodyKey::Arguments));
                server.finish(&id, &outcome);
            }
        }
        while let Some(message) = server.poll_transmit() {
            silent = false;
            writeln!(out, "<- {}", message.as_str())?;
            if let Event::Answered(answered) = client.receive(now, message.into_bytes()) {
                match answered.response {
                    Response::Result(message) => {
                        let result = message.result().ok_or("a result has a result")?;
                        writeln!(out, "{}: {}", answered.data, result.as_str())?;
                    }
                    Response::Error(error) => writeln!(out, "{}: {error}", answered.data)?,
                    Response::Malformed(fault) => writeln!(out, "{}: {fault}", answered.data)?,
                }
            }
        }
        if silent {
            return Ok(());
        }
    }
}

/// The server: one tool that adds two numbers.
fn answer(arguments: Option<&[u8]>) -> Outcome {
    let sum = arguments
        .and_then(|text| serde_json::from_slice::<serde_json::Value>(text).ok())
        .and_then(|arguments| Some(arguments["a"].as_f64()? + arguments["b"].as_f64()?));
    let Some(sum) = sum else {
        return ErrorObject::invalid_params("params.arguments: `a` and `b` must be numbers").into();
    };
    let content = json!({ "content": [{ "type": "text", "text": sum.to_string() }] });
    Body::of(&content).map_or_else(
        |_| ErrorObject::internal_error("result cannot be encoded").into(),
        Outcome::complete,
    )
}
