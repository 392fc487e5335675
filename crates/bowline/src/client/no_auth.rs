//! What stands for logins where they are left out: there are none.

use super::wire::Hears;
use crate::error::Result;
use crate::transport::http::client::{Body, Connector, Options, Target};
use bytes::Bytes;
use http::{HeaderMap, Method, Response};

#[derive(Clone, Debug, Default)]
pub(crate) struct Login;

impl Login {
    pub(super) fn begun(self, _: &str, _: &Options, _: &HeaderMap, _: &str) -> Result<Self> {
        Ok(self)
    }

    pub(crate) async fn send(
        &self,
        connector: &Connector,
        _: &dyn Hears,
        target: &Target,
        method: &Method,
        headers: impl Fn() -> HeaderMap + Send + Sync,
        body: &Bytes,
    ) -> Result<Response<Body>> {
        connector.send_to(target, method, |_| headers(), body).await
    }
}
