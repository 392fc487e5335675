//! Lists that survive a bad element.

use std::ops::{Deref, DerefMut};
use std::{slice, vec};

use serde_core::de::{Deserialize, Deserializer};
use serde_core::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::decode::{self, DecodeError, Member};

/// A list of objects. Decoding keeps the good elements and sets the bad ones aside.
///
/// It is used as a `Vec`. Only the good elements are written.
///
/// # Examples
///
/// ```
/// use bowline_types::{decode, tool::ListToolsResult};
///
/// let result: ListToolsResult =
///     decode(br#"{"tools": [{"name": "add", "inputSchema": {"type": "object"}}, {"name": 7}]}"#)?;
/// assert_eq!(result.tools.len(), 1);
/// assert_eq!(
///     result.tools.rejected()[0].error.to_string(),
///     "tools[1].name: invalid type: integer, expected a string"
/// );
/// # Ok::<(), bowline_types::DecodeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct List<T> {
    items: Vec<T>,
    rejected: Vec<Rejected>,
}

/// An element that was not what its list is of.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rejected {
    /// Its place in the list as it came, from 0.
    pub index: usize,
    /// The element as it came.
    pub value: Value,
    /// What is wrong with it, such as `tools[1].name: missing field`. The path starts at the object that
    /// has the list as a member.
    pub error: DecodeError,
}

impl<T> List<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Self { items: Vec::new(), rejected: Vec::new() }
    }

    /// The elements that could not be decoded, in their order. Empty for a list that was built here.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// The good elements.
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }
}

impl<T: Member> Member for List<T> {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let Value::Array(values) = value else {
            return Err(DecodeError::unexpected(&value, "an array"));
        };
        let mut list = Self { items: Vec::with_capacity(values.len()), rejected: Vec::new() };
        for (index, value) in values.into_iter().enumerate() {
            // The copy is what a report of a bad element shows; decoding takes the original apart.
            match T::from_value(value.clone()) {
                Ok(item) => list.items.push(item),
                Err(error) => {
                    list.rejected.push(Rejected { index, value, error: error.in_element(index) })
                }
            }
        }
        Ok(list)
    }

    fn decoded_from(&mut self, key: &str) {
        for rejected in &mut self.rejected {
            rejected.error = rejected.error.clone().in_member(key);
        }
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}

impl<'de, T: Member> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode::from_deserializer(deserializer)
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for List<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.items
    }
}

impl<T> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut Vec<T> {
        &mut self.items
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { items, rejected: Vec::new() }
    }
}

impl<T, const N: usize> From<[T; N]> for List<T> {
    fn from(items: [T; N]) -> Self {
        Self::from(Vec::from(items))
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::from(Vec::from_iter(items))
    }
}

impl<T> Extend<T> for List<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        self.items.extend(items);
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut List<T> {
    type Item = &'a mut T;
    type IntoIter = slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter_mut()
    }
}
