//! Newline-delimited JSON: one message per line, as on [stdio].
//!
//! [stdio]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

use super::Intake;

/// Cuts a byte stream into lines.
///
/// A line ends with LF or CR LF; its ending is not part of it, and empty lines are skipped.
/// A line longer than the limit is reported once and dropped up to its newline; the lines after it are read as usual.
/// Memory stays below the limit plus what one read appends.
#[derive(Debug)]
pub struct Decoder {
    intake: Intake,
    limit: usize,
    /// How much of the intake is known to hold no newline.
    searched: usize,
    /// The rest of the current line was already reported as too long.
    dropping: bool,
}

/// What [`Decoder::decode`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// One line without its ending; never empty.
    Line(Bytes),
    /// A line over the limit.
    TooLong {
        /// How it begins, at most [`PREFIX`] bytes: enough to find the id of most requests and answer them.
        prefix: Bytes,
    },
}

/// How much of a line that is too long is kept, in bytes.
pub const PREFIX: usize = 4 * 1024;

impl Decoder {
    /// A decoder for lines of up to `limit` bytes, the ending not counted.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { intake: Intake::default(), limit, searched: 0, dropping: false }
    }

    /// The buffer to append what arrived to. Do not remove anything from it.
    pub fn room(&mut self) -> &mut BytesMut {
        self.intake.room()
    }

    /// Appends a copy of `chunk`.
    pub fn push(&mut self, chunk: &[u8]) {
        self.intake.extend(chunk);
    }

    /// The next line, or `None` until more bytes arrive.
    pub fn decode(&mut self) -> Option<Event> {
        loop {
            let bytes = &self.intake.bytes;
            let Some(newline) = memchr(b'\n', &bytes[self.searched..]) else {
                return self.unterminated();
            };
            let end = self.searched + newline;
            self.searched = 0;
            if core::mem::take(&mut self.dropping) {
                self.intake.bytes.advance(end + 1);
                continue;
            }
            let line = self.line(end);
            self.intake.bytes.advance(1);
            if line.is_some() {
                return line;
            }
        }
    }

    /// What is left when the stream has ended: call it until it returns `None`.
    ///
    /// A last line without a newline counts as a line.
    pub fn finish(&mut self) -> Option<Event> {
        if let Some(event) = self.decode() {
            return Some(event);
        }
        self.searched = 0;
        if core::mem::take(&mut self.dropping) {
            self.intake.bytes.clear();
            return None;
        }
        self.line(self.intake.bytes.len())
    }

    /// Whether bytes of an unfinished line are waiting.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.intake.bytes.is_empty() && !self.dropping
    }

    /// Takes the line before `end`; `None` when it is empty.
    fn line(&mut self, end: usize) -> Option<Event> {
        let length = end - usize::from(self.intake.bytes[..end].last() == Some(&b'\r'));
        if length > self.limit {
            let prefix = self.prefix();
            self.intake.bytes.advance(end);
            return Some(Event::TooLong { prefix });
        }
        let line = (length > 0).then(|| Event::Line(self.intake.take(length)));
        self.intake.bytes.advance(end - length);
        line
    }

    /// Nothing waiting ends a line: remembers that, and gives up a line that is too long already.
    fn unterminated(&mut self) -> Option<Event> {
        let bytes = &mut self.intake.bytes;
        if self.dropping {
            bytes.clear();
            self.searched = 0;
            return None;
        }
        // One byte more may be the CR of the ending.
        let excess = bytes.len().saturating_sub(self.limit);
        if excess == 0 || (excess == 1 && bytes.last() == Some(&b'\r')) {
            self.searched = bytes.len();
            return None;
        }
        let prefix = self.prefix();
        self.intake.bytes.clear();
        self.searched = 0;
        self.dropping = true;
        Some(Event::TooLong { prefix })
    }

    /// How the current line begins, the same however the stream was cut.
    fn prefix(&self) -> Bytes {
        Bytes::copy_from_slice(&self.intake.bytes[..self.limit.min(PREFIX)])
    }
}

/// Appends `message` and the newline that ends it.
///
/// The scanner guarantees that a message holds no newline.
pub fn encode(message: &[u8], out: &mut BytesMut) {
    debug_assert!(memchr(b'\n', message).is_none(), "a message holds a newline");
    out.reserve(message.len() + 1);
    out.extend_from_slice(message);
    out.extend_from_slice(b"\n");
}

#[cfg(test)]
mod tests;
