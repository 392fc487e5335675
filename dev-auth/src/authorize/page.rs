//! The pages, which run nothing.

use crate::answer;
use crate::books::Login;
use crate::client::Client;
use crate::refusal::Refusal;
use axum::response::Response;
use http::StatusCode;
use std::fmt::Write;

/// What a person must see before they say yes.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) client: &'a Client,
    pub(crate) redirect_uri: &'a str,
    pub(crate) login: &'a Login,
    pub(crate) users: &'a [String],
}

/// The page that asks.
pub(crate) fn asking(shown: &Shown<'_>, action: &str, ticket: &str) -> String {
    let Shown { client, redirect_uri, login, users } = shown;
    let mut rows = String::new();
    let mut row = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = write!(rows, "<dt>{name}</dt><dd>{}</dd>", escaped(value));
    };
    row("Client", &client.client_id);
    row("Goes back to", redirect_uri);
    row("Scopes", &login.scopes.join(" "));
    row("For", &login.resources.join(" "));
    let mut choices = String::new();
    for (at, user) in users.iter().enumerate() {
        let (user, checked) = (escaped(user), if at == 0 { " checked" } else { "" });
        let _ = write!(
            choices,
            "<label><input type=\"radio\" name=\"user\" value=\"{user}\"{checked}> {user}</label>"
        );
    }
    let name = escaped(client.shown_name());
    let (action, ticket) = (escaped(action), escaped(ticket));
    document(
        "Let it in?",
        &format!(
            "<h1>Let {name} in?</h1><dl>{rows}</dl>\
             <form method=\"post\" action=\"{action}\">\
             <input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\
             <fieldset><legend>You are</legend>{choices}</fieldset>\
             <button name=\"decision\" value=\"approve\">Yes</button> \
             <button name=\"decision\" value=\"deny\">No</button></form>"
        ),
    )
}

/// The page that says what was wrong, where no client can be told.
pub(crate) fn refused(refusal: &Refusal) -> Response {
    let (kind, description) = (refusal.kind.name(), escaped(&refusal.description));
    let html = document("Refused", &format!("<h1>{kind}</h1><p>{description}</p>"));
    answer::page(StatusCode::BAD_REQUEST, html)
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}}\
         dd{{overflow-wrap:anywhere}}label{{display:block}}</style></head><body>{body}</body></html>"
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Nothing may reorder what is read, or hide some of it.
            c if c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                let _ = write!(safe, "{}", c.escape_unicode());
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_of_a_client_is_markup() {
        assert_eq!(escaped("<b a=\"'&'\">"), "&lt;b a=&quot;&#39;&amp;&#39;&quot;&gt;");
        assert_eq!(escaped("a\u{202e}b\n"), "a\\u{202e}b\\u{a}");
    }
}
