//! Which way a server is reached.

use super::origin::Origin;
use crate::error::{Error, Result};
use http::Uri;
use http::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use std::fmt;

/// Where to look for a proxy.
#[derive(Clone)]
pub(super) enum Wanted {
    /// In the environment.
    Environment,
    /// Nowhere.
    Direct,
    /// It is this one.
    Url(String),
}

impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "Environment",
            Self::Direct => "Direct",
            // There may be a password in it.
            Self::Url(_) => "Url(..)",
        })
    }
}

/// The proxies, and what is reached without them.
#[derive(Debug)]
pub(super) struct Proxies {
    matcher: Matcher,
    http: Option<Broken>,
    https: Option<Broken>,
}

/// Who named a proxy by what is no URL.
#[derive(Clone, Copy, Debug)]
struct Broken(&'static str);

/// The proxy on the way to a server.
#[derive(Debug)]
pub(super) struct Via {
    pub(super) uri: Uri,
    pub(super) origin: Origin,
    /// Marked sensitive.
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxies {
    /// # Errors
    /// A proxy that was asked for by its URL cannot be used. One that the environment names badly is an error of those
    /// requests that would need it.
    pub(super) fn new(
        wanted: &Wanted,
        no_proxy: Option<&str>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| Some(Named { by: name, url: environment(name)? }))
        };
        let (http, https) = match wanted {
            Wanted::Direct => (None, None),
            Wanted::Url(url) => {
                let named = || Some(Named { by: "the option `proxy`", url: url.clone() });
                (named(), named())
            }
            // As curl does it, also in that an empty value means none.
            Wanted::Environment => (
                first(&["http_proxy", "all_proxy", "ALL_PROXY"]),
                first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            ),
        };
        let (http, https) = (Named::check(http), Named::check(https));
        if let (Wanted::Url(_), Err(broken)) = (wanted, &http) {
            return Err(broken.error());
        }
        let direct = match no_proxy {
            Some(hosts) => hosts.to_owned(),
            None => first(&["no_proxy", "NO_PROXY"]).map(|named| named.url).unwrap_or_default(),
        };
        // The matcher takes `*` for every name but no address, and `*.name` for nothing.
        let direct = direct.split(',').map(|host| host.trim().trim_start_matches("*."));
        let direct: Vec<_> = direct.collect();
        if direct.contains(&"*") {
            return Ok(Self { matcher: Matcher::builder().build(), http: None, https: None });
        }
        let matcher = Matcher::builder()
            .http(http.as_deref().unwrap_or_default())
            .https(https.as_deref().unwrap_or_default())
            .no(direct.join(","))
            .build();
        Ok(Self { matcher, http: http.err(), https: https.err() })
    }

    /// The proxy on the way to `uri`, whose origin is `origin`; `None` when there is none.
    ///
    /// # Errors
    /// There should be one, but it cannot be used. Going directly instead could leak what the proxy guards.
    pub(super) fn on_the_way_to(&self, uri: &Uri, origin: &Origin) -> Result<Option<Via>> {
        if origin.is_loopback() {
            return Ok(None);
        }
        if let Some(broken) = if origin.secure { self.https } else { self.http } {
            return Err(broken.error());
        }
        let Some(found) = self.matcher.intercept(uri) else { return Ok(None) };
        let via = Origin::of(found.uri()).map_err(|_| {
            let scheme = found.uri().scheme_str().unwrap_or_default();
            Error::invalid(format!(
                "a proxy of scheme `{scheme}` cannot be used to reach {origin}; name one that starts with \
                 http:// or https://, or except the host in `NO_PROXY`"
            ))
        })?;
        Ok(Some(Via {
            uri: found.uri().clone(),
            origin: via,
            authorization: found.basic_auth().cloned(),
        }))
    }
}

/// The URL of a proxy, and who named it.
struct Named {
    by: &'static str,
    url: String,
}

