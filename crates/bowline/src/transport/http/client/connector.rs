//! The connector itself.

use super::body::Body;
use super::credentials::{self, Credentials};
use super::dial::Dial;
use super::explain;
use super::options::Options;
use super::origin::Origin;
use super::pool::Pool;
use super::redirect;
use crate::error::{Error, Result};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, PROXY_AUTHORIZATION};
use http::{Method, Request, Response, Uri};
use http_body::{Frame, SizeHint};
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
    pool: Pool,
    head_timeout: Duration,
    headers_bytes: usize,
    credentials_over_http: bool,
}

/// A URL to send to, and what is read out of it once.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    uri: Uri,
    /// As a server is told that is not reached through a proxy.
    path: Uri,
    host: HeaderValue,
    origin: Origin,
}

impl Target {
    /// # Errors
    /// Nothing can be sent there.
    pub(crate) fn new(uri: Uri) -> Result<Self> {
        let origin = Origin::of(&uri)?;
        let path = uri.path_and_query().cloned().map_or_else(Uri::default, Uri::from);
        Ok(Self { path, host: origin.host_header()?, origin, uri })
    }

    pub(super) fn path(&self) -> &Uri {
        &self.path
    }

    pub(super) fn host(&self) -> &HeaderValue {
        &self.host
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
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
        Ok(Self {
            pool: Pool::new(Dial::new(options)?, &options.limits),
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
        target: &Target,
        method: &Method,
        headers: impl Fn(&Uri) -> HeaderMap,
        body: &Bytes,
    ) -> Result<Response<Body>> {
        let origin = &target.origin;
        let mut redirected = None;
        for _ in 0..=redirect::MOST {
            let target = redirected.as_ref().unwrap_or(target);
            let response = self.exchange(target, method, &headers, body).await?;
            if head_size(response.headers()) > self.headers_bytes {
                return Err(explain::large_head(origin));
            }
            match redirect::next(&target.uri, method, response.status(), response.headers())? {
                Some(next) => redirected = Some(Target::new(next)?),
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
        self.pool.dial()
    }

    async fn exchange(
        &self,
        target: &Target,
        method: &Method,
        headers: impl Fn(&Uri) -> HeaderMap,
        body: &Bytes,
    ) -> Result<Response<Body>> {
        let origin = &target.origin;
        let request = || {
            let mut headers = headers(&target.uri);
            credentials::guard(&mut headers, origin, self.credentials_over_http)?;
            if !origin.secure {
                // Of a tunnel, only the proxy sees it; without one it goes with the request.
                let via = self.pool.dial().proxy(&target.uri, origin)?;
                if let Some(authorization) = via.and_then(|via| via.authorization) {
                    headers.insert(PROXY_AUTHORIZATION, authorization);
                }
            }
            let mut request = Request::new(Whole::new(body.clone()));
            *request.method_mut() = method.clone();
            *request.headers_mut() = headers;
            Ok(request)
        };
        match tokio::time::timeout(self.head_timeout, self.pool.send(target, request)).await {
            Ok(Ok((response, connection))) => {
                Ok(response.map(|incoming| Body::new(incoming, origin.clone(), connection)))
            }
            Ok(Err(error)) => Err(error),
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
