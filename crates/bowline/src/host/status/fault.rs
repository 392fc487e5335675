//! What went wrong, fit to be shown to whoever may see the status.

use crate::error::Error;
use crate::layer::trace::redact::{REDACTED, is_secret};
use serde::Serialize;
use std::time::Duration;

/// What went wrong, and how long ago.
///
/// Errors have text of servers in them, the end of their standard error for one. So of a message only the beginning is
/// kept, on one line, with what could steer a terminal as an escape. What is known to be secret is replaced in it, and
/// what looks secret: values whose name says so (`password=…`, `"apiKey": …`, `--token …`, `Authorization: …`), what
/// follows `Bearer` and `Basic`, of URLs users, queries and fragments, and long words in which letters and digits mix,
/// as in keys and identifiers of sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// One line of at most 300 characters.
    pub message: String,
    /// How long ago.
    #[serde(rename = "secondsAgo", serialize_with = "super::seconds")]
    pub ago: Duration,
}

impl Fault {
    /// An error that was met so long ago, for everybody who must not know these secrets.
    ///
    /// A secret of less than six characters is not looked for: it would be found everywhere.
    #[must_use]
    pub fn new<'a>(
        error: &Error,
        ago: Duration,
        secrets: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut text = error.to_string();
        for secret in secrets {
            if secret.len() >= SHORTEST {
                text = text.replace(secret, REDACTED);
            }
        }
        Self { message: shown(&text), ago }
    }
}

/// Bytes of a secret below which it is not looked for.
const SHORTEST: usize = 6;

/// How much of a message is looked at, in bytes, and how much is shown, in characters.
const READ: usize = 4096;
const SHOWN: usize = 300;

/// How a text begins, on one line, without what looks secret, and with what could steer a terminal as escapes.
fn shown(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(READ)];
    let mut line = String::with_capacity(text.len().min(2 * SHOWN));
    let mut before = Before::Nothing;
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        before = push(&mut line, word, before);
    }
    let mut shown = String::with_capacity(line.len().min(2 * SHOWN));
    let mut room = SHOWN;
    for character in line.chars() {
        let escape = match character {
            '"' | '\'' | '\\' => None,
            _ => Some(character.escape_debug()),
        };
        let width = escape.as_ref().map_or(1, ExactSizeIterator::len);
        if width >= room {
            shown.push('…');
            break;
        }
        room -= width;
        match escape {
            Some(escape) => shown.extend(escape),
            None => shown.push(character),
        }
    }
    shown
}

/// What the words before a word say of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    /// A scheme of authorization: a secret, unless it is an ordinary word.
    Scheme,
    /// The name of a secret, whose value follows if this is `=` or `:`.
    Name,
    /// That it is a secret.
    Secret,
    /// That it goes on with a secret, which ends with this quote.
    Quoted(char),
    /// A header that is secret, with all words of it.
    Header,
}

/// Adds a word without what looks secret in it; tells what it says of the next.
fn push(line: &mut String, word: &str, before: Before) -> Before {
    match before {
        // Of a secret in many words one sign is enough.
        Before::Quoted(_) | Before::Header => {
            line.pop();
            match before {
                Before::Quoted(quote) if word.contains(quote) => Before::Nothing,
                _ => before,
            }
        }
        Before::Name | Before::Secret if matches!(word, "=" | ":" | ":=" | "=>") => {
            line.push_str(word);
            Before::Secret
        }
        Before::Secret => push_secret(line, word, ""),
        Before::Scheme if !is_ordinary(word) => push_secret(line, word, ""),
        Before::Scheme | Before::Name | Before::Nothing => push_any(line, word),
    }
}

