//! The part of a URL that decides who is spoken to.

use crate::error::{Error, Result};
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Scheme, host and port of a URL: all of it that is ever shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(super) secure: bool,
    /// In lower case, and without the brackets of an IPv6 address.
    pub(super) host: Arc<str>,
    pub(super) port: u16,
    loopback: bool,
}

impl Origin {
    /// # Errors
    /// The URL is not absolute, not of `http` or `https`, or has a user in it.
    pub(crate) fn of(uri: &Uri) -> Result<Self> {
        let secure = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) => {
                return Err(Error::invalid(format!(
                    "a URL of scheme `{scheme}` cannot be sent to; it must start with http:// or https://"
                )));
            }
            None => {
                return Err(Error::invalid("a URL to send to must start with http:// or https://"));
            }
        };
        let authority = uri.authority().filter(|authority| !authority.host().is_empty());
        let Some(authority) = authority else {
            return Err(Error::invalid("a URL to send to must name a host"));
        };
        let host: Arc<str> = bare(authority.host()).to_ascii_lowercase().into();
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let origin = Self { secure, loopback: stays_here(&host), host, port };
        if authority.as_str().contains('@') {
            return Err(Error::invalid(format!(
                "the URL of {origin} has a user or a password in it, which ends up in logs; \
                 send them in a header, such as `Authorization`"
            )));
        }
        let rest = &authority.as_str()[authority.host().len()..];
        if authority.port_u16().is_none() && !matches!(rest, "" | ":") {
            return Err(Error::invalid(format!("the URL of {origin} has a port above 65535")));
        }
        Ok(origin)
    }

    /// What `Host` says of it.
    ///
    /// # Errors
    /// Never for an origin of a URL, whose hosts have no other characters than headers may.
    pub(super) fn host_header(&self) -> Result<HeaderValue> {
        let shown = self.to_string();
        let host = shown.split_once("://").map_or("", |(_, host)| host);
        HeaderValue::from_str(host).map_err(|_| Error::invalid("a URL to send to must name a host"))
    }

    /// Whether what is sent there stays on this machine: 127.0.0.0/8, ::1 and `localhost`, which we resolve ourselves.
    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secure, host, port, .. } = self;
        let scheme = if *secure { "https" } else { "http" };
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]")?;
        } else {
            write!(f, "{scheme}://{host}")?;
        }
        match (secure, port) {
            (true, 443) | (false, 80) => Ok(()),
            _ => write!(f, ":{port}"),
        }
    }
}

/// Whether a host is `localhost`, which no name server is asked for.
pub(super) fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

fn stays_here(host: &str) -> bool {
    is_localhost(host) || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What `localhost` is, whatever a name server says: else credentials could leave this machine.
pub(super) const LOCALHOST: [IpAddr; 2] =
    [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];

fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::Origin;

    fn origin(url: &str) -> Result<Origin, String> {
        Origin::of(&url.parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let rows = [
            ("http://Example.COM/a?key=secret", "http://example.com"),
            ("https://example.com:443/", "https://example.com"),
            ("https://example.com:80/", "https://example.com:80"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ];
        for (url, shown) in rows {
            assert_eq!(origin(url).unwrap().to_string(), shown);
        }
        assert_eq!(origin("http://a.test"), origin("http://A.test:80/b"));
        assert_ne!(origin("http://a.test"), origin("https://a.test"));
        assert_ne!(origin("http://a.test"), origin("http://a.test:81"));
    }

    #[test]
    fn only_this_machine_is_loopback() {
        let rows = [
            ("http://localhost:1", true),
            ("http://LOCALHOST", true),
            ("http://127.0.0.1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]", true),
            ("http://localhost.", false),
            ("http://a.localhost", false),
            ("http://localhost.a.test", false),
            ("http://127.0.0.1.a.test", false),
            ("http://127.1", false),
            ("http://2130706433", false),
            ("http://0.0.0.0", false),
            ("http://[::ffff:127.0.0.1]", false),
            ("http://10.0.0.1", false),
            ("http://[fe80::1]", false),
        ];
        for (url, loopback) in rows {
            assert_eq!(origin(url).unwrap().is_loopback(), loopback, "{url}");
        }
    }

    #[test]
    fn a_url_that_cannot_be_sent_to_is_refused_without_showing_its_secrets() {
        let rows = [
            ("ftp://a.test/", "scheme `ftp`"),
            ("/mcp", "must start with http://"),
            ("http://user:secret@a.test/mcp?key=secret", "the URL of http://a.test has a user"),
            ("http://secret@a.test", "the URL of http://a.test has a user"),
            ("http://a.test:65536", "the URL of http://a.test has a port above"),
        ];
        for (url, expected) in rows {
            let error = origin(url).unwrap_err();
            assert!(error.contains(expected) && !error.contains("secret"), "{url}: {error}");
        }
    }
}
