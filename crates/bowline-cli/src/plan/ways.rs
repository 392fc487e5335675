//! Where and how something is served.

use crate::args::{Preset, ServeArgs};
use crate::exit::Fault;
use bowline::config::Auth;
use bowline::protocol::limits::Limits;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// How a server is reached.
#[derive(Debug)]
pub(crate) struct Ways {
    pub(crate) listen: Listen,
    pub(crate) limits: Limits,
    pub(crate) trace_messages: Option<TraceTo>,
    pub(crate) example: Example,
}

/// Where messages are written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TraceTo {
    /// To standard error.
    Stderr,
    /// To this file.
    File(PathBuf),
}

/// What whoever started a server is shown of its use.
#[derive(Clone, Debug)]
pub(crate) struct Example {
    /// Its name in a client's configuration.
    pub(crate) server: String,
    /// A tool that it surely has, and what to call it with: JSON.
    pub(crate) call: Option<(&'static str, &'static str)>,
}

/// Where a server listens.
#[derive(Debug)]
pub(crate) enum Listen {
    /// On the standard streams.
    Stdio,
    /// On a Unix socket, for processes of this user and those that are named.
    Unix { path: PathBuf, uids: Vec<u32> },
    /// On a socket, for HTTP.
    Http(Box<Endpoint>),
}

/// An HTTP endpoint.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) address: Address,
    pub(crate) path: String,
    pub(crate) allow_host: Vec<String>,
    pub(crate) allow_origin: Vec<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) no_sessions: bool,
    /// Certificate and key.
    pub(crate) tls: Option<(PathBuf, PathBuf)>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) token: Option<Secret>,
    /// The authorization server whose tokens let in.
    pub(crate) auth: Option<Auth>,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// Something that is never shown.
pub(crate) struct Secret(pub(crate) String);

impl Example {
    /// That of a server that a client would know under this name.
    pub(super) fn of(server: impl Into<String>) -> Self {
        Self { server: server.into(), call: None }
    }

    pub(super) fn call(self, tool: &'static str, arguments: &'static str) -> Self {
        Self { call: Some((tool, arguments)), ..self }
    }
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callers {
    /// The program that started this, for whoever sits at this machine and can be shown a page to log in.
    Oneself,
    /// Whoever reaches it; nobody looks at the screen of this machine.
    Anybody,
    /// Those who prove who they are.
    Many,
}

impl Ways {
    /// Who calls.
    pub(crate) fn callers(&self) -> Callers {
        match &self.listen {
            Listen::Stdio => Callers::Oneself,
            Listen::Unix { uids, .. } if !uids.is_empty() => Callers::Many,
            Listen::Http(endpoint) if endpoint.is_authenticated() => Callers::Many,
            Listen::Unix { .. } | Listen::Http(_) => Callers::Anybody,
        }
    }
}

impl TraceTo {
    /// Reads a file, or `-` for standard error.
    fn parse(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stderr } else { Self::File(path) }
    }
}

impl Ways {
    /// Decides what the flags mean.
    ///
    /// # Errors
    /// When they contradict each other, or ask for what would not be safe.
    pub(super) fn new(
        args: ServeArgs,
        token: Option<String>,
        example: Example,
    ) -> Result<Self, Fault> {
        let mut limits = match args.limits.unwrap_or_default() {
            Preset::Local => Limits::local(),
            Preset::Public => Limits::public(),
            Preset::Trusted => Limits::trusted(),
        };
        if let Some(seconds) = args.keep_alive {
            limits = limits.keep_alive(Duration::from_secs(seconds));
        }
        let trace_messages = args.trace_messages.clone().map(TraceTo::parse);
        let listen = match args.listen.as_deref().unwrap_or("stdio") {
            "stdio" => {
                for_http_only(&args)?;
                for_unix_only(&args)?;
                Listen::Stdio
            }
            address => match address.strip_prefix("unix:") {
                Some("") => {
                    return Err(Fault::new("--listen \"unix:\": has no path")
                        .hint("write unix:PATH, such as unix:/run/user/1000/mcp.sock"));
                }
                Some(path) => {
                    for_http_only(&args)?;
                    Listen::Unix { path: path.into(), uids: args.allow_uid }
                }
                None => {
                    for_unix_only(&args)?;
                    let address = Address::parse(address)?;
                    Listen::Http(Box::new(Endpoint::new(address, args, token)?))
                }
            },
        };
        Ok(Self { listen, limits, trace_messages, example })
    }
}

