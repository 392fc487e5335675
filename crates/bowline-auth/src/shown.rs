//! Text of a peer, made fit to be shown.

use std::fmt::Write;

/// The text with everything that could steer a terminal or a log, or that shows nothing, written as `\u{…}`; cut after
/// `most` characters of the original.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    let mut rest = text.chars();
    for c in rest.by_ref().take(most) {
        if steers(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    if rest.next().is_some() {
        out.push('…');
    }
    out
}

/// Control characters, bidirectional controls, tags, line separators, variation selectors and other blanks.
fn steers(c: char) -> bool {
    match c {
        _ if c.is_control() => true,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{feff}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}' => {
            true
        }
        '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffb}' => true,
        '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn what_steers_a_terminal_is_written_out_and_long_text_is_cut() {
        let cases = [
            ("plain, ümläut", 20, "plain, ümläut"),
            ("\u{1b}[31mred\u{7}", 20, "\\u{1b}[31mred\\u{7}"),
            ("a\u{202e}b\u{e0041}c\r\n", 20, "a\\u{202e}b\\u{e0041}c\\u{d}\\u{a}"),
            ("abcdef", 6, "abcdef"),
            ("abcdefg", 6, "abcdef…"),
            ("\u{85}", 1, "\\u{85}"),
            ("", 0, ""),
            ("x", 0, "…"),
        ];
        for (text, most, expected) in cases {
            assert_eq!(shown(text, most), expected, "{text:?}");
        }
    }

    #[test]
    fn every_character_that_shows_nothing_is_written_out() {
        let hidden = [
            0x00..=0x1f,
            0x7f..=0x9f,
            0xad..=0xad,
            0x34f..=0x34f,
            0x61c..=0x61c,
            0x115f..=0x1160,
            0x17b4..=0x17b5,
            0x180b..=0x180f,
            0x200b..=0x200f,
            0x2028..=0x202e,
            0x2060..=0x206f,
            0x2800..=0x2800,
            0x3164..=0x3164,
            0xfe00..=0xfe0f,
            0xfeff..=0xfeff,
            0xffa0..=0xffa0,
            0xfff0..=0xfffb,
            0x1bca0..=0x1bca3,
            0x1d173..=0x1d17a,
            0xe0000..=0xe0fff,
        ];
        for c in '\0'..=char::MAX {
            let code = u32::from(c);
            let expected = match hidden.iter().any(|range| range.contains(&code)) {
                true => format!("\\u{{{code:x}}}"),
                false => c.to_string(),
            };
            assert_eq!(shown(&c.to_string(), 1), expected);
        }
    }
}
