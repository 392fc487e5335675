//! A server of hyper, for both versions of HTTP.

use bytes::Bytes;
use http::{HeaderMap, Request, Response, Version};
use http_body::Frame;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What a server of hyper has seen.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) requests: Mutex<Vec<(Version, HeaderMap)>>,
    pub(crate) connections: Semaphore,
    /// One permit for each exchange that the client dropped.
    pub(crate) dropped: Semaphore,
    /// One permit for each exchange that is not answered.
    pub(crate) silent: Semaphore,
    /// One permit ends one body.
    pub(crate) go: Semaphore,
}

impl Default for Seen {
    fn default() -> Self {
        let none = || Semaphore::new(0);
        Self {
            requests: Mutex::default(),
            connections: none(),
            dropped: none(),
            silent: none(),
            go: none(),
        }
    }
}

/// Tells when it is dropped unless it was disarmed.
struct Alive(Arc<Seen>, bool);

impl Drop for Alive {
    fn drop(&mut self) {
        if self.1 {
            self.0.dropped.add_permits(1);
        }
    }
}

/// A body that comes out of a channel.
struct Pieces(mpsc::Receiver<&'static str>, Option<Alive>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = std::task::ready!(self.0.poll_recv(task));
        if next.is_none()
            && let Some(alive) = &mut self.1
        {
            alive.1 = false;
        }
        Poll::Ready(next.map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))))
    }
}

/// A server for both versions of HTTP: `/hold` answers `first`, and `last` when told; `/silent` never answers; all
/// else answers its path.
pub(crate) async fn serve(config: ServerConfig, seen: &Arc<Seen>) -> (SocketAddr, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let seen = Arc::clone(seen);
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut open = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            seen.connections.add_permits(1);
            let (acceptor, seen) = (acceptor.clone(), Arc::clone(&seen));
            open.spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer = service_fn(move |request| answer(request, Arc::clone(&seen)));
                let server = auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    });
    (address, serving)
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Seen>,
) -> Result<Response<Pieces>, Infallible> {
    seen.requests.lock().unwrap().push((request.version(), request.headers().clone()));
    let (pieces, body) = mpsc::channel(4);
    let alive = Alive(Arc::clone(&seen), true);
    let path = request.uri().path().to_owned();
    let body = match path.as_str() {
        "/hold" => {
            pieces.try_send("first").unwrap();
            // Ends with the body, or when told.
            tokio::spawn(async move {
                tokio::select! {
                    () = pieces.closed() => {}
                    told = seen.go.acquire() => {
                        told.unwrap().forget();
                        pieces.try_send("last").unwrap();
                    }
                }
            });
            Pieces(body, Some(alive))
        }
        "/silent" => {
            seen.silent.add_permits(1);
            std::future::pending::<()>().await;
            Pieces(body, Some(alive))
        }
        "/big" => {
            let mut response = Response::new(Pieces(body, None));
            response.headers_mut().insert("x-big", "a".repeat(60_000).parse().unwrap());
            return Ok(response);
        }
        _ => {
            pieces.try_send(Box::leak(path.into_boxed_str())).unwrap();
            let mut alive = alive;
            alive.1 = false;
            Pieces(body, None)
        }
    };
    Ok(Response::new(body))
}

/// A server of HTTP/2 that refuses every stream before it looks at it.
pub(crate) async fn refusing(config: ServerConfig) -> (SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = acceptor.accept(stream).await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            respond.send_reset(h2::Reason::REFUSED_STREAM);
        }
    });
    (address, serving)
}
