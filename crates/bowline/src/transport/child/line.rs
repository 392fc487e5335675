//! Command lines as text: read like a shell reads words and quotes, written so that a shell would read them back.

use crate::error::{Error, Result};
use std::ffi::OsStr;
use std::fmt::{self, Write};

/// The words of a line. Quotes and backslashes are those of a POSIX shell; nothing is expanded or has another meaning.
pub(super) fn words(line: &str) -> Result<Vec<String>> {
    let mut words = Vec::new();
    // A word exists from its first quote on, even if nothing is in it.
    let mut word: Option<String> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => single(&mut chars, word.get_or_insert_default())?,
            '"' => double(&mut chars, word.get_or_insert_default())?,
            '\\' => match chars.next() {
                // The line goes on.
                Some('\n') => {}
                Some(c) => word.get_or_insert_default().push(c),
                None => return Err(open("a backslash at its end", line)),
            },
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn single(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<()> {
    let rest = chars.as_str();
    let Some((inside, after)) = rest.split_once('\'') else {
        return Err(open("a single quote that nothing closes", rest));
    };
    word.push_str(inside);
    *chars = after.chars();
    Ok(())
}

fn double(chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<()> {
    let rest = chars.as_str();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(()),
            '\\' => match chars.next() {
                Some('\n') => {}
                Some(c @ ('$' | '`' | '"' | '\\')) => word.push(c),
                Some(c) => word.extend(['\\', c]),
                None => break,
            },
            c => word.push(c),
        }
    }
    Err(open("a double quote that nothing closes", rest))
}

fn open(what: &str, place: &str) -> Error {
    let place: String = place.chars().take(40).collect();
    Error::invalid(format!("the command line has {what}, near {}", Word(OsStr::new(&place))))
}

/// A word as a shell would read it back, with nothing in it that steers a terminal.
pub(super) struct Word<'a>(pub(super) &'a OsStr);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.to_str() {
            Some(word) if !word.is_empty() && word.chars().all(plain) => f.write_str(word),
            Some(word) if !word.chars().any(steers) => {
                write!(f, "'{}'", word.replace('\'', r"'\''"))
            }
            _ => escaped(self.0.as_encoded_bytes(), f),
        }
    }
}

/// What has no meaning to any shell.
fn plain(c: char) -> bool {
    c.is_alphanumeric() || "@%+=:,./-_".contains(c)
}

/// Control characters, bidirectional controls, invisible ones, tags.
fn steers(c: char) -> bool {
    match c {
        _ if c.is_control() => true,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// The form `$'…'`, which bash, zsh, ksh and POSIX of 2024 know.
fn escaped(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("$'")?;
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match u32::from(c) {
                _ if matches!(c, '\'' | '\\') => write!(f, "\\{c}")?,
                _ if !steers(c) => f.write_char(c)?,
                code @ ..0x80 => write!(f, "\\x{code:02x}")?,
                code @ ..0x1_0000 => write!(f, "\\u{code:04x}")?,
                code => write!(f, "\\U{code:08x}")?,
            }
        }
        for byte in chunk.invalid() {
            write!(f, "\\x{byte:02x}")?;
        }
    }
    f.write_str("'")
}

#[cfg(test)]
mod tests {
    use super::{Word, words};
    use expect_test::expect;
    use std::ffi::OsStr;

    #[test]
    fn a_line_is_read_as_words_and_quotes_and_nothing_else() {
        let lines = [
            "npx -y  pkg",
            " \t a\nb ",
            r#"a 'b c' "d e"f'g'"#,
            r#"'' "" x"#,
            r#"a\ b \\ \' "\" \$ \n""#,
            "a\\\nb \"c\\\nd\"",
            "$HOME ~ * `id` $(id) a;b | c > d & #e",
            "größe 漢字",
            "",
            "it's",
            "say \"hi",
            "end\\",
            "\"\\",
        ];
        let shown: Vec<_> = lines
            .iter()
            .map(|line| match words(line) {
                Ok(words) => format!("{words:?}\n"),
                Err(error) => format!("{error}\n"),
            })
            .collect();
        expect![[r##"
            ["npx", "-y", "pkg"]
            ["a", "b"]
            ["a", "b c", "d efg"]
            ["", "", "x"]
            ["a b", "\\", "'", "\" $ \\n"]
            ["ab", "cd"]
            ["$HOME", "~", "*", "`id`", "$(id)", "a;b", "|", "c", ">", "d", "&", "#e"]
            ["größe", "漢字"]
            []
            the command line has a single quote that nothing closes, near s
            the command line has a double quote that nothing closes, near hi
            the command line has a backslash at its end, near 'end\'
            the command line has a double quote that nothing closes, near '\'
        "##]]
        .assert_eq(&shown.concat());
    }

    #[test]
    fn a_word_is_shown_so_that_a_shell_would_read_it_back() {
        let table = ["plain", "", "a b", "it's", "$HOME", "a;b", "größe", "/x/@scope/y=1", "*"];
        for word in table {
            assert_eq!(words(&Word(OsStr::new(word)).to_string()).unwrap(), [word]);
        }
    }

    #[test]
    fn what_steers_a_terminal_is_shown_in_escapes() {
        let table = [
            ("a\nb", r"$'a\x0ab'"),
            ("\x1b]0;it's\\\x07", r"$'\x1b]0;it\'s\\\x07'"),
            ("a\u{202e}b", r"$'a\u202eb'"),
            ("a\u{e0041}", r"$'a\U000e0041'"),
        ];
        for (word, shown) in table {
            assert_eq!(Word(OsStr::new(word)).to_string(), shown);
        }
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_are_shown_in_escapes() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(Word(OsStr::from_bytes(b"a\xffb")).to_string(), r"$'a\xffb'");
    }
}
