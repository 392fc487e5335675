//! From POSTs to the lines that a link reads.

use bowline_protocol::limits::Limits;
use bowline_protocol::scan::Raw;
use bytes::{Buf, Bytes};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

/// Where the messages for a link go in: whole ones only, since a POST may break off while it waits.
#[derive(Debug)]
pub(super) struct Intake {
    /// How many may be read and wait.
    turns: Semaphore,
    sender: mpsc::Sender<Raw>,
    used: AtomicBool,
}

/// Where they come out: an end of a byte stream, with one message a line.
#[derive(Debug)]
pub(super) struct Lines {
    receiver: mpsc::Receiver<Raw>,
    /// What is left of the line that is being read.
    line: Bytes,
    /// Whether its end is still to come.
    open: bool,
}

/// Nobody reads any more.
#[derive(Debug)]
pub(super) struct Unsent;

/// Both ends, with room for one message between them.
pub(super) fn new(limits: &Limits) -> (Arc<Intake>, Lines) {
    let (sender, receiver) = mpsc::channel(1);
    let turns = Semaphore::new(limits.waiting_per_link.max(1));
    let intake = Intake { turns, sender, used: AtomicBool::new(false) };
    (Arc::new(intake), Lines { receiver, line: Bytes::new(), open: false })
}

impl Intake {
    /// Waits until few enough messages wait.
    pub(super) async fn turn(&self) -> Result<SemaphorePermit<'_>, Unsent> {
        tokio::select! {
            biased;
            () = self.sender.closed() => Err(Unsent),
            turn = self.turns.acquire() => turn.map_err(|_| Unsent),
        }
    }

    /// Waits until the link has read the messages before, and hands this one over.
    pub(super) async fn send(&self, message: Raw) -> Result<(), Unsent> {
        let place = self.sender.reserve().await.map_err(|_| Unsent)?;
        self.used.store(true, Ordering::Relaxed);
        place.send(message);
        Ok(())
    }

    /// Whether there ever was a message.
    pub(super) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

impl AsyncRead for Lines {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.line.is_empty() && !self.open {
            let Some(message) = ready!(self.receiver.poll_recv(task)) else {
                return Poll::Ready(Ok(()));
            };
            self.line = message.into_bytes();
            self.open = true;
        }
        let len = self.line.len().min(buf.remaining());
        buf.put_slice(&self.line[..len]);
        self.line.advance(len);
        if self.line.is_empty() && buf.remaining() > 0 {
            buf.put_slice(b"\n");
            self.line = Bytes::new();
            self.open = false;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn messages_come_out_as_lines_whatever_the_size_of_a_read() {
        for size in 1..20 {
            let (intake, lines) = new(&Limits::local());
            let sending = async {
                for text in ["[]", "{\"a\":1}", "12345"] {
                    intake.send(Raw::parse(text).unwrap()).await.unwrap();
                }
                drop(intake);
            };
            let reading = async {
                let mut lines = lines;
                let mut read = Vec::new();
                let mut buf = vec![0; size];
                loop {
                    match lines.read(&mut buf).await.unwrap() {
                        0 => return read,
                        len => read.extend_from_slice(&buf[..len]),
                    }
                }
            };
            let ((), read) = tokio::join!(sending, reading);
            assert_eq!(String::from_utf8(read).unwrap(), "[]\n{\"a\":1}\n12345\n");
        }
    }

    #[tokio::test]
    async fn nothing_is_taken_that_nobody_will_read() {
        let (intake, lines) = new(&Limits::local());
        drop(lines);
        assert!(intake.turn().await.is_err());
        assert!(intake.send(Raw::parse("1").unwrap()).await.is_err());
        assert!(!intake.is_used());
    }
}
