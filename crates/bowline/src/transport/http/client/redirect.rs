//! Where a response sends its request next, if anywhere.

use super::origin::Origin;
use crate::error::{Error, Result};
use http::header::{HeaderMap, LOCATION};
use http::{Method, StatusCode, Uri};

/// Redirects followed by one request.
pub(super) const MOST: usize = 3;

/// The URL to send the same request to again; `None` when the response is the answer.
///
/// # Errors
/// The redirect leads to another origin or nowhere, or the request cannot be sent again as it is.
pub(super) fn next(
    from: &Uri,
    method: &Method,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Uri>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let origin = Origin::of(from)?;
    let mut locations = headers.get_all(LOCATION).iter();
    let (Some(location), None) = (locations.next(), locations.next()) else {
        return Err(Error::invalid(format!(
            "{origin} redirects ({status}) without saying to which one place; check the URL"
        )));
    };
    let to = location.to_str().ok().and_then(|location| resolve(from, location));
    let Some(to) = to else {
        return Err(Error::invalid(format!(
            "{origin} redirects ({status}) to what is no URL; check the URL"
        )));
    };
    let target = Origin::of(&to).map_err(|error| {
        Error::invalid(format!("{origin} redirects to where nothing is sent")).because(error)
    })?;
    if target != origin {
        // Headers and body are meant for one origin: another one sees nothing of them.
        return Err(Error::invalid(format!(
            "{origin} redirects to another origin, {target}; if that is the right one, use its URL"
        )));
    }
    if !same_request(status, method) {
        return Err(Error::invalid(format!(
            "{origin} redirects a {method} with {status}, which would make it a GET without its body; \
             use the URL that it leads to"
        )));
    }
    Ok(Some(to))
}

/// Whether the request may be sent again with its method and body. Of 301 and 302 clients disagree, so only what is
/// the same either way passes.
fn same_request(status: StatusCode, method: &Method) -> bool {
    matches!(status.as_u16(), 307 | 308) || *method == Method::GET || *method == Method::HEAD
}

/// Resolves a reference against a URL ([RFC 3986, section 5.2](https://www.rfc-editor.org/rfc/rfc3986#section-5.2)).
pub(crate) fn resolve(base: &Uri, reference: &str) -> Option<Uri> {
    let reference = reference.split('#').next().unwrap_or_default();
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    if has_scheme(reference) {
        return reference.parse().ok();
    }
    if let Some(rest) = reference.strip_prefix("//") {
        return format!("{scheme}://{rest}").parse().ok();
    }
    let (path, query) = match reference.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (reference, None),
    };
    let (path, query) = if path.is_empty() {
        (base.path().to_owned(), query.or_else(|| base.query()))
    } else if path.starts_with('/') {
        (without_dots(path), query)
    } else {
        let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        (without_dots(&format!("{folder}/{path}")), query)
    };
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}://{authority}{path}{query}").parse().ok()
}

/// Whether a reference starts with a scheme: `letters:` before anything of a path.
fn has_scheme(reference: &str) -> bool {
    let end = reference.find([':', '/', '?']).unwrap_or(reference.len());
    reference[end..].starts_with(':')
}

