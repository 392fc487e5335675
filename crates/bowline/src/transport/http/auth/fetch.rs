//! Fetching what the operator named: metadata, keys, and what a token is.

use crate::error::{Error, Result};
use crate::transport::http::client::{Connector, Credentials, Options};
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::timeout;

/// Fetches small documents from servers that the operator trusts.
#[derive(Clone, Debug)]
pub(super) struct Fetcher(Connector);

/// A document.
#[derive(Clone, Debug)]
pub(super) struct Fetched {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    /// How long its server says that it stays as it is.
    pub(super) max_age: Option<Duration>,
}

/// How long one may take, redirects included.
const TIME: Duration = Duration::from_secs(10);

/// How large one may be, in bytes.
const MOST: usize = 256 * 1024;

impl Fetcher {
    /// Also trusts the certificates in these files.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn new(cacerts: &[PathBuf]) -> Result<Self> {
        let options = Options::default().connect_timeout(TIME).head_timeout(TIME);
        let options = cacerts.iter().fold(options, |options, path| options.cacert(path));
        Connector::new(&options).map(Self)
    }

    /// # Errors
    /// When nothing comes, or not in time, or too much; whatever the status is.
    pub(super) async fn get(&self, url: &str) -> Result<Fetched> {
        let request = self.request(Method::GET, url, Bytes::new())?;
        self.send(request, &Credentials::none()).await
    }

    /// Sends a form.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub(super) async fn post(
        &self,
        url: &str,
        form: String,
        credentials: &Credentials,
    ) -> Result<Fetched> {
        let mut request = self.request(Method::POST, url, form.into())?;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        self.send(request, credentials).await
    }

    fn request(&self, method: Method, url: &str, body: Bytes) -> Result<Request<Bytes>> {
        let uri: Uri = url
            .parse()
            .map_err(|error| Error::invalid(format!("`{url}` is no URL")).because(error))?;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        Ok(request)
    }

    async fn send(&self, request: Request<Bytes>, credentials: &Credentials) -> Result<Fetched> {
        let whole = async {
            let response = self.0.send(request, credentials).await?;
            let status = response.status();
            let max_age = max_age(response.headers());
            let mut body = response.into_body();
            let mut bytes = BytesMut::new();
            while let Some(piece) = body.next_chunk().await.transpose()? {
                if bytes.len() + piece.len() > MOST {
                    return Err(Error::overloaded(format!(
                        "the answer is larger than {MOST} bytes"
                    )));
                }
                bytes.extend_from_slice(&piece);
            }
            Ok(Fetched { status, body: bytes.freeze(), max_age })
        };
        timeout(TIME, whole)
            .await
            .unwrap_or_else(|_| Err(Error::timed_out(format!("nothing came within {TIME:?}"))))
    }
}

fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = values.flat_map(|value| value.split(',')).map(str::trim);
    let seconds = directives.find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| seconds.trim_matches('"').parse().ok())?
    });
    seconds.map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::max_age;
    use http::HeaderMap;
    use std::time::Duration;

    #[test]
    fn the_age_of_a_document_is_read_wherever_it_stands() {
        let rows: &[(&[&str], Option<u64>)] = &[
            (&[], None),
            (&["no-store"], None),
            (&["max-age=60"], Some(60)),
            (&["public, Max-Age=\"60\""], Some(60)),
            (&["public", "must-revalidate, max-age=5"], Some(5)),
            (&["max-age=-1"], None),
            (&["s-maxage=60"], None),
        ];
        for (values, expected) in rows {
            let mut headers = HeaderMap::new();
            for value in *values {
                headers.append("cache-control", value.parse().unwrap());
            }
            assert_eq!(max_age(&headers), expected.map(Duration::from_secs), "{values:?}");
        }
    }
}
