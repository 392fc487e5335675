//! The connector itself.

use super::body::Body;
use super::credentials::{self, Credentials};
use super::dial::Dial;
use super::explain;
use super::options::Options;
use super::origin::Origin;
use super::redirect;
use crate::error::{Error, Result};
use bowline_protocol::limits::Limits;
use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, PROXY_AUTHORIZATION,
    TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{Method, Request, Response, Uri};
use http_body::{Frame, SizeHint};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Sends requests to HTTP servers; see the [module](super) for the rules it holds.
///
/// Clones share one pool of connections.
#[derive(Clone)]
pub struct Connector {
    client: Client<Dial, Whole>,
    dial: Dial,
    head_timeout: Duration,
    headers_bytes: usize,
    credentials_over_http: bool,
}

/// A URL to send to, and what is read out of it once.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    uri: Uri,
    origin: Origin,
}

impl Target {
    /// # Errors
    /// Nothing can be sent there.
    pub(crate) fn new(uri: Uri) -> Result<Self> {
        Ok(Self { origin: Origin::of(&uri)?, uri })
    }

    /// The URL.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl Connector {
    /// Reads the files that `options` name. The roots of the platform are read with the first TLS connection.
    ///
    /// # Errors
    /// [`Error::is_invalid`], or a file cannot be read; both name what is wrong.
    pub fn new(options: &Options) -> Result<Self> {
        let dial = Dial::new(options)?;
        Ok(Self {
            client: pool(dial.clone(), &options.limits),
            dial,
            head_timeout: options.head_time(),
            headers_bytes: options.limits.headers_bytes,
            credentials_over_http: options.credentials_over_http,
        })
    }

    /// Sends a request, and gives its response as soon as its head is there.
    ///
    /// The URL is absolute. `credentials` are added to the headers. `Host`, `Content-Length` and what else belongs to
    /// the connection are added here, and must not be there before.
    ///
    /// # Errors
    /// - [`Error::is_invalid`]: the URL, a header or the server's redirect is not acceptable, and nothing was sent to
    ///   where it would not be.
    /// - [`Error::is_unreachable`]: no server has processed anything; sending again is safe.
    /// - [`Error::is_timeout`], [`Error::is_closed`]: no head came, or not in time.
    /// - [`Error::is_overloaded`]: the head is too large.
    /// - [`Error::is_bad_answer`]: what came is not HTTP, or compressed.
    pub async fn send(
        &self,
        request: Request<Bytes>,
        credentials: &Credentials,
    ) -> Result<Response<Body>> {
        let (mut parts, body) = request.into_parts();
        credentials.add_to(&mut parts.headers);
        let target = Target::new(parts.uri)?;
        self.send_to(&target, &parts.method, |_| parts.headers.clone(), &body).await
    }

    /// The same to a URL that has been looked at, with headers made when they are needed.
    ///
    /// # Errors
    /// As [`Connector::send`].
    pub(crate) async fn send_to(
        &self,
        Target { uri, origin }: &Target,
        method: &Method,
        headers: impl Fn(&Uri) -> HeaderMap,
        body: &Bytes,
    ) -> Result<Response<Body>> {
        let mut redirected = None;
        for _ in 0..=redirect::MOST {
            let uri = redirected.as_ref().unwrap_or(uri);
            let mut headers = headers(uri);
            guard(&headers)?;
            credentials::hide(&mut headers);
            if !self.credentials_over_http {
                credentials::guard(&headers, origin)?;
            }
            let mut request = Request::new(Whole::new(body.clone()));
            *request.method_mut() = method.clone();
            *request.headers_mut() = headers;
            *request.uri_mut() = uri.clone();
            let response = self.exchange(request, origin).await?;
            if head_size(response.headers()) > self.headers_bytes {
                return Err(explain::large_head(origin));
            }
            match redirect::next(uri, method, response.status(), response.headers())? {
                Some(next) => redirected = Some(next),
                None => return answer(response, origin),
            }
        }
        Err(Error::invalid(format!(
            "{origin} redirects more than {} times; check the URL",
            redirect::MOST
        )))
    }

    #[cfg(test)]
    pub(super) fn dial(&self) -> &Dial {
        &self.dial
    }

    async fn exchange(
        &self,
        mut request: Request<Whole>,
        origin: &Origin,
    ) -> Result<Response<Body>> {
        if !origin.secure {
            // Of a tunnel, only the proxy sees it; without one it goes with the request.
            let via = self.dial.proxy(request.uri(), origin)?;
            if let Some(authorization) = via.and_then(|via| via.authorization) {
                request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
            }
        }
        let connection = capture_connection(&mut request);
        match tokio::time::timeout(self.head_timeout, self.client.request(request)).await {
            Ok(Ok(response)) => {
                Ok(response.map(|incoming| Body::new(incoming, origin.clone(), connection)))
            }
            Ok(Err(error)) => Err(explain::request(error, origin)),
            Err(_) => {
                let time = self.head_timeout;
                Err(Error::timed_out(format!(
                    "{origin} sent no head of a response within {time:?}"
                )))
            }
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("head_timeout", &self.head_timeout)
            .field("credentials_over_http", &self.credentials_over_http)
            .finish_non_exhaustive()
    }
}

fn pool(dial: Dial, limits: &Limits) -> Client<Dial, Whole> {
    // The tasks of connections are owned by the pool: they end with it, when idle for too long, or with the exchange
    // that is dropped.
    Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MOST_IDLE)
        .http1_max_headers(limits.headers)
        .http1_max_buf_size(limits.headers_bytes.max(SMALLEST_BUFFER))
        .http2_max_header_list_size(u32::try_from(limits.headers_bytes).unwrap_or(u32::MAX))
        .http2_keep_alive_interval(PING)
        .http2_keep_alive_timeout(PONG)
        .build(dial)
}

/// How long a connection is kept that nothing is sent over.
const IDLE: Duration = Duration::from_secs(60);

/// How many of them are kept for one server.
const MOST_IDLE: usize = 16;

/// What hyper takes at least.
const SMALLEST_BUFFER: usize = 8 * 1024;

/// How often a server of HTTP/2 is asked for a sign of life while it has something to answer, and the time it has.
const PING: Duration = Duration::from_secs(30);
const PONG: Duration = Duration::from_secs(20);

/// Refuses headers that belong to the connection: said twice they let a server see other requests than were sent.
fn guard(headers: &HeaderMap) -> Result<()> {
    match headers.keys().find(|name| CONNECTIONS.contains(name)) {
        Some(name) => Err(Error::invalid(format!(
            "header `{name}` belongs to the connection and cannot be set; leave it out"
        ))),
        None => Ok(()),
    }
}

const CONNECTIONS: [HeaderName; 10] = [
    CONNECTION,
    CONTENT_LENGTH,
    HOST,
    HeaderName::from_static("keep-alive"),
    PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// The bytes of header lines. hyper bounds them by what it reads at once, which can be more.
fn head_size(headers: &HeaderMap) -> usize {
    // A line also has a colon, a space and an end of two characters.
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

fn answer(response: Response<Body>, origin: &Origin) -> Result<Response<Body>> {
    let mut encodings = response.headers().get_all(CONTENT_ENCODING).iter();
    if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Error::bad_answer(
            &origin.to_string(),
            "the response is compressed, which was not asked for; let the server send it as it is",
        ));
    }
    Ok(response)
}

/// A body that is there as a whole.
pub(crate) struct Whole(Option<Bytes>);

impl Whole {
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        Self(Some(bytes.into()))
    }
}

impl http_body::Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
