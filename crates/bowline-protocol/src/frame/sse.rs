//! Server-sent events, as the body of a [Streamable HTTP] response.
//!
//! The decoder follows the [event stream grammar]; the encoder writes the part of it that MCP needs.
//!
//! [Streamable HTTP]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#receiving-messages
//! [event stream grammar]: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream

use core::fmt::Write as _;
use core::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr2;

use super::Intake;

/// Cuts a byte stream into events.
///
/// Lines end with CR, LF or CR LF; a byte order mark at the start, comments and unknown fields are skipped.
/// An event that is unfinished when the stream ends is dropped, as the grammar demands.
/// An event over the limit is reported once and dropped; the events after it are read as usual.
#[derive(Debug)]
pub struct Decoder {
    intake: Intake,
    limit: usize,
    /// How much of the intake is known to hold no line ending.
    searched: usize,
    start: Start,
    line: Line,
    /// Bytes of the lines of the current event so far, comments not counted.
    size: usize,
    /// The current event was already reported as too long.
    dropping: bool,
    name: Bytes,
    data: Data,
    last_id: Bytes,
}

/// What [`Decoder::decode`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// One event.
    Message {
        /// The `event` field; `message` when there was none.
        name: Bytes,
        /// The `data` fields, joined by LF. Empty for an event that only carries an id.
        data: Bytes,
        /// The last `id` field of the stream so far; empty when there was none.
        id: Bytes,
    },
    /// How long to wait before connecting again. A peer chose it: hold it within bounds.
    Retry(Duration),
    /// An event over the limit.
    TooLong {
        /// How its data begins, at most [`PREFIX`] bytes.
        prefix: Bytes,
    },
}

/// How much of the data of an event that is too long is kept, in bytes.
pub const PREFIX: usize = 4 * 1024;

impl Decoder {
    /// A decoder for events whose lines, without endings and comments, are up to `limit` bytes together.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            intake: Intake::default(),
            limit,
            searched: 0,
            start: Start::Stream,
            line: Line::Start,
            size: 0,
            dropping: false,
            name: MESSAGE,
            data: Data::None,
            last_id: Bytes::new(),
        }
    }

    /// The buffer to append what arrived to. Do not remove anything from it.
    pub fn room(&mut self) -> &mut BytesMut {
        self.intake.room()
    }

    /// Appends a copy of `chunk`.
    pub fn push(&mut self, chunk: &[u8]) {
        self.intake.extend(chunk);
    }

    /// The last `id` field, for the `Last-Event-ID` header of a legacy peer; empty when there was none.
    #[must_use]
    pub fn last_id(&self) -> &Bytes {
        &self.last_id
    }

    /// The next event, or `None` until more bytes arrive.
    pub fn decode(&mut self) -> Option<Event> {
        if !self.skip_to_line() {
            return None;
        }
        loop {
            let bytes = &self.intake.bytes;
            if self.line == Line::Start
                && let Some(&first) = bytes.first()
            {
                self.line = if first == b':' { Line::Comment } else { Line::Field };
            }
            let Some(ending) = memchr2(b'\r', b'\n', &bytes[self.searched..]) else {
                return self.unterminated();
            };
            let end = self.searched + ending;
            let cr = bytes[end] == b'\r';
            self.searched = 0;
            let line = core::mem::replace(&mut self.line, Line::Start);
            let event = match line {
                Line::Start | Line::Field if !self.dropping => self.end_of_line(end),
                _ => self.end_of_dropped_line(line, end),
            };
            self.intake.bytes.advance(1);
            self.start = if cr { Start::AfterCr } else { Start::Line };
            if event.is_some() {
                return event;
            }
            if !self.skip_to_line() {
                return None;
            }
        }
    }

    /// Skips what may stand before a line: the byte order mark, the LF of a CR LF. `false` asks for more bytes.
    fn skip_to_line(&mut self) -> bool {
        let bytes = &mut self.intake.bytes;
        match self.start {
            Start::Line => return true,
            Start::Stream if bytes.len() < BOM.len() && BOM.starts_with(bytes) => return false,
            Start::Stream if bytes.starts_with(BOM) => bytes.advance(BOM.len()),
            Start::Stream => {}
            Start::AfterCr => match bytes.first() {
                None => return false,
                Some(b'\n') => bytes.advance(1),
                Some(_) => {}
            },
        }
        self.start = Start::Line;
        true
    }

    /// Reads the field in the line before `end` and removes the line.
    fn end_of_line(&mut self, end: usize) -> Option<Event> {
        if end == 0 {
            return self.dispatch();
        }
        if self.size + end > self.limit {
            let event = self.too_long();
            self.intake.bytes.advance(end);
            return Some(event);
        }
        self.size += end;
        let line = &self.intake.bytes[..end];
        let (name, value) = field(line);
        match &line[..name] {
            b"data" => {
                let line = self.intake.take(end);
                self.data.push(line.slice(value..));
                return None;
            }
            b"event" => self.name = Bytes::copy_from_slice(&line[value..]),
            b"id" if !line[value..].contains(&0) => {
                self.last_id = Bytes::copy_from_slice(&line[value..]);
            }
            b"retry" => {
                let retry = milliseconds(&line[value..]).map(Event::Retry);
                self.intake.bytes.advance(end);
                return retry;
            }
            _ => {}
        }
        self.intake.bytes.advance(end);
        None
    }

    /// Removes a comment, or a line of an event that is too long; an empty line ends such an event.
    fn end_of_dropped_line(&mut self, line: Line, end: usize) -> Option<Event> {
        self.intake.bytes.advance(end);
        if self.dropping && line != Line::Comment && line != Line::Rest && end == 0 {
            self.reset();
        }
        None
    }

    /// The event that an empty line ends. Without a `data` field there is none.
    fn dispatch(&mut self) -> Option<Event> {
        let data = core::mem::replace(&mut self.data, Data::None).into_bytes();
        let name = core::mem::replace(&mut self.name, MESSAGE);
        self.reset();
        let name = if name.is_empty() { MESSAGE } else { name };
        data.map(|data| Event::Message { name, data, id: self.last_id.clone() })
    }

    fn reset(&mut self) {
        self.name = MESSAGE;
        self.data = Data::None;
        self.size = 0;
        self.dropping = false;
    }

    /// Nothing waiting ends a line: remembers that, and gives up what need not or must not be kept.
    fn unterminated(&mut self) -> Option<Event> {
        let length = self.intake.bytes.len();
        let mut event = None;
        if self.line == Line::Field && !self.dropping {
            if self.size + length <= self.limit {
                self.searched = length;
                return None;
            }
            event = Some(self.too_long());
        }
        if self.line == Line::Field {
            self.line = Line::Rest;
        }
        self.intake.bytes.clear();
        self.searched = 0;
        event
    }

    /// Gives up the current event, whose current line begins the intake.
    fn too_long(&mut self) -> Event {
        self.dropping = true;
        // Only what fits the limit counts, so that the prefix is the same however the stream was cut.
        let line = &self.intake.bytes[..self.limit - self.size];
        let (name, value) = field(line);
        let mut data = core::mem::replace(&mut self.data, Data::None);
        if &line[..name] == b"data" {
            let value = &line[value..];
            data.push(Bytes::copy_from_slice(&value[..value.len().min(PREFIX)]));
        }
        let data = data.into_bytes().unwrap_or_default();
        Event::TooLong { prefix: Bytes::copy_from_slice(&data[..data.len().min(PREFIX)]) }
    }
}

