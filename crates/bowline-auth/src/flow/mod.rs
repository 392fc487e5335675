//! What a client does to be let in.
//!
//! A [`Flow`] is one attempt: it begins with a [`Cause`], is told of one [`Event`] after the other, and says each time
//! what the next [`Step`] is. Whoever drives it fetches, shows a URL to a browser and waits for that to come back.
//!
//! ```text
//! Begin ─► Fetch ─► Fetched ─► … ─► OpenBrowser ─► Returned ─► Fetch ─► Fetched ─► Done
//! ```
//!
//! ```
//! use bowline_auth::Url;
//! use bowline_auth::flow::{Cause, Event, Flow, Step};
//! use bowline_auth::settings::Settings;
//! use std::time::SystemTime;
//!
//! let server = Url::parse("https://mcp.example/mcp")?;
//! let redirect = Url::parse("http://127.0.0.1:4711/callback")?;
//! let mut flow = Flow::new(Settings::new(server, redirect), Cause::Login, None);
//! let Step::Fetch(request) = flow.next(Event::Begin, SystemTime::now()) else { panic!() };
//! assert_eq!(request.url.as_str(), "https://mcp.example/.well-known/oauth-protected-resource/mcp");
//! # Ok::<(), bowline_auth::url::UrlFault>(())
//! ```
//!
//! In between it looks for the metadata of the resource and of its authorization server, becomes known to that one if
//! it is not yet, and asks for tokens by the grant of its [`Settings`]. Every URL that a peer named is checked before it
//! appears in a step, and nothing that belongs to one issuer is shown to another.

mod attempt;
mod attempts;
mod browser;
mod discovery;
mod fault;
#[cfg(not(modern_only))]
mod legacy;
#[cfg(modern_only)]
#[path = "no_legacy.rs"]
mod legacy;
mod tokens;

pub use crate::callback::CallbackFault;
pub use attempts::Attempts;
pub use fault::{Fault, Unsupported, Wrong};

use crate::fetch::{FetchFault, Request, Response};
use crate::settings::Settings;
use crate::store::Kept;
use crate::{Challenge, Url};
use attempt::{Attempt, State};
use std::time::SystemTime;
use std::{fmt, mem};

/// One attempt to be let in.
#[derive(Debug)]
pub struct Flow {
    attempt: Attempt,
    state: State,
}

/// Why a flow begins.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Cause {
    /// Somebody wants to log in, before any request was refused or again from the start: nothing that is kept but the
    /// registration is used.
    Login,
    /// A request was answered 401, with these challenges; there may be none. A refresh token that is kept is tried
    /// before a person is asked.
    Unauthorized(Vec<Challenge>),
    /// A request was answered 401 although its token was new: as [`Cause::Unauthorized`], but no refresh token is tried.
    Rejected(Vec<Challenge>),
    /// A request was answered 403 with this challenge: a person is asked for the scopes so far and those of the
    /// challenge.
    InsufficientScope(Challenge),
    /// The access token will end soon: the refresh token is used, and no browser opened.
    Refresh,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The flow shall begin.
    Begin,
    /// The answer to the last [`Step::Fetch`].
    Fetched(Result<Response, FetchFault>),
    /// The browser came back: the whole URL, or the path and query that were asked of the listener, or what a person
    /// pasted.
    Returned(String),
    /// Nobody waits any longer.
    Cancelled,
}

/// What is to be done.
pub enum Step {
    /// Make this request, then [`Event::Fetched`].
    Fetch(Request),
    /// Show this URL to the person, then [`Event::Returned`], or [`Event::Cancelled`] when it is too late.
    OpenBrowser {
        /// Where a person says yes: `https`, or `http` on loopback. Never to be passed through a shell.
        url: Url,
        /// Where the browser comes back to.
        redirect_uri: Url,
        /// What the browser comes back with: by it a listener of several logins finds the one that is meant.
        state: String,
        /// When the login is given up.
        until: SystemTime,
    },
    /// What came back belongs to another login, or is none: tell whoever sent it, and go on waiting.
    Wait {
        /// When the login is given up.
        until: SystemTime,
        /// What was wrong.
        fault: Fault,
    },
    /// Keep this: we are let in.
    Done(Box<Kept>),
    /// It did not work. What is kept stays as it is, but for what [`Failed::kept`] says.
    Failed(Failed),
}

/// What did not work.
#[derive(Debug)]
pub struct Failed {
    /// Why.
    pub fault: Fault,
    /// What is still worth keeping in the place of what was kept: a registration that was made, without tokens. None if
    /// nothing changes.
    pub kept: Option<Box<Kept>>,
}

impl Flow {
    /// An attempt with what is kept of the last one.
    #[must_use]
    pub fn new(settings: Settings, cause: Cause, kept: Option<Kept>) -> Self {
        Self { attempt: Attempt::new(settings, cause, kept), state: State::New }
    }

    /// What is to be done after this happened. An event that no step asked for ends the flow.
    #[must_use]
    pub fn next(&mut self, event: Event, now: SystemTime) -> Step {
        let state = mem::replace(&mut self.state, State::Ended);
        match self.attempt.advance(state, event, now) {
            Ok((state, step)) => {
                self.state = state;
                step
            }
            Err(fault) => Step::Failed(Failed { fault, kept: self.attempt.registration() }),
        }
    }
}

/// Without what a browser brings back, by which somebody else could come back instead.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetch(request) => f.debug_tuple("Fetch").field(request).finish(),
            Self::OpenBrowser { url, redirect_uri, .. } => {
                let mut shown = f.debug_struct("OpenBrowser");
                shown.field("url", url).field("redirect_uri", redirect_uri).finish_non_exhaustive()
            }
            Self::Wait { fault, .. } => f.debug_tuple("Wait").field(fault).finish(),
            Self::Done(kept) => f.debug_tuple("Done").field(kept).finish(),
            Self::Failed(failed) => f.debug_tuple("Failed").field(failed).finish(),
        }
    }
}

#[cfg(test)]
mod tests;
