//! Members that no protocol version knows.

use serde_core::ser::SerializeMap;
use serde_json::{Map, Value};

/// The members of an object that its type does not know; they are written back as they came.
///
/// One word when empty, as it nearly always is. A member that has the name of a known one is not written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Extra(Option<Box<Map<String, Value>>>);

impl Extra {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|members| members.is_empty())
    }

    /// The value of the member `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// Puts the member `key`; gives back the value that it had.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.get_or_insert_default().insert(key.into(), value.into())
    }

    /// Takes the member `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.as_mut()?.remove(key)
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter().flat_map(|members| members.iter())
    }

    /// The members as a map.
    pub fn into_map(self) -> Map<String, Value> {
        self.0.map(|members| *members).unwrap_or_default()
    }

    /// Writes all members whose name is not in `known`: an object must not have two of one name.
    pub(crate) fn write<M: SerializeMap>(
        &self,
        object: &mut M,
        known: &[&str],
    ) -> Result<(), M::Error> {
        let unknown = self.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        for (key, value) in unknown {
            object.serialize_entry(key, value)?;
        }
        Ok(())
    }
}

impl From<Map<String, Value>> for Extra {
    fn from(members: Map<String, Value>) -> Self {
        Self((!members.is_empty()).then(|| Box::new(members)))
    }
}
