//! Clients: one handle to one server, of whatever protocol version, over whatever transport.
//!
//! [`Client::connect`] finds out by itself which protocol version a server speaks. What a client may be asked (by
//! servers that want a user, a model, or roots) it is told with [`Client::builder`].
//!
//! ```no_run
//! # async fn example() -> bowline::Result<()> {
//! use bowline::Client;
//!
//! let client = Client::connect("npx -y @modelcontextprotocol/server-everything").await?;
//! for tool in client.list_tools().await? {
//!     println!("{}", tool.name);
//! }
//! let sum: serde_json::Value = client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await?;
//! client.close().await;
//! # let _ = sum;
//! # Ok(())
//! # }
//! ```

mod asked;
#[cfg(feature = "auth")]
pub mod auth;
#[cfg(all(feature = "http", not(feature = "auth")))]
#[path = "no_auth.rs"]
mod auth;
mod builder;
mod call;
mod connect;
#[cfg(feature = "host")]
pub(crate) mod forward;
mod kept;
#[cfg(feature = "host")]
pub(crate) mod lane;
#[cfg(not(feature = "host"))]
#[path = "no_lane.rs"]
mod lane;
mod live;
mod pages;
mod remember;
mod request;
#[cfg(not(modern_only))]
mod session;
#[cfg(modern_only)]
#[path = "no_session.rs"]
mod session;
mod state;
mod subscribe;
mod target;
mod tools;
#[cfg(feature = "http")]
mod web;
#[cfg(not(feature = "http"))]
#[path = "no_web.rs"]
mod web;
mod wire;

pub use asked::Asked;
pub use builder::Builder;
pub use pages::{Listed, Pages};
pub use request::{Reports, Request};
pub use state::State;
pub use subscribe::{Change, Subscription};
pub use target::{Connect, IntoTarget, Pipe, Target};

use crate::error::Result;
use bowline_types::capability::ServerCapabilities;
use bowline_types::completion::{CompleteRequestParams, CompletionReference};
use bowline_types::discover::{DiscoverResult, Implementation};
use bowline_types::input::Root;
use bowline_types::log::LoggingLevel;
use bowline_types::method::{self, Method, Notification};
use bowline_types::prompt::Prompt;
use bowline_types::resource::{ReadResourceRequestParams, Resource, ResourceTemplate};
use bowline_types::subscription::SubscriptionFilter;
use bowline_types::tool::Tool;
use live::Core;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// One client of one server. Cheap to clone; all clones are the same client.
///
/// It is closed by [`Client::close`], or when the last clone is dropped.
#[derive(Clone)]
pub struct Client(Arc<Core>);

impl Client {
    /// A client that is told more before it connects: handlers for questions, headers, limits.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Connects to a server: a URL (`https://…`, `http://…`, `unix:…`), a command line, a [`Command`], an entry of a
    /// config file, a [`Connect`] of your own, or a [`Server`](crate::Server) in this process.
    ///
    /// # Errors
    /// When the server cannot be reached or started, or none of its protocol versions is ours.
    ///
    /// [`Command`]: crate::transport::child::Command
    pub async fn connect(target: impl IntoTarget) -> Result<Self> {
        Self::builder().connect(target).await
    }

    /// How the connection stands, now and whenever it changes.
    #[must_use]
    pub fn state(&self) -> watch::Receiver<State> {
        self.0.state()
    }

    /// Ends it: open calls fail with [`Error::is_closed`](crate::Error::is_closed), a session is ended, a child process too. Returns when
    /// nothing is left. A second call does nothing.
    pub async fn close(&self) {
        self.0.close().await;
    }

