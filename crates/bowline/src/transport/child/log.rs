//! What a child says on its standard error: the end of it is kept, and nothing waits for anybody to read it.

use super::platform::{self, Errors};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

/// How much is kept, in bytes.
const KEPT: usize = 64 * 1024;

/// A longer line is given out in pieces of this size, in bytes.
const LINE: usize = 8 * 1024;

/// The end of what a child said on its standard error, the last 64 KiB.
///
/// It is text of somebody else: escape it before it goes to a terminal. Bytes that are no UTF-8 are replaced.
#[derive(Clone, Debug)]
pub struct StderrLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    kept: Mutex<Kept>,
    /// Wakes the readers.
    news: watch::Sender<()>,
}

/// A window on the stream, which only moves on.
#[derive(Debug, Default)]
struct Kept {
    bytes: VecDeque<u8>,
    /// Where in the stream the window begins.
    start: u64,
    /// Whether it begins within a line.
    torn: bool,
    ended: bool,
}

impl StderrLog {
    pub(super) fn new() -> Self {
        Self(Arc::new(Shared { kept: Mutex::default(), news: watch::Sender::new(()) }))
    }

    /// The last lines, up to 64 KiB; the first is a whole one.
    #[must_use]
    pub fn tail(&self) -> String {
        let mut kept = self.kept();
        let torn = kept.torn;
        let bytes = kept.bytes.make_contiguous();
        let whole = match bytes.iter().position(|byte| *byte == b'\n') {
            Some(end) if torn => &bytes[end + 1..],
            _ => &bytes[..],
        };
        String::from_utf8_lossy(whole).into_owned()
    }

    /// The lines as they come, from the first that is still kept.
    #[must_use]
    pub fn lines(&self) -> StderrLines {
        let at = self.kept().start;
        StderrLines { log: self.clone(), news: self.0.news.subscribe(), at }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds at most as much as is kept.
    fn add(&self, bytes: &[u8]) {
        self.kept().add(bytes);
        self.0.news.send_replace(());
    }

    fn end(&self) {
        self.kept().ended = true;
        self.0.news.send_replace(());
    }
}

impl Kept {
    fn add(&mut self, bytes: &[u8]) {
        let surplus = (self.bytes.len() + bytes.len()).saturating_sub(KEPT).min(self.bytes.len());
        if let Some(last) = self.bytes.drain(..surplus).next_back() {
            self.start += surplus as u64;
            self.torn = last != b'\n';
        }
        self.bytes.extend(bytes);
        // What is left of a character is none.
        while self.torn && self.bytes.front().is_some_and(|byte| continues(*byte)) {
            self.bytes.pop_front();
            self.start += 1;
        }
    }

    /// The line that begins at this place, without its end, and the place behind it; a piece of it if it is a long one.
    fn line(&self, at: u64) -> Option<(String, u64)> {
        let begin = at.max(self.start);
        let skipped = usize::try_from(begin - self.start).unwrap_or(usize::MAX);
        let rest = self.bytes.iter().copied().skip(skipped);
        let mut line: Vec<u8> = rest.take(LINE + 1).collect();
        if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            line.truncate(end);
            return Some((text(line), begin + end as u64 + 1));
        }
        if line.len() <= LINE && (line.is_empty() || !self.ended) {
            return None;
        }
        // Not in the middle of a character, of which three bytes at most can be missing.
        let end = (LINE - 3..line.len().min(LINE + 1)).rev().find(|end| !continues(line[*end]));
        let end = end.filter(|_| line.len() > LINE).unwrap_or(line.len());
        line.truncate(end);
        Some((text(line), begin + end as u64))
    }
}

/// Whether a byte of UTF-8 is within a character.
fn continues(byte: u8) -> bool {
    byte & 0b1100_0000 == 0b1000_0000
}

fn text(line: Vec<u8>) -> String {
    let mut line = String::from_utf8(line)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    if line.ends_with('\r') {
        line.pop();
    }
    line
}

/// Lines of a [`StderrLog`] as they come.
#[derive(Debug)]
pub struct StderrLines {
    log: StderrLog,
    news: watch::Receiver<()>,
    at: u64,
}

