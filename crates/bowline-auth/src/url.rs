//! URLs, exactly as they were given.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::fmt;

/// An `http` or `https` URL that keeps the text it was made from.
///
/// Issuers and resources are compared byte for byte, so nothing is ever normalised: neither case, nor a port that is
/// the default one, nor a slash at the end. What could be read in two ways is refused when it is parsed: user names and
/// passwords, fragments, backslashes, hosts that are numbers in any form but four decimal ones.
///
/// ```
/// use bowline_auth::Url;
///
/// let url = Url::parse("https://MCP.example.com:443/mcp?tenant=1").unwrap();
/// assert_eq!(url.as_str(), "https://MCP.example.com:443/mcp?tenant=1");
/// assert_eq!(url.origin(), "https://mcp.example.com");
/// assert_eq!((url.path(), url.query()), ("/mcp", Some("tenant=1")));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url {
    text: Box<str>,
    scheme: Scheme,
    host: (u16, u16),
    port: u16,
    path: u16,
    query: Option<u16>,
}

/// What a URL begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `http`, which only a loopback address may have.
    Http,
    /// `https`.
    Https,
}

/// Why a text is no URL that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlFault {
    /// Longer than [`Url::MAX`] bytes.
    TooLong,
    /// A character that a URL does not have; it would be percent-encoded.
    Character(char),
    /// Neither `http://` nor `https://`.
    Scheme,
    /// A user name or a password, which hide what host is meant.
    UserInfo,
    /// A part after `#`, which never leaves a browser.
    Fragment,
    /// No host, or none that can be one.
    Host,
    /// A host that is a number, but not an address in its usual form.
    Number,
    /// A port that is not between 1 and 65535.
    Port,
}

impl Url {
    /// The longest URL, in bytes.
    pub const MAX: usize = 8 * 1024;

    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// If it is not an absolute `http` or `https` URL, or one that could be read in two ways.
    pub fn parse(text: &str) -> Result<Self, UrlFault> {
        if text.len() > Self::MAX {
            return Err(UrlFault::TooLong);
        }
        if let Some(strange) = text.chars().find(|&c| !is_of_urls(c)) {
            return Err(UrlFault::Character(strange));
        }
        let (scheme, start) = scheme(text)?;
        let rest = &text[start..];
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        if authority.contains('@') {
            return Err(UrlFault::UserInfo);
        }
        if rest.contains('#') {
            return Err(UrlFault::Fragment);
        }
        let (host, port) = split_port(authority)?;
        check_host(host)?;
        let port = match port {
            Some(digits) => port_of(digits)?,
            None => scheme.default_port(),
        };
        let path = start + authority.len();
        let query = text[path..].find('?').map(|at| path + at);
        // Fits: the text is at most `MAX` long.
        let at = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
        Ok(Self {
            scheme,
            host: (at(start), at(start + host.len())),
            port,
            path: at(path),
            query: query.map(at),
            text: text.into(),
        })
    }