/// Whether it is a word of a sentence.
fn is_ordinary(word: &str) -> bool {
    let word = word.trim_end_matches(|c: char| c.is_ascii_punctuation());
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Adds a sign in place of a value, and tells whether it goes on with the next word. `marks` stand before it.
fn push_secret(line: &mut String, value: &str, marks: &str) -> Before {
    line.push_str(REDACTED);
    let quotes = ['"', '\'', '`'];
    let bare = value.trim_start_matches(quotes);
    let opened = value.chars().next().filter(|first| quotes.contains(first));
    match opened.or_else(|| marks.chars().next_back().filter(|mark| quotes.contains(mark))) {
        Some(quote) if !bare.contains(quote) => Before::Quoted(quote),
        _ => Before::Nothing,
    }
}

/// Adds a word of which nothing is known from those before it.
fn push_any(line: &mut String, word: &str) -> Before {
    let url = word.find("://");
    if let Some((begin, end)) = secret_name(word)
        && url.is_none_or(|url| begin < url)
    {
        let (name, rest) = (&word[begin..end], &word[end..]);
        push_parts(line, &word[..begin]);
        line.push_str(name);
        let value = rest.trim_start_matches(['"', '\'', '`', '=', ':', '>']);
        let marks = &rest[..rest.len() - value.len()];
        line.push_str(marks);
        let lower = name.to_ascii_lowercase();
        let is_header = lower.ends_with("authorization") || lower.ends_with("cookie");
        return match value {
            "" if is_header => {
                line.push(' ');
                line.push_str(REDACTED);
                // What stands in place of the next word is there already.
                Before::Header
            }
            "" => Before::Secret,
            _ => match push_secret(line, value, marks) {
                _ if is_header => Before::Header,
                before => before,
            },
        };
    }
    match url {
        Some(at) => push_url(line, &word[..at], &word[at + 3..]),
        None => push_parts(line, word),
    }
    let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    if bare.eq_ignore_ascii_case("bearer") || bare.eq_ignore_ascii_case("basic") {
        Before::Scheme
    } else if !is_secret(word) {
        Before::Nothing
    } else if word.starts_with("--") {
        Before::Secret
    } else {
        Before::Name
    }
}

/// Where in a word the name of a secret begins and ends that `=` or `:` follow, maybe behind a quote.
fn secret_name(word: &str) -> Option<(usize, usize)> {
    word.match_indices(['=', ':']).find_map(|(at, _)| {
        let named = word[..at].trim_end_matches(['"', '\'', '`']);
        let of_a_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
        let begin = named.trim_end_matches(of_a_name).len();
        is_secret(&named[begin..]).then_some((begin, named.len()))
    })
}

/// Adds a URL without user, query and fragment.
fn push_url(line: &mut String, scheme: &str, rest: &str) {
    push_parts(line, scheme);
    line.push_str("://");
    let (place, more) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    // A password may have a slash in it, whatever it should have.
    match place.rsplit_once('@') {
        Some((_, place)) => {
            line.push_str(REDACTED);
            line.push('@');
            push_parts(line, place);
        }
        None => push_parts(line, place),
    }
    if let Some(mark) = more.chars().next() {
        line.push(mark);
        line.push_str(REDACTED);
    }
}

/// Adds a word without the parts of it that look like keys.
fn push_parts(line: &mut String, word: &str) {
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|c| !of_a_key(c)).unwrap_or(rest.len());
        let (part, more) = rest.split_at(end);
        line.push_str(if is_key(part) { REDACTED } else { part });
        let next = more.find(of_a_key).unwrap_or(more.len());
        line.push_str(&more[..next]);
        rest = &more[next..];
    }
}

fn of_a_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-+=~".contains(c)
}

/// Whether it is long, and letters mix with digits, or capitals with small ones, within one part of it. Names with
/// versions and dates are apart at their hyphens.
fn is_key(part: &str) -> bool {
    const LONG: usize = 20;
    let mixes = |piece: &str| {
        let has = |is: fn(&u8) -> bool| piece.as_bytes().iter().any(is);
        let letters = has(u8::is_ascii_alphabetic);
        let digits = has(u8::is_ascii_digit);
        let cases = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
        (piece.len() >= 4 && letters && digits) || (piece.len() >= LONG && cases)
    };
    part.len() >= LONG && part.split(['-', '_']).any(mixes)
}
