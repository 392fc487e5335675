//! A set of public keys.

use super::{Algorithm, Fault, Jwk, KeyFault};

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
    /// When it is not an object with an array `keys` of at most 100. A key that is wrong by itself only is left out.
    pub fn parse(json: &[u8]) -> Result<Self, KeyFault> {
        let _ = json;
        todo!()
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
        let _ = (id, algorithm);
        todo!()
    }
}
