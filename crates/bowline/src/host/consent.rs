//! Leave to call a tool.

use super::shared::Shared;
use crate::client::Asked;
use crate::context::Context;
use crate::error::Result;
use crate::principal::Principal;
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::input::{ElicitAction, ElicitRequestFormParams, ElicitResult, ElicitSchema};
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use serde::de::DeserializeOwned;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// What becomes of a call that is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Consent {
    /// It is made.
    Allow,
    /// It is not made; whoever wanted it gets an error.
    Deny,
    /// The host's user is asked, by the handler of [`Builder::on_elicit`](super::Builder::on_elicit); without one it is
    /// not made.
    Ask,
}

/// A call that is about to be made.
#[derive(Clone, Debug)]
pub struct Proposal {
    server: Arc<str>,
    tool: Arc<str>,
    arguments: Option<Raw>,
    principal: Principal,
}

/// The code of a call that was not allowed.
pub(crate) const DENIED: ErrorCode = ErrorCode(-31_002);

pub(super) type Ask =
    Arc<dyn Fn(Proposal) -> Pin<Box<dyn Future<Output = Consent> + Send>> + Send + Sync>;

pub(super) type Elicit = Arc<
    dyn Fn(
            Asked,
            ElicitRequestFormParams,
        ) -> Pin<Box<dyn Future<Output = Result<ElicitResult>> + Send>>
        + Send
        + Sync,
>;

impl Proposal {
    /// The server, as the host knows it.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The tool, under the server's own name for it.
    #[must_use]
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// The arguments; nobody has checked them.
    ///
    /// # Errors
    /// When they are no `T`.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T> {
        match &self.arguments {
            Some(arguments) => Ok(arguments.decode()?),
            None => Ok(Raw::encode(&serde_json::Map::new())?.decode()?),
        }
    }

    /// Who wants the call.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }
}

impl Shared {
    /// Asks whether a tool may be called.
    pub(super) async fn consent(
        &self,
        cx: &Context,
        server: &Arc<str>,
        tool: &Arc<str>,
    ) -> Result<(), ErrorObject> {
        let Some(consent) = &self.consent else {
            return Ok(());
        };
        let proposal = Proposal {
            server: server.clone(),
            tool: tool.clone(),
            arguments: cx.request().param_raw(BodyKey::Arguments),
            principal: cx.principal().clone(),
        };
        let allowed = match consent(proposal).await {
            Consent::Allow => true,
            Consent::Deny => false,
            Consent::Ask => self.ask(server, tool).await,
        };
        if allowed {
            return Ok(());
        }
        let (server, tool) = (server.escape_debug(), tool.escape_debug());
        let message = format!("tool `{tool}` of server `{server}` was not allowed to be called");
        let mut error = ErrorObject::internal_error(message);
        error.code = DENIED;
        Err(error)
    }

    async fn ask(&self, server: &Arc<str>, tool: &str) -> bool {
        let Some(elicit) = &self.elicit else {
            return false;
        };
        let message =
            format!("Call tool `{}` of server `{}`?", tool.escape_debug(), server.escape_debug());
        let form = ElicitRequestFormParams::new(message, ElicitSchema::new());
        let asked = Asked::new(server.clone(), Some(format!("tools/call {tool}").into()));
        matches!(elicit(asked, form).await, Ok(result) if result.action == ElicitAction::Accept)
    }
}
