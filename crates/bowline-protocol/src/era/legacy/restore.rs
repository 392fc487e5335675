//! Going on with a session that was opened in another process.

use super::{AwaitInitialized, Open, Peer, Session, Settings};
use crate::era::Stamp;
use bowline_types::revision::Revision;
use std::sync::Arc;

impl Session {
    /// A session that its client opened before, of what was remembered of it; `opened` tells whether the client said
    /// that it is ready.
    #[must_use]
    pub fn restored(
        settings: Arc<Settings>,
        revision: Revision,
        stamp: Stamp,
        subscriptions: impl IntoIterator<Item = Box<str>>,
        opened: bool,
    ) -> Self {
        let mut peer = Peer::new(settings, revision, stamp);
        peer.watch(subscriptions);
        if opened { Open { peer }.into() } else { AwaitInitialized { peer }.into() }
    }
}