/// Removes `.` and `..` from an absolute path.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut rest = path.split('/').skip(1).peekable();
    while let Some(segment) = rest.next() {
        let last = rest.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            segment => {
                kept.push(segment);
                continue;
            }
        }
        // `a/.` and `a/..` end in a slash.
        if last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::{next, resolve};
    use expect_test::expect;
    use http::header::{HeaderMap, LOCATION};
    use http::{Method, StatusCode};

    fn redirect(method: &Method, status: u16, locations: &[&str]) -> String {
        let from = "https://a.test/mcp?key=secret".parse().unwrap();
        let mut headers = HeaderMap::new();
        for location in locations {
            headers.append(LOCATION, location.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        match next(&from, method, status, &headers) {
            Ok(None) => "answer".to_owned(),
            Ok(Some(to)) => format!("follow {to}"),
            Err(error) => {
                assert!(error.is_invalid());
                assert!(!format!("{error:?}").contains("secret"), "{error:?}");
                format!("error  {error}")
            }
        }
    }

    #[test]
    fn only_redirects_within_the_origin_that_keep_the_request_are_followed() {
        let mut table = String::new();
        for status in [200, 300, 301, 302, 303, 304, 305, 307, 308] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let line = redirect(&method, status, &["/new"]);
                table += &format!("{status} {:6} {line}\n", method.as_str());
            }
        }
        expect![[r#"
            200 GET    answer
            200 POST   answer
            200 DELETE answer
            300 GET    answer
            300 POST   answer
            300 DELETE answer
            301 GET    follow https://a.test/new
            301 POST   error  https://a.test redirects a POST with 301 Moved Permanently, which would make it a GET without its body; use the URL that it leads to
            301 DELETE error  https://a.test redirects a DELETE with 301 Moved Permanently, which would make it a GET without its body; use the URL that it leads to
            302 GET    follow https://a.test/new
            302 POST   error  https://a.test redirects a POST with 302 Found, which would make it a GET without its body; use the URL that it leads to
            302 DELETE error  https://a.test redirects a DELETE with 302 Found, which would make it a GET without its body; use the URL that it leads to
            303 GET    follow https://a.test/new
            303 POST   error  https://a.test redirects a POST with 303 See Other, which would make it a GET without its body; use the URL that it leads to
            303 DELETE error  https://a.test redirects a DELETE with 303 See Other, which would make it a GET without its body; use the URL that it leads to
            304 GET    answer
            304 POST   answer
            304 DELETE answer
            305 GET    answer
            305 POST   answer
            305 DELETE answer
            307 GET    follow https://a.test/new
            307 POST   follow https://a.test/new
            307 DELETE follow https://a.test/new
            308 GET    follow https://a.test/new
            308 POST   follow https://a.test/new
            308 DELETE follow https://a.test/new
        "#]]
        .assert_eq(&table);
    }

    #[test]
    fn where_a_redirect_may_lead() {
        let rows: &[&[&str]] = &[
            &["https://a.test/new"],
            &["https://A.TEST:443/new"],
            &["//a.test/new"],
            &["?page=2"],
            &["#part"],
            &[""],
            &["http://a.test/new"],
            &["https://a.test:8443/new"],
            &["https://b.test/new?token=secret"],
            &["//b.test/new"],
            &["https://a.test.b.test/"],
            &["https://a.test@b.test/"],
            &["https://secret:secret@a.test/"],
            &["ftp://a.test/"],
            &["javascript:alert(1)"],
            &["data:text/plain,secret"],
            &["\\\\b.test\\new"],
            &["https://a.test:99999/"],
            &["https://"],
            &["https://a.test/\u{e9}"],
            &[],
            &["/one", "/two"],
        ];
        let mut table = String::new();
        for locations in rows {
            let line = redirect(&Method::POST, 307, locations);
            table += &format!("{:36} {line}\n", format!("{locations:?}"));
        }
        expect![[r##"
            ["https://a.test/new"]               follow https://a.test/new
            ["https://A.TEST:443/new"]           follow https://A.TEST:443/new
            ["//a.test/new"]                     follow https://a.test/new
            ["?page=2"]                          follow https://a.test/mcp?page=2
            ["#part"]                            follow https://a.test/mcp?key=secret
            [""]                                 follow https://a.test/mcp?key=secret
            ["http://a.test/new"]                error  https://a.test redirects to another origin, http://a.test; if that is the right one, use its URL
            ["https://a.test:8443/new"]          error  https://a.test redirects to another origin, https://a.test:8443; if that is the right one, use its URL
            ["https://b.test/new?token=secret"]  error  https://a.test redirects to another origin, https://b.test; if that is the right one, use its URL
            ["//b.test/new"]                     error  https://a.test redirects to another origin, https://b.test; if that is the right one, use its URL
            ["https://a.test.b.test/"]           error  https://a.test redirects to another origin, https://a.test.b.test; if that is the right one, use its URL
            ["https://a.test@b.test/"]           error  https://a.test redirects to where nothing is sent
            ["https://secret:secret@a.test/"]    error  https://a.test redirects to where nothing is sent
            ["ftp://a.test/"]                    error  https://a.test redirects to where nothing is sent
            ["javascript:alert(1)"]              error  https://a.test redirects to where nothing is sent
            ["data:text/plain,secret"]           error  https://a.test redirects (307 Temporary Redirect) to what is no URL; check the URL
            ["\\\\b.test\\new"]                  follow https://a.test/\\b.test\new
            ["https://a.test:99999/"]            error  https://a.test redirects to where nothing is sent
            ["https://"]                         error  https://a.test redirects (307 Temporary Redirect) to what is no URL; check the URL
            ["https://a.test/é"]                 error  https://a.test redirects (307 Temporary Redirect) to what is no URL; check the URL
            []                                   error  https://a.test redirects (307 Temporary Redirect) without saying to which one place; check the URL
            ["/one", "/two"]                     error  https://a.test redirects (307 Temporary Redirect) without saying to which one place; check the URL
        "##]]
        .assert_eq(&table);
    }

    #[test]
    fn references_resolve_as_in_rfc_3986() {
        // Section 5.4, without those that keep a fragment or a `;`.
        let base = "http://a/b/c/d?q".parse().unwrap();
        let rows = [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g/"),
            ("?y", "http://a/b/c/d?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("", "http://a/b/c/d?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/../h", "http://a/b/c/h"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/../x", "http://a/b/c/g"),
        ];
        for (reference, expected) in rows {
            assert_eq!(resolve(&base, reference).unwrap().to_string(), expected, "{reference}");
        }
    }
}