impl Named {
    /// A URL that the matcher takes; it would take a broken one for none.
    fn check(named: Option<Self>) -> Result<String, Broken> {
        let Some(Self { by, url }) = named.filter(|named| !named.url.is_empty()) else {
            return Ok(String::new());
        };
        let url = if url.contains("://") { url } else { format!("http://{url}") };
        let uri: Uri = url.parse().map_err(|_| Broken(by))?;
        let known = matches!(
            uri.scheme_str(),
            Some("http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
        );
        let host = uri.host().is_some_and(|host| !host.is_empty());
        if known && host { Ok(url) } else { Err(Broken(by)) }
    }
}

impl Broken {
    fn error(self) -> Error {
        // The value may have a password in it.
        Error::invalid(format!("{} is not the URL of a proxy, such as http://proxy:3128", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Origin, Proxies, Wanted};
    use expect_test::expect;

    fn way(
        wanted: &Wanted,
        no_proxy: Option<&str>,
        environment: &[(&str, &str)],
        url: &str,
    ) -> String {
        let environment = |wanted: &str| {
            let found = environment.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| (*value).to_owned())
        };
        let uri = url.parse().unwrap();
        let origin = Origin::of(&uri).unwrap();
        let proxies = Proxies::new(wanted, no_proxy, environment);
        let shown = match proxies.and_then(|proxies| proxies.on_the_way_to(&uri, &origin)) {
            Ok(None) => "direct".to_owned(),
            Ok(Some(via)) => {
                assert!(via.authorization.iter().all(|value| value.is_sensitive()));
                let auth = via.authorization.as_ref().map(|value| value.to_str().unwrap());
                format!("{} {}", via.origin, auth.unwrap_or_default())
            }
            Err(error) => {
                assert!(!format!("{error:?}").contains("secret"), "{error:?}");
                format!("error  {error}")
            }
        };
        shown.trim_end().to_owned()
    }

    #[test]
    fn the_environment_names_proxies_as_for_curl() {
        let http = "http://a.test/";
        let https = "https://a.test/";
        let rows: &[(&[(&str, &str)], &str)] = &[
            (&[], https),
            (&[("https_proxy", "http://p:1")], https),
            (&[("https_proxy", "http://p:1")], http),
            (&[("HTTPS_PROXY", "http://p:1")], https),
            (&[("https_proxy", "http://p:1"), ("HTTPS_PROXY", "http://q:1")], https),
            (&[("http_proxy", "http://p:1")], http),
            (&[("http_proxy", "http://p:1")], https),
            // Of a request, where this runs as CGI.
            (&[("HTTP_PROXY", "http://p:1")], http),
            (&[("ALL_PROXY", "http://p:1")], http),
            (&[("ALL_PROXY", "http://p:1")], https),
            (&[("https_proxy", ""), ("ALL_PROXY", "http://p:1")], https),
            (&[("https_proxy", "p:1")], https),
            (&[("https_proxy", "user:secret@p:1/")], https),
            (&[("https_proxy", "https://us%20er:p%40ss@p")], https),
            (&[("https_proxy", "socks5://user:secret@p:1")], https),
            (&[("https_proxy", "user:secret@")], https),
            (&[("https_proxy", "ftp://secret")], https),
            (&[("https_proxy", "ftp://secret")], http),
        ];
        let mut table = String::new();
        for (environment, url) in rows {
            let way = way(&Wanted::Environment, None, environment, url);
            table +=
                &format!("{} {environment:?}\n    {way}\n", url.trim_end_matches("://a.test/"));
        }
        expect![[r#"
            https []
                direct
            https [("https_proxy", "http://p:1")]
                http://p:1
            http [("https_proxy", "http://p:1")]
                direct
            https [("HTTPS_PROXY", "http://p:1")]
                http://p:1
            https [("https_proxy", "http://p:1"), ("HTTPS_PROXY", "http://q:1")]
                http://p:1
            http [("http_proxy", "http://p:1")]
                http://p:1
            https [("http_proxy", "http://p:1")]
                direct
            http [("HTTP_PROXY", "http://p:1")]
                direct
            http [("ALL_PROXY", "http://p:1")]
                http://p:1
            https [("ALL_PROXY", "http://p:1")]
                http://p:1
            https [("https_proxy", ""), ("ALL_PROXY", "http://p:1")]
                direct
            https [("https_proxy", "p:1")]
                http://p:1
            https [("https_proxy", "user:secret@p:1/")]
                http://p:1 Basic dXNlcjpzZWNyZXQ=
            https [("https_proxy", "https://us%20er:p%40ss@p")]
                https://p Basic dXMgZXI6cEBzcw==
            https [("https_proxy", "socks5://user:secret@p:1")]
                error  a proxy of scheme `socks5` cannot be used to reach https://a.test; name one that starts with http:// or https://, or except the host in `NO_PROXY`
            https [("https_proxy", "user:secret@")]
                error  https_proxy is not the URL of a proxy, such as http://proxy:3128
            https [("https_proxy", "ftp://secret")]
                error  https_proxy is not the URL of a proxy, such as http://proxy:3128
            http [("https_proxy", "ftp://secret")]
                direct
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn what_is_excepted_is_reached_directly() {
        let hosts = [
            "a.test",
            "b.a.test",
            "ba.test",
            "10.1.2.3",
            "11.1.2.3",
            "[fd00::1]",
            // These never need to be named.
            "localhost",
            "LOCALHOST:8443",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]",
        ];
        for list in ["a.test, 10.0.0.0/8", "*.a.test,fd00::1", "b.test, *", ""] {
            let environment =
                [("https_proxy", "http://p:1"), ("no_proxy", list), ("NO_PROXY", "*")];
            let direct = hosts.iter().filter(|host| {
                let url = format!("https://{host}/");
                let by_environment = way(&Wanted::Environment, None, &environment, &url);
                // An option says the same, whatever the environment says.
                let by_option = way(&Wanted::Environment, Some(list), &environment[..1], &url);
                assert_eq!(by_environment, by_option, "{url}");
                by_environment == "direct"
            });
            let direct: Vec<_> = direct.copied().collect();
            let (named, always) = direct.split_at(direct.len() - 5);
            assert_eq!(always, &hosts[6..], "{list}");
            let expected: &[&str] = match list {
                "b.test, *" => &hosts[..6],
                "" => &[],
                "*.a.test,fd00::1" => &["a.test", "b.a.test", "[fd00::1]"],
                _ => &["a.test", "b.a.test", "10.1.2.3"],
            };
            assert_eq!(named, expected, "{list}");
        }
    }

    #[test]
    fn an_option_overrides_the_environment() {
        let environment = [("ALL_PROXY", "http://p:1")];
        let (http, https) = ("http://a.test/", "https://a.test/");
        let url = Wanted::Url("http://q:2".into());
        assert_eq!(way(&url, None, &environment, https), "http://q:2");
        assert_eq!(way(&url, None, &environment, http), "http://q:2");
        assert_eq!(way(&url, Some("a.test"), &environment, https), "direct");
        assert_eq!(way(&Wanted::Direct, None, &environment, https), "direct");
        let broken = Wanted::Url("secret@".into());
        let error = way(&broken, None, &environment, "http://localhost");
        expect!["error  the option `proxy` is not the URL of a proxy, such as http://proxy:3128"]
            .assert_eq(&error);
        let shown = format!("{:?}", Wanted::Url("http://user:secret@p".into()));
        assert!(!shown.contains("secret"), "{shown}");
    }
}
