//! Pages that a server wants visited.

use super::{Terminal, form};
use crate::escape;
use bowline::client::Asked;
use bowline::types::input::{ElicitAction, ElicitRequestUrlParams, ElicitResult};
use std::process::{Command, Stdio};

/// Shows who wants what and the whole URL, and opens it only when somebody says yes.
///
/// See [URL mode](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#url-mode-elicitation-requests).
pub(crate) async fn answer(
    terminal: Terminal,
    asked: Asked,
    question: ElicitRequestUrlParams,
) -> ElicitResult {
    let mut turn = terminal.turn().await;
    turn.say(&form::introduction(&asked, &question.message, turn.style));
    let page = match Page::of(&question.url) {
        Ok(page) => page,
        Err(why) => {
            let url = escape::line(&question.url);
            turn.say(&format!("  {url}\ndeclined: the URL {why}"));
            return ElicitResult::new(ElicitAction::Decline);
        }
    };
    let Page { before, host, after } = page;
    let style = turn.style;
    turn.say(&format!("  {before}{}{after}", style.bold(host)));
    turn.say(&format!("  {} {}", style.dim("host:"), style.bold(host)));
    let words = [
        ("yes", Word::Open),
        ("no", Word::Decline),
        ("decline", Word::Decline),
        ("cancel", Word::Cancel),
    ];
    let chosen =
        turn.choose("open it in a browser? yes, no (decline), cancel: ", &words, None).await;
    match chosen {
        Some(Word::Open) => {
            if let Err(error) = open(&question.url) {
                turn.say(&format!("{OPENER} cannot be started ({error}): open the page yourself"));
            }
            ElicitResult::new(ElicitAction::Accept)
        }
        Some(Word::Decline) => ElicitResult::new(ElicitAction::Decline),
        Some(Word::Cancel) | None => ElicitResult::new(ElicitAction::Cancel),
    }
}

#[derive(Clone, Copy)]
enum Word {
    Open,
    Decline,
    Cancel,
}

/// A URL in three parts, of which the one in the middle says whose page it is.
#[derive(Debug, PartialEq)]
struct Page<'a> {
    before: &'a str,
    host: &'a str,
    after: &'a str,
}

impl<'a> Page<'a> {
    /// Takes a URL apart.
    ///
    /// # Errors
    /// Why nobody should open it: what it does.
    fn of(url: &'a str) -> Result<Self, &'static str> {
        let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
        let scheme = ["https://", "http://"].into_iter().find(|scheme| lower.starts_with(scheme));
        let scheme = scheme.ok_or("is neither http nor https")?.len();
        // Browsers take some of these away and others for something else; what one sees is not what they open.
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("has characters that do not belong there");
        }
        if url.contains('\\') {
            return Err("has a backslash, which browsers read as they like");
        }
        let end = url[scheme..].find(['/', '?', '#']).map_or(url.len(), |at| scheme + at);
        let authority = &url[scheme..end];
        if authority.contains('@') {
            return Err("has a user name before its host, which hides whose page it is");
        }
        let host_end = match authority.find(']') {
            Some(bracket) => scheme + bracket + 1,
            None => scheme + authority.find(':').unwrap_or(authority.len()),
        };
        if host_end == scheme {
            return Err("has no host");
        }
        Ok(Self { before: &url[..scheme], host: &url[scheme..host_end], after: &url[host_end..] })
    }
}

/// Hands a URL to the system's browser, as one argument and through no shell.
fn open(url: &str) -> std::io::Result<()> {
    let mut opener = Command::new(OPENER);
    let opener = opener.arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // It goes on as long as it likes; nobody waits for it, and the system reaps it when we are gone.
    opener.spawn().map(drop)
}

const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

#[cfg(test)]
mod tests {
    use super::Page;
    use expect_test::expect;
    use std::fmt::Write;

    #[test]
    fn what_is_shown_is_what_is_opened() {
        let table = [
            "https://example.com/a?b#c",
            "HTTPS://Example.com:8443/x@y",
            "http://[::1]:80/",
            "https://xn--pple-43d.com",
            "https://apple.com@evil.example/",
            "https://apple.com\\@evil.example/",
            "https://аpple.com/",
            "https://example.com/\u{202e}gpj",
            "https://example.com/a b",
            "https://example.com/\u{1b}]8;;",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "--help",
            "https://",
            "https://:80/",
            "",
        ];
        let mut shown = String::new();
        for url in table {
            match Page::of(url) {
                Ok(Page { before, host, after }) => {
                    writeln!(shown, "{before} {host} then {after:?}")
                }
                Err(why) => writeln!(shown, "{url:?} {why}"),
            }
            .unwrap();
        }
        expect![[r#"
            https:// example.com then "/a?b#c"
            HTTPS:// Example.com then ":8443/x@y"
            http:// [::1] then ":80/"
            https:// xn--pple-43d.com then ""
            "https://apple.com@evil.example/" has a user name before its host, which hides whose page it is
            "https://apple.com\\@evil.example/" has a backslash, which browsers read as they like
            "https://аpple.com/" has characters that do not belong there
            "https://example.com/\u{202e}gpj" has characters that do not belong there
            "https://example.com/a b" has characters that do not belong there
            "https://example.com/\u{1b}]8;;" has characters that do not belong there
            "javascript:alert(1)" is neither http nor https
            "file:///etc/passwd" is neither http nor https
            "--help" is neither http nor https
            "https://" has no host
            "https://:80/" has no host
            "" is neither http nor https
        "#]].assert_eq(&shown);
    }
}
