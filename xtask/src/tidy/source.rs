//! Rust source with the parts taken out that a check must not look at.

/// `text` with comments replaced by spaces; lines stay where they are.
pub(crate) fn without_comments(text: &str) -> String {
    strip(text, false)
}

/// `text` with comments, and the insides of strings and character literals, replaced by spaces.
pub(crate) fn without_literals(text: &str) -> String {
    strip(text, true)
}

/// The source before its `#[cfg(test)]` items: each such item, to the closing brace in its column, becomes empty lines.
pub(crate) fn without_tests(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // The indentation of the test item that we are in, and whether its opening brace was seen.
    let mut inside: Option<(usize, bool)> = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let body = line.trim();
        inside = match inside {
            None if body.starts_with("#[cfg(test)]") => Some((indent, false)),
            None => {
                out.push_str(line);
                None
            }
            Some((column, false)) if body.ends_with('{') => Some((column, true)),
            Some((_, false)) if body.ends_with(';') || body.ends_with('}') => None,
            Some((column, true)) if indent == column && body.starts_with('}') => None,
            Some(state) => Some(state),
        };
        out.push('\n');
    }
    out
}

/// The words (identifiers) of `text` with the number of their line.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(at, line)| {
        let parts = line.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        parts.filter(|word| !word.is_empty()).map(move |word| (at + 1, word))
    })
}

fn strip(text: &str, literals: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let previous_is_word =
            out.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let (length, blank) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), true),
            '/' if rest.starts_with("/*") => (block_comment(rest), true),
            '"' => (1 + quoted(&rest[1..], '"'), literals),
            'r' | 'b' | 'c' if !previous_is_word && raw_string(rest).is_some() => {
                (raw_string(rest).unwrap_or(1), literals)
            }
            '\'' => match character(rest) {
                Some(length) => (length, literals),
                None => (1, false),
            },
            _ => (first.len_utf8(), false),
        };
        let (taken, after) = rest.split_at(length);
        if blank {
            out.extend(taken.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            out.push_str(taken);
        }
        rest = after;
    }
    out
}

/// The length of a `/* … */`, which may hold others.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length up to and with the closing quote.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of `r"…"`, `r#"…"#`, `br"…"` and so on.
fn raw_string(text: &str) -> Option<usize> {
    let start = text.find('r').filter(|at| *at <= 1)?;
    if start == 1 && !text.starts_with(['b', 'c']) {
        return None;
    }
    let hashes = text[start + 1..].bytes().take_while(|byte| *byte == b'#').count();
    let open = start + 1 + hashes;
    if !text[open..].starts_with('"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let end = text[open + 1..].find(&close).map_or(text.len(), |at| open + 1 + at + close.len());
    Some(end)
}

/// The length of a character literal; `None` for a lifetime.
fn character(text: &str) -> Option<usize> {
    let inside = &text[1..];
    if inside.starts_with('\\') {
        return Some(1 + quoted(inside, '\''));
    }
    let first = inside.chars().next()?;
    inside[first.len_utf8()..].starts_with('\'').then_some(2 + first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::{without_comments, without_literals, without_tests, words};

    #[test]
    fn comments_go_and_strings_stay() {
        let text = "let a = \"// no comment\"; // gone\nb /* x /* y */ z */ c";
        assert_eq!(
            without_comments(text),
            "let a = \"// no comment\";        \nb                   c"
        );
    }

    #[test]
    fn literals_go_too() {
        let squeeze =
            |text: &str| without_literals(text).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeeze("f(\"a\\\"b\", x)"), "f( , x)");
        assert_eq!(squeeze("f(r#\"a\"b\"#, x)"), "f( , x)");
        assert_eq!(squeeze("f(br\"{\", 'x', '\\'', '{')"), "f( , , , )");
        assert_eq!(squeeze("fn f<'a>(x: &'a str) {}"), "fn f<'a>(x: &'a str) {}");
        assert_eq!(squeeze("for x in r { }"), "for x in r { }");
    }

    #[test]
    fn test_items_leave_their_lines_empty() {
        let text = "a\n#[cfg(test)]\nmod tests {\n    fn f() {\n    }\n}\nb\n#[cfg(test)]\nmod other;\nc\n";
        assert_eq!(without_tests(text), "a\n\n\n\n\n\nb\n\n\nc\n");
    }

    #[test]
    fn words_know_their_line() {
        assert_eq!(words("a::b\nc_1").collect::<Vec<_>>(), [(1, "a"), (1, "b"), (2, "c_1")]);
    }
}
