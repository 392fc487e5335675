//! What a client connects to.

use crate::config::{Resolved, Secret, Way};
use crate::error::{Error, Result};
use crate::server::Server;
use crate::service::Service;
use crate::transport::child::Command;
use bowline_types::revision::Revision;
use std::ffi::OsString;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

/// What a client connects to.
#[derive(Clone)]
pub struct Target {
    pub(super) kind: Kind,
    /// What an entry of a config says besides; whoever builds the client has the last word.
    pub(super) wishes: Wishes,
}

/// What an entry of a config wants of a client.
#[derive(Clone, Default)]
pub(super) struct Wishes {
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) timeout: Option<Duration>,
    pub(super) protocol: Option<Revision>,
}

#[derive(Clone)]
pub(super) enum Kind {
    /// Streamable HTTP, or HTTP+SSE.
    Url(Box<str>),
    /// A Unix socket.
    Unix(PathBuf),
    /// A process of ours.
    Command(Command),
    /// A server in this process.
    Memory(Arc<dyn Service>),
    /// Somebody else's byte stream.
    Custom(Arc<dyn DynConnect>),
}

impl Target {
    fn of(kind: Kind) -> Self {
        Self { kind, wishes: Wishes::default() }
    }

    /// A server behind a URL: `https://…`, `http://…` or `unix:PATH`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn url(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("unix:") {
            return Ok(Self::of(Kind::Unix(path.into())));
        }
        if url.starts_with("https://") || url.starts_with("http://") {
            return Ok(Self::of(Kind::Url(url.into())));
        }
        Err(Error::invalid("a URL to connect to starts with https://, http:// or unix:"))
    }

    /// A server that is started as a process of ours.
    #[must_use]
    pub fn command(command: Command) -> Self {
        Self::of(Kind::Command(command))
    }

    /// A server behind byte streams of your own making.
    pub fn custom(connect: impl Connect) -> Self {
        Self::of(Kind::Custom(Arc::new(connect)))
    }

    /// Something in this process that answers requests.
    #[must_use]
    pub fn service(service: Arc<dyn Service>) -> Self {
        Self::of(Kind::Memory(service))
    }

    /// What it is called in errors: without credentials, without what a process is given besides its arguments, and of
    /// a URL only what cannot be a secret.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.kind {
            Kind::Url(url) => public(url),
            Kind::Unix(path) => format!("unix:{}", path.display()),
            Kind::Command(command) => command.to_string(),
            Kind::Memory(_) => "a server in this process".to_owned(),
            Kind::Custom(connect) => connect.name(),
        }
    }
}

impl Target {
    /// The URL that one could log in at: none where something else says who we are.
    #[cfg(feature = "host")]
    pub(crate) fn login_url(&self) -> Option<&str> {
        let says_who = |(name, _): &(String, Secret)| name.eq_ignore_ascii_case("authorization");
        match &self.kind {
            Kind::Url(url) if !self.wishes.headers.iter().any(says_who) => Some(url),
            _ => None,
        }
    }

    /// What a trace calls the way to it.
    pub(crate) fn transport(&self) -> &'static str {
        match &self.kind {
            Kind::Url(_) => "http",
            Kind::Unix(_) => "unix",
            Kind::Command(_) => "stdio",
            Kind::Memory(_) => "memory",
            Kind::Custom(_) => "custom",
        }
    }

    /// Whether it is behind a URL of http or https.
    #[must_use]
    pub fn is_url(&self) -> bool {
        matches!(self.kind, Kind::Url(_))
    }

    /// The same with a guard, if it is a process that has none.
    pub(super) fn guarded(mut self, program: PathBuf, arguments: Vec<OsString>) -> Self {
        self.kind = match self.kind {
            Kind::Command(command) if command.guarded_by().is_none() => {
                Kind::Command(command.guard(program, arguments))
            }
            kind => kind,
        };
        self
    }

    /// What the way to it is remembered under; nothing for a server in this process, which is asked.
    pub(super) fn key(&self) -> Option<String> {
        match &self.kind {
            Kind::Memory(_) => None,
            Kind::Url(url) => Some(url.to_string()),
            _ => Some(self.name()),
        }
    }
}

/// A URL as far as it may be shown: people are given keys in queries, and in paths too.
fn public(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or_default();
    let rest = if PATHS.contains(&rest) { rest } else { "/…" };
    format!("{scheme}://{host}{rest}")
}

/// The usual paths of endpoints.
const PATHS: &[&str] = &["", "/", "/mcp", "/mcp/", "/sse"];

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.name()).finish()
    }
}

