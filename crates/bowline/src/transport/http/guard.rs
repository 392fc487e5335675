//! What every request must pass before anything is done for it.

use super::body::ResponseBody;
use crate::error::{Error, Result};
use bowline_protocol::era::modern;
use bowline_protocol::http::headers::{Accepts, MediaType};
use bowline_protocol::http::origin::{self, HostGuard, OriginGuard};
use bowline_types::jsonrpc::ErrorObject;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};

/// The checks in front of an endpoint, in the order in which they are cheapest to fail.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    path: Box<str>,
    hosts: HostGuard,
    origins: OriginGuard,
}

impl Default for Guard {
    fn default() -> Self {
        Self { path: "/mcp".into(), hosts: HostGuard::default(), origins: OriginGuard::default() }
    }
}

impl Guard {
    pub(super) fn path(&mut self, path: &str) {
        self.path = path.into();
    }

    pub(super) fn allow_host(&mut self, host: &str) -> Result<()> {
        self.hosts = self.hosts.clone().allow(host).map_err(invalid)?;
        Ok(())
    }

    pub(super) fn allow_origin(&mut self, origin: &str) -> Result<()> {
        self.origins = self.origins.clone().allow(origin).map_err(invalid)?;
        Ok(())
    }

    pub(super) fn public_url(&mut self, url: &str) -> Result<()> {
        self.hosts = self.hosts.clone().public_url(url).map_err(invalid)?;
        self.origins = self.origins.clone().public_url(url).map_err(invalid)?;
        Ok(())
    }

    /// Checks the head of a request.
    pub(super) fn check(&self, parts: &Parts) -> Result<(), Response<ResponseBody>> {
        self.hosts.check(&parts.uri, &parts.headers).map_err(|refusal| forbidden(&refusal))?;
        self.origins.check(&parts.headers).map_err(|refusal| forbidden(&refusal))?;
        if parts.uri.path() != &*self.path {
            let error = ErrorObject::invalid_request(format!(
                "nothing is served here; the endpoint is {}",
                self.path
            ));
            return Err(refuse(StatusCode::NOT_FOUND, None, &error));
        }
        if parts.method != Method::POST {
            let error = ErrorObject::invalid_request("the endpoint takes POST only");
            let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, None, &error);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            return Err(response);
        }
        let content_type = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        if content_type.and_then(MediaType::from_content_type) != Some(MediaType::Json) {
            let error =
                ErrorObject::invalid_request("header Content-Type must be application/json");
            return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, None, &error));
        }
        let accepts =
            Accepts::of(parts.headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes));
        if !(accepts.json && accepts.event_stream) {
            let error = ErrorObject::invalid_request(
                "header Accept must list application/json and text/event-stream",
            );
            return Err(refuse(StatusCode::NOT_ACCEPTABLE, None, &error));
        }
        Ok(())
    }
}

/// Tells the client what was refused, and the log which switch would have let it in.
fn forbidden(refusal: &origin::Refusal) -> Response<ResponseBody> {
    tracing::warn!(header = %refusal.header(), value = refusal.value(), switch = refusal.switch(), "request refused");
    refuse(refusal.status(), None, &ErrorObject::invalid_request(refusal.to_string()))
}

fn invalid(error: origin::InvalidAllowed) -> Error {
    Error::invalid(error.to_string())
}

/// A refusal as a JSON-RPC error.
pub(super) fn refuse(
    status: StatusCode,
    id: Option<&[u8]>,
    error: &ErrorObject,
) -> Response<ResponseBody> {
    let body = modern::error_response(id, error);
    let mut response = Response::new(ResponseBody::whole(body.into_bytes()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

pub(super) fn too_large(limit: usize) -> ErrorObject {
    ErrorObject::invalid_request(format!("body is larger than the limit of {limit} bytes"))
}

pub(super) fn broken_body() -> ErrorObject {
    ErrorObject::invalid_request("body broke off")
}

pub(super) fn busy(limit: usize) -> ErrorObject {
    ErrorObject::internal_error(format!("{limit} calls are running already; try again later"))
}
