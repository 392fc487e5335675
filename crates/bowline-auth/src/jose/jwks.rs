//! A set of public keys.

use super::{Algorithm, Fault, Jwk, KeyFault, json};
use crate::shown::shown;
use serde_json::Value;

/// What a `jwks_uri` answers with: at most 100 keys. Keys of other kinds and for other uses are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Jwks(Vec<Jwk>);

impl Jwks {
    /// These keys.
    pub fn new(keys: impl IntoIterator<Item = Jwk>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// Reads the JSON of a set.
    ///
    /// # Errors
    /// When it is not an object with an array `keys` of at most 100. A key that is wrong by itself is left out: it is
    /// somebody else's, or for an algorithm of tomorrow (RFC 7517 §5).
    pub fn parse(json: &[u8]) -> Result<Self, KeyFault> {
        if json.len() > LONGEST {
            return Err(KeyFault::TooLong);
        }
        let members = json::object(json).ok_or(KeyFault::NotJson)?;
        match members.get("keys") {
            Some(Value::Array(keys)) if keys.len() <= MOST => Ok(Self::new(
                keys.iter().filter_map(Value::as_object).filter_map(|key| Jwk::read(key).ok()),
            )),
            _ => Err(KeyFault::Member("keys")),
        }
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &Jwk> {
        self.0.iter()
    }

    /// The one key for a token that names this algorithm and perhaps a key: that of this identifier, else the only one
    /// that fits.
    ///
    /// # Errors
    /// [`Fault::NoKey`], which a newer set may mend, or [`Fault::Ambiguous`].
    pub fn choose(&self, id: Option<&str>, algorithm: Algorithm) -> Result<&Jwk, Fault> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.verifies(algorithm) && id.is_none_or(|id| key.id() == Some(id)));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(Fault::NoKey(id.map(|id| shown(id, 64)))),
            // Trying one after the other would let whoever sends the token choose how much work that is.
            (Some(_), Some(_)) => Err(Fault::Ambiguous),
        }
    }
}

const LONGEST: usize = 256 * 1024;
const MOST: usize = 100;
