//! HTTP/1.1 by hand, so that a test can send what no HTTP client would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer, read to its end.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    /// The JSON-RPC answer in the body, which may be JSON or the last event of a stream.
    pub(crate) fn message(&self) -> Result<Value, String> {
        let text = if self.head.contains("text/event-stream") {
            let data =
                self.body.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
            data.rev().find(|data| !data.is_empty()).unwrap_or_default()
        } else {
            &self.body
        };
        serde_json::from_str(text).map_err(|_| {
            format!("status {} with a body that is not JSON: {text:.120}", self.status)
        })
    }
}

/// The headers of a 2026-07-28 request.
pub(crate) fn headers(method: &str, name: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("Content-Type", "application/json".to_owned()),
        ("Accept", "application/json, text/event-stream".to_owned()),
        ("MCP-Protocol-Version", "2026-07-28".to_owned()),
        ("Mcp-Method", method.to_owned()),
    ];
    if !name.is_empty() {
        headers.push(("Mcp-Name", name.to_owned()));
    }
    headers
}

/// Sends a POST to `/mcp` and leaves the answer unread.
pub(crate) fn open(
    address: SocketAddr,
    headers: &[(&str, String)],
    body: &[u8],
) -> Result<TcpStream, String> {
    let failed = |error| format!("cannot talk to {address}: {error}");
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    let mut head = String::from("POST /mcp HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {address}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).map_err(failed)?;
    Ok(stream)
}

/// Sends a POST to `/mcp` and reads the answer; each read may take `limit`.
pub(crate) fn post(
    address: SocketAddr,
    headers: &[(&str, String)],
    body: &[u8],
    limit: Duration,
) -> Result<Response, String> {
    let mut stream = open(address, headers, body)?;
    stream
        .set_read_timeout(Some(limit))
        .map_err(|error| format!("cannot set a timeout: {error}"))?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(|error| match bytes.len() {
        0 => format!("no answer within {limit:?}: {error}"),
        read => format!("the answer stops after {read} bytes: {error}"),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) =
        text.split_once("\r\n\r\n").ok_or("the connection closed without an answer")?;
    let head = head.to_ascii_lowercase();
    let status = head
        .split_whitespace()
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or("no status line")?;
    let body =
        if head.contains("transfer-encoding: chunked") { unchunk(body) } else { body.to_owned() };
    Ok(Response { status, head, body })
}

/// Takes the chunk sizes out of a chunked body of ASCII text.
fn unchunk(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        let Some(chunk) = tail.get(..size).filter(|_| size > 0) else { break };
        body.push_str(chunk);
        rest = tail.get(size + 2..).unwrap_or_default();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::unchunk;

    #[test]
    fn chunks_are_joined() {
        assert_eq!(unchunk("4\r\ndata\r\n3\r\n: 1\r\n0\r\n\r\n"), "data: 1");
    }
}