impl StderrLines {
    /// The next line, without its end; `None` when there will be no more. A line of more than 8 KiB comes in pieces.
    ///
    /// Who reads more slowly than the child writes loses lines, and the child never waits. Dropping the future loses
    /// nothing.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            self.news.mark_unchanged();
            if let Some(line) = self.take() {
                return Some(line);
            }
            if self.log.kept().ended || self.news.changed().await.is_err() {
                return self.take();
            }
        }
    }

    fn take(&mut self) -> Option<String> {
        let (line, next) = self.log.kept().line(self.at)?;
        self.at = next;
        Some(line)
    }
}

/// Fills a [`StderrLog`] from a stream, for as long as it exists.
#[derive(Debug)]
pub(super) struct Pump {
    stream: Option<Errors>,
    log: StderrLog,
}

impl Pump {
    pub(super) fn new(stream: Option<Errors>, log: StderrLog) -> Self {
        Self { stream, log }
    }

    /// Whether nobody has the other end open any more.
    pub(super) fn is_over(&self) -> bool {
        self.stream.is_none()
    }

    /// Keeps on until the future is done.
    pub(super) async fn until<T>(&mut self, done: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            result = done => result,
            // It never is.
            never = self.run() => match never {},
        }
    }

    async fn run(&mut self) -> std::convert::Infallible {
        let mut buffer = [0; 4096];
        while let Some(stream) = &mut self.stream {
            match stream.read(&mut buffer).await {
                Ok(read @ 1..) => self.log.add(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => self.stream = None,
            }
        }
        std::future::pending().await
    }

    /// Takes what has already been written, without waiting, and of an endless stream no more than is kept.
    pub(super) fn drain(&mut self) {
        let mut buffer = [0; 4096];
        for _ in 0..2 * KEPT / buffer.len() {
            let Some(stream) = &mut self.stream else { return };
            match platform::read_now(stream, &mut buffer) {
                Ok(read @ 1..) => self.log.add(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(_) | Err(_) => self.stream = None,
            }
        }
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.log.end();
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, LINE, StderrLog};

    #[tokio::test]
    async fn lines_come_in_order_and_the_last_needs_no_end() {
        let log = StderrLog::new();
        let mut lines = log.lines();
        log.add(b"one\ntw");
        log.add(b"o\r\n\nth\xffree");
        log.end();
        for line in ["one", "two", "", "th\u{fffd}ree"] {
            assert_eq!(lines.next().await.as_deref(), Some(line));
        }
        assert_eq!(lines.next().await, None);
        assert_eq!(log.tail(), "one\ntwo\r\n\nth\u{fffd}ree");
    }

    #[tokio::test]
    async fn a_flood_keeps_only_its_end_and_whole_lines() {
        let log = StderrLog::new();
        let mut late = log.lines();
        for number in 0..100_000 {
            log.add(format!("line {number}\n").as_bytes());
        }
        assert!(log.kept().bytes.capacity() <= 2 * KEPT);
        let tail = log.tail();
        assert!(tail.len() <= KEPT && tail.len() > KEPT - 20, "{}", tail.len());
        assert!(tail.starts_with("line ") && tail.ends_with("line 99999\n"), "{tail:.20}");
        let mut last = String::new();
        log.end();
        while let Some(line) = late.next().await {
            last = line;
        }
        assert_eq!(last, "line 99999");
    }

    #[tokio::test]
    async fn a_line_without_end_comes_in_pieces_of_whole_characters() {
        let log = StderrLog::new();
        let mut lines = log.lines();
        let long = "ä漢".repeat(2 * LINE);
        long.as_bytes().chunks(4096).for_each(|chunk| log.add(chunk));
        assert!(log.kept().bytes.len() <= KEPT);
        log.end();
        let mut all = String::new();
        while let Some(piece) = lines.next().await {
            assert!(piece.len() <= LINE && !piece.is_empty());
            all.push_str(&piece);
        }
        assert!(long.ends_with(&all) && all.len() > KEPT - 4, "{} bytes", all.len());
    }
}
