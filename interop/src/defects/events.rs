//! An answer that is read while it comes: a stream of server-sent events.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::defects::web::Head;

/// An answer whose body may still grow.
pub(crate) struct Events {
    stream: TcpStream,
    pub(crate) head: Head,
    /// What was read and not yet taken out of its chunks.
    raw: Vec<u8>,
    /// What was taken out of its chunks and is not yet an event.
    body: Vec<u8>,
    ended: bool,
}

/// What a stream gives within a time.
pub(crate) enum Piece {
    Event(Event),
    End,
    Nothing,
}

/// An event; comments and bare `retry` fields are none.
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

impl Event {
    /// The message in it; an event without data has none.
    pub(crate) fn message(&self) -> Option<Value> {
        serde_json::from_str(&self.data).ok()
    }
}

impl Events {
    /// Waits for the head of the answer.
    pub(crate) fn of(stream: TcpStream, limit: Duration) -> Result<Self, String> {
        let mut raw = Vec::new();
        let end = Instant::now() + limit;
        loop {
            if let Some(at) = find(&raw, b"\r\n\r\n") {
                let head = Head::parse(&String::from_utf8_lossy(&raw[..at]))?;
                raw.drain(..at + 4);
                return Ok(Self { stream, head, raw, body: Vec::new(), ended: false });
            }
            match more(&stream, &mut raw, end)? {
                More::Bytes => {}
                More::End => return Err("the connection closed without an answer".to_owned()),
                More::Nothing => return Err(format!("no answer began within {limit:?}")),
            }
        }
    }

    /// The next event, or that the stream ended; an answer that is plain JSON counts as one event.
    pub(crate) fn next(&mut self, limit: Duration) -> Result<Piece, String> {
        let end = Instant::now() + limit;
        loop {
            self.unchunk();
            if let Some(event) = self.event() {
                return Ok(Piece::Event(event));
            }
            if self.ended {
                return Ok(Piece::End);
            }
            match more(&self.stream, &mut self.raw, end)? {
                More::Bytes => {}
                More::End => self.ended = true,
                More::Nothing => return Ok(Piece::Nothing),
            }
        }
    }

    /// The next message for which `wanted` holds; others are dropped.
    pub(crate) fn find(
        &mut self,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        let end = Instant::now() + limit;
        loop {
            match self.next(end.saturating_duration_since(Instant::now()))? {
                Piece::Event(event) => {
                    if let Some(message) = event.message().filter(&wanted) {
                        return Ok(message);
                    }
                }
                Piece::End => return Err(format!("the stream ended without {what}")),
                Piece::Nothing => return Err(format!("no {what} within {limit:?}")),
            }
        }
    }

    /// The answer with this id.
    pub(crate) fn answer(&mut self, id: &Value, limit: Duration) -> Result<Value, String> {
        self.find(&format!("answer with id {id}"), limit, |message| {
            message.get("id") == Some(id) && message.get("method").is_none()
        })
    }

    fn event(&mut self) -> Option<Event> {
        if !self.head.is_stream() {
            let whole = self.ended && !self.body.is_empty();
            return whole.then(|| Event {
                id: None,
                data: String::from_utf8_lossy(&std::mem::take(&mut self.body)).into_owned(),
            });
        }
        while let Some(at) = find(&self.body, b"\n\n") {
            let block: Vec<u8> = self.body.drain(..at + 2).collect();
            if let Some(event) = parse(&String::from_utf8_lossy(&block)) {
                return Some(event);
            }
        }
        None
    }

    fn unchunk(&mut self) {
        if !self.head.is_chunked() {
            self.body.append(&mut self.raw);
            return;
        }
        while let Some(at) = find(&self.raw, b"\r\n") {
            let size = String::from_utf8_lossy(&self.raw[..at]);
            let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
            let begin = at + 2;
            if size == 0 {
                self.ended = true;
                return;
            }
            if self.raw.len() < begin + size + 2 {
                return;
            }
            self.body.extend_from_slice(&self.raw[begin..begin + size]);
            self.raw.drain(..begin + size + 2);
        }
    }
}

enum More {
    Bytes,
    End,
    Nothing,
}

fn more(mut stream: &TcpStream, bytes: &mut Vec<u8>, end: Instant) -> Result<More, String> {
    // A timeout of zero would mean none at all.
    let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    stream
        .set_read_timeout(Some(left))
        .map_err(|error| format!("cannot set a timeout: {error}"))?;
    let mut buffer = [0; 16 * 1024];
    match stream.read(&mut buffer) {
        Ok(0) => Ok(More::End),
        Ok(read) => {
            bytes.extend_from_slice(&buffer[..read]);
            Ok(More::Bytes)
        }
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(More::Nothing)
        }
        Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(More::End),
        Err(error) => Err(format!("cannot read the stream: {error}")),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn parse(block: &str) -> Option<Event> {
    let mut id = None;
    let mut data: Option<String> = None;
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => id = Some(value.to_owned()),
            "data" => match &mut data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => data = Some(value.to_owned()),
            },
            _ => {}
        }
    }
    (id.is_some() || data.is_some()).then(|| Event { id, data: data.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::{Event, parse};

    #[test]
    fn events_are_told_from_comments() {
        assert!(parse(": still here\n\n").is_none());
        assert!(parse("retry: 3000\n\n").is_none());
        let Event { id, data } = parse("id: 7\nretry: 3000\ndata: \n\n").unwrap();
        assert_eq!((id.as_deref(), data.as_str()), (Some("7"), ""));
        let event = parse("event: message\ndata:{\"a\":\ndata: 1}\n\n").unwrap();
        assert_eq!(event.message().unwrap()["a"], 1);
    }
}
