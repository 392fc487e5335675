//! Text of somebody else on its way to a terminal or a log.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with everything that could steer a terminal or hide something written as `\u{…}`; lines stay lines.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    replaced(text, |out, c| {
        let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
    })
}

/// A line of JSON with the same characters written as JSON escapes, so that it stays the same value.
pub(crate) fn json(line: &str) -> Cow<'_, str> {
    replaced(line, |out, c| {
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

fn replaced(text: &str, write: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if steers(c) {
            write(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters, bidirectional controls, invisible ones, tags.
fn steers(c: char) -> bool {
    match c {
        '\n' => false,
        _ if c.is_control() => true,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{escape, json};

    #[test]
    fn what_steers_a_terminal_is_shown() {
        let table = [
            ("plain, äöü 漢字 🪢", "plain, äöü 漢字 🪢"),
            ("two\nlines", "two\nlines"),
            ("\x1b[31mred", "\\u{1b}[31mred"),
            ("\x1b]8;;http://x\x07", "\\u{1b}]8;;http://x\\u{7}"),
            ("over\rwritten", "over\\u{d}written"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("abc\u{202e}cba", "abc\\u{202e}cba"),
            ("tag \u{e0041}", "tag \\u{e0041}"),
        ];
        for (text, shown) in table {
            assert_eq!(escape(text), shown);
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a": "x\u{202e}y\u{e0041}z\u{1b}" });
        let line = json(&value.to_string()).into_owned();
        assert_eq!(line, r#"{"a":"x\u202ey\udb40\udc41z\u001b"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap(), value);
    }
}
