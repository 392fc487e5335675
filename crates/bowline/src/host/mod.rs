//! Hosts: many servers of whatever protocol version, behind one endpoint.
//!
//! A [`Host`] runs and connects its servers, merges what they offer, and hands calls on to whichever server has what is
//! called: for a program of your own by [`Host::call`], and for clients of whatever protocol version by
//! [`Host::serve`]. One server that fails takes nothing from the others.
//!
//! ```no_run
//! # async fn example() -> bowline::Result<()> {
//! use bowline::Host;
//! use bowline::host::Consent;
//!
//! let host = Host::builder()
//!     .server("time", "uvx mcp-server-time")
//!     .server("docs", "https://docs.example.com/mcp")
//!     .on_consent(|call| async move {
//!         if call.server() == "docs" { Consent::Allow } else { Consent::Ask }
//!     })
//!     .start()
//!     .await?;
//! for function in host.tools().await? {
//!     println!("{}", function.name);
//! }
//! let now = host.call("time__get_current_time", serde_json::json!({ "timezone": "UTC" })).await?;
//! host.close().await;
//! # let _ = now;
//! # Ok(())
//! # }
//! ```

mod access;
#[cfg(feature = "http")]
pub mod admin;
mod builder;
mod catalogue;
mod consent;
pub(crate) mod fault;
mod handle;
#[cfg(feature = "auth")]
pub(crate) mod login;
#[cfg(feature = "auth")]
mod logins;
#[cfg(not(feature = "auth"))]
#[path = "no_logins.rs"]
mod logins;
mod monitor;
mod needs;
mod own;
mod report;
mod settings;
mod shared;
pub mod status;
mod upstream;
mod view;

#[cfg(test)]
mod tests;

pub use access::{Access, Proof, Who};
pub use builder::Builder;
pub use consent::{Consent, Proposal};
pub use settings::{Credentials, Isolation, Naming, Needed, Profile, ServerSettings, Settings};
pub use status::Status;

use crate::client::{Client, IntoTarget, Target};
use crate::config::{Config, Environment, Resolved};
use crate::error::{Error, Result};
use crate::service::Service;
use crate::transport::{self, Running, Transport};
use bowline_types::tool::CallToolResult;
use handle::Handle;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use upstream::{Login, Plan};

/// Many servers behind one endpoint. Cheap to clone; all clones are the same host.
///
/// It is closed by [`Host::close`], or when the last clone and the last endpoint of it are dropped: nothing that it has
/// started outlives that but for the moment that its processes take to end.
#[derive(Clone)]
pub struct Host(Arc<Handle>);

/// A tool as models are told of functions that they may call.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Function {
    /// What to call it in [`Host::call`].
    pub name: String,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it takes, as a JSON Schema.
    pub parameters: Value,
}

impl Host {
    /// A host that is told more before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A host of the servers of a config that are not switched off, with the variables of this process.
    ///
    /// # Errors
    /// When an entry of the config cannot be used, or as [`Builder::start`].
    pub async fn from_config(config: &Config) -> Result<Self> {
        Self::builder().config(config, &Environment::of_this_process()).start().await
    }

    /// The tools of all servers, as models are told of functions.
    ///
    /// # Errors
    /// When the host is closed.
    pub async fn tools(&self) -> Result<Vec<Function>> {
        // The catalogue is here: nothing of it has to be kept.
        let tools = self.client().await?.tools().fresh().all().await?;
        let function = |tool: bowline_types::tool::Tool| Function {
            name: tool.name,
            description: tool.description.or(tool.title),
            parameters: Value::Object(tool.input_schema.into_map()),
        };
        Ok(tools.into_iter().map(function).collect())
    }

    /// Calls a tool by the name that [`Host::tools`] gives, with arguments that make a JSON object. What its server asks
    /// meanwhile, the handlers of the [`Builder`] answer.
    ///
    /// # Errors
    /// As [`Client::call_tool`]; a call that [`Builder::on_consent`] did not allow is an error of its own.
    pub async fn call(&self, name: &str, arguments: impl Serialize) -> Result<CallToolResult> {
        self.client().await?.call_tool(name, arguments).await
    }

