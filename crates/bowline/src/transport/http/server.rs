//! The listener, and the service behind it that also mounts into other HTTP servers.

use super::body::ResponseBody;
use super::exchange;
use super::guard::{Guard, refuse};
use crate::closing::Closing;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::service::Service;
use crate::transport::{End, Transport};
use bowline_protocol::http::{Admitted, admit, status_of};
use bowline_protocol::limits::Limits;
use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use http_body::Body;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use tokio::net::{TcpListener, TcpStream};

/// A listener for Streamable HTTP.
#[derive(Debug)]
pub struct Http {
    listener: TcpListener,
    address: SocketAddr,
    guard: Guard,
    limits: Limits,
}

impl Http {
    /// Listens on an address such as `127.0.0.1:8080`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(address: &str) -> Result<Self> {
        let failed = |error| Error::io(format!("cannot listen on {address}"), error);
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address, guard: Guard::default(), limits: Limits::default() })
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the path of the endpoint; `/mcp` by default.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.guard.path(path);
        self
    }

    /// Also answers for a host that is not a loopback one.
    ///
    /// # Errors
    /// When it is no host.
    pub fn allow_host(mut self, host: &str) -> Result<Self> {
        self.guard.allow_host(host)?;
        Ok(self)
    }

    /// Also lets pages of this origin call.
    ///
    /// # Errors
    /// When it is no origin.
    pub fn allow_origin(mut self, origin: &str) -> Result<Self> {
        self.guard.allow_origin(origin)?;
        Ok(self)
    }

    /// Sets the URL under which clients know this server.
    ///
    /// # Errors
    /// When it is no URL.
    pub fn public_url(mut self, url: &str) -> Result<Self> {
        self.guard.public_url(url)?;
        Ok(self)
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Transport for Http {
    async fn serve(self, service: Arc<dyn Service>, end: End) -> Result<()> {
        let service = HttpService::build(service, self.guard, self.limits, end.signal());
        let connections = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = end.told() => break,
            };
            let (stream, _) =
                accepted.map_err(|error| Error::io("cannot accept connections", error))?;
            // One task a connection: it ends with the connection.
            tokio::spawn(connection(service.clone(), stream, connections.watcher()));
        }
        drop(self.listener);
        connections.shutdown().await;
        Ok(())
    }
}

async fn connection(service: HttpService, stream: TcpStream, watcher: Watcher) {
    // Answers are small and awaited: they must not wait for more to come.
    let _ = stream.set_nodelay(true);
    let mut builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(service.0.limits.header_timeout);
    builder.http2().timer(TokioTimer::new());
    let handler = hyper::service::service_fn(move |request| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.answer(request).await) }
    });
    let serving =
        watcher.watch(builder.serve_connection(TokioIo::new(stream), handler).into_owned());
    if let Err(error) = serving.await {
        tracing::debug!(%error, "connection ended");
    }
}

/// The endpoint itself: a function from HTTP requests to responses.
///
/// It is a `tower::Service`, so it mounts wherever one is wanted, for example into an axum router.
#[derive(Clone, Debug)]
pub struct HttpService(Arc<Shared>);

struct Shared {
    service: Arc<dyn Service>,
    guard: Guard,
    limits: Arc<Limits>,
    anonymous: Principal,
    closing: Closing,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpService").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl HttpService {
    /// The endpoint of a service.
    pub fn new(service: impl Service, limits: Limits) -> Self {
        Self::build(Arc::new(service), Guard::default(), limits, Closing::default())
    }

    fn build(service: Arc<dyn Service>, guard: Guard, limits: Limits, closing: Closing) -> Self {
        Self(Arc::new(Shared {
            service,
            guard,
            limits: Arc::new(limits),
            anonymous: Principal::anonymous(),
            closing,
        }))
    }

    /// Answers one request.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<ResponseBody>
    where
        B: Body<Data = Bytes>,
    {
        let shared = &*self.0;
        let (parts, body) = request.into_parts();
        if let Err(response) = shared.guard.check(&parts) {
            return response;
        }
        let body = match read(body, &shared.limits).await {
            Ok(body) => body,
            Err(response) => return response,
        };
        let incoming = match admit(&parts.headers, body, shared.limits.json_depth) {
            Ok(Admitted::Request(incoming)) => incoming,
            Ok(Admitted::Notification(notification)) => {
                shared.service.notify(&shared.anonymous, notification);
                return accepted();
            }
            Err(refusal) => {
                let status = match status_of(refusal.error.code) {
                    // What is refused before any handler is the client's mistake, whatever its code.
                    StatusCode::OK => StatusCode::BAD_REQUEST,
                    status => status,
                };
                return refuse(status, refusal.id.as_deref(), &refusal.error);
            }
        };
        let Some(running) = shared.anonymous.enter(shared.limits.running_per_principal) else {
            return refuse(
                StatusCode::TOO_MANY_REQUESTS,
                Some(incoming.id_text()),
                &super::guard::busy(shared.limits.running_per_principal),
            );
        };
        let cx = Context::new(
            incoming,
            shared.anonymous.clone(),
            parts.headers,
            shared.limits.clone(),
            shared.closing.clone(),
            Some(running),
        );
        exchange::answer(shared.service.clone(), cx).await
    }
}

impl<B> tower_service::Service<Request<B>> for HttpService
where
    B: Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Task<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

/// Reads a body up to its limit. A body that came in one piece is not copied.
async fn read<B: Body<Data = Bytes>>(
    body: B,
    limits: &Limits,
) -> Result<Bytes, Response<ResponseBody>> {
    let mut body = pin!(body);
    let too_large = || {
        let error = super::guard::too_large(limits.body_bytes);
        Err(refuse(StatusCode::PAYLOAD_TOO_LARGE, None, &error))
    };
    if body.size_hint().lower() > limits.body_bytes as u64 {
        return too_large();
    }
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let frame = poll_fn(|task| body.as_mut().poll_frame(task)).await;
        let Some(frame) = frame else {
            break;
        };
        let Ok(frame) = frame else {
            return Err(refuse(StatusCode::BAD_REQUEST, None, &super::guard::broken_body()));
        };
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if first.len() + rest.len() + piece.len() > limits.body_bytes {
            return too_large();
        }
        if first.is_empty() {
            first = piece;
        } else {
            rest.extend_from_slice(&piece);
        }
    }
    if rest.is_empty() {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(first.len() + rest.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&rest);
    Ok(whole.freeze())
}

fn accepted() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}
