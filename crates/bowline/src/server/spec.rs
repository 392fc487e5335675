//! How a tool is offered, beyond its definition.

use crate::scopes::Scopes;
use bowline_types::capability::ClientCapabilities;
use bowline_types::tool::Tool;
use std::time::Duration;

/// A tool with the conditions under which it runs.
///
/// Made from a [`Tool`]; see [`ToolExt`].
#[derive(Clone, Debug)]
pub struct ToolSpec {
    pub(super) tool: Tool,
    pub(super) requires: Option<ClientCapabilities>,
    pub(super) timeout: Option<Duration>,
    pub(super) concurrency: Option<usize>,
    pub(super) tags: Vec<Box<str>>,
    pub(super) scopes: Scopes,
    pub(super) precise: bool,
}

impl From<Tool> for ToolSpec {
    fn from(tool: Tool) -> Self {
        Self {
            tool,
            requires: None,
            timeout: None,
            concurrency: None,
            tags: Vec::new(),
            scopes: Scopes::default(),
            precise: false,
        }
    }
}

impl ToolSpec {
    /// The definition.
    #[must_use]
    pub fn tool(&self) -> &Tool {
        &self.tool
    }
}

/// Conditions under which a tool runs, chained behind its definition.
///
/// ```
/// use bowline::Server;
/// use bowline::server::ToolExt;
/// use bowline::types::tool::Tool;
/// use std::time::Duration;
///
/// let server = Server::new("clock", "1.0.0").tool(
///     Tool::new("now").description("Tells the time").timeout(Duration::from_secs(5)).concurrency(4),
///     || async { "noon" },
/// );
/// assert!(server.check().is_ok());
/// ```
pub trait ToolExt: Into<ToolSpec> {
    /// Refuses calls whose client did not declare these capabilities, before the function starts.
    ///
    /// Such a call is answered with
    /// [`ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY`](bowline_types::jsonrpc::ErrorCode), which names them.
    fn requires(self, capabilities: ClientCapabilities) -> ToolSpec {
        ToolSpec { requires: Some(capabilities), ..self.into() }
    }

    /// Sets how long the function may run, instead of what [`Server::handler_timeout`](crate::Server::handler_timeout)
    /// says.
    fn timeout(self, limit: Duration) -> ToolSpec {
        ToolSpec { timeout: Some(limit), ..self.into() }
    }

    /// Sets how many calls may run at once. One more gets a result with `isError` that says to try again later.
    fn concurrency(self, calls: usize) -> ToolSpec {
        ToolSpec { concurrency: Some(calls.max(1)), ..self.into() }
    }

    /// Adds words that visibility can be decided by. Clients do not see them.
    fn tags<'a>(self, tags: impl IntoIterator<Item = &'a str>) -> ToolSpec {
        let mut spec = self.into();
        spec.tags.extend(tags.into_iter().map(Box::from));
        spec
    }

    /// Refuses calls of whoever lacks one of these scopes, before the function starts.
    ///
    /// Over HTTP such a call is refused with status 403 and a challenge that names all scopes it needs; over other
    /// transports with a JSON-RPC error that does. Lists show the tool nevertheless, so that clients can ask for more;
    /// to hide it see [`Visible::is_granted`](super::Visible::is_granted).
    ///
    /// See [Scope Challenge Handling](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#scope-challenge-handling).
    fn scopes<'a>(self, scopes: impl IntoIterator<Item = &'a str>) -> ToolSpec {
        let mut spec = self.into();
        spec.scopes.add(scopes);
        spec
    }

    /// Shows the schemas of Rust types as `schemars` generates them, with `$ref`, `format` and all, instead of
    /// rewritten for language models.
    fn precise_schemas(self) -> ToolSpec {
        ToolSpec { precise: true, ..self.into() }
    }
}

impl<T: Into<ToolSpec>> ToolExt for T {}
