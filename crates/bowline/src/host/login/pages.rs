//! What a person sees. Static HTML without scripts, styles or pictures; texts of others are never markup.

use super::text::shown;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

/// What a person is told before being sent away.
pub(super) struct Consent<'a> {
    /// What the caller's program calls itself, if it says anything.
    pub(super) program: Option<&'a str>,
    /// The caller, as the endpoint knows him.
    pub(super) caller: &'a str,
    /// The server, as the host calls it.
    pub(super) server: &'a str,
    /// Where the server is.
    pub(super) url: &'a str,
    /// The authorization server.
    pub(super) issuer: &'a str,
    /// Who we are there.
    pub(super) client: &'a str,
    pub(super) scopes: &'a [String],
    /// Where the browser comes back to.
    pub(super) redirect: &'a str,
}

/// Hidden fields of a form.
pub(super) type Fields<'a> = &'a [(&'a str, &'a str)];

/// Who are you?
pub(super) fn who(server: &str, action: &str, fields: Fields<'_>, wants_token: bool) -> Page {
    let server = shown(server);
    let how = if wants_token {
        "<p>First show who you are: enter the token that you use this endpoint with.</p>\n\
         <p><label>Token: <input type=\"password\" name=\"token\" autocomplete=\"off\" required></label></p>"
    } else {
        "<p>First show who you are: you will be asked to log in to this endpoint.</p>"
    };
    Page::new(
        StatusCode::OK,
        "Log in",
        &format!(
            "<p>Somebody who uses this endpoint wants to log in to the server <b>{server}</b>. If it was not you who \
             started this just now, close this page: somebody else may have sent it to you.</p>\n{}",
            form(action, fields, how, &[("go", "Continue")])
        ),
    )
}

/// What is asked for, and by whom?
pub(super) fn consent(what: &Consent<'_>, action: &str, fields: Fields<'_>) -> Page {
    let program = match what.program {
        Some(name) => {
            format!("a program that calls itself <b>{}</b>, working for you", shown(name))
        }
        None => "a program that works for you".to_owned(),
    };
    let scopes = if what.scopes.is_empty() {
        "<li>whatever it grants without being asked for anything in particular</li>".to_owned()
    } else {
        what.scopes.iter().map(|scope| format!("<li><code>{}</code></li>", shown(scope))).collect()
    };
    let rows = [
        ("Server", what.server),
        ("at", what.url),
        ("Authorization server", what.issuer),
        ("We are known there as", what.client),
        ("It sends you back to", what.redirect),
        ("For the caller", what.caller),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd><code>{}</code></dd>\n", shown(value)))
        .collect();
    Page::new(
        StatusCode::OK,
        "Allow this login?",
        &format!(
            "<p>The login is for {program}. It will be kept here, and used for your calls only.</p>\n<dl>\n{rows}</dl>\n\
             <p>It is asked for:</p>\n<ul>{scopes}</ul>\n{}",
            form(action, fields, "", &[("allow", "Allow"), ("deny", "Do not allow")])
        ),
    )
}

/// Away to an authorization server. A page rather than a redirect: where forms may lead is restricted, and would have to
/// name every place that this leads through.
pub(super) fn away(url: &str) -> Page {
    let url = full(url);
    Page::with_head(
        StatusCode::OK,
        "One moment",
        &format!("<meta http-equiv=\"refresh\" content=\"0;url={url}\">\n"),
        &format!("<p><a href=\"{url}\" rel=\"noreferrer\">Go on</a></p>"),
    )
}

/// It is done.
pub(super) fn done(server: &str) -> Page {
    let text = format!(
        "<p>You are logged in to <b>{}</b>. You can close this page, and go on where you were.</p>",
        shown(server)
    );
    Page::new(StatusCode::OK, "Logged in", &text)
}

/// It will not be done.
pub(super) fn denied(server: &str) -> Page {
    let text =
        format!("<p>Nothing was asked of <b>{}</b>. You can close this page.</p>", shown(server));
    Page::new(StatusCode::OK, "Not logged in", &text)
}

/// It cannot be done; `why` is ours, in words, or a peer's.
pub(super) fn refused(status: StatusCode, why: &str) -> Page {
    Page::new(status, "This does not work", &format!("<p>{}</p>", shown(why)))
}

fn form(action: &str, fields: Fields<'_>, inside: &str, buttons: &[(&str, &str)]) -> String {
    let fields: String = fields
        .iter()
        .map(|(name, value)| {
            let value = shown(value);
            format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">\n")
        })
        .collect();
    let buttons: String = buttons
        .iter()
        .map(|(value, text)| {
            format!("<button type=\"submit\" name=\"answer\" value=\"{value}\">{text}</button>\n")
        })
        .collect();
    let action = full(action);
    format!(
        "<form method=\"post\" action=\"{action}\">\n{fields}{inside}\n<p>{buttons}</p>\n</form>"
    )
}

/// A whole URL in an attribute.
fn full(url: &str) -> String {
    url.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// A page, and what a browser is to keep.
#[derive(Debug)]
pub(super) struct Page {
    status: StatusCode,
    html: String,
    cookies: Vec<String>,
}

impl Page {
    fn new(status: StatusCode, title: &str, body: &str) -> Self {
        Self::with_head(status, title, "", body)
    }

    fn with_head(status: StatusCode, title: &str, head: &str, body: &str) -> Self {
        let html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n{head}<title>{title}</title>\n</head>\n\
             <body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
        );
        Self { status, html, cookies: Vec::new() }
    }

    pub(super) fn cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    pub(super) fn into_response(self) -> Response<Bytes> {
        let mut response = response(self.status, "text/html; charset=utf-8", self.html);
        for cookie in self.cookies {
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        response
    }
}

/// A response with what keeps others from showing, changing or remembering it.
pub(super) fn response(
    status: StatusCode,
    media_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    for (name, value) in GUARDS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// The ticket stands in the URL of a page, which nobody else is to be told. Forms are told whose they are by the header
/// `Origin`, which browsers leave out where no referrer is sent at all.
const GUARDS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
    ("x-robots-tag", "noindex"),
];
