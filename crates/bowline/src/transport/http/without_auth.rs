//! What stands for authorization servers where they are left out: none is ever asked.

use super::body::ResponseBody;
use super::refuse::Refused;
use super::token::Presented;
use crate::principal::Principal;
use crate::scopes::{Asked, Scopes};
use http::Response;
use http::request::Parts;
use std::sync::Arc;

/// What an endpoint was told about authorization servers: nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Protection;

impl Protection {
    pub(super) fn is_on(&self) -> bool {
        false
    }

    pub(super) fn root_is(&mut self, _: Option<&str>) {}

    pub(super) fn door(&self, _: Option<&str>) -> Option<Arc<Door>> {
        None
    }

    pub(super) fn about<'a>(&self, path: &'a str) -> &'a str {
        path
    }
}

/// What stands in front of a protected endpoint; there is none.
#[derive(Debug)]
pub(super) enum Door {}

impl Door {
    pub(super) fn is_metadata(&self, _: &str) -> bool {
        match *self {}
    }

    pub(super) fn metadata(&self, _: &Parts, _: bool) -> Response<ResponseBody> {
        match *self {}
    }

    pub(super) fn metadata_url(&self) -> &str {
        match *self {}
    }

    pub(super) fn everybody(&self) -> &Scopes {
        match *self {}
    }

    pub(super) fn add_needed(&self, _: &Asked<'_>, _: &mut Scopes) {
        match *self {}
    }

    pub(super) fn widen(&self, _: Principal) -> Principal {
        match *self {}
    }

    pub(super) fn unauthorized(&self, _: bool) -> Refused {
        match *self {}
    }

    pub(super) fn known(&self, _: Presented<'_>, _: &Parts) -> Option<Result<Principal, Refused>> {
        match *self {}
    }

    pub(super) async fn verify(&self, _: Presented<'_>, _: &Parts) -> Result<Principal, Refused> {
        match *self {}
    }
}
