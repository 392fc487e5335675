//! What stands for sessions where they are left out: none is ever opened.

use super::body::ResponseBody;
use super::demand::Demand;
use super::refuse::{Refused, refuse_unread};
use crate::closing::Closing;
use crate::principal::{Everybody, Principal};
use crate::service::Service;
use crate::transport::http::{Endpoint, Http};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::scan::Scanned;
use http::request::Parts;
use http::{Response, StatusCode};
use std::sync::Arc;

/// What an endpoint was told about sessions: nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice;

impl Choice {
    pub(super) fn opens(&self) -> bool {
        false
    }

    pub(super) fn known_as(&mut self, _: &str) {}

    pub(super) fn siblings(&self, _: Option<&str>) -> Siblings {
        Siblings
    }
}

/// The paths beside an endpoint; there are none.
#[derive(Clone, Debug, Default)]
pub(super) struct Siblings;

/// A path beside an endpoint; there is none.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sibling {}

impl Siblings {
    pub(super) fn find(&self, _: &str) -> Option<Sibling> {
        None
    }
}

impl Sibling {
    pub(super) fn method(self) -> &'static str {
        match self {}
    }

    pub(super) fn check(self, _: &Parts) -> Result<(), Refused> {
        match self {}
    }
}

/// The sessions of an endpoint; there are none.
#[derive(Debug)]
pub(super) struct Legacy;

impl Legacy {
    pub(super) fn new(
        _: Arc<dyn Service>,
        _: Arc<Limits>,
        _: Closing,
        _: Everybody,
        _: Choice,
        _: Option<&str>,
    ) -> Self {
        Self
    }

    pub(super) async fn beside<B>(
        &self,
        sibling: Sibling,
        _: &Parts,
        _: &Principal,
        _: Demand<'_>,
        _: B,
    ) -> Result<Response<ResponseBody>, Refused> {
        match sibling {}
    }

    pub(super) fn takes(&self, _: &HeaderMap, _: &Scanned) -> bool {
        false
    }

    pub(super) fn strip(&self, _: &mut HeaderMap) {}

    pub(super) async fn post(
        &self,
        _: HeaderMap,
        _: Scanned,
        _: Principal,
        _: bool,
    ) -> Result<Response<ResponseBody>, Refused> {
        Err(refuse_unread(StatusCode::NOT_FOUND, "no sessions are opened here"))
    }

    pub(super) async fn other(
        &self,
        _: &Parts,
        _: &Principal,
    ) -> Result<Response<ResponseBody>, Refused> {
        Err(refuse_unread(StatusCode::NOT_FOUND, "no sessions are opened here"))
    }
}

impl Endpoint {
    /// Opens no sessions, as this build never does.
    #[must_use]
    pub fn without_sessions(self) -> Self {
        self
    }
}

impl Http {
    /// As [`Endpoint::without_sessions`].
    #[must_use]
    pub fn without_sessions(self) -> Self {
        self
    }
}
