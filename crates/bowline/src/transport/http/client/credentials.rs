//! Headers that only their server may see.

use super::origin::Origin;
use crate::error::{Error, Result};
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// Headers that only the server they are for may see.
///
/// `Debug` shows their names.
#[derive(Clone, Default)]
pub struct Credentials(HeaderMap);

impl Credentials {
    /// No credentials.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a header; it takes the place of one with the same name, also of one in the request.
    #[must_use]
    pub fn header(mut self, name: HeaderName, mut value: HeaderValue) -> Self {
        value.set_sensitive(true);
        self.0.insert(name, value);
        self
    }

    /// Adds `Authorization: Bearer` with a token.
    ///
    /// # Errors
    /// The token has characters that no header can carry.
    pub fn bearer(self, token: &str) -> Result<Self> {
        let value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            // The error of the conversion is left out: nobody knows what it shows.
            Error::invalid("the token has characters in it that no header can carry")
        })?;
        Ok(self.header(AUTHORIZATION, value))
    }

    /// Puts them into the headers of a request.
    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.0 {
            headers.insert(name, value.clone());
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys().map(HeaderName::as_str)).finish()
    }
}

/// Checks the headers of a request, and marks what is a credential by its name, whoever added it: it is never kept in
/// tables of HTTP/2, nor shown by `Debug`.
///
/// # Errors
/// Names the header: it belongs to the connection, and said twice would let a server see other requests than were
/// sent; or it is a credential, and not `everywhere` may they be sent where the way there can be listened to.
pub(super) fn guard(headers: &mut HeaderMap, origin: &Origin, everywhere: bool) -> Result<()> {
    let may_be_heard = !everywhere && !origin.secure && !origin.is_loopback();
    for (name, value) in headers {
        match name.as_str() {
            "authorization" | "cookie" => value.set_sensitive(true),
            "connection"
            | "content-length"
            | "host"
            | "keep-alive"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade" => {
                return Err(Error::invalid(format!(
                    "header `{name}` belongs to the connection and cannot be set; leave it out"
                )));
            }
            _ => {}
        }
        if may_be_heard && value.is_sensitive() {
            return Err(Error::invalid(format!(
                "header `{name}` is a credential, and everybody on the way to {origin} could read it; use https, \
                 or `dangerously_allow_credentials_over_http`"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Credentials, guard};
    use crate::transport::http::client::origin::Origin;
    use http::HeaderValue;
    use http::header::{HeaderMap, HeaderName};

    #[test]
    fn debug_shows_names_and_no_values() {
        let credentials = Credentials::none()
            .header(HeaderName::from_static("x-api-key"), HeaderValue::from_static("canary"))
            .bearer("canary")
            .unwrap();
        assert_eq!(format!("{credentials:?}"), r#"{"x-api-key", "authorization"}"#);
        let mut headers = HeaderMap::new();
        credentials.add_to(&mut headers);
        assert!(!format!("{headers:?}").contains("canary"));
        let error = Credentials::none().bearer("canary\n").unwrap_err();
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn credentials_go_over_https_or_stay_on_this_machine() {
        let own = |name| Credentials::none().header(name, HeaderValue::from_static("canary"));
        let kinds = ["authorization", "cookie", "x-api-key"].map(HeaderName::from_static);
        let places = [
            ("https://a.test", true),
            ("http://localhost:8080", true),
            ("http://127.0.0.1", true),
            ("http://127.255.0.1", true),
            ("http://[::1]:1", true),
            ("http://a.test", false),
            ("http://a.test:443", false),
            ("http://localhost.a.test", false),
            ("http://192.168.0.1", false),
        ];
        for (url, allowed) in places {
            let origin = Origin::of(&url.parse().unwrap()).unwrap();
            for kind in &kinds {
                let mut headers = HeaderMap::new();
                own(kind.clone()).add_to(&mut headers);
                let result = guard(&mut headers, &origin, false);
                assert_eq!(result.is_ok(), allowed, "{kind} to {url}");
                if let Err(error) = result {
                    let text = format!("{error:?}");
                    assert!(text.contains(kind.as_str()) && !text.contains("canary"), "{text}");
                }
            }
            // A header that is no secret goes everywhere.
            let mut plain = HeaderMap::new();
            plain.insert("x-trace", HeaderValue::from_static("1"));
            assert!(guard(&mut plain, &origin, false).is_ok(), "{url}");
        }
    }

    #[test]
    fn authorization_and_cookie_are_credentials_whoever_adds_them() {
        let origin = Origin::of(&"http://a.test".parse().unwrap()).unwrap();
        for name in ["authorization", "cookie"] {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::from_static("canary"));
            assert!(guard(&mut headers, &origin, false).is_err(), "{name}");
        }
    }
}
