//! The streams of a child.

use super::platform::{Input, Output};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The standard output of a child, for us to read.
#[derive(Debug)]
pub struct ChildStdout(pub(super) Output);

impl AsyncRead for ChildStdout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(task, buf)
    }
}

/// The standard input of a child, for us to write. Dropping it is the end of the input.
///
/// It ends too when the child is closed or dropped; writing fails with [`io::ErrorKind::BrokenPipe`] then.
#[derive(Debug)]
pub struct ChildStdin {
    shared: Arc<Mutex<Shared>>,
    /// The one that was handed over; the others only close.
    owner: bool,
}

#[derive(Debug)]
struct Shared {
    pipe: Option<Input>,
    /// Who waits for the pipe to take more, and must hear that it never will.
    waiting: Option<Waker>,
}

impl ChildStdin {
    pub(super) fn new(pipe: Input) -> Self {
        let shared = Shared { pipe: Some(pipe), waiting: None };
        Self { shared: Arc::new(Mutex::new(shared)), owner: false }
    }

    /// Another handle that can close it.
    pub(super) fn closer(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), owner: false }
    }

    /// The handle whose drop closes it.
    pub(super) fn hand_over(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), owner: true }
    }

    pub(super) fn close(&self) {
        let (pipe, waiting) = {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            (shared.pipe.take(), shared.waiting.take())
        };
        drop(pipe);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    fn poll<T>(
        &self,
        task: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut Input>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pipe) = &mut shared.pipe else {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        };
        let polled = poll(Pin::new(pipe), task);
        shared.waiting = polled.is_pending().then(|| task.waker().clone());
        polled
    }
}

impl AsyncWrite for ChildStdin {
    fn poll_write(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll(task, |pipe, task| pipe.poll_write(task, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll(task, |pipe, task| pipe.poll_write_vectored(task, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(task, |pipe, task| pipe.poll_flush(task))
    }

    /// Closes it.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        Poll::Ready(Ok(()))
    }
}

impl Drop for ChildStdin {
    fn drop(&mut self) {
        if self.owner {
            self.close();
        }
    }
}
