//! The login keychain of macOS.

use super::{PROGRAM, PURPOSE};
use crate::store::keys::{Keychain, Unavailable};
use security_framework::passwords::{get_generic_password, set_generic_password};
use zeroize::Zeroizing;

#[derive(Debug)]
pub(super) struct System;

/// `errSecItemNotFound`.
const NOT_FOUND: i32 = -25_300;

impl Keychain for System {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Unavailable> {
        match get_generic_password(PROGRAM, PURPOSE) {
            Ok(key) => Ok(Some(key.into())),
            Err(error) if error.code() == NOT_FOUND => Ok(None),
            Err(_) => Err(Unavailable("it does not give the key")),
        }
    }

    fn write(&self, key: &[u8]) -> Result<(), Unavailable> {
        set_generic_password(PROGRAM, PURPOSE, key)
            .map_err(|_| Unavailable("it does not take a key"))
    }
}
