//! A connection, whatever it goes through.

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};

/// An open connection. Behind one pointer, because TLS can go through TLS to a proxy.
pub(super) struct Link {
    stream: TokioIo<Box<dyn Stream>>,
    http2: bool,
    proxied: bool,
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Link {
    pub(super) fn new(stream: impl Stream + 'static) -> Self {
        Self::of(Box::new(stream))
    }

    pub(super) fn of(stream: Box<dyn Stream>) -> Self {
        Self { stream: TokioIo::new(stream), http2: false, proxied: false }
    }

    /// Says whether HTTP/2 was chosen for it.
    pub(super) fn http2(self, http2: bool) -> Self {
        Self { http2, ..self }
    }

    /// Says that it ends at a proxy, which wants whole URLs.
    pub(super) fn proxied(self) -> Self {
        Self { proxied: true, ..self }
    }

    pub(super) fn is_http2(&self) -> bool {
        self.http2
    }

    pub(super) fn is_proxied(&self) -> bool {
        self.proxied
    }

    pub(super) fn into_stream(self) -> Box<dyn Stream> {
        self.stream.into_inner()
    }
}

impl Read for Link {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buffer)
    }
}

impl Write for Link {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(task, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
