//! One connection.

use super::patient::Patient;
use super::site::Site;
use bowline_protocol::limits::Limits;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use std::convert::Infallible;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves one connection until its peer or `watcher` ends it.
pub(super) async fn serve<S>(site: Site, stream: S, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = site.limits().clone();
    // A future of its own, whose place the connection takes when it is over.
    let Some((stream, speaks_http2)) = begin(&site, &limits, stream).await else {
        return;
    };
    let handler = hyper::service::service_fn(move |request| {
        let answering = site.answer(request);
        async move { Ok::<_, Infallible>(answering.await) }
    });
    let ended = if speaks_http2 {
        let connection = http2(&limits).serve_connection(stream, handler);
        // Boxed, because the other one is much smaller, and more usual.
        Box::pin(watcher.watch(connection)).await
    } else {
        watcher.watch(http1(&limits).serve_connection(stream, handler)).await
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

/// Finds out what the peer speaks, and whether that is HTTP/2; nothing when it says nothing, or all is about to end.
async fn begin<S: AsyncRead + Unpin>(
    site: &Site,
    limits: &Limits,
    stream: S,
) -> Option<(TokioIo<Patient<S>>, bool)> {
    let mut stream = Patient::new(stream, limits.stalled_timeout);
    let told = tokio::select! {
        told = stream.speaks_http2(limits.header_timeout) => told,
        // Nothing was asked yet.
        () = site.closing().closed() => return None,
    };
    match told {
        Ok(speaks_http2) => Some((TokioIo::new(stream), speaks_http2)),
        Err(error) => {
            tracing::debug!(%error, "connection ended before it began");
            None
        }
    }
}

/// How long a peer of HTTP/2 may take for the answer to a ping.
const PONG: Duration = Duration::from_secs(10);

/// Bytes of one HTTP/2 response that wait for its reader outside our own bounds.
const UNSENT: usize = 64 * 1024;

fn http1(limits: &Limits) -> http1::Builder {
    let mut http1 = http1::Builder::new();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_header_size(limits.headers_bytes)
        // Less than this hyper does not take.
        .max_buf_size(limits.headers_bytes.max(8 * 1024));
    if limits.headers != HYPER_HEADERS {
        // Any figure, even its own, makes hyper allocate for each request.
        http1.max_headers(limits.headers);
    }
    http1
}

/// What hyper does by itself against floods of resets stays as it is.
fn http2(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let mut http2 = http2::Builder::new(TokioExecutor::new());
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(u32::try_from(limits.running_per_link).unwrap_or(u32::MAX))
        .max_header_list_size(u32::try_from(limits.headers_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(UNSENT)
        .keep_alive_interval(limits.keep_alive)
        .keep_alive_timeout(PONG);
    http2
}

/// What hyper takes by itself.
const HYPER_HEADERS: usize = 100;
