//! Pages: whole texts at paths, for whoever reads and never changes anything.
//!
//! They stand behind the same checks as an endpoint: host, origin, sizes and token. No page of another origin may read
//! them, whatever origins are allowed to call an endpoint: there is no CORS here.

use super::body::ResponseBody;
use super::endpoint::Endpoint;
use super::guard::Guard;
use super::refuse::Refused;
use crate::closing::Closing;
use bowline_protocol::limits::Limits;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use std::pin::Pin;
use std::sync::Arc;

/// Pages at paths.
pub(crate) trait Pages: Send + Sync + 'static {
    /// The page at a path, which is made when the future is awaited.
    fn page(&self, path: &str) -> Pin<Box<dyn Future<Output = Page> + Send + '_>>;
}

/// A whole text.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) media_type: &'static str,
    pub(crate) text: Bytes,
}

impl Page {
    /// Words for people.
    pub(crate) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Self {
        Self { status, media_type: "text/plain; charset=utf-8", text: text.into() }
    }
}

/// Pages behind what an endpoint checks.
#[derive(Clone)]
pub(super) struct PagesService(Arc<Shared>);

struct Shared {
    pages: Arc<dyn Pages>,
    guard: Guard,
    limits: Arc<Limits>,
    closing: Closing,
}

impl PagesService {
    #[cfg_attr(not(feature = "host"), expect(dead_code, reason = "hosts have pages"))]
    pub(super) fn new(pages: Arc<dyn Pages>, endpoint: Endpoint, closing: Closing) -> Self {
        let door = endpoint.protection.door(endpoint.guard.path.as_deref());
        let (guard, limits) = (Guard { door, ..endpoint.guard }, Arc::new(endpoint.limits));
        Self(Arc::new(Shared { pages, guard, limits, closing }))
    }

    pub(super) fn limits(&self) -> &Arc<Limits> {
        &self.0.limits
    }

    pub(super) fn closing(&self) -> &Closing {
        &self.0.closing
    }

    /// Answers one request.
    pub(super) async fn answer(&self, parts: Parts) -> Response<ResponseBody> {
        if let Err(refused) = self.check(&parts).await {
            return refused.into();
        }
        let has_body = match parts.method {
            Method::GET => true,
            Method::HEAD => false,
            _ => {
                let text = "there are only pages to GET here\n";
                let mut response =
                    response(Page::plain(StatusCode::METHOD_NOT_ALLOWED, text), true);
                let allowed = HeaderValue::from_static("GET, HEAD");
                response.headers_mut().insert(header::ALLOW, allowed);
                return response;
            }
        };
        response(self.0.pages.page(parts.uri.path()).await, has_body)
    }

    async fn check(&self, parts: &Parts) -> Result<(), Refused> {
        self.0.guard.check_source(parts, &self.0.limits)?;
        self.0.guard.authenticate(parts).await.map(drop)
    }
}

fn response(page: Page, has_body: bool) -> Response<ResponseBody> {
    let length = page.text.len();
    let text = if has_body { page.text } else { Bytes::new() };
    let mut response = Response::new(ResponseBody::whole(text));
    *response.status_mut() = page.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(page.media_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(all(test, feature = "auth"))]
mod tests {
    use super::{Page, Pages, PagesService};
    use crate::closing::Closing;
    use crate::transport::http::{Endpoint, Issuer, Protected};
    use http::{Request, StatusCode};
    use std::pin::Pin;
    use std::sync::Arc;

    struct Hello;

    impl Pages for Hello {
        fn page(&self, _: &str) -> Pin<Box<dyn Future<Output = Page> + Send + '_>> {
            Box::pin(async { Page::plain(StatusCode::OK, "hello") })
        }
    }

    /// What says that it asks for tokens asks for them on pages too.
    #[tokio::test]
    async fn pages_of_a_protected_endpoint_want_a_token() {
        let issuer = Issuer::new("https://auth.example.com").unwrap();
        let told = Protected::new("https://mcp.example.com/mcp").unwrap().issuer(issuer);
        let open = Endpoint::default();
        let protected = Endpoint::default().protected(told).unwrap();
        for (endpoint, status) in [(open, 200), (protected, 401)] {
            let pages = PagesService::new(Arc::new(Hello), endpoint, Closing::default());
            let request = Request::get("/status").header("host", "localhost").body(()).unwrap();
            assert_eq!(pages.answer(request.into_parts().0).await.status(), status);
        }
    }
}