    /// A client of this host in this process, for all that [`Host::call`] does not do. Its questions are answered by the
    /// handlers of the [`Builder`].
    ///
    /// # Errors
    /// When the host is closed.
    pub async fn client(&self) -> Result<Client> {
        self.0.own().await
    }

    /// Adds a server, and waits until it has told what it offers or could not be started.
    ///
    /// # Errors
    /// When there is one of that name already, or `target` is none.
    pub async fn add(&self, name: &str, target: impl IntoTarget) -> Result<()> {
        let target: Target = target.into_target()?;
        let plan = Plan {
            name: name.into(),
            target,
            tools: None,
            settings: self.0.shared.settings_of(name),
            login: Login::default(),
            fingerprint: None,
        };
        self.0.shared.add(plan)?.tried().await;
        Ok(())
    }

    /// Removes a server: it gets no more calls, and those that it has may end within ten seconds. Nothing happens when
    /// there is none of that name.
    pub async fn remove(&self, name: &str) {
        self.0.shared.remove(name).await;
    }

    /// Takes the servers and settings from a config anew. Only servers whose entries changed are touched: what is new is
    /// started, what is gone is [removed](Host::remove), and what changed is both. Servers that came in another way
    /// stay.
    ///
    /// # Errors
    /// When an entry cannot be used; nothing has changed then.
    pub fn reload(&self, config: &Config, environment: &Environment) -> Result<()> {
        let (settings, plans) = builder::read(config, environment)?;
        self.0.shared.set_settings(settings);
        self.0.shared.apply(plans);
        Ok(())
    }

    /// As [`Host::reload`], of servers that are resolved already.
    ///
    /// # Errors
    /// As for [`Host::reload`].
    pub fn reload_resolved(
        &self,
        servers: impl IntoIterator<Item = Resolved>,
        settings: Settings,
    ) -> Result<()> {
        let plans = servers.into_iter().map(builder::plan).collect::<Result<_>>()?;
        self.0.shared.set_settings(settings);
        self.0.shared.apply(plans);
        Ok(())
    }

    /// How it stands, and how each of its servers does.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.shared.status()
    }

    /// Waits until each server has told what it offers, or could not be started.
    ///
    /// # Errors
    /// When two servers have the same name for something and nothing tells them apart.
    pub async fn settled(&self) -> Result<()> {
        self.0.shared.all_tried().await;
        match self.0.shared.collision() {
            Some(collision) => Err(Error::invalid(collision.to_string())),
            None => Ok(()),
        }
    }

    /// The endpoint of all servers together.
    #[must_use]
    pub fn service(&self) -> Arc<dyn Service> {
        self.0.whole()
    }

    /// The endpoint of one server, under its own names; nothing when there is none of that name.
    #[must_use]
    pub fn server(&self, name: &str) -> Option<Arc<dyn Service>> {
        self.0.server(name)
    }

    /// The endpoint of a profile; nothing when there is none of that name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<Arc<dyn Service>> {
        self.0.profile(name)
    }

    /// The endpoint below a folder of a URL: `/servers/NAME` and `/profiles/NAME`, as [`Http::find`] asks for it.
    ///
    /// [`Http::find`]: crate::transport::http::Http::find
    #[must_use]
    pub fn find(&self, folder: &str) -> Option<Arc<dyn Service>> {
        match folder.strip_prefix("/servers/") {
            Some(name) => self.server(name),
            None => self.profile(folder.strip_prefix("/profiles/")?),
        }
    }

    /// Serves all servers together until the way in ends.
    ///
    /// # Errors
    /// What ended it, if that was a failure.
    pub async fn serve(&self, transport: impl Transport) -> Result<()> {
        self.start(transport).wait().await
    }

    /// Begins to serve all servers together, in a task that the returned value owns.
    pub fn start(&self, transport: impl Transport) -> Running {
        transport::start(self.service(), transport)
    }

    /// Ends all servers and returns when nothing is left. Calls in flight fail; calls that wait for answers are given
    /// up. A second call does nothing.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("servers", &self.0.shared.names()).finish_non_exhaustive()
    }
}
