//! What stands for logins where they are left out: there are none.

use super::upstream::Plan;
use crate::client;
use crate::error::{Error, Result};
use crate::principal::Principal;

#[derive(Debug, Default)]
pub(super) struct Logins;

impl Logins {
    pub(super) fn are_kept(&self) -> bool {
        false
    }

    pub(super) fn authorize(&self, builder: client::Builder, _: &Plan) -> client::Builder {
        builder
    }

    pub(super) fn is_made(&self, _: &Plan, _: Option<&Principal>) -> bool {
        false
    }

    pub(super) fn link(
        &self,
        _: &Plan,
        _: Option<&Principal>,
        _: Option<String>,
    ) -> Result<String> {
        Err(Error::unsupported("this program has no logins"))
    }
}
