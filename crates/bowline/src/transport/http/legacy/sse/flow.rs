//! The body of a GET: the lines that a link writes, as events.

use crate::transport::http::body::{Flow, jittered};
use crate::transport::http::legacy::live::AbortOnDrop;
use bytes::{BufMut, Bytes, BytesMut};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, DuplexStream, ReadBuf};
use tokio::time::{Instant, Sleep};

/// A stream of events; its drop ends the link.
#[derive(Debug)]
pub(super) struct Events {
    /// The event before all others, until it is sent.
    first: Option<Bytes>,
    lines: DuplexStream,
    /// Whether a line has begun and not ended.
    inside: bool,
    keep_alive: Duration,
    /// When a comment is due so that nobody takes the stream for dead.
    alarm: Option<Pin<Box<Sleep>>>,
    over: bool,
    _link: AbortOnDrop,
}

/// Bytes read at once; a line may be as long as it likes, since it is passed on in pieces.
const READ: usize = 8 * 1024;

impl Events {
    pub(super) fn new(
        first: String,
        lines: DuplexStream,
        link: AbortOnDrop,
        keep_alive: Duration,
    ) -> Self {
        Self {
            first: Some(first.into()),
            lines,
            inside: false,
            keep_alive,
            alarm: None,
            over: false,
            _link: link,
        }
    }
}

impl Flow for Events {
    fn poll_bytes(&mut self, task: &mut Task<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        if self.over {
            return Poll::Ready(None);
        }
        let mut room = [0; READ];
        let mut read = ReadBuf::new(&mut room);
        if let Poll::Ready(done) = Pin::new(&mut self.lines).poll_read(task, &mut read) {
            self.alarm = None;
            self.over = done.is_err() || read.filled().is_empty();
            return Poll::Ready((!self.over).then(|| framed(read.filled(), &mut self.inside)));
        }
        // Inside of a line a comment would be a part of the message.
        if self.inside {
            return Poll::Pending;
        }
        let due = || Box::pin(tokio::time::sleep_until(Instant::now() + jittered(self.keep_alive)));
        ready!(self.alarm.get_or_insert_with(due).as_mut().poll(task));
        self.alarm = None;
        Poll::Ready(Some(Bytes::from_static(b":\n\n")))
    }

    fn is_over(&self) -> bool {
        self.over
    }
}

/// A piece of lines as a piece of events; `inside` tells whether the last line is to go on.
fn framed(mut lines: &[u8], inside: &mut bool) -> Bytes {
    const BEGIN: &[u8] = b"event: message\ndata: ";
    let mut out = BytesMut::with_capacity(lines.len() + 4 * BEGIN.len());
    while !lines.is_empty() {
        if !*inside {
            out.put_slice(BEGIN);
            *inside = true;
        }
        let Some(end) = lines.iter().position(|byte| *byte == b'\n') else {
            out.put_slice(lines);
            break;
        };
        out.put_slice(&lines[..end]);
        out.put_slice(b"\n\n");
        *inside = false;
        lines = &lines[end + 1..];
    }
    out.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::AsyncWriteExt;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn no_comment_stands_inside_of_a_message() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let owner = AbortOnDrop(tokio::spawn(async {}).abort_handle());
        let beat = Duration::from_secs(15);
        let mut events = Events::new("first".to_owned(), ours, owner, beat);
        let mut next = async || {
            let next = timeout(Duration::from_secs(3600), poll_fn(|task| events.poll_bytes(task)));
            next.await.map(|bytes| bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()))
        };
        assert_eq!(next().await, Ok(Some("first".to_owned())));
        assert_eq!(next().await, Ok(Some(":\n\n".to_owned())));
        theirs.write_all(b"one\ntw").await.unwrap();
        let begun = "event: message\ndata: one\n\nevent: message\ndata: tw";
        assert_eq!(next().await, Ok(Some(begun.to_owned())));
        assert!(next().await.is_err());
        theirs.write_all(b"o\n").await.unwrap();
        assert_eq!(next().await, Ok(Some("o\n\n".to_owned())));
        assert_eq!(next().await, Ok(Some(":\n\n".to_owned())));
        drop(theirs);
        assert_eq!(next().await, Ok(None));
        assert_eq!(next().await, Ok(None));
    }

    #[test]
    fn lines_become_events_wherever_they_are_cut() {
        let lines = b"one\ntwo\n{\"three\":3}\n";
        let events = "event: message\ndata: one\n\nevent: message\ndata: two\n\nevent: message\ndata: {\"three\":3}\n\n";
        for size in 1..=lines.len() {
            let mut inside = false;
            let written: Vec<u8> =
                lines.chunks(size).flat_map(|piece| framed(piece, &mut inside)).collect();
            assert_eq!(String::from_utf8(written).unwrap(), events, "pieces of {size}");
            assert!(!inside);
        }
    }
}
