//! A client of HTTP/1.1 that does no more than it must: blocking, one connection, bytes in and bytes out.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// One kept-alive connection.
pub(crate) struct Connection(BufReader<TcpStream>);

/// One answer. Of a stream the body is what was read of it so far.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The header lines, in lower case but for their values.
    pub(crate) head: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Connection {
    /// Connects to the loopback address; a server that is silent for half a minute is an error.
    pub(crate) fn open(port: u16) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port))
            .map_err(|error| format!("cannot connect: {error}"))?;
        stream.set_nodelay(true).map_err(|error| format!("cannot set TCP_NODELAY: {error}"))?;
        let connection = Self(BufReader::new(stream));
        connection.patience(Duration::from_secs(30))?;
        Ok(connection)
    }

    /// How long the server may be silent.
    pub(crate) fn patience(&self, limit: Duration) -> Result<(), String> {
        let set = self.0.get_ref().set_read_timeout(Some(limit));
        set.map_err(|error| format!("cannot set a timeout: {error}"))
    }

    /// Writes one request, several, or a part of one.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.0.get_ref().write_all(bytes).map_err(|error| format!("cannot send: {error}"))
    }

    /// Says that nothing more is sent.
    pub(crate) fn end(&mut self) -> Result<(), String> {
        let ended = self.0.get_ref().shutdown(Shutdown::Write);
        ended.map_err(|error| format!("cannot end the request: {error}"))
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, request: &str) -> Result<Answer, String> {
        self.send(request.as_bytes())?;
        self.answer()
    }

    /// Reads a whole answer: with a length, in chunks, or up to the end of the connection.
    pub(crate) fn answer(&mut self) -> Result<Answer, String> {
        answer(&mut self.0)
    }

    /// Reads the head of an answer whose body is left where it is.
    pub(crate) fn head(&mut self) -> Result<Answer, String> {
        head(&mut self.0)
    }

    /// Reads the beginning of an answer that goes on: its head and the first chunk.
    pub(crate) fn begin(&mut self) -> Result<Answer, String> {
        let mut answer = head(&mut self.0)?;
        answer.body = text(chunk(&mut self.0)?.unwrap_or_default());
        Ok(answer)
    }

    /// Reads the rest of a stream to its end, and returns the last event.
    pub(crate) fn last_event(&mut self) -> Result<String, String> {
        let mut last = String::new();
        while let Some(chunk) = chunk(&mut self.0)? {
            let chunk = text(chunk);
            if chunk.starts_with("data: ") || chunk.starts_with("id: ") {
                last = chunk;
            }
        }
        Ok(last)
    }
}

impl Answer {
    /// An answer made up for a test.
    #[cfg(test)]
    pub(crate) fn of(status: u16, body: &str) -> Self {
        Self { status, body: body.to_owned(), head: Vec::new() }
    }

    /// The value of a header, named in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is a result of a call that echoes `hello`, plain or as an event.
    pub(crate) fn is_echo(&self) -> bool {
        self.status == 200
            && self.body.contains("hello")
            && !self.body.contains(r#""isError":true"#)
    }
}

fn answer(from: &mut impl BufRead) -> Result<Answer, String> {
    let mut answer = head(from)?;
    let chunked = answer.header("transfer-encoding").is_some_and(|value| value == "chunked");
    let length = answer.header("content-length").and_then(|value| value.parse().ok());
    let body = match length {
        _ if chunked => {
            let mut body = Vec::new();
            while let Some(chunk) = chunk(from)? {
                body.extend_from_slice(&chunk);
            }
            body
        }
        Some(length) => bytes(from, length)?,
        None if answer.status == 204 => Vec::new(),
        None => {
            let mut body = Vec::new();
            from.read_to_end(&mut body).map_err(|error| error.to_string())?;
            body
        }
    };
    answer.body = text(body);
    Ok(answer)
}

fn head(from: &mut impl BufRead) -> Result<Answer, String> {
    let first = line(from)?;
    let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| format!("not the status line of an answer: {first}"))?;
    let mut answer = Answer { status, ..Answer::default() };
    loop {
        let header = line(from)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { return Ok(answer) };
        answer.head.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// The next chunk; `None` is the end.
fn chunk(from: &mut impl BufRead) -> Result<Option<Vec<u8>>, String> {
    let size = line(from)?;
    let size = usize::from_str_radix(size.trim(), 16)
        .map_err(|_| format!("not the size of a chunk: {size}"))?;
    let mut chunk = bytes(from, size + 2)?;
    chunk.truncate(size);
    Ok((size > 0).then_some(chunk))
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

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn answers_are_read_plain_chunked_and_to_the_end() {
        let mut plain: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP";
        assert!(answer(&mut plain).unwrap().is_echo());
        assert_eq!(plain, b"HTTP");
        let mut chunked: &[u8] =
            b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\nRetry-After: 1\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nHTTP";
        let read = answer(&mut chunked).unwrap();
        assert_eq!((read.status, read.body.as_str()), (503, "hello"));
        assert_eq!(read.header("retry-after"), Some("1"));
        assert!(!read.is_echo());
        assert_eq!(chunked, b"HTTP");
        let mut rest: &[u8] = b"HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\nall";
        let read = answer(&mut rest).unwrap();
        assert_eq!(read.body, "all");
        assert!(answer(&mut &b""[..]).is_err());
        assert!(answer(&mut &b"nonsense\r\n\r\n"[..]).is_err());
    }
}
