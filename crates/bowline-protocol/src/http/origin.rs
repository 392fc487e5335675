//! Which hosts a server answers for, and which web pages may call it.
//!
//! A web page can point its own domain name at 127.0.0.1 and so reach a server on the user's machine.
//! [Both] `Host` (`:authority` in HTTP/2) and `Origin` betray it, so both are checked, on every route.
//! By default a server answers for loopback names and addresses only; `--public-url`, `--allow-host` and
//! `--allow-origin` add to them.
//!
//! [Both]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#security--endpoint

use core::error::Error;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use http::{StatusCode, Uri};

/// The hosts that a server answers for.
#[derive(Clone, Debug, Default)]
pub struct HostGuard {
    allowed: Vec<Allowed>,
}

/// The origins whose pages may call a server. A request without an `Origin` is not from a page of another origin.
#[derive(Clone, Debug, Default)]
pub struct OriginGuard {
    allowed: Vec<(String, Allowed)>,
}

impl HostGuard {
    /// Also answers for `value`: `host` with any port, or `host:port` with exactly that one.
    ///
    /// # Errors
    /// `value` is not a host, or has a port out of range. Patterns are not supported.
    pub fn allow(mut self, value: &str) -> Result<Self, InvalidAllowed> {
        let host = Authority::parse(value).ok_or_else(|| InvalidAllowed::host(value))?;
        self.allowed.push(Allowed::new(host.host, host.port));
        Ok(self)
    }

    /// Also answers for the host of a URL, as for `--public-url`.
    ///
    /// # Errors
    /// `url` is not an `http` or `https` URL with a host.
    pub fn public_url(mut self, url: &str) -> Result<Self, InvalidAllowed> {
        let origin = Origin::of_url(url).ok_or_else(|| InvalidAllowed::url(url))?;
        // Who stands in front may or may not repeat the default port, or add its own.
        self.allowed.push(Allowed::new(origin.authority.host, None));
        Ok(self)
    }

    /// Checks the host that a request names, in its `Host` header, in the authority of its URI, or in both.
    ///
    /// # Errors
    /// The host is missing, named twice, malformed, or none of those that this server answers for.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let refuse = |reason, value: &[u8]| Err(Refusal::new(HOST, reason, value));
        let mut values = headers.get_all(HOST).iter();
        let (header, second) = (values.next(), values.next());
        if let Some(second) = second {
            return refuse(Reason::Repeated, second.as_bytes());
        }
        let authority = uri.authority().map(|authority| authority.as_str().as_bytes());
        let value = match (authority, header.map(|header| header.as_bytes())) {
            (None, None) => return refuse(Reason::Missing, b""),
            (Some(authority), Some(header)) if !authority.eq_ignore_ascii_case(header) => {
                return refuse(Reason::Contradicted, header);
            }
            (Some(value), _) | (None, Some(value)) => value,
        };
        let Some(host) = str::from_utf8(value).ok().and_then(Authority::parse) else {
            return refuse(Reason::Malformed, value);
        };
        if host.is_loopback() || self.allowed.iter().any(|allowed| allowed.matches(&host)) {
            return Ok(());
        }
        refuse(Reason::Foreign, value)
    }
}

impl OriginGuard {
    /// Also lets pages of `value` in, an origin such as `https://example.com`, without a path.
    ///
    /// The origin `null` cannot be allowed: every sandboxed page has it.
    ///
    /// # Errors
    /// `value` is not an origin.
    pub fn allow(mut self, value: &str) -> Result<Self, InvalidAllowed> {
        let origin = Origin::parse(value).ok_or_else(|| InvalidAllowed::origin(value))?;
        self.push(&origin);
        Ok(self)
    }

    /// Also lets pages of the origin of a URL in, as for `--public-url`.
    ///
    /// # Errors
    /// `url` is not an `http` or `https` URL with a host.
    pub fn public_url(mut self, url: &str) -> Result<Self, InvalidAllowed> {
        let origin = Origin::of_url(url).ok_or_else(|| InvalidAllowed::url(url))?;
        self.push(&origin);
        Ok(self)
    }

