//! HTTP/1.1 by hand, so that a test can send what no HTTP client would.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// The first line and the headers of an answer.
pub(crate) struct Head {
    pub(crate) status: u16,
    text: String,
}

impl Head {
    /// Reads a head without its closing empty line.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let status = text.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        Ok(Self { status: status.ok_or("no status line")?, text: text.to_owned() })
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        let mut found = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    }

    /// Whether the body is a stream of events.
    pub(crate) fn is_stream(&self) -> bool {
        self.header("Content-Type").is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    /// Whether the body comes in chunks.
    pub(crate) fn is_chunked(&self) -> bool {
        self.header("Transfer-Encoding").is_some_and(|coding| coding.contains("chunked"))
    }
}

/// An answer, read to its end.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: Head,
    pub(crate) body: String,
}

impl Response {
    /// The JSON-RPC answer in the body, which may be JSON or the last event of a stream.
    pub(crate) fn message(&self) -> Result<Value, String> {
        let text = if self.head.is_stream() {
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
    send(address, "POST", headers, body)
}

/// Sends a request to `/mcp` and leaves the answer unread.
pub(crate) fn send(
    address: SocketAddr,
    verb: &str,
    headers: &[(&str, String)],
    body: &[u8],
) -> Result<TcpStream, String> {
    let failed = |error| format!("cannot talk to {address}: {error}");
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    let mut head = format!("{verb} /mcp HTTP/1.1\r\n");
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
    read(open(address, headers, body)?, limit)
}

/// Reads an answer to its end; each read may take `limit`.
pub(crate) fn read(mut stream: TcpStream, limit: Duration) -> Result<Response, String> {
    stream
        .set_read_timeout(Some(limit))
        .map_err(|error| format!("cannot set a timeout: {error}"))?;
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while !is_whole(&bytes) {
        let read = stream.read(&mut buffer).map_err(|error| match bytes.len() {
            0 => format!("no answer within {limit:?}: {error}"),
            read => format!("the answer stops after {read} bytes: {error}"),
        })?;
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) =
        text.split_once("\r\n\r\n").ok_or("the connection closed without an answer")?;
    let head = Head::parse(head)?;
    let body = if head.is_chunked() { unchunk(body) } else { body.to_owned() };
    Ok(Response { status: head.status, head, body })
}

/// Whether the body ends here; not every server closes a connection that was said to be the last.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let Ok(head) = Head::parse(&String::from_utf8_lossy(&bytes[..at])) else { return false };
    let body = &bytes[at + 4..];
    let length = head.header("Content-Length").and_then(|length| length.parse::<usize>().ok());
    match length {
        Some(length) => body.len() >= length,
        None => head.is_chunked() && (body == b"0\r\n\r\n" || body.ends_with(b"\r\n0\r\n\r\n")),
    }
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
    use super::{Head, is_whole, unchunk};

    #[test]
    fn a_head_is_read_whatever_its_case() {
        let head = Head::parse("HTTP/1.1 200 OK\r\nmcp-session-id:  aB\r\nX: y").unwrap();
        assert_eq!((head.status, head.header("Mcp-Session-Id")), (200, Some("aB")));
        assert_eq!(head.header("y"), None);
        assert!(!head.is_stream());
    }

    #[test]
    fn a_body_ends_by_its_length_or_its_last_chunk() {
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\n"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\n\r\nuntil the end"));
        assert!(is_whole(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"));
        assert!(!is_whole(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ndata\r\n"));
        assert!(is_whole(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n0\r\n0\r\n\r\n"
        ));
    }

    #[test]
    fn chunks_are_joined() {
        assert_eq!(unchunk("4\r\ndata\r\n3\r\n: 1\r\n0\r\n\r\n"), "data: 1");
    }
}
