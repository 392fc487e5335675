//! Servers: what they offer, and how a request finds its handler.
//!
//! A [`Server`] is a function from requests to answers with a catalogue behind it. It knows no transport: the same
//! value is served over stdio, over HTTP, in memory, or mounted into another program.

mod arguments;
mod auth;
mod blocking;
mod bus;
mod catalogue;
mod completion;
mod contents;
mod cursor;
mod discover;
pub(crate) mod dispatch;
mod function;
mod guard;
mod handler;
pub(crate) mod json;
mod list;
mod messages;
mod method;
pub(crate) mod mirrored;
mod offer;
mod output;
mod prompt;
mod requirement;
mod resource;
mod reworded;
mod run;
pub(crate) mod schema;
mod spec;
mod strings;
mod subscribe;
mod template;
mod tool;
mod visible;

#[cfg(test)]
mod tests;

pub use arguments::{ArgumentError, Arguments, Decoded, Extracted, FromArguments};
pub use auth::Auth;
pub use blocking::{Blocking, BlockingPool, Blocks, blocking};
pub use completion::{CompleteRequest, IntoCompletion};
pub use contents::{Cached, IntoResource, Reading};
pub use function::{FromCall, Function};
pub use handler::HandlerError;
pub use messages::IntoPrompt;
pub use method::MethodFunction;
pub use output::{IntoToolResult, Json, ToolError};
pub use resource::Uri;
pub use spec::{ToolExt, ToolSpec};
pub use visible::{ItemKind, Visible};

use crate::ask::Desk;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::scopes::Scopes;
use crate::transport::{self, Running, Transport};
use bowline_protocol::scan::Raw;
use bowline_types::capability::ServerCapabilities;
use bowline_types::discover::Implementation;
use bus::Bus;
use catalogue::Catalogue;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// A server of the Model Context Protocol.
///
/// Cheap to clone; every clone is the same server, so that what is registered through one is offered by all.
#[derive(Clone)]
pub struct Server(Arc<Core>);

struct Core {
    /// Read once per call, for as long as it takes to clone an `Arc`; written when the catalogue changes.
    catalogue: RwLock<Arc<Catalogue>>,
    settings: RwLock<Arc<Settings>>,
    /// Who listens to changes.
    bus: Bus,
    /// Whether anything needs scopes; never unset.
    scoped: AtomicBool,
    /// Numbers unexpected failures, so that a client can quote one.
    failures: AtomicU64,
}

/// What is set once and read by every call.
#[derive(Clone)]
struct Settings {
    info: Implementation,
    /// `info` as it goes into every result.
    info_text: Raw,
    instructions: Option<String>,
    /// What is declared beyond what is registered: extensions and experiments.
    capabilities: ServerCapabilities,
    handler_timeout: Option<Duration>,
    page_size: usize,
    list_ttl: Duration,
    desk: Desk,
    on_error: Option<OnError>,
    on_listen: Option<OnListen>,
    precise_schemas: bool,
    /// What methods need, by name.
    scopes: BTreeMap<Box<str>, Scopes>,
    /// What processes have, which have no tokens.
    process_scopes: Scopes,
    /// What was registered wrongly; told when the server is started.
    faults: Vec<String>,
}

type OnError = Arc<dyn Fn(&Failure<'_>) + Send + Sync>;
type OnListen = Arc<dyn Fn(&Server, &str) + Send + Sync>;

/// An unexpected failure inside a server, as [`Server::on_error`] gets it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure<'a> {
    /// The number the client was given.
    pub reference: u64,
    /// What happened.
    pub what: &'a str,
    /// More of it, which the client does not get.
    pub details: Option<&'a str>,
    /// The method that was called.
    pub method: &'a str,
}

