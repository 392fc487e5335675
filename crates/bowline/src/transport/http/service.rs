//! The endpoint itself: a function from HTTP requests to responses.

use super::body::ResponseBody;
use super::cors;
use super::demand::Demand;
use super::endpoint::Endpoint;
use super::exchange;
use super::guard::{Guard, strip};
use super::read::read;
use super::refuse::{Refused, busy, refuse};
use super::sessions::Legacy;
use crate::closing::Closing;
use crate::context::{Context, Surroundings};
use crate::principal::{Everybody, Principal, Running};
use crate::service::Service;
use bowline_protocol::era::Refusal;
use bowline_protocol::http::{Admitted, decide, status_of};
use bowline_protocol::limits::Limits;
use bowline_protocol::scan::scan;
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Version, header};
use http_body::Body;
use std::convert::Infallible;
use std::future::Future;
use std::mem::take;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use std::time::{Duration, SystemTime};

/// A service behind an [`Endpoint`]: a function from HTTP requests to responses.
///
/// It is a `tower::Service`, so it mounts wherever one is wanted, for example into an axum router. A layer in front
/// that has found out who asks puts a [`Principal`] into the extensions of the request; it counts where the endpoint
/// asks for no token itself.
#[derive(Clone, Debug)]
pub struct HttpService(Arc<Shared>);

struct Shared {
    service: Arc<dyn Service>,
    guard: Guard,
    limits: Arc<Limits>,
    anonymous: Principal,
    everybody: Everybody,
    closing: Closing,
    sessions: Legacy,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpService").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl HttpService {
    /// A service behind an endpoint.
    pub fn new(service: impl Service, endpoint: Endpoint) -> Self {
        Self::build(Arc::new(service), endpoint, Closing::default())
    }

    pub(super) fn build(service: Arc<dyn Service>, endpoint: Endpoint, closing: Closing) -> Self {
        let (limits, everybody) = (Arc::new(endpoint.limits), Everybody::default());
        let path = endpoint.guard.path.clone();
        let siblings = endpoint.sessions.siblings(path.as_deref());
        let sessions = endpoint.sessions.opens();
        let door = endpoint.protection.door(path.as_deref());
        let guard = Guard { sessions, siblings, door, ..endpoint.guard };
        let sessions = Legacy::new(
            service.clone(),
            limits.clone(),
            closing.clone(),
            everybody.clone(),
            endpoint.sessions,
            path.as_deref(),
        );
        let anonymous = Principal::anonymous();
        Self(Arc::new(Shared { service, guard, limits, anonymous, everybody, closing, sessions }))
    }

    pub(super) fn limits(&self) -> &Arc<Limits> {
        &self.0.limits
    }

    pub(super) fn closing(&self) -> &Closing {
        &self.0.closing
    }

    /// Checks where a request comes from that is not for the service.
    pub(super) fn check_source(&self, parts: &Parts) -> Result<(), Refused> {
        self.0.guard.check_source(parts, &self.0.limits).map(drop)
    }

    /// Whose token a request has; nobody's where nobody is asked for one.
    #[cfg(all(feature = "auth", feature = "host"))]
    pub(super) async fn authenticate(&self, parts: &Parts) -> Option<Principal> {
        self.0.guard.authenticate(parts).await.ok().flatten()
    }

    /// Answers one request.
    ///
    /// Dropping the future, or the body of the response before its end, cancels the call.
    pub fn answer<B>(
        &self,
        request: Request<B>,
    ) -> impl Future<Output = Response<ResponseBody>> + use<B>
    where
        B: Body<Data = Bytes>,
    {
        let shared = self.0.clone();
        // Taken apart here, so that the future, of which each connection has one, holds it once.
        let (mut parts, body) = request.into_parts();
        async move {
            let version = parts.version;
            let origin = match shared.guard.check_source(&parts, &shared.limits) {
                Ok(origin) => origin,
                Err(refused) => return refused.into(),
            };
            let mut response = match shared.answer(&mut parts, body, origin.is_some()).await {
                Ok(response) => response,
                Err(refused) => refused.into(),
            };
            if let Some(origin) = origin {
                cors::allow(response.headers_mut(), origin);
            }
            if version == Version::HTTP_2 {
                // Connections of HTTP/2 carry other requests too, and have no such header.
                response.headers_mut().remove(header::CONNECTION);
            }
            response
        }
    }
}

