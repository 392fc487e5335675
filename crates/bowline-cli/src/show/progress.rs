//! How far a call is.

use super::screen;
use super::style::{Style, cut};
use crate::escape;
use bowline::types::progress::ProgressNotificationParams;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Shows how far a call is, for as long as it lives: a line that is redrawn on a terminal, else lines of the log.
#[derive(Debug)]
pub(crate) struct Progress {
    label: String,
    shown: Shown,
    drawn: Mutex<Option<Instant>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    OnScreen,
    InLog,
    Nowhere,
}

impl Progress {
    pub(crate) fn new(label: &str, quiet: bool) -> Self {
        let shown = match (quiet, screen::is_terminal()) {
            (true, _) => Shown::Nowhere,
            (false, true) => Shown::OnScreen,
            (false, false) => Shown::InLog,
        };
        Self { label: escape::line(label).into_owned(), shown, drawn: Mutex::new(None) }
    }

    pub(crate) fn report(&self, report: &ProgressNotificationParams) {
        match self.shown {
            Shown::OnScreen if self.is_due(report) => {
                screen::live(Some(bar(&self.label, report, screen::width(), Style::of_error())));
            }
            Shown::InLog => tracing::debug!("{}: {}", self.label, figures(report)),
            Shown::OnScreen | Shown::Nowhere => {}
        }
    }

    /// Makes room for the result.
    pub(crate) fn end(&self) {
        if self.shown == Shown::OnScreen {
            screen::live(None);
        }
    }

    /// No more often than an eye can follow, but the end always.
    fn is_due(&self, report: &ProgressNotificationParams) -> bool {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let at_end = report.total.is_some_and(|total| report.progress >= total);
        let due = at_end || drawn.is_none_or(|drawn| now.duration_since(drawn) >= REDRAW);
        if due {
            *drawn = Some(now);
        }
        due
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

const REDRAW: Duration = Duration::from_millis(50);

/// One line, narrower than so many columns.
fn bar(label: &str, report: &ProgressNotificationParams, columns: usize, style: Style) -> String {
    let label = cut(label, columns / 3);
    let figures = match share(report) {
        Some(share) => {
            let cells = (columns / 4).min(CELLS);
            let full = (share * cells as f64).round() as usize;
            let (done, left) = ("#".repeat(full), "-".repeat(cells - full));
            format!(" [{done}{left}] {:3.0}%", share * 100.0)
        }
        None => format!(" {}", number(report.progress)),
    };
    let mut line = label + &figures;
    if let Some(message) = &report.message {
        let _ = write!(line, " {}", escape::line(message));
    }
    // A full line would move the cursor to the next one, where it could not be erased.
    let line = cut(&line, columns.saturating_sub(1));
    style.dim(&line)
}

/// The most cells of a bar.
const CELLS: usize = 20;

/// How much is done, from 0 to 1, where that is known.
fn share(report: &ProgressNotificationParams) -> Option<f64> {
    let share = report.progress / report.total.filter(|total| *total > 0.0)?;
    share.is_finite().then(|| share.clamp(0.0, 1.0))
}

fn figures(report: &ProgressNotificationParams) -> String {
    let mut text = number(report.progress);
    if let Some(total) = report.total {
        let _ = write!(text, " of {}", number(total));
    }
    if let Some(message) = &report.message {
        let _ = write!(text, ", {message}");
    }
    text
}

/// A number, short.
fn number(number: f64) -> String {
    if number.abs() >= 1e15 {
        format!("{number:e}")
    } else {
        format!("{}", (number * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{bar, figures};
    use crate::show::style::Style;
    use bowline::types::progress::ProgressNotificationParams;
    use expect_test::expect;
    use unicode_width::UnicodeWidthStr;

    fn report(progress: f64, total: Option<f64>, message: &str) -> ProgressNotificationParams {
        let mut report = ProgressNotificationParams::new(1, progress).message(message);
        report.total = total;
        report
    }

    #[test]
    fn a_bar_fits_on_one_line_whatever_a_server_says() {
        let long = "步骤".repeat(100);
        let table = [
            report(1.0, Some(4.0), "step 1 of 4"),
            report(9.0, Some(4.0), "too much"),
            report(-3.0, Some(4.0), "too little"),
            report(1.0, Some(0.0), "of nothing"),
            report(f64::MAX, Some(f64::MIN_POSITIVE), "endless"),
            report(1e300, None, "huge"),
            report(0.333_333, None, "two\nlines\x1b[2J\rand \u{202e}more"),
            report(2.0, Some(4.0), &long),
        ];
        let mut shown = String::new();
        for report in table {
            let line = bar("a tool", &report, 60, Style::PLAIN);
            assert!(line.width() < 60, "{line}");
            shown += &format!(
                "{line}\n{}\n",
                figures(&report).chars().take(40).collect::<String>().escape_debug()
            );
        }
        expect![[r#"
            a tool [####-----------]  25% step 1 of 4
            1 of 4, step 1 of 4
            a tool [###############] 100% too much
            9 of 4, too much
            a tool [---------------]   0% too little
            -3 of 4, too little
            a tool 1 of nothing
            1 of 0, of nothing
            a tool 1.7976931348623157e308 endless
            1.7976931348623157e308 of 0, endless
            a tool 1e300 huge
            1e300, huge
            a tool 0.33 two\nlines\u{1b}[2J\u{d}and \u{202e}more
            0.33, two\nlines\u{1b}[2J\rand \u{202e}more
            a tool [########-------]  50% 步骤步骤步骤步骤步骤步骤步骤…
            2 of 4, 步骤步骤步骤步骤步骤步骤步骤步骤步骤步骤步骤步骤步骤步骤步骤步骤
        "#]]
        .assert_eq(&shown);
    }
}
