//! A byte stream with bounds on how long its peer may let it wait.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// A stream whose peer has so long to begin, and so long to take what is written.
///
/// Timers are made only while something waits: a peer that keeps up costs none.
#[derive(Debug)]
pub(super) struct Patient<S> {
    inner: S,
    /// Bytes still to come until the peer has begun.
    unread: usize,
    begin: Duration,
    beginning: Option<Pin<Box<Sleep>>>,
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

/// So many bytes tell HTTP/2 from HTTP/1; before they are there, no timeout of either runs.
const PREFACE: usize = 24;

impl<S> Patient<S> {
    pub(super) fn new(inner: S, begin: Duration, stall: Duration) -> Self {
        let (beginning, stalled) = (None, None);
        Self { inner, unread: PREFACE, begin, beginning, stall, stalled, closing: Closing::Open }
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
    alarm.as_mut().poll(task).map(|()| Err(io::Error::new(io::ErrorKind::TimedOut, what)))
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.inner).poll_read(task, buf);
        if this.unread == 0 {
            return polled;
        }
        this.unread = this.unread.saturating_sub(buf.filled().len() - before);
        if polled.is_pending() {
            return wait(&mut this.beginning, this.begin, task, "the peer sends nothing");
        }
        if this.unread == 0 {
            this.beginning = None;
        }
        polled
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
        let (near, mut far) = duplex(64);
        let mut near = Patient::new(near, BEGIN, STALL);
        far.write_all(b"PRI * HTTP").await.unwrap();
        let (start, mut bytes) = (Instant::now(), Vec::new());
        let error = near.read_to_end(&mut bytes).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), (ErrorKind::TimedOut, 10));
        assert_eq!(bytes, b"PRI * HTTP");
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_has_begun_may_be_silent() {
        let (near, mut far) = duplex(64);
        let mut near = Patient::new(near, BEGIN, STALL);
        far.write_all(&[b'x'; 24]).await.unwrap();
        let mut bytes = Vec::new();
        let silence = tokio::time::timeout(10 * BEGIN, near.read_to_end(&mut bytes)).await;
        assert!(silence.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_left() {
        let (near, mut far) = duplex(8);
        let mut near = Patient::new(near, BEGIN, STALL);
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