impl Shared {
    async fn answer<B>(
        &self,
        parts: &mut Parts,
        body: B,
        allowed: bool,
    ) -> Result<Response<ResponseBody>, Refused>
    where
        B: Body<Data = Bytes>,
    {
        let sibling = self.guard.check_path(parts, allowed)?;
        let known = self.guard.authenticate(parts).await?;
        let passed = self.guard.check(parts, sibling)?;
        strip(&mut parts.headers);
        let principal =
            known.or_else(|| parts.extensions.remove()).unwrap_or_else(|| self.anonymous.clone());
        let demand = Demand::new(&self.service, &self.guard);
        if parts.method != Method::POST {
            demand.check_head(&principal)?;
        }
        if let Some(sibling) = passed.sibling {
            let answering = self.sessions.beside(sibling, parts, &principal, demand, body);
            return Box::pin(answering).await.map(|response| until(response, principal.expires()));
        }
        if parts.method != Method::POST {
            let answering = self.sessions.other(parts, &principal);
            return Box::pin(answering).await.map(|response| until(response, principal.expires()));
        }
        let body = read(body, &self.limits).await?;
        let body =
            scan(body, self.limits.json_depth).map_err(|fault| refuse_early(&fault.into()))?;
        demand.check(&body, &principal)?;
        if self.sessions.takes(&parts.headers, &body) {
            // Boxed, so that the future of what has no session stays small.
            let prefers_stream = passed.prefers_stream;
            return Box::pin(self.sessions.post(
                take(&mut parts.headers),
                body,
                principal,
                prefers_stream,
            ))
            .await;
        }
        self.sessions.strip(&mut parts.headers);
        let incoming = match decide(&parts.headers, body) {
            Ok(Admitted::Request(incoming)) => incoming,
            Ok(Admitted::Notification(notification)) => {
                self.service.notify(&principal, notification);
                return Ok(accepted());
            }
            Err(refusal) => return Err(refuse_early(&refusal)),
        };
        let running = enter(&principal, &self.everybody, &self.limits)
            .map_err(|(status, limit)| busy(status, incoming.id_text(), limit))?;
        let cx = Context::new(
            incoming,
            Surroundings {
                principal,
                headers: take(&mut parts.headers),
                limits: self.limits.clone(),
                closing: self.closing.clone(),
                line: None,
                running: Some(running),
            },
        );
        // Any other call has begun while its token was good, and ends by itself.
        let endless = cx.request().row().name == "subscriptions/listen";
        let expires = cx.principal().expires().filter(|_| endless);
        let response = exchange::answer(self.service.clone(), cx, passed.prefers_stream).await;
        Ok(until(response, expires))
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
        let answering = self.answer(request);
        Box::pin(async move { Ok(answering.await) })
    }
}

/// Ends a stream when the token of its client does.
fn until(response: Response<ResponseBody>, expires: Option<SystemTime>) -> Response<ResponseBody> {
    let Some(expires) = expires else { return response };
    // A token that lets in although it has ended, since clocks differ, lasts as long as they may.
    let left = match expires.duration_since(SystemTime::now()) {
        Ok(left) => left,
        Err(past) => SKEW.saturating_sub(past.duration()),
    };
    response.map(|body| body.until(left))
}

/// How far the clocks of two servers may be apart.
const SKEW: Duration = Duration::from_secs(60);

/// Refuses before any handler: that is the client's mistake, whatever its code.
pub(super) fn refuse_early(refusal: &Refusal) -> Refused {
    let status = match status_of(refusal.error.code) {
        StatusCode::OK => StatusCode::BAD_REQUEST,
        status => status,
    };
    refuse(status, refusal.id.as_deref(), &refusal.error)
}

/// Counts one more running call, unless there are too many: then the status that says so, and how many may run.
pub(super) fn enter(
    principal: &Principal,
    everybody: &Everybody,
    limits: &Limits,
) -> Result<Running, (StatusCode, usize)> {
    let limit = limits.running_per_principal;
    let running = principal.enter(limit).ok_or((StatusCode::TOO_MANY_REQUESTS, limit))?;
    let limit = limits.running;
    everybody.enter(running, limit).ok_or((StatusCode::SERVICE_UNAVAILABLE, limit))
}

/// The response to what is taken and not answered.
pub(super) fn accepted() -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}
