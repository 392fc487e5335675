//! One login on its way.

use crate::principal::Principal;
use bowline_auth::Url;
use bowline_auth::flow::Flow;
use std::sync::Arc;
use std::time::SystemTime;

/// What a caller was given a URL for.
#[derive(Clone, Debug)]
pub(super) struct Ticket {
    pub(super) place: Arc<super::Place>,
    /// For whom; nobody in particular for whoever runs the host.
    pub(super) principal: Option<Principal>,
    /// What the caller's program calls itself.
    pub(super) program: Option<String>,
    pub(super) until: SystemTime,
    /// How often somebody has shown to be somebody else.
    pub(super) wrong: u32,
}

/// A browser that somebody logs in with.
#[derive(Debug)]
pub(super) struct Visit {
    /// What it was begun with.
    pub(super) ticket: Ticket,
    /// What tells the browser from others.
    pub(super) browser: String,
    pub(super) stage: Stage,
}

/// How far a login is.
#[derive(Debug)]
pub(super) enum Stage {
    /// The browser is to show whose it is, at the authorization server of the endpoint.
    Proving(Box<Flow>),
    /// A person is asked.
    Asking { flow: Box<Flow>, url: Url, state: String },
    /// The browser is at the authorization server.
    Away(Box<Flow>),
}
