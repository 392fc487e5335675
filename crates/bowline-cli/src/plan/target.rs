//! Which server is meant.

use super::Surroundings;
use crate::exit::Fault;
use std::ffi::OsString;
use std::path::PathBuf;

/// A server, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An HTTP endpoint.
    Url(String),
    /// A Unix socket.
    Unix(PathBuf),
    /// The reference server, in this process.
    Everything,
    /// A server of the config.
    Named(String),
    /// A server of a known client's config.
    OfClient { client: String, name: String },
    /// A program to start: its name or path, then its arguments. Never empty.
    Command(Vec<OsString>),
}

/// One server or all there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Targets {
    /// Every server of the config.
    All,
    /// This one.
    One(Target),
}

impl Target {
    /// Reads an operand that names a server.
    ///
    /// # Errors
    /// When it names none.
    pub(crate) fn parse(text: &str, around: &Surroundings<'_>) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::new("the server is an empty text").hint(FORMS));
        }
        if text == "everything" {
            return Ok(Self::Everything);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return unix(path);
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return url(text, scheme, rest);
        }
        if is_loopback(text) {
            return Ok(Self::Url(loopback(text)));
        }
        match text.split_once(':') {
            Some((client, name)) if (around.is_client)(client) => match name {
                "" => Err(Fault::new(format!("`{text}` names no server of {client}"))
                    .hint("`bowline configs` lists those there are")),
                name => Ok(Self::OfClient { client: client.to_owned(), name: name.to_owned() }),
            },
            _ => Ok(Self::Named(text.to_owned())),
        }
    }

    /// Whether a URL, a socket or a host is meant for sure, and no name.
    pub(crate) fn is_address(text: &str) -> bool {
        let web = ["http://", "https://", "unix:"].iter().any(|scheme| text.starts_with(scheme));
        web || is_loopback(text)
    }
}

/// What a name would be as a URL, when it looks like a host: a domain with a dot, or a port.
///
/// A name of the config may look so too and then is one, which is why this is asked only when no server has the name.
pub(crate) fn host_as_url(name: &str) -> Option<String> {
    let (authority, path) = name.split_once('/').map_or((name, ""), |(host, path)| (host, path));
    let (host, port) = authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p)));
    let labels: Vec<_> = host.split('.').collect();
    let label = |label: &&str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let plausible = labels.iter().all(label) && port.is_none_or(is_port);
    let is_host = plausible && (labels.len() > 1 || port.is_some());
    let path = if path.is_empty() { "mcp" } else { path };
    is_host.then(|| format!("https://{authority}/{path}"))
}

fn unix(path: &str) -> Result<Target, Fault> {
    // Both `unix:/path` and `unix:///path` are about.
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(Fault::new("`unix:` has no path")
            .hint("write unix:PATH, such as unix:/run/user/1000/mcp.sock"));
    }
    Ok(Target::Unix(path.into()))
}

fn url(text: &str, scheme: &str, rest: &str) -> Result<Target, Fault> {
    let lower = scheme.to_ascii_lowercase();
    if lower != "http" && lower != "https" {
        return Err(Fault::new(format!("`{scheme}://` is no way to a server")).hint(FORMS));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() {
        return Err(Fault::new(format!("`{text}` has no host")).hint(FORMS));
    }
    if let Some((_, host)) = authority.rsplit_once('@') {
        return Err(Fault::new("the URL has a user or a password in it, which others can see")
            .hint(format!(
                "write {scheme}://{host}… and -H 'Authorization: Basic ${{CREDENTIALS}}'"
            )));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Fault::new(format!("`{text}` has white space in it")).hint("write %20"));
    }
    Ok(Target::Url(format!("{lower}://{rest}")))
}

/// Whether it begins with `localhost` or a loopback address, and goes on as a URL does.
fn is_loopback(text: &str) -> bool {
    let authority = text.split('/').next().unwrap_or_default();
    let (host, rest) = match authority.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((host, rest)) => (host, rest),
        None => authority.find(':').map_or((authority, ""), |at| authority.split_at(at)),
    };
    let address = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let port =
        rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (address || host.eq_ignore_ascii_case("localhost")) && port
}

/// Where servers listen on this machine: at `/mcp` when nothing else is said.
fn loopback(text: &str) -> String {
    if text.contains('/') { format!("http://{text}") } else { format!("http://{text}/mcp") }
}

const FORMS: &str = "write https://HOST/PATH, localhost:PORT, unix:PATH, the name of a server in the config, \
                     CLIENT:NAME, `everything`, or a command after `--`";
