//! A byte stream with bounds on how long its peer may let it wait.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A stream whose peer has so long to tell what it speaks, and so long to take what is written.
///
/// Timers are made only while something waits: a peer that keeps up costs none.
#[derive(Debug)]
pub(super) struct Patient<S> {
    inner: S,
    /// What was read to tell what the peer speaks, and how much of it was handed on.
    head: [u8; PREFACE.len()],
    filled: usize,
    taken: usize,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    closing: Closing,
}

/// How far the end of a stream has come.
#[derive(Debug)]
enum Closing {
    Open,
    /// We have ended our side.
    Ended,
    /// What the peer was still sending is taken, until the alarm rings.
    Draining(Pin<Box<Sleep>>),
}

/// How long a peer that is still sending may go on, so that it gets to read why it should not.
const LINGER: Duration = Duration::from_secs(1);

/// What HTTP/2 begins with, and HTTP/1 does not.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl<S> Patient<S> {
    pub(super) fn new(inner: S, stall: Duration) -> Self {
        let head = [0; PREFACE.len()];
        Self { inner, head, filled: 0, taken: 0, stall, stalled: None, closing: Closing::Open }
    }

    /// Bounds the time that a write is pending.
    fn bounded<T>(
        &mut self,
        task: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.stalled = None;
            return polled;
        }
        wait(&mut self.stalled, self.stall, task, "the peer takes nothing")
    }
}

fn wait<T>(
    alarm: &mut Option<Pin<Box<Sleep>>>,
    time: Duration,
    task: &mut Context<'_>,
    what: &'static str,
) -> Poll<io::Result<T>> {
    let alarm = alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(time)));
    alarm.as_mut().poll(task).map(|()| Err(timed_out(what)))
}

fn timed_out(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S: AsyncRead + Unpin> Patient<S> {
    /// Whether the peer speaks HTTP/2, which it has so long to tell.
    pub(super) async fn speaks_http2(&mut self, limit: Duration) -> io::Result<bool> {
        let told = tokio::time::timeout(limit, self.begins_as_http2()).await;
        told.unwrap_or_else(|_| Err(timed_out("the peer sends nothing")))
    }

    async fn begins_as_http2(&mut self) -> io::Result<bool> {
        while self.filled < PREFACE.len() {
            let read = self.inner.read(&mut self.head[self.filled..]).await?;
            self.filled += read;
            if read == 0 || self.head[..self.filled] != PREFACE[..self.filled] {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let head = &this.head[this.taken..this.filled];
        if head.is_empty() {
            return Pin::new(&mut this.inner).poll_read(task, buf);
        }
        let part = head.len().min(buf.remaining());
        buf.put_slice(&head[..part]);
        this.taken += part;
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        // The rest goes into the same read: hyper doubles a buffer that one read has filled a little.
        // What else it may have said, that the stream has ended or broken, the next one says too.
        let _ = Pin::new(&mut this.inner).poll_read(task, buf);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(task, bytes);
        self.bounded(task, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(task, bytes);
        self.bounded(task, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(task);
        self.bounded(task, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if matches!(this.closing, Closing::Open) {
            let polled = Pin::new(&mut this.inner).poll_shutdown(task);
            match this.bounded(task, polled) {
                Poll::Ready(Ok(())) => this.closing = Closing::Ended,
                other => return other,
            }
        }
        // Closing a socket with unread bytes resets it, and a reset can overtake the response that says what was
        // wrong with them.
        let mut bytes = [0; 4096];
        loop {
            let mut buf = ReadBuf::new(&mut bytes);
            match (Pin::new(&mut this.inner).poll_read(task, &mut buf), &mut this.closing) {
                (Poll::Ready(Ok(())), closing) if !buf.filled().is_empty() => {
                    if !matches!(closing, Closing::Draining(_)) {
                        *closing = Closing::Draining(Box::pin(tokio::time::sleep(LINGER)));
                    }
                }
                (Poll::Ready(_), _) => return Poll::Ready(Ok(())),
                (Poll::Pending, Closing::Draining(alarm)) => {
                    return alarm.as_mut().poll(task).map(Ok);
                }
                (Poll::Pending, _) => return Poll::Ready(Ok(())),
            }
            if let Closing::Draining(alarm) = &mut this.closing
                && alarm.as_mut().poll(task).is_ready()
            {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Patient;
    use std::io::ErrorKind;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    const BEGIN: Duration = Duration::from_secs(10);
    const STALL: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_does_not_begin_is_left() {
        for begun in [&b""[..], b"PRI * HTTP"] {
            let (near, mut far) = duplex(64);
            let mut near = Patient::new(near, STALL);
            far.write_all(begun).await.unwrap();
            let start = Instant::now();
            let error = near.speaks_http2(BEGIN).await.unwrap_err();
            assert_eq!((error.kind(), start.elapsed().as_secs()), (ErrorKind::TimedOut, 10));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_has_begun_may_be_silent() {
        let (near, mut far) = duplex(64);
        let mut near = Patient::new(near, STALL);
        far.write_all(b"POST").await.unwrap();
        assert!(!near.speaks_http2(BEGIN).await.unwrap());
        let mut bytes = Vec::new();
        let silence = tokio::time::timeout(10 * BEGIN, near.read_to_end(&mut bytes)).await;
        assert!(silence.is_err());
        assert_eq!(bytes, b"POST");
    }

    #[tokio::test(start_paused = true)]
    async fn what_told_the_version_is_read_with_what_follows_it() {
        let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nframes";
        let cases: [(&[u8], bool); 5] = [
            (b"POST /mcp HTTP/1.1\r\nHost: localhost\r\n", false),
            (b"PRI * HTTP/1.1\r\nHost: localhost\r\n\r\n", false),
            (b"P", false),
            (b"", false),
            (http2, true),
        ];
        for (sent, expected) in cases {
            for at_once in [1, 7, 64] {
                let (near, mut far) = duplex(64);
                let mut near = Patient::new(near, STALL);
                let writer = tokio::spawn(async move {
                    for piece in sent.chunks(at_once) {
                        far.write_all(piece).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                });
                assert_eq!(near.speaks_http2(BEGIN).await.unwrap(), expected);
                writer.await.unwrap();
                let mut first = vec![0; 64];
                let read = near.read(&mut first).await.unwrap();
                assert_eq!(first[..read], *sent, "{at_once} at once");
                assert_eq!(near.read(&mut first).await.unwrap(), 0);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_left() {
        let (near, mut far) = duplex(8);
        let mut near = Patient::new(near, STALL);
        let reader = tokio::spawn(async move {
            let mut taken = [0; 1];
            // Taking little is enough for a while.
            for _ in 0..4 {
                tokio::time::sleep(Duration::from_secs(25)).await;
                far.read_exact(&mut taken).await.unwrap();
            }
            far
        });
        let start = Instant::now();
        let error = near.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), (ErrorKind::TimedOut, 130));
        drop(reader.await.unwrap());
    }
}
