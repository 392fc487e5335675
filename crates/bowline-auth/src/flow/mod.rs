//! What a client does to be let in.
//!
//! A [`Flow`] is one attempt: it begins with a [`Cause`], is told of one [`Event`] after the other, and says each time
//! what the next [`Step`] is. Whoever drives it fetches, shows a URL to a browser and waits for that to come back.
//!
//! ```text
//! Begin ─► Fetch ─► Fetched ─► … ─► OpenBrowser ─► Returned ─► Fetch ─► Fetched ─► Done
//! ```

mod fault;

pub use fault::Fault;

use crate::fetch::{FetchFault, Request, Response};
use crate::settings::Settings;
use crate::store::Kept;
use crate::{Challenge, Url};
use std::time::SystemTime;

/// One attempt to be let in.
#[derive(Debug)]
pub struct Flow {}

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
#[derive(Debug)]
#[non_exhaustive]
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
    /// What is still worth keeping: a registration that was made, without tokens; or none if nothing changes.
    pub kept: Option<Box<Kept>>,
}

impl Flow {
    /// An attempt with what is kept of the last one.
    #[must_use]
    pub fn new(settings: Settings, cause: Cause, kept: Option<Kept>) -> Self {
        let _ = (settings, cause, kept);
        todo!()
    }

    /// What is to be done after this happened.
    #[must_use]
    pub fn next(&mut self, event: Event, now: SystemTime) -> Step {
        let _ = (event, now);
        todo!()
    }
}
