//! The formats that a text in a form can have.

use bowline_types::input::StringFormat;

/// Whether a text has a format; one that nobody knows it has not.
pub fn fits(format: &StringFormat, text: &str) -> bool {
    match format {
        StringFormat::Email => is_email(text),
        StringFormat::Uri => is_uri(text),
        StringFormat::Date => is_date(text),
        StringFormat::DateTime => is_date_time(text),
        _ => false,
    }
}

/// A URI with a scheme: RFC 3986 §3, without a look inside of its authority.
pub(super) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte))
        && rest.split('%').skip(1).all(|escape| {
            escape.len() >= 2 && escape.bytes().take(2).all(|byte| byte.is_ascii_hexdigit())
        })
}

/// An address for mail: a name, `@`, a domain of labels. Letters of every script are allowed.
fn is_email(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let name_char = |c: char| c.is_alphanumeric() || ".!#$%&'*+/=?^_`{|}~-".contains(c);
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !name.is_empty()
        && name.len() <= 64
        && name.split('.').all(|part| !part.is_empty())
        && name.chars().all(name_char)
        && domain.len() <= 253
        && domain.split('.').all(is_label)
}

/// A day: RFC 3339 `full-date`.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let (Some(year), Some(month), Some(day)) =
        (number(&bytes[..4]), number(&bytes[5..7]), number(&bytes[8..]))
    else {
        return false;
    };
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// A moment: RFC 3339 `date-time`.
fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_at_checked(10) else {
        return false;
    };
    let bytes = time.as_bytes();
    if !is_date(date) || bytes.len() < 10 || !matches!(bytes[0], b'T' | b't') {
        return false;
    }
    let (clock, mut rest) = (&bytes[1..9], &bytes[9..]);
    if !is_clock(&clock[..5], 23) || clock[5] != b':' {
        return false;
    }
    // A minute may end with a leap second.
    if number(&clock[6..]).is_none_or(|second| second > 60) {
        return false;
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    match rest {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', offset @ ..] => is_clock(offset, 23),
        _ => false,
    }
}

/// `hh:mm`
fn is_clock(text: &[u8], hours: u32) -> bool {
    text.len() == 5
        && text[2] == b':'
        && number(&text[..2]).is_some_and(|hour| hour <= hours)
        && number(&text[3..]).is_some_and(|minute| minute <= 59)
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::fits;
    use bowline_types::input::StringFormat::{self, Date, DateTime, Email, Uri};

    #[test]
    fn texts_fit_their_formats() {
        let table: [(StringFormat, &[&str], &[&str]); 5] = [
            (
                Email,
                &["a@b", "octocat@github.com", "a.b+c@x-y.example", "jürgen@müller.example"],
                &[
                    "", "@", "a", "a@", "@b", "a b@c", "a@b c", "a@b.", "a@.b", ".a@b", "a..b@c",
                    "a@b@c", "a@-b", "<a@b>",
                ],
            ),
            (
                Uri,
                &[
                    "https://example.com/a?b=c#d",
                    "mailto:a@b",
                    "urn:x:y",
                    "file:///a%20b",
                    "a+b-c.1:x",
                ],
                &[
                    "",
                    "a",
                    "/a/b",
                    "//host",
                    "http:",
                    ":x",
                    "1a:x",
                    "http://a b",
                    "x:%2",
                    "x:%zz",
                    "x:<y>",
                    "http://é",
                ],
            ),
            (
                Date,
                &["2026-07-28", "2024-02-29", "2000-02-29", "0001-12-31"],
                &[
                    "",
                    "2026-7-28",
                    "2026-13-01",
                    "2026-00-01",
                    "2026-02-29",
                    "1900-02-29",
                    "2026-04-31",
                    "2026-07-00",
                    "2026-07-28 ",
                    "２026-07-28",
                    "2026/07/28",
                ],
            ),
            (
                DateTime,
                &[
                    "2026-07-28T12:00:00Z",
                    "2026-07-28t12:00:60z",
                    "2026-07-28T12:00:00.123+05:30",
                    "2026-07-28T00:00:00-00:00",
                ],
                &[
                    "",
                    "2026-07-28",
                    "2026-07-28T12:00Z",
                    "2026-07-28T12:00:00",
                    "2026-07-28 12:00:00Z",
                    "2026-07-28T24:00:00Z",
                    "2026-07-28T12:60:00Z",
                    "2026-07-28T12:00:61Z",
                    "2026-07-28T12:00:00.Z",
                    "2026-07-28T12:00:00+5:30",
                    "2026-07-28T12:00:00+05:30Z",
                    "2026-02-30T12:00:00Z",
                    "2026-07-2é12:00:00Z",
                ],
            ),
            (StringFormat::from("made-up"), &[], &["", "x"]),
        ];
        for (format, good, bad) in table {
            for text in good {
                assert!(fits(&format, text), "{format} {text:?}");
            }
            for text in bad {
                assert!(!fits(&format, text), "{format} {text:?}");
            }
        }
    }
}
