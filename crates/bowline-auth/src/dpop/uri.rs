//! Which URLs are one (RFC 9449 §4.3: "syntax-based normalization" and "scheme-based normalization" of RFC 3986 §6.2).

use super::without_query;
use http::Uri;
use std::fmt::Write;

/// Scheme and host in lower case, no port that the scheme has anyway, no needless escapes; no query and no fragment.
/// None for what is not an absolute HTTP URL, and for one with a name or password in it.
pub(super) fn normal(url: &str) -> Option<String> {
    let uri: Uri = without_query(url).parse().ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let usual = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    let mut normal = format!("{scheme}://{}", authority.host().to_ascii_lowercase());
    if let Some(port) = authority.port_u16().filter(|port| *port != usual) {
        let _ = write!(normal, ":{port}");
    }
    normal.push_str(&path(uri.path()));
    Some(normal)
}

/// The path with escapes in upper case, and without those of characters that need none. Segments `.` and `..` stay: a
/// server that resolves them has done so before.
fn path(path: &str) -> String {
    let mut normal = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        normal.push_str(&rest[..at]);
        let code =
            rest.get(at + 1..at + 3).filter(|digits| digits.bytes().all(|c| c.is_ascii_hexdigit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                normal.push(byte.into())
            }
            Some(byte) => {
                let _ = write!(normal, "%{byte:02X}");
            }
            None => {
                normal.push('%');
                rest = &rest[at + 1..];
                continue;
            }
        }
        rest = &rest[at + 3..];
    }
    normal + rest
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn different_spellings_of_a_url_are_one() {
        let same = [
            "https://example.com/a%20b/c",
            "HTTPS://EXAMPLE.com:443/a%20b/c",
            "https://example.com/a%20b/%63?x=1",
            "https://example.com/a%20b/c#f",
        ];
        for url in same {
            assert_eq!(normal(url).as_deref(), Some("https://example.com/a%20b/c"), "{url}");
        }
        assert_eq!(normal("https://h/%2f%2F%zz%"), normal("https://h/%2F%2f%zz%"));
        assert_eq!(normal("http://[::1]:80/"), normal("http://[::1]"));
    }

    #[test]
    fn other_urls_are_others() {
        let all = [
            "https://example.com/",
            "https://example.com/A",
            "https://example.com/a",
            "https://example.com/a/",
            "https://example.com/a%2Fb",
            "https://example.com/a/b",
            "https://example.com:80/a",
            "http://example.com/a",
            "http://example.com:443/a",
            "https://example.org/a",
        ];
        for (at, left) in all.iter().enumerate() {
            for right in &all[at + 1..] {
                assert_ne!(normal(left), normal(right));
            }
        }
    }

    #[test]
    fn what_is_no_url_of_a_request_is_none() {
        for odd in [
            "",
            "/a",
            "example.com",
            "ftp://example.com/",
            "https://user@example.com/",
            "https://",
            "x y",
        ] {
            assert_eq!(normal(odd), None, "{odd}");
        }
    }
}
