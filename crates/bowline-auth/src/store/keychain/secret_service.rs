//! The keychain of a desktop: the [Secret Service](https://specifications.freedesktop.org/secret-service/latest/).
//!
//! The key goes over the session bus as it is (`plain`). The bus is a socket of this user on this machine, and whoever
//! could listen there may ask the keychain by himself.

mod bus;
mod wire;

#[cfg(test)]
mod tests;

use super::{PROGRAM, PURPOSE};
use crate::store::keys::{Keychain, Unavailable};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bus::{Bus, Fault};
use std::os::unix::net::UnixStream;
use wire::{Body, Values};
use zeroize::Zeroizing;

#[derive(Debug)]
pub(super) struct System;

impl Keychain for System {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Unavailable> {
        Service::open(bus::connect()?)?.read()
    }

    fn write(&self, key: &[u8]) -> Result<(), Unavailable> {
        Service::open(bus::connect()?)?.write(key)
    }
}

/// A keychain, and a session with it.
struct Service {
    bus: Bus,
    session: String,
}

const NAME: &str = "org.freedesktop.secrets";
const PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
/// The path that stands for none.
const NONE: &str = "/";

impl Service {
    fn open(socket: UnixStream) -> Result<Self, Unavailable> {
        let mut bus = Bus::open(socket)?;
        let body = Body::new("sv").text("plain").signature("s").text("");
        let answer = bus.call(NAME, PATH, SERVICE, "OpenSession", &body)?;
        let mut values = answer.values("vo")?;
        values.signature("s")?;
        values.text()?;
        let session = values.text()?.to_owned();
        Ok(Self { bus, session })
    }

    fn read(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, Unavailable> {
        let body = attributes(Body::new("a{ss}"));
        let answer = self.bus.call(NAME, PATH, SERVICE, "SearchItems", &body)?;
        let mut values = answer.values("aoao")?;
        let (open, locked) = (values.texts()?, values.texts()?);
        let item = match (open.into_iter().next(), locked.into_iter().next()) {
            (Some(item), _) => item,
            (None, None) => return Ok(None),
            (None, Some(item)) => {
                self.unlock(&item)?;
                item
            }
        };
        let answer =
            self.bus.call(NAME, &item, ITEM, "GetSecret", &Body::new("o").text(&self.session))?;
        let secret = secret(&mut answer.values("(oayays)")?)?;
        let key = STANDARD
            .decode(&*secret)
            .map_err(|_| Unavailable("it has something else instead of the key"))?;
        Ok(Some(key.into()))
    }

    fn write(&mut self, key: &[u8]) -> Result<(), Unavailable> {
        let answer =
            self.bus.call(NAME, PATH, SERVICE, "ReadAlias", &Body::new("s").text("default"))?;
        let collection = answer.values("o")?.text()?.to_owned();
        if collection == NONE {
            return Err(Unavailable("it has no default keyring"));
        }
        self.unlock(&collection)?;
        // As text, since some keychains show what they hold in a field of a window.
        let secret = Zeroizing::new(STANDARD.encode(key));
        let body = Body::new("a{sv}(oayays)b")
            .array(8, |properties| {
                let label = properties.pair("org.freedesktop.Secret.Item.Label");
                let label = label.signature("s").text("bowline: the key that seals logins");
                attributes(label.pair("org.freedesktop.Secret.Item.Attributes").signature("a{ss}"))
            })
            .aligned(8)
            .text(&self.session)
            .bytes(b"")
            .bytes(secret.as_bytes())
            .text("text/plain")
            .boolean(true);
        let answer = self.bus.call(NAME, &collection, COLLECTION, "CreateItem", &body)?;
        let mut values = answer.values("oo")?;
        if values.text()? == NONE { Err(Unavailable("it is locked")) } else { Ok(()) }
    }

    /// Unlocks what can be unlocked without asking anybody: a window that opens while a program starts is a riddle.
    fn unlock(&mut self, path: &str) -> Result<(), Unavailable> {
        let body = Body::new("ao").array(4, |paths| paths.text(path));
        let answer = self.bus.call(NAME, PATH, SERVICE, "Unlock", &body)?;
        let open = answer.values("aoo")?.texts()?;
        if open.iter().any(|open| open == path) { Ok(()) } else { Err(Unavailable("it is locked")) }
    }
}

/// How the key is found again.
fn attributes(body: Body) -> Body {
    body.array(8, |pairs| pairs.pair("application").text(PROGRAM).pair("purpose").text(PURPOSE))
}

/// `(oayays)`: session, parameters, value, media type.
fn secret(values: &mut Values<'_>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    values.align(8)?;
    values.text()?;
    values.bytes()?;
    Ok(values.bytes()?.to_vec().into())
}

impl From<Fault> for Unavailable {
    fn from(fault: Fault) -> Self {
        Self(match fault {
            Fault::NoBus => "there is no session bus, on which it would be found",
            Fault::Silent => "the session bus does not answer",
            Fault::Odd => "what it answered cannot be understood",
            Fault::Nobody => "none runs on the session bus",
            Fault::Refused => "it refused",
        })
    }
}
