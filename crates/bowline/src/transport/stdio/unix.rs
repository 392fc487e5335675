//! Taking over the standard streams.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::unix::pipe;

/// Standard input and output as streams of the runtime; afterwards file descriptor 1 is standard error.
///
/// Pipes and sockets, which is what clients connect, are read and written without a thread in between.
pub(super) fn take() -> io::Result<(Stream, Stream)> {
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr().as_fd())?;
    Ok((Stream::reading(input)?, Stream::writing(output)?))
}

/// One of the standard streams.
pub(super) enum Stream {
    Receiver(pipe::Receiver),
    Sender(pipe::Sender),
    Socket(tokio::net::UnixStream),
    /// A terminal or a file, through the runtime's blocking threads.
    File(tokio::fs::File),
}

impl Stream {
    fn reading(fd: OwnedFd) -> io::Result<Self> {
        let file = File::from(fd);
        let kind = file.metadata()?.file_type();
        if kind.is_fifo() {
            return Ok(Self::Receiver(pipe::Receiver::from_file(file)?));
        }
        Self::other(file, kind)
    }

    fn writing(fd: OwnedFd) -> io::Result<Self> {
        let file = File::from(fd);
        let kind = file.metadata()?.file_type();
        if kind.is_fifo() {
            return Ok(Self::Sender(pipe::Sender::from_file(file)?));
        }
        Self::other(file, kind)
    }

    fn other(file: File, kind: std::fs::FileType) -> io::Result<Self> {
        if !kind.is_socket() {
            return Ok(Self::File(tokio::fs::File::from_std(file)));
        }
        let socket = std::os::unix::net::UnixStream::from(OwnedFd::from(file));
        socket.set_nonblocking(true)?;
        Ok(Self::Socket(tokio::net::UnixStream::from_std(socket)?))
    }
}

fn wrong_way<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Receiver(stream) => Pin::new(stream).poll_read(task, buf),
            Self::Socket(stream) => Pin::new(stream).poll_read(task, buf),
            Self::File(stream) => Pin::new(stream).poll_read(task, buf),
            Self::Sender(_) => wrong_way(),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Sender(stream) => Pin::new(stream).poll_write(task, buf),
            Self::Socket(stream) => Pin::new(stream).poll_write(task, buf),
            Self::File(stream) => Pin::new(stream).poll_write(task, buf),
            Self::Receiver(_) => wrong_way(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Sender(stream) => Pin::new(stream).poll_flush(task),
            Self::Socket(stream) => Pin::new(stream).poll_flush(task),
            Self::File(stream) => Pin::new(stream).poll_flush(task),
            Self::Receiver(_) => wrong_way(),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Sender(stream) => Pin::new(stream).poll_shutdown(task),
            Self::Socket(stream) => Pin::new(stream).poll_shutdown(task),
            Self::File(stream) => Pin::new(stream).poll_shutdown(task),
            Self::Receiver(_) => wrong_way(),
        }
    }
}