    /// The protocol version that was agreed on.
    #[must_use]
    pub fn protocol_version(&self) -> &'static str {
        self.0.protocol_version()
    }

    /// What the server is and offers, as it said when the connection was made.
    #[must_use]
    pub fn server(&self) -> Arc<DiscoverResult> {
        self.0.server()
    }

    /// What the server says it is; nobody has verified it.
    #[must_use]
    pub fn server_info(&self) -> Option<Implementation> {
        self.0.server().meta.as_ref()?.server_info().ok().flatten()
    }

    /// What the server offers.
    #[must_use]
    pub fn server_capabilities(&self) -> ServerCapabilities {
        self.0.server().capabilities.clone()
    }

    /// How to use the server, in words for a model.
    #[must_use]
    pub fn instructions(&self) -> Option<String> {
        self.0.server().instructions.clone()
    }

    /// Asks whether the server is there, in one round trip.
    ///
    /// # Errors
    /// When it is not.
    pub async fn ping(&self) -> Result<()> {
        self.0.ping().await
    }

    /// Asks anew what the server is and offers. Of an older server, which tells it only once, that is told again.
    ///
    /// See [Discovery](https://modelcontextprotocol.io/specification/2026-07-28/server/discover).
    ///
    /// # Errors
    /// As every request.
    pub async fn discover(&self) -> Result<Arc<DiscoverResult>> {
        self.0.discover().await
    }

    /// All tools, of all pages. Those whose `x-mcp-header` annotations are invalid are left out where HTTP would need
    /// them, and reported to `on_error`.
    ///
    /// See [Listing tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#listing-tools).
    ///
    /// # Errors
    /// As every request.
    pub async fn list_tools(&self) -> Result<Vec<Tool>> {
        self.tools().all().await
    }

    /// All resources, of all pages.
    ///
    /// See [Listing resources](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#listing-resources).
    ///
    /// # Errors
    /// As every request.
    pub async fn list_resources(&self) -> Result<Vec<Resource>> {
        self.resources().all().await
    }

    /// All resource templates, of all pages.
    ///
    /// See [Resource templates](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#resource-templates).
    ///
    /// # Errors
    /// As every request.
    pub async fn list_resource_templates(&self) -> Result<Vec<ResourceTemplate>> {
        self.resource_templates().all().await
    }

    /// All prompts, of all pages.
    ///
    /// See [Listing prompts](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#listing-prompts).
    ///
    /// # Errors
    /// As every request.
    pub async fn list_prompts(&self) -> Result<Vec<Prompt>> {
        self.prompts().all().await
    }

    /// The tools, page by page as they are wanted.
    pub fn tools(&self) -> Pages<Tool> {
        Pages::new(self)
    }

    /// The resources, page by page as they are wanted.
    pub fn resources(&self) -> Pages<Resource> {
        Pages::new(self)
    }

    /// The resource templates, page by page as they are wanted.
    pub fn resource_templates(&self) -> Pages<ResourceTemplate> {
        Pages::new(self)
    }

    /// The prompts, page by page as they are wanted.
    pub fn prompts(&self) -> Pages<Prompt> {
        Pages::new(self)
    }

    /// Calls a tool with arguments that make a JSON object.
    ///
    /// The result may say `isError`: the tool failed, and its content says why. Where the tool has an output schema,
    /// structured content that breaks it is an error.
    ///
    /// See [Calling tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#calling-tools).
    pub fn call_tool(&self, name: &str, arguments: impl Serialize) -> Request<method::CallTool> {
        Request::of_tool(self, name, &arguments)
    }

    /// Calls a tool and reads its result as `Out`: its structured content, or else the JSON in its one text.
    ///
    /// # Errors
    /// As [`Client::call_tool`], and [`Error::is_tool_error`](crate::Error::is_tool_error) when the tool failed.
    pub async fn call<Out: DeserializeOwned>(
        &self,
        name: &str,
        arguments: impl Serialize,
    ) -> Result<Out> {
        let result = self.call_tool(name, arguments).await?;
        tools::typed(name, result)
    }

    /// Reads a resource.
    ///
    /// See [Reading resources](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#reading-resources).
    pub fn read_resource(&self, uri: impl Into<String>) -> Request<method::ReadResource> {
        self.request(ReadResourceRequestParams::new(uri))
    }

    /// Gets a prompt with arguments that make a JSON object of strings; `()` for none.
    ///
    /// See [Getting a prompt](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#getting-a-prompt).
    pub fn get_prompt(&self, name: &str, arguments: impl Serialize) -> Request<method::GetPrompt> {
        let params = tools::prompt(name, &arguments);
        Request::of(self, params)
    }

    /// Asks for suggestions for an argument of a prompt or a resource template.
    ///
    /// See [Completion](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/completion).
    pub fn complete(
        &self,
        reference: impl Into<CompletionReference>,
        argument: impl Into<String>,
        value: impl Into<String>,
    ) -> Request<method::Complete> {
        let argument = bowline_types::completion::CompletionArgument::new(argument, value);
        self.request(CompleteRequestParams::new(reference, argument))
    }

    /// A request of any method, one of your own too.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "params are written down where they are given"
    )]
    pub fn request<M: Method>(&self, params: M::Params) -> Request<M> {
        Request::of(self, call::params(&params))
    }

    /// Sends a notification, one of your own too.
    ///
    /// # Errors
    /// When the connection is lost, or the server's protocol version has no such notification.
    pub async fn notify<N: Notification>(&self, params: &N::Params) -> Result<()> {
        self.0.notify(N::NAME, &call::params(params)?).await
    }

    /// Listens for changes: of lists, and of resources by their URIs.
    ///
    /// Over a lost connection the subscription is made anew, and tells [`Change::Resumed`], since something may have
    /// been missed. Dropping it ends it.
    ///
    /// See [Subscriptions](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions).
    ///
    /// # Errors
    /// As every request.
    pub async fn subscribe(&self, filter: SubscriptionFilter) -> Result<Subscription> {
        subscribe::open(&self.0, filter).await
    }

    /// Sets the least severe log message wanted, from now on; `None` for none.
    ///
    /// See [Logging](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/logging).
    ///
    /// # Errors
    /// As every request, where the server has to be told.
    pub async fn set_log_level(&self, level: impl Into<Option<LoggingLevel>>) -> Result<()> {
        self.0.set_log_level(level.into()).await
    }

    /// Replaces the roots that servers are told of. A server that keeps a session hears that they changed.
    ///
    /// See [Roots](https://modelcontextprotocol.io/specification/2026-07-28/client/roots).
    ///
    /// # Errors
    /// [`Error::is_invalid`](crate::Error::is_invalid) when the client was built without roots, and so declared none.
    pub async fn set_roots(&self, roots: Vec<Root>) -> Result<()> {
        self.0.set_roots(roots).await
    }

    /// What the server's process has said on standard error lately, or the one before it while it has said nothing; empty
    /// where there is no process of ours.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.0.stderr()
    }

    /// The process group of the server's process, while that lives; `None` where there is no process of ours.
    #[cfg(feature = "host")]
    pub(crate) fn process_group(&self) -> Option<u32> {
        self.0.process_group()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("state", &*self.state().borrow()).finish_non_exhaustive()
    }
}
