//! Redirect URIs: which may be registered, and which of them a request names.

/// Whether a request may name this URI, where a client has registered that one.
///
/// Byte for byte; but a native application that listens on a loopback address gets its port from the system each time:
///
/// > The authorization server MUST allow any port to be specified at the time of the request for loopback IP redirect
/// > URIs.
///
/// [RFC 8252, section 7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3). `localhost` is a name, not an address.
pub(crate) fn matches(registered: &str, named: &str) -> bool {
    if registered == named {
        return true;
    }
    match (without_port(registered), without_port(named)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// A URI of a loopback address, taken apart at its port.
fn without_port(uri: &str) -> Option<(&str, &str)> {
    for host in LOOPBACK {
        let Some(rest) = uri.strip_prefix(host) else { continue };
        let rest = match rest.strip_prefix(':') {
            None => rest,
            Some(rest) => {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let (port, rest) = rest.split_at(end);
                port.parse::<u16>().ok()?;
                rest
            }
        };
        return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest));
    }
    None
}

const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// What sort of application a redirect URI belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sort {
    /// https, somewhere else.
    Web,
    /// http on this machine.
    Loopback,
    /// A scheme of its own, which holds a dot (RFC 8252, section 7.1).
    OwnScheme,
}

/// The sort of a redirect URI, or what is wrong with it.
pub(crate) fn sort(uri: &str) -> Result<Sort, String> {
    let wrong = |what: &str| Err(format!("redirect URI {uri} {what}"));
    if uri.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return wrong("has characters that must be percent-encoded");
    }
    if uri.contains('#') {
        return wrong("has a fragment");
    }
    if uri.contains('*') {
        return wrong("has a wildcard, and none is expanded");
    }
    let Some((scheme, rest)) = uri.split_once(':') else {
        return wrong("is not absolute");
    };
    let scheme = scheme.to_ascii_lowercase();
    let authority = rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or(""));
    if authority.is_some_and(|authority| authority.contains('@')) {
        return wrong("names a user");
    }
    let host = authority.map(host_of).filter(|host| !host.is_empty());
    match (scheme.as_str(), host) {
        ("https" | "http", None) => wrong("has no host"),
        ("https", Some(_)) => Ok(Sort::Web),
        ("http", Some("127.0.0.1" | "[::1]" | "localhost")) => Ok(Sort::Loopback),
        ("http", Some(_)) => wrong("is of http but not of this machine; use https"),
        (scheme, _) if scheme.contains('.') => Ok(Sort::OwnScheme),
        _ => wrong("has a scheme that is not that of an application, such as com.example.app"),
    }
}

fn host_of(authority: &str) -> &str {
    match authority.find(']') {
        Some(end) if authority.starts_with('[') => &authority[..=end],
        _ => authority.split(':').next().unwrap_or(authority),
    }
}

#[cfg(test)]
mod tests {
    use super::{Sort, matches, sort};

    #[test]
    fn redirects_match_byte_for_byte_but_for_the_port_of_a_loopback_address() {
        let rows = [
            ("https://app.example/cb", "https://app.example/cb", true),
            ("https://app.example/cb", "https://app.example/cb/", false),
            ("https://app.example/cb", "https://app.example/cb?x=1", false),
            ("https://app.example/cb", "https://APP.example/cb", false),
            ("https://app.example/cb", "https://app.example:443/cb", false),
            ("https://app.example/cb", "https://app.example:8443/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:50001/cb", true),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:50001/cb", true),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1/cb", true),
            ("http://127.0.0.1:3000", "http://127.0.0.1:50001", true),
            ("http://[::1]:3000/cb", "http://[::1]:9/cb", true),
            ("http://127.0.0.1:3000/cb", "http://[::1]:3000/cb", false),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:50001/other", false),
            ("http://127.0.0.1:3000/cb", "https://127.0.0.1:50001/cb", false),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:99999/cb", false),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:/cb", false),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1:1@evil.example/cb", false),
            ("http://127.0.0.1:3000/cb", "http://127.0.0.1.evil.example/cb", false),
            ("http://localhost:3000/cb", "http://localhost:50001/cb", false),
            ("http://localhost:3000/cb", "http://127.0.0.1:3000/cb", false),
        ];
        for (registered, named, same) in rows {
            assert_eq!(matches(registered, named), same, "{registered} {named}");
        }
    }

    #[test]
    fn each_sort_of_redirect() {
        let rows = [
            ("https://app.example/cb", Some(Sort::Web)),
            ("https://localhost/cb", Some(Sort::Web)),
            ("http://127.0.0.1:3000/cb", Some(Sort::Loopback)),
            ("http://[::1]/cb", Some(Sort::Loopback)),
            ("http://localhost/cb", Some(Sort::Loopback)),
            ("com.example.app:/cb", Some(Sort::OwnScheme)),
            ("http://app.example/cb", None),
            ("http://localhost.evil.example/cb", None),
            ("http://127.0.0.1@evil.example/cb", None),
            ("https://user@app.example/cb", None),
            ("https:///cb", None),
            ("https://app.example/cb#x", None),
            ("https://app.example/*", None),
            ("https://app.example/a b", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("cursor:/cb", None),
            ("/cb", None),
        ];
        for (uri, expected) in rows {
            assert_eq!(sort(uri).ok(), expected, "{uri}: {:?}", sort(uri));
        }
    }
}
