//! The credential manager of Windows.

use super::{PROGRAM, PURPOSE};
use crate::store::keys::{Keychain, Unavailable};
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use windows_native_keyring_store::Store;
use zeroize::Zeroizing;

#[derive(Debug)]
pub(super) struct System;

impl Keychain for System {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Unavailable> {
        match entry()?.get_secret() {
            Ok(key) => Ok(Some(key.into())),
            Err(Error::NoEntry) => Ok(None),
            Err(_) => Err(Unavailable("it does not give the key")),
        }
    }

    fn write(&self, key: &[u8]) -> Result<(), Unavailable> {
        entry()?.set_secret(key).map_err(|_| Unavailable("it does not take a key"))
    }
}

fn entry() -> Result<Entry, Unavailable> {
    let store = Store::new().map_err(|_| Unavailable("it does not answer"))?;
    store.build(PROGRAM, PURPOSE, None).map_err(|_| Unavailable("it does not answer"))
}
