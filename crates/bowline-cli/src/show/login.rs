//! A login that is kept.

use super::style::Style;
use crate::escape;
use bowline::client::auth::LoggedIn;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

/// A login, a row for each thing there is to know.
pub(crate) fn login(login: &LoggedIn, style: Style) -> String {
    at(login, style, SystemTime::now())
}

fn at(login: &LoggedIn, style: Style, now: SystemTime) -> String {
    let mut shown = format!("{}\n", style.name(&login.server));
    let mut row = |key: &str, value: &str| {
        let _ = writeln!(shown, "  {} {value}", style.dim(&format!("{key:10}")));
    };
    row("by", &escape::line(&login.issuer));
    row("client", &escape::line(&login.client_id));
    if !login.scopes.is_empty() {
        row("scopes", &escape::line(&login.scopes.join(" ")));
    }
    let end = match login.expires.map(|end| end.duration_since(now)) {
        None => "it does not say".to_owned(),
        Some(Ok(left)) => format!("in {}", span(left)),
        Some(Err(error)) => format!("{} ago", span(error.duration())),
    };
    let renewed = if login.renews { ", renewed by itself" } else { ", not renewed" };
    row("ends", &format!("{end}{renewed}"));
    if login.bound {
        row("bound", "to a key that only we have");
    }
    shown
}

/// A time in the two largest units.
fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, hours, _, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::span;
    use std::time::Duration;

    #[test]
    fn a_time_is_told_in_its_two_largest_units() {
        let table = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 0 s"),
            (3599, "59 min 59 s"),
            (3661, "1 h 1 min"),
            (90_000, "1 d 1 h"),
        ];
        for (seconds, shown) in table {
            assert_eq!(span(Duration::from_secs(seconds)), shown);
        }
    }
}