/// Writes events to a buffer: fields in any order, then [`data`](Self::data), which ends the event.
///
/// No value may hold CR or LF; the scanner guarantees that for messages, and ids and names are this process's own.
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut BytesMut,
}

impl<'a> Encoder<'a> {
    /// Appends to `out`.
    #[must_use]
    pub fn new(out: &'a mut BytesMut) -> Self {
        Self { out }
    }

    /// The name of the event; without it, it is `message`.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.field(b"event: ", name.as_bytes())
    }

    /// The id of the event, where a reader can go on after it lost the stream.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        debug_assert!(!id.contains('\0'), "a reader ignores an id with NUL");
        self.field(b"id: ", id.as_bytes())
    }

    /// How long a reader should wait before it connects again, in whole milliseconds.
    #[must_use]
    pub fn retry(self, delay: Duration) -> Self {
        // Writing to a `BytesMut` grows it and cannot fail.
        let _ = writeln!(self.out, "retry: {}", delay.as_millis());
        self
    }

    /// The data, which may be empty, and the end of the event.
    pub fn data(self, message: &[u8]) {
        self.out.reserve(message.len() + b"data: \n\n".len());
        self.field(b"data: ", message).out.extend_from_slice(b"\n");
    }

    /// A comment between two events; an empty one is the usual keep-alive.
    pub fn comment(self, text: &str) {
        self.field(b":", text.as_bytes()).out.extend_from_slice(b"\n");
    }

    fn field(self, name: &[u8], value: &[u8]) -> Self {
        debug_assert!(memchr2(b'\r', b'\n', value).is_none(), "a field holds a line ending");
        self.out.extend_from_slice(name);
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(b"\n");
        self
    }
}

/// Where the intake begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// At the start of the stream, where a byte order mark may stand.
    Stream,
    /// After a CR that ended a line, whose LF may follow.
    AfterCr,
    /// At a line, or within one.
    Line,
}

/// What the line at the start of the intake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Nothing of it is known yet.
    Start,
    Comment,
    Field,
    /// The rest of a field whose beginning was dropped.
    Rest,
}

/// The data of the current event. One line, the usual case, is never copied.
#[derive(Debug)]
enum Data {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Data {
    fn push(&mut self, line: Bytes) {
        match self {
            Self::None => *self = Self::One(line),
            Self::One(first) => {
                let mut lines = BytesMut::with_capacity(first.len() + 1 + line.len());
                lines.extend_from_slice(first);
                *self = Self::Many(lines);
                self.push(line);
            }
            Self::Many(lines) => {
                lines.extend_from_slice(b"\n");
                lines.extend_from_slice(&line);
            }
        }
    }

    fn into_bytes(self) -> Option<Bytes> {
        match self {
            Self::None => None,
            Self::One(line) => Some(line),
            Self::Many(lines) => Some(lines.freeze()),
        }
    }
}

/// Where the name of the field in `line` ends and its value begins.
fn field(line: &[u8]) -> (usize, usize) {
    match memchr::memchr(b':', line) {
        None => (line.len(), line.len()),
        Some(colon) if line.get(colon + 1) == Some(&b' ') => (colon, colon + 2),
        Some(colon) => (colon, colon + 1),
    }
}

/// The time in a `retry` field, which counts only when it is all digits.
fn milliseconds(value: &[u8]) -> Option<Duration> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = value.iter().fold(0_u64, |count, digit| {
        count.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
    });
    Some(Duration::from_millis(count))
}

const BOM: &[u8] = b"\xEF\xBB\xBF";
const MESSAGE: Bytes = Bytes::from_static(b"message");

#[cfg(test)]
mod tests;