    /// Checks the `Origin` of a request.
    ///
    /// # Errors
    /// There is one, and it is malformed, `null`, sent twice, or none of those that are allowed.
    pub fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        self.check_and_echo(headers).map(|_| ())
    }

    /// As [`check`](Self::check); gives the origin that was explicitly allowed, for a CORS response header.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_and_echo<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, Refusal> {
        let mut values = headers.get_all(ORIGIN).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let refuse = |reason, value: &[u8]| Err(Refusal::new(ORIGIN, reason, value));
        if let Some(second) = values.next() {
            return refuse(Reason::Repeated, second.as_bytes());
        }
        let value = value.as_bytes();
        if value == b"null" {
            return refuse(Reason::Null, value);
        }
        let text = str::from_utf8(value).ok();
        let Some((text, origin)) = text.and_then(|text| Some((text, Origin::parse(text)?))) else {
            return refuse(Reason::Malformed, value);
        };
        if self.allowed.iter().any(|(scheme, allowed)| origin.matches(scheme, allowed)) {
            return Ok(Some(text));
        }
        if origin.is_web() && origin.authority.is_loopback() {
            return Ok(None);
        }
        refuse(Reason::Foreign, value)
    }

    fn push(&mut self, origin: &Origin<'_>) {
        let allowed = Allowed::new(origin.authority.host, origin.port());
        self.allowed.push((origin.scheme.to_ascii_lowercase(), allowed));
    }
}

/// Why a request was refused for its `Host` or `Origin`, fit to be shown and logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    header: HeaderName,
    reason: Reason,
    value: String,
}

/// What is wrong with a `Host` or `Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is none.
    Missing,
    /// There are two.
    Repeated,
    /// `Host` and the authority of the URI name different hosts.
    Contradicted,
    /// It is not a host or an origin.
    Malformed,
    /// It is `null`, the origin of every sandboxed page.
    Null,
    /// It is none of those that are allowed.
    Foreign,
}

impl Refusal {
    /// `host` or `origin`.
    #[must_use]
    pub fn header(&self) -> &HeaderName {
        &self.header
    }

    /// What is wrong.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    /// The value that was refused: printable ASCII, cut after 128 characters, the rest as `\u{…}`.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// 403 for an origin and for a host of somebody else, 400 for no host.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self.reason {
            Reason::Null | Reason::Foreign => StatusCode::FORBIDDEN,
            _ if self.header == ORIGIN => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The switch that would have let this request in, such as `--allow-host example.com`.
    #[must_use]
    pub fn switch(&self) -> Option<String> {
        let switch = if self.header == ORIGIN { "--allow-origin" } else { "--allow-host" };
        let whole = self.reason == Reason::Foreign && !self.value.ends_with('…');
        whole.then(|| format!("{switch} {}", self.value))
    }

    /// Made only for a request that is refused, so that one that is let in allocates nothing.
    fn new(header: HeaderName, reason: Reason, value: &[u8]) -> Self {
        const SHOWN: usize = 128;
        let mut shown = String::new();
        for byte in value.iter().take(SHOWN) {
            match byte {
                b' '..=b'~' => shown.push(char::from(*byte)),
                _ => shown.push_str(&format!("\\u{{{byte:x}}}")),
            }
        }
        if value.len() > SHOWN {
            shown.push('…');
        }
        Self { header, reason, value: shown }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, value, .. } = self;
        match self.reason {
            Reason::Missing => write!(f, "request names no host"),
            Reason::Repeated => write!(f, "request has more than one {header} header"),
            Reason::Contradicted => {
                write!(f, "host header `{value}` differs from the host of the request URI")
            }
            Reason::Malformed => write!(f, "{header} `{value}` is malformed"),
            Reason::Null => write!(f, "origin `null` is never allowed"),
            Reason::Foreign => write!(f, "{header} `{value}` is not allowed"),
        }
    }
}

