//! What one endpoint of a host answers: for all servers, for one, or for a part of them.

mod upstreams;

pub(crate) use upstreams::{Errand, Later, Upstreams, Watch};

use super::catalogue::Selection;
use bowline_protocol::scan::Raw;
use std::sync::Arc;

/// One endpoint.
pub(crate) struct View {
    upstreams: Arc<dyn Upstreams>,
    selection: Selection,
    /// What the host says it is, an `Implementation`.
    info: Raw,
}

impl View {
    /// An endpoint with this selection of what the servers offer.
    pub(crate) fn new(upstreams: Arc<dyn Upstreams>, selection: Selection, info: Raw) -> Self {
        Self { upstreams, selection, info }
    }
}