    /// The text it was made from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it begins with.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host as it was given; an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.text[usize::from(self.host.0)..usize::from(self.host.1)]
    }

    /// The port, which the scheme has if the URL does not.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path as it was given; empty if there was none.
    #[must_use]
    pub fn path(&self) -> &str {
        let end = self.query.map_or(self.text.len(), usize::from);
        &self.text[usize::from(self.path)..end]
    }

    /// What follows `?`, if there is one.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.map(|at| &self.text[usize::from(at) + 1..])
    }

    /// Scheme, host and port in their canonical form: what decides whether two URLs belong to the same party, and all of
    /// a URL that a log needs.
    #[must_use]
    pub fn origin(&self) -> String {
        let mut origin = format!("{}://{}", self.scheme, self.host().to_ascii_lowercase());
        if self.port != self.scheme.default_port() {
            origin.push(':');
            origin.push_str(&self.port.to_string());
        }
        origin
    }

    /// Whether both have the same scheme, host and port.
    #[must_use]
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.port == other.port
            && self.host().eq_ignore_ascii_case(other.host())
    }

    /// Whether the host is this machine by its name or its address: `localhost`, `127.0.0.0/8`, `[::1]`.
    ///
    /// Other names may resolve to this machine too; only whoever connects can tell.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        if host.eq_ignore_ascii_case("localhost") {
            return true;
        }
        match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            // One of IPv4 in the clothes of IPv6 leads to the same place.
            Some(v6) => v6.parse::<Ipv6Addr>().is_ok_and(|it| it.to_canonical().is_loopback()),
            None => host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
        }
    }

    /// The same URL for whoever sends the request.
    #[must_use]
    pub fn to_uri(&self) -> http::Uri {
        // What was let in here is a subset of what that type takes.
        self.text.parse().unwrap_or_default()
    }

    /// The URL that a `Location` header means, seen from this one (RFC 3986 §5.2).
    ///
    /// # Errors
    ///
    /// If the result is not a URL by the rules of [`Url::parse`].
    pub fn join(&self, location: &str) -> Result<Self, UrlFault> {
        let root = &self.text[..usize::from(self.path)];
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(&format!("{}://{rest}", self.scheme));
        }
        if has_scheme(location) {
            return Self::parse(location);
        }
        let (path, query) = match location.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (location, None),
        };
        let (path, query) = match path {
            "" => (self.path().to_owned(), query.or_else(|| self.query())),
            _ if path.starts_with('/') => (without_dots(path), query),
            _ => {
                let folder = self.path().rfind('/').map_or("/", |at| &self.path()[..=at]);
                (without_dots(&format!("{folder}{path}")), query)
            }
        };
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        Self::parse(&format!("{root}{path}{query}"))
    }

    /// Everything before the path, as it was given.
    pub(crate) fn root(&self) -> &str {
        &self.text[..usize::from(self.path)]
    }

    /// This URL with further members of its query.
    ///
    /// # Errors
    ///
    /// If it becomes too long.
    pub(crate) fn with_query(&self, members: &str) -> Result<Self, UrlFault> {
        let between = match self.query() {
            None => "?",
            Some("") => "",
            Some(_) => "&",
        };
        Self::parse(&format!("{}{between}{members}", self.text))
    }
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// What RFC 3986 calls reserved and unreserved, and the percent sign.
fn is_of_urls(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

fn scheme(text: &str) -> Result<(Scheme, usize), UrlFault> {
    [(Scheme::Http, "http://"), (Scheme::Https, "https://")]
        .into_iter()
        .find(|(_, prefix)| {
            text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        })
        .map(|(scheme, prefix)| (scheme, prefix.len()))
        .ok_or(UrlFault::Scheme)
}

/// Whether a reference begins with a scheme of its own, whatever that is.
fn has_scheme(reference: &str) -> bool {
    let head = reference.split(['/', '?']).next().unwrap_or_default();
    head.contains(':')
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), UrlFault> {
    if !authority.starts_with('[') {
        return Ok(match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        });
    }
    let end = authority.find(']').ok_or(UrlFault::Host)? + 1;
    match &authority[end..] {
        "" => Ok((authority, None)),
        rest => {
            rest.strip_prefix(':').ok_or(UrlFault::Host).map(|port| (&authority[..end], Some(port)))
        }
    }
}

fn port_of(digits: &str) -> Result<u16, UrlFault> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UrlFault::Port);
    }
    digits.parse().ok().filter(|&port| port != 0).ok_or(UrlFault::Port)
}

fn check_host(host: &str) -> Result<(), UrlFault> {
    if let Some(v6) = host.strip_prefix('[') {
        let address = v6.strip_suffix(']').and_then(|v6| v6.parse::<Ipv6Addr>().ok());
        return address.map(|_| ()).ok_or(UrlFault::Host);
    }
    let good = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if host.len() > 253 || !host.split('.').all(good) {
        return Err(UrlFault::Host);
    }
    // `2130706433`, `0x7f.1` and `127.1` are 127.0.0.1 to some resolvers and names to others.
    let last = host.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x"));
    if (hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit()))
        && host.parse::<Ipv4Addr>().is_err()
    {
        return Err(UrlFault::Number);
    }
    Ok(())
}

/// RFC 3986 §5.2.4, on a path that begins with a slash.
fn without_dots(path: &str) -> String {
    let mut kept = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("/{}", kept.join("/"))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Without path and query, which may hold what a log must not.
impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({})", self.origin())
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "it is longer than {} bytes", Url::MAX),
            Self::Character(c) => {
                write!(f, "a URL has no `\\u{{{:x}}}`; percent-encode it", u32::from(*c))
            }
            Self::Scheme => f.write_str("it begins with neither `https://` nor `http://`"),
            Self::UserInfo => f.write_str("it has a user name or a password before its host"),
            Self::Fragment => f.write_str("it has a fragment, the part after `#`"),
            Self::Host => f.write_str("it has no host, or none that can be one"),
            Self::Number => {
                f.write_str("its host is a number, but not an address like `192.0.2.1`")
            }
            Self::Port => f.write_str("its port is not between 1 and 65535"),
        }
    }
}

impl std::error::Error for UrlFault {}

#[cfg(test)]
mod tests;