/// Flags that mean nothing without HTTP are mistakes there.
fn for_http_only(args: &ServeArgs) -> Result<(), Fault> {
    let given = [
        ("--path", args.path.is_some()),
        ("--allow-host", !args.allow_host.is_empty()),
        ("--allow-origin", !args.allow_origin.is_empty()),
        ("--public-url", args.public_url.is_some()),
        ("--tls-cert", args.tls_cert.is_some()),
        ("--token-file", args.token_file.is_some()),
        ("--no-sessions", args.no_sessions),
        ("--keep-alive", args.keep_alive.is_some()),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(Fault::new(format!("{flag} means nothing without HTTP"))
            .hint("add --listen HOST:PORT, such as --listen 127.0.0.1:8080")),
    }
}

fn for_unix_only(args: &ServeArgs) -> Result<(), Fault> {
    if args.allow_uid.is_empty() {
        return Ok(());
    }
    Err(Fault::new("--allow-uid means nothing without a Unix socket")
        .hint("add --listen unix:PATH, such as --listen unix:/run/user/1000/mcp.sock"))
}

impl Endpoint {
    fn new(address: Address, args: ServeArgs, token: Option<String>) -> Result<Self, Fault> {
        let endpoint = Self {
            address,
            path: args.path.unwrap_or_else(|| "/mcp".to_owned()),
            allow_host: args.allow_host,
            allow_origin: args.allow_origin,
            public_url: args.public_url,
            no_sessions: args.no_sessions,
            tls: args.tls_cert.zip(args.tls_key),
            token_file: args.token_file,
            auth: args.auth,
            token: token.filter(|token| !token.is_empty()).map(Secret),
        };
        if !endpoint.path.starts_with('/') {
            return Err(Fault::new(format!("--path {:?} does not begin with /", endpoint.path))
                .hint(format!("write --path /{}", endpoint.path)));
        }
        endpoint.safe()?;
        Ok(endpoint)
    }

    /// Whether callers have to prove who they are.
    pub(crate) fn is_authenticated(&self) -> bool {
        self.token_file.is_some() || self.token.is_some() || self.auth.is_some()
    }

    /// What other machines can reach needs to know its callers, and must not send their tokens in the clear.
    fn safe(&self) -> Result<(), Fault> {
        if self.address.is_loopback() {
            return Ok(());
        }
        let in_front = self.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
        let tokens = "--token-file FILE (or BOWLINE_TOKEN)";
        let tls = "--tls-cert FILE and --tls-key FILE (or --public-url https://… where TLS ends in front)";
        let (lacks, add) = match (self.is_authenticated(), self.tls.is_some() || in_front) {
            (true, true) => return Ok(()),
            (false, true) => ("authentication", tokens.to_owned()),
            (true, false) => ("TLS", tls.to_owned()),
            (false, false) => ("authentication and TLS", format!("{tokens}, {tls}")),
        };
        let loopback = Address { host: LOOPBACK.to_owned(), port: self.address.port };
        Err(Fault::new(format!(
            "other machines could reach {} without {lacks}; refusing to listen there",
            self.address
        ))
        .hint(format!("add {add}, or listen on {loopback}")))
    }
}

impl Address {
    /// `HOST:PORT`, `[IPV6]:PORT` or `:PORT`.
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        Self::read(text).map_err(|what| {
            Fault::new(format!("--listen {text:?}: {what}"))
                .hint("write stdio, HOST:PORT, :PORT for the loopback address, or unix:PATH")
        })
    }

    /// As [`Address::parse`], for a flag that takes nothing else.
    pub(super) fn of_flag(flag: &str, text: &str) -> Result<Self, Fault> {
        Self::read(text).map_err(|what| {
            Fault::new(format!("{flag} {text:?}: {what}"))
                .hint("write HOST:PORT, or :PORT for the loopback address")
        })
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let (host, port) = text.rsplit_once(':').ok_or("has no port")?;
        let port = match port.parse() {
            Ok(port) if port_is_plain(text) => port,
            _ => return Err("the port is no number from 0 to 65535"),
        };
        let host = if host.is_empty() { LOOPBACK } else { host };
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let valid = match literal {
            Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
            None => host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)),
        };
        if !valid {
            return Err("the host is neither a name nor an address; put IPv6 in brackets");
        }
        Ok(Self { host: host.to_owned(), port })
    }

    pub(crate) fn is_loopback(&self) -> bool {
        match self.ip() {
            Some(ip) => ip.to_canonical().is_loopback(),
            None => self.host.eq_ignore_ascii_case("localhost"),
        }
    }

    /// Whether it is every address of this machine.
    pub(crate) fn is_unspecified(&self) -> bool {
        self.ip().is_some_and(|ip| ip.to_canonical().is_unspecified())
    }

    fn ip(&self) -> Option<IpAddr> {
        self.host.trim_start_matches('[').trim_end_matches(']').parse().ok()
    }
}

/// Whether what follows the last colon is digits only; `+1` parses as a number.
fn port_is_plain(text: &str) -> bool {
    text.rsplit(':').next().is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

const LOOPBACK: &str = "127.0.0.1";
