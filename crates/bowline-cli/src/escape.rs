//! Text of somebody else on its way to a terminal or a log.
//!
//! Whatever a peer says passes one of these functions, unless somebody asked for its bytes as they are. What could
//! steer a terminal, hide something or reorder it is shown as `\u{…}`.

use std::borrow::Cow;
use std::fmt::Write;

/// Text of several lines: its lines stay lines, and its tabs tabs.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    // Together they begin a new line like the second alone does.
    let text = if text.contains("\r\n") { text.replace("\r\n", "\n").into() } else { text.into() };
    replaced(text, |c| matches!(c, '\n' | '\t'), visible)
}

/// Text that is to stay on one line: a name, a URI, a line of a log.
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    replaced(
        text.into(),
        |_| false,
        |out, c| match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c => visible(out, c),
        },
    )
}

/// JSON with the same characters written as JSON escapes, so that it stays the same value.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    replaced(
        text.into(),
        |c| c == '\n',
        |out, c| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

fn visible(out: &mut String, c: char) {
    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
}

fn replaced(
    text: Cow<'_, str>,
    keep: impl Fn(char) -> bool,
    write: impl Fn(&mut String, char),
) -> Cow<'_, str> {
    let odd = |c: char| !keep(c) && (steers(c) || is_presentation(c));
    if !text.chars().any(odd) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = ' ';
    for c in text.chars() {
        if odd(c) && !(is_presentation(c) && is_symbol(before)) {
            write(&mut out, c);
        } else {
            out.push(c);
        }
        before = c;
    }
    out.into()
}

/// Control characters, bidirectional controls, tags, line separators, and whatever else shows nothing: all that
/// Unicode calls `Default_Ignorable_Code_Point`, and the blanks of Hangul and Braille.
fn steers(c: char) -> bool {
    match c {
        _ if c.is_control() => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{feff}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => {
            true
        }
        '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fe00}'..='\u{fe0d}' | '\u{fff0}'..='\u{fffb}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// What chooses between the two faces of a symbol: harmless behind one, hidden anywhere else.
fn is_presentation(c: char) -> bool {
    matches!(c, '\u{fe0e}' | '\u{fe0f}')
}

fn is_symbol(c: char) -> bool {
    matches!(c, '#' | '*' | '0'..='9' | '\u{a9}' | '\u{ae}')
        || matches!(c, '\u{203c}'..='\u{3299}' | '\u{1f000}'..='\u{1faff}') && !steers(c)
}

#[cfg(test)]
mod tests {
    use super::{escape, json, line};

    #[test]
    fn what_steers_a_terminal_is_shown() {
        let table = [
            ("plain, äöü 漢字 🪢", "plain, äöü 漢字 🪢"),
            ("\x1b[31mred", "\\u{1b}[31mred"),
            ("\x1b]8;;http://x\x07", "\\u{1b}]8;;http://x\\u{7}"),
            ("over\rwritten", "over\\u{d}written"),
            ("c1 \u{9b}31m", "c1 \\u{9b}31m"),
            ("abc\u{202e}cba", "abc\\u{202e}cba"),
            ("tag \u{e0041}", "tag \\u{e0041}"),
            ("selector \u{e0101}", "selector \\u{e0101}"),
            ("blank \u{3164}\u{2800}", "blank \\u{3164}\\u{2800}"),
            ("joined \u{200d}\u{34f}", "joined \\u{200d}\\u{34f}"),
            ("warning \u{26a0}\u{fe0f}", "warning \u{26a0}\u{fe0f}"),
            (
                "hidden \u{26a0}\u{fe0f}\u{fe0f}a\u{fe0e}",
                "hidden \u{26a0}\u{fe0f}\\u{fe0f}a\\u{fe0e}",
            ),
        ];
        for (text, shown) in table {
            assert_eq!(escape(text), shown);
            assert_eq!(line(text), shown);
        }
    }

    #[test]
    fn lines_stay_lines_only_where_there_may_be_several() {
        let table = [
            ("two\nlines", "two\nlines", "two\\nlines"),
            ("dos\r\nlines", "dos\nlines", "dos\\u{d}\\nlines"),
            ("a\ttab", "a\ttab", "a\\ttab"),
            ("two\u{2028}lines", "two\\u{2028}lines", "two\\u{2028}lines"),
        ];
        for (text, several, one) in table {
            assert_eq!((escape(text).as_ref(), line(text).as_ref()), (several, one));
        }
    }

    #[test]
    fn json_stays_the_same_value() {
        let value = serde_json::json!({ "a": "x\u{202e}y\u{e0041}z\u{1b}\u{7f}\u{fe0f}" });
        let text = json(&value.to_string()).into_owned();
        assert_eq!(text, r#"{"a":"x\u202ey\udb40\udc41z\u001b\u007f\ufe0f"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
