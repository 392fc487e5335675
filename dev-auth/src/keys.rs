//! The keys that tokens are signed with.

use bowline_auth::jose::{Algorithm, Jwks, SigningKey, Verified, verify};
use serde_json::{Map, Value, json};

/// The key that signs now, and those that did.
#[derive(Debug)]
pub(crate) struct Keys {
    current: SigningKey,
    /// The newest first.
    retired: Vec<SigningKey>,
    made: u64,
}

impl Default for Keys {
    fn default() -> Self {
        Self { current: SigningKey::generate().with_id("key-1"), retired: Vec::new(), made: 1 }
    }
}

impl Keys {
    /// Signs with another key from now on; what the last three have signed stays good. The identifier of the new key.
    pub(crate) fn rotate(&mut self) -> String {
        self.made += 1;
        let id = format!("key-{}", self.made);
        let new = SigningKey::generate().with_id(id.as_str());
        self.retired.insert(0, std::mem::replace(&mut self.current, new));
        self.retired.truncate(KEPT);
        id
    }

    /// A token of this type.
    pub(crate) fn sign(&self, media_type: &str, claims: &Map<String, Value>) -> String {
        let header = Map::from_iter([("typ".to_owned(), media_type.into())]);
        self.current.sign(header, claims).expose().to_owned()
    }

    /// The claims of a token that one of these keys signed.
    pub(crate) fn verify(&self, token: &str) -> Option<Verified> {
        let keys = std::iter::once(&self.current).chain(&self.retired);
        let set = Jwks::new(keys.map(|key| key.public().clone()));
        verify(token, &set, &[Algorithm::Es256]).ok()
    }

    /// The key set, as others fetch it.
    pub(crate) fn published(&self) -> Value {
        let keys = std::iter::once(&self.current).chain(&self.retired);
        json!({ "keys": keys.map(|key| key.public().to_json()).collect::<Vec<_>>() })
    }
}

const KEPT: usize = 3;