/// What can be connected to.
pub trait IntoTarget {
    /// The target.
    ///
    /// # Errors
    /// When it names nothing that can be connected to.
    fn into_target(self) -> Result<Target>;
}

impl IntoTarget for Target {
    fn into_target(self) -> Result<Target> {
        Ok(self)
    }
}

/// A URL, or a command line: words apart by spaces, with the quotes of a shell and nothing else of one.
impl IntoTarget for &str {
    fn into_target(self) -> Result<Target> {
        if self.starts_with("unix:") || self.contains("://") {
            Target::url(self)
        } else {
            Command::parse(self).map(Target::command)
        }
    }
}

impl IntoTarget for &String {
    fn into_target(self) -> Result<Target> {
        self.as_str().into_target()
    }
}

impl IntoTarget for String {
    fn into_target(self) -> Result<Target> {
        self.as_str().into_target()
    }
}

impl IntoTarget for Command {
    fn into_target(self) -> Result<Target> {
        Ok(Target::command(self))
    }
}

/// A server of a config, with the headers, the time and the protocol version that it names.
impl IntoTarget for Resolved {
    fn into_target(self) -> Result<Target> {
        let Self { way, timeout, protocol, .. } = self;
        let mut wishes = Wishes { timeout, protocol, ..Wishes::default() };
        let target = match way {
            Way::Stdio { command, args, env, cwd } => {
                let mut command = Command::new(command).args(args);
                for (name, value) in env {
                    command = command.env(name, value.expose());
                }
                Target::command(cwd.into_iter().fold(command, Command::cwd))
            }
            Way::Http { url, headers, .. } => {
                wishes.headers = headers;
                Target::url(&url)?
            }
        };
        Ok(Target { wishes, ..target })
    }
}

impl IntoTarget for &Server {
    fn into_target(self) -> Result<Target> {
        self.check()?;
        Ok(Target::service(Arc::new(self.clone())))
    }
}

/// A transport of your own: something that opens byte streams to a server, on which each message is one line.
///
/// `examples/tcp.rs` is one over TCP, with the server's side of it.
///
/// See [Custom transports](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports#custom-transports).
pub trait Connect: Send + Sync + 'static {
    /// Opens a stream: for the first connection, and for each one after the last was lost.
    fn connect(&self) -> impl Future<Output = Result<Pipe>> + Send;

    /// What errors call the server, without credentials. Under this name it is remembered too.
    fn name(&self) -> String;
}

/// A byte stream to a server, in both directions.
pub struct Pipe {
    pub(super) input: Box<dyn AsyncRead + Send + Unpin>,
    pub(super) output: Box<dyn AsyncWrite + Send + Unpin>,
}

impl Pipe {
    /// A stream whose `input` brings what the server says, and whose `output` takes what it is told.
    pub fn new(
        input: impl AsyncRead + Send + Unpin + 'static,
        output: impl AsyncWrite + Send + Unpin + 'static,
    ) -> Self {
        Self { input: Box::new(input), output: Box::new(output) }
    }
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipe")
    }
}

/// [`Connect`] behind a pointer.
pub(super) trait DynConnect: Send + Sync {
    fn connect(&self) -> Pin<Box<dyn Future<Output = Result<Pipe>> + Send + '_>>;
    fn name(&self) -> String;
}

impl<C: Connect> DynConnect for C {
    fn connect(&self) -> Pin<Box<dyn Future<Output = Result<Pipe>> + Send + '_>> {
        Box::pin(Connect::connect(self))
    }

    fn name(&self) -> String {
        Connect::name(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn of_a_url_only_what_cannot_be_a_secret_is_shown() {
        let urls = [
            "https://example.com",
            "https://example.com/mcp",
            "http://localhost:8080/sse",
            "https://example.com/s/k3y/mcp",
            "https://example.com/mcp?key=k3y",
            "https://example.com?key=k3y",
            "https://me:k3y@example.com:8443/mcp",
            "https://example.com/mcp#k3y",
        ];
        let mut shown = String::new();
        for url in urls {
            let target = Target::url(url).expect("it is a URL");
            shown += &format!("{}\n", target.name());
            assert!(!format!("{target:?}").contains("k3y"), "{url}");
        }
        expect![[r#"
            https://example.com
            https://example.com/mcp
            http://localhost:8080/sse
            https://example.com/…
            https://example.com/…
            https://example.com/…
            https://example.com:8443/mcp
            https://example.com/…
        "#]]
        .assert_eq(&shown);
    }
}