impl Server {
    /// A server that offers nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>, version: impl Into<String>) -> Self {
        let info = Implementation::new(name, version);
        let settings = Settings {
            info_text: encoded(&info),
            info,
            instructions: None,
            capabilities: ServerCapabilities::new(),
            handler_timeout: None,
            page_size: 100,
            list_ttl: Duration::from_secs(60),
            desk: Desk::default(),
            on_error: None,
            on_listen: None,
            precise_schemas: false,
            scopes: BTreeMap::new(),
            process_scopes: Scopes::default(),
            faults: Vec::new(),
        };
        Self(Arc::new(Core {
            catalogue: RwLock::default(),
            settings: RwLock::new(Arc::new(settings)),
            bus: Bus::default(),
            scoped: AtomicBool::new(false),
            failures: AtomicU64::new(0),
        }))
    }

    /// Sets what the server says it is: title, description, icons, website.
    #[must_use]
    pub fn info(self, change: impl FnOnce(Implementation) -> Implementation) -> Self {
        self.set(|settings| {
            settings.info = change(settings.info.clone());
            settings.info_text = encoded(&settings.info);
        })
    }

    /// Sets what a model should know about using this server.
    #[must_use]
    pub fn instructions(self, text: impl Into<String>) -> Self {
        let text = text.into();
        self.set(|settings| settings.instructions = Some(text))
    }

    /// Sets how long a handler may run; without end by default.
    #[must_use]
    pub fn handler_timeout(self, limit: Duration) -> Self {
        self.set(|settings| settings.handler_timeout = Some(limit))
    }

    /// Sets how many items a page of a list has; 100 by default.
    #[must_use]
    pub fn page_size(self, items: usize) -> Self {
        self.set(|settings| settings.page_size = items.max(1))
    }

    /// Sets how long clients may keep lists without asking again; a minute by default.
    #[must_use]
    pub fn list_ttl(self, ttl: Duration) -> Self {
        self.set(|settings| settings.list_ttl = ttl)
    }

    /// Shows the schemas of Rust types as `schemars` generates them, for all that is registered from here on.
    ///
    /// By default they are rewritten for language models: without `$ref` where a type does not contain itself, without
    /// `null` as an alternative to leaving a member out, and without formats that no standard knows.
    #[must_use]
    pub fn precise_schemas(self) -> Self {
        self.set(|settings| settings.precise_schemas = true)
    }

    /// Sets who is told of unexpected failures: panics, handlers that ran out of time, results that break their
    /// schema. They are logged in any case.
    #[must_use]
    pub fn on_error(self, hook: impl Fn(&Failure<'_>) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_error = Some(Arc::new(hook)))
    }

    /// Tells whether everything was registered rightly.
    ///
    /// # Errors
    /// With everything that was not, one fault a line.
    pub fn check(&self) -> Result<()> {
        let mut faults = self.settings().faults.clone();
        faults.extend(self.catalogue().faults());
        if faults.is_empty() { Ok(()) } else { Err(Error::invalid(faults.join("\n"))) }
    }

    /// Serves until the way in ends.
    ///
    /// # Errors
    /// When something was registered wrongly, or the way in fails.
    pub async fn serve(&self, transport: impl Transport) -> Result<()> {
        self.start(transport)?.wait().await
    }

    /// Begins to serve, in a task that the returned value owns.
    ///
    /// # Errors
    /// When something was registered wrongly.
    pub fn start(&self, transport: impl Transport) -> Result<Running> {
        self.check()?;
        Ok(transport::start(Arc::new(self.clone()), transport))
    }

    fn set(self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.0.settings.write().unwrap_or_else(PoisonError::into_inner)));
        self
    }

    /// Changes what it asks with.
    pub(crate) fn set_desk(self, change: impl FnOnce(&mut Desk)) -> Self {
        self.set(|settings| change(&mut settings.desk))
    }

    /// What it asks with.
    pub(crate) fn desk(&self) -> Desk {
        self.settings().desk.clone()
    }

    /// Notes that something was set wrongly, for [`Server::check`] to tell.
    pub(crate) fn fault(self, fault: impl fmt::Display) -> Self {
        self.set(|settings| settings.faults.push(fault.to_string()))
    }

    fn settings(&self) -> Arc<Settings> {
        self.0.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn catalogue(&self) -> Arc<Catalogue> {
        self.0.catalogue.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Catalogue) -> T) -> T {
        // Copies the catalogue only if a call is looking at it right now.
        change(Arc::make_mut(&mut self.0.catalogue.write().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Numbers a failure and tells whoever listens.
    fn report(&self, cx: &Context, what: &str, details: Option<&str>) -> u64 {
        let reference = self.0.failures.fetch_add(1, Ordering::Relaxed) + 1;
        let method = cx.request().method();
        tracing::error!(reference, method = &*method, details, "{what}");
        if let Some(hook) = &self.settings().on_error {
            hook(&Failure { reference, what, details, method: &method });
        }
        reference
    }
}

impl Settings {
    fn list_ttl_ms(&self) -> u64 {
        contents::milliseconds(self.list_ttl)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.settings().info.name).finish()
    }
}

fn encoded(info: &Implementation) -> Raw {
    // Text, numbers and lists of them can always be encoded.
    Raw::encode(info).unwrap_or_else(|_| bowline_protocol::outcome::Body::empty().members().clone())
}
