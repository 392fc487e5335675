//! Pages beside an endpoint, for people.

use super::body::ResponseBody;
use super::read::read;
use super::service::HttpService;
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use std::pin::Pin;

/// Pages beside an endpoint, which find out themselves who comes.
pub(crate) trait Beside: Send + Sync + 'static {
    /// Whether there is one at a path.
    fn is_at(&self, path: &str) -> bool;

    /// Answers a request of a host that is answered for; `endpoint` knows the tokens of its callers.
    fn answer<'a>(
        &'a self,
        parts: Parts,
        body: Bytes,
        endpoint: &'a HttpService,
    ) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send + 'a>>;
}

/// Answers a request of a page.
pub(super) async fn answer<B>(
    pages: &dyn Beside,
    endpoint: &HttpService,
    request: Request<B>,
) -> Response<ResponseBody>
where
    B: Body<Data = Bytes>,
{
    let (parts, body) = request.into_parts();
    let body = async {
        endpoint.check_source(&parts)?;
        let limits = endpoint.limits();
        let limits = limits.as_ref().clone().body_bytes(FORM.min(limits.body_bytes));
        read(body, &limits).await
    };
    match body.await {
        Ok(body) => pages.answer(parts, body, endpoint).await.map(ResponseBody::whole),
        Err(refused) => refused.into(),
    }
}

/// Bytes of one form.
const FORM: usize = 64 * 1024;
