//! Systems without a keychain.

use crate::store::keys::{Keychain, Unavailable};
use zeroize::Zeroizing;

#[derive(Debug)]
pub(super) struct System;

impl Keychain for System {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Unavailable> {
        Err(Unavailable("this system has none"))
    }

    fn write(&self, _key: &[u8]) -> Result<(), Unavailable> {
        Err(Unavailable("this system has none"))
    }
}
