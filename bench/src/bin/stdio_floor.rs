//! The floor of a stdio server: a blocking loop over lines that decodes borrowed, typed messages and knows one tool,
//! `echo`. It checks nothing that the specification asks for; it only shows how fast lines, JSON and a pipe can be.
//!
//! Replies are written when the input that was read at once is used up.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

fn main() -> io::Result<()> {
    let mut input = BufReader::with_capacity(BUFFER, io::stdin().lock());
    let mut output = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        answer(&line, &mut output)?;
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
}

const BUFFER: usize = 64 * 1024;

/// Writes the reply to one line; a notification has none.
fn answer(line: &[u8], output: &mut impl Write) -> io::Result<()> {
    let message: Message<'_> = serde_json::from_slice(line).map_err(io::Error::other)?;
    let Some(id) = message.id else { return Ok(()) };
    match message.method.as_ref() {
        "tools/call" => {
            let params: Call<'_> = serde_json::from_str(message.params.map_or("{}", RawValue::get))
                .map_err(io::Error::other)?;
            let content = [Text { kind: "text", text: params.arguments.message }];
            let reply = Reply { jsonrpc: "2.0", id, result: Content { content, is_error: false } };
            serde_json::to_writer(&mut *output, &reply).map_err(io::Error::other)?;
        }
        _ => {
            let reply = Reply { jsonrpc: "2.0", id, result: Nothing {} };
            serde_json::to_writer(&mut *output, &reply).map_err(io::Error::other)?;
        }
    }
    output.write_all(b"\n")
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    arguments: Arguments<'a>,
}

#[derive(Deserialize)]
struct Arguments<'a> {
    #[serde(borrow)]
    message: Cow<'a, str>,
}

#[derive(Serialize)]
struct Reply<'a, T> {
    jsonrpc: &'static str,
    id: &'a RawValue,
    result: T,
}

#[derive(Serialize)]
struct Content<'a> {
    content: [Text<'a>; 1],
    #[serde(rename = "isError")]
    is_error: bool,
}

#[derive(Serialize)]
struct Text<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: Cow<'a, str>,
}

#[derive(Serialize)]
struct Nothing {}
