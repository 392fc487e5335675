//! How text looks: escaped first, then cut or colored.

use crate::escape;
use std::io::{self, IsTerminal};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What the reader of a stream can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Colors and weights are shown.
    pub(crate) color: bool,
    /// Columns to fit into; `None` for a reader that takes lines of any length.
    pub(crate) width: Option<usize>,
}

impl Style {
    /// For a reader that is no terminal.
    pub(crate) const PLAIN: Self = Self { color: false, width: None };

    /// For standard output.
    pub(crate) fn of_output() -> Self {
        if !io::stdout().is_terminal() {
            return Self::PLAIN;
        }
        Self { color: is_colorful(), width: Some(super::screen::width_of_output()) }
    }

    /// For standard error.
    pub(crate) fn of_error() -> Self {
        if !super::screen::is_terminal() {
            return Self::PLAIN;
        }
        Self { color: is_colorful(), width: Some(super::screen::width()) }
    }

    /// A peer's name for something, as what one looks for.
    pub(crate) fn name(self, text: &str) -> String {
        self.bold(&escape::line(text))
    }

    /// Text of our own, or escaped already.
    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Text of our own, or escaped already, that is beside the point.
    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// A line of a peer's text behind that many columns, cut where the reader's line ends.
    pub(crate) fn cut(self, indent: usize, text: &str) -> String {
        let line = escape::line(text);
        match self.width {
            Some(width) => cut(&line, width.saturating_sub(indent + 1)),
            None => line.into_owned(),
        }
    }
}

/// As much of a line as fits into so many columns.
pub(crate) fn cut(line: &str, columns: usize) -> String {
    if line.width() <= columns {
        return line.to_owned();
    }
    let mut room = columns.saturating_sub(1);
    let fits = |c: &char| {
        let width = c.width().unwrap_or(0);
        let fits = width <= room;
        room = room.saturating_sub(width);
        fits
    };
    let mut cut: String = line.chars().take_while(fits).collect();
    cut.push('…');
    cut
}

/// Lines, each behind the same indent.
pub(crate) fn indented(indent: &str, text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        if !line.is_empty() {
            lines.push_str(indent);
            lines.push_str(line);
        }
        lines.push('\n');
    }
    lines
}

fn is_colorful() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::{Style, cut};

    #[test]
    fn lines_are_cut_by_the_columns_they_take() {
        let table = [
            ("short", 5, "short"),
            ("longer", 5, "long…"),
            ("漢字漢字", 8, "漢字漢字"),
            ("漢字漢字", 7, "漢字漢…"),
            ("漢字漢字", 6, "漢字…"),
            ("anything", 0, "…"),
        ];
        for (line, columns, shown) in table {
            assert_eq!(cut(line, columns), shown, "{line} in {columns}");
        }
    }

    #[test]
    fn names_are_escaped_before_they_are_colored() {
        let style = Style { color: true, width: Some(20) };
        assert_eq!(style.name("a\x1b[2J"), "\x1b[1ma\\u{1b}[2J\x1b[0m");
        assert_eq!(Style::PLAIN.name("a\nb"), "a\\nb");
        assert_eq!(style.cut(4, "a long line\nof text"), "a long line\\no…");
    }
}
