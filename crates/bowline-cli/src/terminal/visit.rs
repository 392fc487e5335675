//! Pages that somebody has to visit to log in.

use super::Terminal;
use crate::escape;
use crate::show::screen;
use bowline::client::auth::{Browser, Shown, SystemBrowser, Visit};
use std::future::pending;
use std::pin::Pin;

/// Shows a page to whoever typed the command, and takes what they paste.
#[derive(Clone, Debug)]
pub(crate) struct VisitAtTerminal {
    /// Nobody can be asked where there is none; the page is told, and its end waited for.
    terminal: Option<Terminal>,
    /// Whether a browser is opened without a question, after one, or not at all.
    opens: Opens,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opens {
    AtOnce,
    IfWanted,
    Never,
}

impl VisitAtTerminal {
    /// Asks before a browser is opened: what was typed is about something else than a login.
    pub(crate) fn asking(terminal: Terminal) -> Self {
        Self { terminal: Some(terminal), opens: Opens::IfWanted }
    }

    /// Opens the browser at once, or never.
    pub(crate) fn new(terminal: Option<Terminal>, opens: bool) -> Self {
        Self { terminal, opens: if opens { Opens::AtOnce } else { Opens::Never } }
    }
}

impl Browser for VisitAtTerminal {
    fn show(&self, visit: Visit) -> Pin<Box<dyn Future<Output = bowline::Result<Shown>> + Send>> {
        Box::pin(self.clone().visit(visit))
    }
}

impl VisitAtTerminal {
    async fn visit(self, visit: Visit) -> bowline::Result<Shown> {
        let page = visit.url.as_str();
        let asked = format!(
            "{} wants to know who you are. Log in at\n  {}",
            escape::line(&visit.server.origin()),
            escape::line(page)
        );
        let Some(terminal) = &self.terminal else {
            screen::write(&format!("{asked}\n"));
            if self.opens == Opens::AtOnce {
                return SystemBrowser::default().show(visit).await;
            }
            return Ok(Shown::Open);
        };
        let mut turn = terminal.turn().await;
        turn.say(&asked);
        if self.opens == Opens::IfWanted {
            let words = [("yes", true), ("no", false)];
            let question = "open it in a browser? yes, no [yes]: ";
            if turn.choose(question, &words, Some(true)).await != Some(true) {
                return Ok(Shown::Declined);
            }
        }
        if self.opens != Opens::Never
            && let Err(error) = SystemBrowser::default().show(visit.clone()).await
        {
            turn.say(&format!("{}; open the page yourself", escape::line(&error.to_string())));
        }
        let where_to = visit.redirect.origin();
        let question = format!(
            "waiting for the browser; if it ends at a page of {} that does not load, paste its address here: ",
            escape::line(&where_to)
        );
        loop {
            match turn.line(&question).await {
                Some(typed) if typed.trim().is_empty() => {}
                Some(typed) => return Ok(Shown::Returned(typed.trim().to_owned())),
                // The browser may still come back by itself.
                None => return pending().await,
            }
        }
    }
}
