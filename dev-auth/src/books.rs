//! What the server remembers: logins, what was given for them, and what was seen.

mod code;
mod login;
mod refresh;

pub(crate) use code::{Code, Presented};
pub(crate) use login::{Login, Tokens};

use crate::chance;
use crate::client::Client;
use crate::keys::Keys;
use crate::refusal::{Kind, Refusal};
use crate::shelf::Shelf;
use bowline_auth::dpop::Replays;

/// Everything, in memory only and never too much of it.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) keys: Keys,
    /// Clients that registered, and for a while those whose document was fetched.
    clients: Shelf<Client>,
    /// Requests of which a person is being asked.
    asked: Shelf<Asked>,
    codes: Shelf<Code>,
    logins: Shelf<Login>,
    refresh: Shelf<refresh::Refresh>,
    /// The access tokens that count, by their `jti`, with the login that each is of.
    access: Shelf<String>,
    /// Assertions that were used.
    seen: Shelf<()>,
    pub(crate) proofs: Replays,
    /// The newest first, each with its second.
    nonces: Vec<(String, u64)>,
}

/// A request of which a person is being asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// What the browser that asked keeps as a cookie.
    pub(crate) browser: String,
    pub(crate) code: Code,
}

impl Default for Books {
    fn default() -> Self {
        Self {
            keys: Keys::default(),
            clients: Shelf::of(MOST),
            asked: Shelf::of(MOST),
            codes: Shelf::of(MOST),
            logins: Shelf::of(MOST),
            refresh: Shelf::of(MOST),
            access: Shelf::of(MOST),
            seen: Shelf::of(MOST),
            proofs: Replays::new(MOST, 1000),
            nonces: Vec::new(),
        }
    }
}

impl Books {
    pub(crate) fn add_client(
        &mut self,
        client: Client,
        until: u64,
        now: u64,
    ) -> Result<(), Refusal> {
        self.clients.put(client.client_id.clone(), client, until, now).map_err(|_| full())
    }

    pub(crate) fn client(&self, id: &str, now: u64) -> Option<Client> {
        self.clients.look(id, now).cloned()
    }

    /// Remembers what a person is being asked; the ticket that the answer must bring.
    pub(crate) fn ask(&mut self, asked: Asked, now: u64) -> Result<String, Refusal> {
        let ticket = chance::token();
        self.asked.put(chance::name(&ticket), asked, now + TEN_MINUTES, now).map_err(|_| full())?;
        Ok(ticket)
    }

    /// What was asked, once, in that browser.
    pub(crate) fn answered(&mut self, ticket: &str, browser: &str, now: u64) -> Option<Code> {
        let name = chance::name(ticket);
        let same = self.asked.look(&name, now).is_some_and(|asked| asked.browser == browser);
        if !same {
            return None;
        }
        self.asked.take(&name, now).map(|asked| asked.code)
    }

    /// Remembers an assertion until it expires; an error if it was there.
    pub(crate) fn see(
        &mut self,
        issuer: &str,
        jti: &str,
        until: u64,
        now: u64,
    ) -> Result<(), Refusal> {
        let name = chance::name(&format!("{issuer} {jti}"));
        if self.seen.look(&name, now).is_some() {
            return Err(Kind::InvalidGrant.because("the assertion was used before; sign a new one"));
        }
        self.seen.put(name, (), until, now).map_err(|_| full())
    }

    /// The nonces that proofs may have now, the newest first.
    pub(crate) fn nonces(&mut self, now: u64) -> Vec<String> {
        if self.nonces.first().is_none_or(|(_, made)| made + A_MINUTE <= now) {
            self.nonces.insert(0, (chance::token(), now));
        }
        self.nonces.retain(|(_, made)| made + 2 * A_MINUTE > now);
        self.nonces.iter().map(|(nonce, _)| nonce.clone()).collect()
    }
}

/// There is no room; nothing is thrown away that somebody still counts on.
fn full() -> Refusal {
    Kind::TemporarilyUnavailable.because("there is no room for more; try again later")
}

/// Of each sort.
const MOST: usize = 100_000;
const A_MINUTE: u64 = 60;
const TEN_MINUTES: u64 = 600;
/// How long a login lasts that is not used.
pub(crate) const MONTH: u64 = 30 * 24 * 3600;
