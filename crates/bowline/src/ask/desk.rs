//! What a server needs to ask: keys, a ledger, the time.

use super::ledger::{Ledger, MemoryLedger};
use super::seal::{Keyring, random};
use crate::server::Server;
use std::sync::Arc;
use std::time::SystemTime;

/// What a server needs to ask.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(super) keys: Arc<Keyring>,
    pub(super) ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            keys: Arc::new(Keyring::new([random()])),
            ledger: Arc::new(MemoryLedger::new()),
            clock: Arc::new(SystemTime::now),
        }
    }
}

impl Desk {
    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

impl Server {
    /// Sets the secrets that protect what clients carry from one round of questions to the next, the newest first.
    ///
    /// The first one seals, all of them open. Give all processes that serve the same clients the same secrets; to
    /// change them, put a new one in front and take the last one away ten minutes later. Without this, every server
    /// has a random secret of its own. A secret is 32 random bytes, no pass phrase.
    #[must_use]
    pub fn request_state_keys(self, secrets: impl IntoIterator<Item = [u8; 32]>) -> Self {
        let keys = Keyring::new(secrets);
        if keys.is_empty() {
            return self.fault("request_state_keys needs at least one secret");
        }
        self.set_desk(|desk| desk.keys = Arc::new(keys))
    }

    /// Sets where calls keep what must not pass through the client: in memory by default.
    #[must_use]
    pub fn ledger(self, ledger: impl Ledger) -> Self {
        self.set_desk(|desk| desk.ledger = Arc::new(ledger))
    }

    /// Sets what tells the time for everything that expires between rounds: the system's clock by default.
    #[must_use]
    pub fn clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.set_desk(|desk| desk.clock = Arc::new(now))
    }
}