impl Error for Refusal {}

/// A value that no guard can allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidAllowed {
    value: String,
    expected: &'static str,
}

impl InvalidAllowed {
    fn host(value: &str) -> Self {
        let expected = "a host name or address, with or without a port, such as `example.com:8080`";
        Self { value: value.to_owned(), expected }
    }

    fn origin(value: &str) -> Self {
        let expected = "an origin without a path, such as `https://example.com`";
        Self { value: value.to_owned(), expected }
    }

    fn url(value: &str) -> Self {
        let expected = "a URL such as `https://example.com/mcp`";
        Self { value: value.to_owned(), expected }
    }
}

impl fmt::Display for InvalidAllowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not {}", self.value, self.expected)
    }
}

impl Error for InvalidAllowed {}

/// An entry of an allow-list.
#[derive(Clone, Debug)]
struct Allowed {
    host: String,
    /// `None` is any port.
    port: Option<u16>,
}

impl Allowed {
    fn new(host: &str, port: Option<u16>) -> Self {
        Self { host: host.to_owned(), port }
    }

    fn matches(&self, authority: &Authority<'_>) -> bool {
        self.host.eq_ignore_ascii_case(authority.host)
            && (self.port.is_none() || self.port == authority.port)
    }
}

/// `host [":" port]`, never with user information.
#[derive(Clone, Copy)]
struct Authority<'a> {
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        // A name ends with its last letter or digit: `localhost.` is a spelling that no client of ours needs.
        let length = match text.strip_prefix('[') {
            Some(rest) => rest.find(']')? + 2,
            None => text.find(':').unwrap_or(text.len()),
        };
        let (host, port) = text.split_at(length);
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(port_number(digits)?),
            None if port.is_empty() => None,
            None => return None,
        };
        let valid = if host.starts_with('[') { bracketed(host).is_some() } else { is_name(host) };
        valid.then_some(Self { host, port })
    }

    fn is_loopback(&self) -> bool {
        if self.host.eq_ignore_ascii_case("localhost") {
            return true;
        }
        match bracketed(self.host) {
            Some(v6) => v6.is_loopback() || v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()),
            // Only four decimal numbers: `127.1` and `0x7f000001` are names to this parser.
            None => self.host.parse::<Ipv4Addr>().is_ok_and(|v4| v4.is_loopback()),
        }
    }
}

/// `scheme "://" host [":" port]`
struct Origin<'a> {
    scheme: &'a str,
    authority: Authority<'a>,
}

impl<'a> Origin<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let (scheme, authority) = text.split_once("://")?;
        let mut bytes = scheme.bytes();
        let valid = bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        valid.then_some(Self { scheme, authority: Authority::parse(authority)? })
    }

    fn of_url(url: &'a str) -> Option<Self> {
        let (_, rest) = url.split_once("://")?;
        let path = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        Self::parse(&url[..url.len() - rest.len() + path]).filter(Self::is_web)
    }

    fn is_web(&self) -> bool {
        self.default_port().is_some()
    }

    fn default_port(&self) -> Option<u16> {
        if self.scheme.eq_ignore_ascii_case("https") {
            Some(443)
        } else if self.scheme.eq_ignore_ascii_case("http") {
            Some(80)
        } else {
            None
        }
    }

    fn port(&self) -> Option<u16> {
        self.authority.port.or_else(|| self.default_port())
    }

    /// Whether scheme, host and port are the same, as the same-origin policy compares them.
    fn matches(&self, scheme: &str, allowed: &Allowed) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
            && self.authority.host.eq_ignore_ascii_case(&allowed.host)
            && self.port() == allowed.port
    }
}

fn port_number(digits: &str) -> Option<u16> {
    let valid = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    valid.then(|| digits.parse().ok()).flatten()
}

fn bracketed(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn is_name(host: &str) -> bool {
    let bytes = host.as_bytes();
    bytes.len() <= 253
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte))
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
}

#[cfg(test)]
mod tests;
