//! The load: modern `tools/call` requests one after the other on one connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Sends `requests` calls of the tool `echo` over one kept-alive connection and checks each answer.
pub(crate) fn http(port: u16, requests: u32) -> Result<(), String> {
    let stream = TcpStream::connect(("127.0.0.1", port))
        .map_err(|error| format!("cannot connect: {error}"))?;
    stream.set_nodelay(true).map_err(|error| format!("cannot set TCP_NODELAY: {error}"))?;
    let mut answers = BufReader::new(&stream);
    for number in 0..requests {
        let request = request(port, number);
        (&stream)
            .write_all(request.as_bytes())
            .map_err(|error| format!("request {number}: {error}"))?;
        let (status, body) =
            answer(&mut answers).map_err(|error| format!("answer {number}: {error}"))?;
        if !status.starts_with("HTTP/1.1 200")
            || !body.contains("hello")
            || body.contains(r#""isError":true"#)
        {
            return Err(format!("answer {number} is {}: {body}", status.trim()));
        }
    }
    Ok(())
}

/// One message, with an identifier of constant width.
pub(crate) fn message(number: u32) -> String {
    with_params(number, &format!(r#"{CALL},"_meta":{META}"#))
}

/// The same call without `_meta`, for a floor that would only skip it.
pub(crate) fn bare_message(number: u32) -> String {
    with_params(number, CALL)
}

fn with_params(number: u32, params: &str) -> String {
    let id = 10_000_000 + number;
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{{params}}}}}"#)
}

const CALL: &str = r#""name":"echo","arguments":{"message":"hello"}"#;
const META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{}}"#;

fn request(port: u16, number: u32) -> String {
    let body = message(number);
    format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n\
         Mcp-Name: echo\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The status line and the body of one answer, plain or chunked.
fn answer(from: &mut impl BufRead) -> Result<(String, String), String> {
    let status = line(from)?;
    let mut length = None;
    let mut chunked = false;
    loop {
        let header = line(from)?.to_ascii_lowercase();
        let header = header.trim();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse::<usize>().ok();
        }
        chunked |= header.starts_with("transfer-encoding:") && header.ends_with("chunked");
    }
    let body = match length {
        _ if chunked => chunks(from)?,
        Some(length) => bytes(from, length)?,
        None => return Err("neither a length nor chunks".to_owned()),
    };
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn chunks(from: &mut impl BufRead) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        let size = line(from)?;
        let size = usize::from_str_radix(size.trim(), 16)
            .map_err(|_| format!("not the size of a chunk: {size}"))?;
        let chunk = bytes(from, size + 2)?;
        body.extend_from_slice(&chunk[..size]);
        if size == 0 {
            return Ok(body);
        }
    }
}

fn line(from: &mut impl BufRead) -> Result<String, String> {
    let mut line = String::new();
    match from.read_line(&mut line).map_err(|error| error.to_string())? {
        0 => Err("the server closed the connection".to_owned()),
        _ => Ok(line),
    }
}

fn bytes(from: &mut impl Read, length: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{answer, bare_message, message, request};

    #[test]
    fn answers_are_read_plain_and_chunked() {
        let mut plain: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP";
        assert_eq!(answer(&mut plain).unwrap().1, "hello");
        assert_eq!(plain, b"HTTP");
        let mut chunked: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
        assert_eq!(
            answer(&mut chunked).unwrap(),
            ("HTTP/1.1 200 OK\r\n".to_owned(), "hello".to_owned())
        );
        assert!(answer(&mut &b"HTTP/1.1 200 OK\r\n\r\n"[..]).is_err());
        assert!(answer(&mut &b""[..]).is_err());
    }

    #[test]
    fn requests_have_one_size_and_are_json() {
        assert_eq!(request(8080, 0).len(), request(8080, 9_999).len());
        let message: serde_json::Value = serde_json::from_str(&message(7)).unwrap();
        let bare: serde_json::Value = serde_json::from_str(&bare_message(7)).unwrap();
        assert_eq!(bare["params"]["arguments"], message["params"]["arguments"]);
        assert_eq!(message["id"], 10_000_007);
        assert_eq!(
            message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"],
            "2026-07-28"
        );
    }
}
