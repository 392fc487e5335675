//! One connection.

use super::patient::Patient;
use super::service::HttpService;
use bowline_protocol::limits::Limits;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::Watcher;
use std::convert::Infallible;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// Serves one connection until its peer or `watcher` ends it.
pub(super) async fn serve<S>(service: HttpService, stream: S, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let limits = service.limits().clone();
    let stream = Patient::new(stream, limits.header_timeout, limits.stalled_timeout);
    let handler = hyper::service::service_fn(move |request| {
        let service = service.clone();
        // Boxed, so that a connection without a request, or with a stream alone, stays small.
        Box::pin(async move { Ok::<_, Infallible>(service.answer(request).await) })
    });
    let builder = builder(&limits);
    let connection = builder.serve_connection(TokioIo::new(stream), handler);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// How long a peer of HTTP/2 may take for the answer to a ping.
const PONG: Duration = Duration::from_secs(10);

/// Bytes of one HTTP/2 response that wait for its reader outside our own bounds.
const UNSENT: usize = 64 * 1024;

/// hyper with our limits. What it does by itself against floods of resets stays as it is.
fn builder(limits: &Limits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    let mut http1 = builder.http1();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        // Less than this hyper does not take.
        .max_buf_size(limits.headers_bytes.max(8 * 1024));
    if limits.headers != HYPER_HEADERS {
        // Any figure, even its own, makes hyper allocate for each request.
        http1.max_headers(limits.headers);
    }
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(u32::try_from(limits.running_per_link).unwrap_or(u32::MAX))
        .max_header_list_size(u32::try_from(limits.headers_bytes).unwrap_or(u32::MAX))
        .max_send_buf_size(UNSENT)
        .keep_alive_interval(limits.keep_alive)
        .keep_alive_timeout(PONG);
    builder
}

/// What hyper takes by itself.
const HYPER_HEADERS: usize = 100;
