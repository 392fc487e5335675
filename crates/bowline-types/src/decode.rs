//! From JSON to a message, with the path of whatever is wrong.
//!
//! A message is read in two steps: text becomes a [`Value`] tree, then one function per type, generic over
//! nothing, takes the tree apart. So a crate that uses a type does not compile its decoder again, unions
//! look at their tag before they decide, and a list can set one bad element aside.

use std::collections::BTreeMap;
use std::{fmt, mem};

use serde_core::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};
use serde_core::ser::{Serialize, SerializeMap};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

/// Decodes one JSON text.
///
/// A type of this crate names the member that is wrong: `params.name: invalid type: integer, expected a
/// string`. Two members of one name in an object are an error at any depth, because readers differ in
/// which of them they believe.
///
/// # Errors
///
/// When the text is not JSON, or the JSON is not a `T`.
pub fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, DecodeError> {
    // Text that is checked once as a whole need not be checked string by string.
    let read = match std::str::from_utf8(json) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(json),
    };
    read.map_err(DecodeError::from)
}

/// Decodes a JSON value that was read before, as [`decode()`] does.
///
/// # Errors
///
/// When the value is not a `T`.
pub fn decode_value<T: DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    T::deserialize(value).map_err(DecodeError::from)
}

/// What is wrong with a message, and where.
///
/// Displays as `path: message`; the path is empty when the whole is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    path: String,
    message: String,
}

impl DecodeError {
    /// An error at the place that is being decoded, with a lower-case message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { path: String::new(), message: message.into() }
    }

    /// The way to the wrong member, such as `tools[3].inputSchema`; empty for the whole message.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there, such as `missing field`.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error, seen from the object that has the wrong thing as its member `key`.
    #[must_use]
    pub fn in_member(mut self, key: &str) -> Self {
        self.path = Step::Member(key).before(&self.path);
        self
    }

    /// The same error, seen from the array that has the wrong thing at `index`.
    #[must_use]
    pub fn in_element(mut self, index: usize) -> Self {
        self.path = Step::Element(index).before(&self.path);
        self
    }

    pub(crate) fn missing(key: &str) -> Self {
        Self::new("missing field").in_member(key)
    }

    pub(crate) fn unexpected(found: &Value, expected: &str) -> Self {
        Self::new(format!("invalid type: {}, expected {expected}", kind(found)))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for DecodeError {}

impl From<serde_json::Error> for DecodeError {
    /// Drops line and column when the shape is wrong: the path says it better. A syntax error keeps them.
    fn from(error: serde_json::Error) -> Self {
        let mut text = error.to_string();
        if !error.is_data() {
            return Self::new(text);
        }
        if error.line() > 0 {
            let position = format!(" at line {} column {}", error.line(), error.column());
            text.truncate(text.strip_suffix(&position).map_or(text.len(), str::len));
        }
        match split_path(&text) {
            Some((path, message)) => Self { path: path.to_owned(), message: message.to_owned() },
            None => Self::new(text),
        }
    }
}

/// A value that can stand in a member of a message.
///
/// Every type of this crate is one. It is public because [`List`](crate::List) asks for it; types of a
/// user's own need only serde's traits.
pub trait Member: Serialize + Sized {
    /// Whether `null` is a value of an optional member of this type rather than its absence.
    const NULL_IS_A_VALUE: bool = false;

    /// Takes the value apart.
    ///
    /// # Errors
    ///
    /// When the value has another shape; the path in it starts at this value.
    fn from_value(value: Value) -> Result<Self, DecodeError>;

    /// Writes the value as the member `key` of an object.
    ///
    /// # Errors
    ///
    /// What the serializer reports.
    fn write<M: SerializeMap>(&self, object: &mut M, key: &'static str) -> Result<(), M::Error> {
        object.serialize_entry(key, self)
    }

    /// Is told the name of the member that the value was decoded from.
    fn decoded_from(&mut self, key: &str) {
        let _ = key;
    }
}

/// Members that one field stands for and that are written among those of its owner.
pub(crate) trait Inline: Sized {
    fn take(object: &mut Object) -> Result<Option<Self>, DecodeError>;
    fn write<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error>;
}

/// What is left of an object while it is taken apart.
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub(crate) fn new(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            other => Err(DecodeError::unexpected(&other, "an object")),
        }
    }

    pub(crate) fn required<T: Member>(&mut self, key: &str) -> Result<T, DecodeError> {
        let value = self.0.remove(key).ok_or_else(|| DecodeError::missing(key))?;
        member(key, value)
    }

    pub(crate) fn optional<T: Member>(&mut self, key: &str) -> Result<Option<T>, DecodeError> {
        match self.0.remove(key) {
            None => Ok(None),
            Some(Value::Null) if !T::NULL_IS_A_VALUE => Ok(None),
            Some(value) => member(key, value).map(Some),
        }
    }

    /// Takes the member that says what the object is, and holds it against the only value it may have.
    pub(crate) fn tag(&mut self, key: &str, expected: &str) -> Result<(), DecodeError> {
        let found: String = self.required(key)?;
        if found == expected {
            return Ok(());
        }
        Err(DecodeError::new(format!("invalid value: {found:?}, expected {expected:?}"))
            .in_member(key))
    }

    /// Drops a member that belongs to the envelope.
    pub(crate) fn discard(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// Takes all that is left.
    pub(crate) fn rest(&mut self) -> Map<String, Value> {
        mem::take(&mut self.0)
    }
}

fn member<T: Member>(key: &str, value: Value) -> Result<T, DecodeError> {
    let mut member = T::from_value(value).map_err(|error| error.in_member(key))?;
    member.decoded_from(key);
    Ok(member)
}

/// The text of the member that says what an object is.
pub(crate) fn tag_of<'a>(value: &'a Value, key: &str) -> Result<&'a str, DecodeError> {
    let object = value.as_object().ok_or_else(|| DecodeError::unexpected(value, "an object"))?;
    let tag = object.get(key).ok_or_else(|| DecodeError::missing(key))?;
    tag.as_str().ok_or_else(|| DecodeError::unexpected(tag, "a string").in_member(key))
}

/// The one body behind every `Deserialize` of this crate.
pub(crate) fn from_deserializer<'de, T: Member, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = Tree(None).deserialize(deserializer)?;
    T::from_value(value).map_err(de::Error::custom)
}

/// Reads a value and refuses two members of one name.
struct Tree<'a>(Option<&'a Trail<'a>>);

/// The way to the value that is being read, kept on the stack.
struct Trail<'a> {
    before: Option<&'a Self>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Member(&'a str),
    Element(usize),
}

impl Step<'_> {
    fn before(self, path: &str) -> String {
        let dot = if path.is_empty() || path.starts_with('[') { "" } else { "." };
        match self {
            Step::Member(key) if is_plain(key) => format!("{key}{dot}{path}"),
            // A peer chooses this name: quoted, escaped and cut, it cannot pass for something else.
            Step::Member(key) => {
                format!("[{:?}]{dot}{path}", key.chars().take(64).collect::<String>())
            }
            Step::Element(index) => format!("[{index}]{dot}{path}"),
        }
    }
}

impl Tree<'_> {
    fn path_to(&self, key: &str) -> String {
        let mut path = Step::Member(key).before("");
        let mut trail = self.0;
        while let Some(&Trail { before, step }) = trail {
            path = step.before(&path);
            trail = before;
        }
        path
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let trail = Trail { before: self.0, step: Step::Element(array.len()) };
            match elements.next_element_seed(Tree(Some(&trail)))? {
                Some(element) => array.push(element),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            match object.entry(key) {
                Entry::Vacant(vacant) => {
                    let trail = Trail { before: self.0, step: Step::Member(vacant.key()) };
                    let value = members.next_value_seed(Tree(Some(&trail)))?;
                    vacant.insert(value);
                }
                Entry::Occupied(known) => {
                    let path = self.path_to(known.key());
                    return Err(de::Error::custom(format_args!("{path}: duplicate field")));
                }
            }
        }
        Ok(Value::Object(object))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 64
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$-".contains(&b))
}

/// Takes the path off a text that [`DecodeError`] wrote. Serde hands errors on as text only.
fn split_path(text: &str) -> Option<(&str, &str)> {
    let mut rest = text;
    loop {
        let step = match rest.strip_prefix("[\"") {
            Some(quoted) => 2 + end_of_quoted(quoted)? + 2,
            None if rest.starts_with('[') => rest.find(']')? + 1,
            None => rest.find([':', '.', '[']).filter(|end| is_plain(&rest[..*end]))?,
        };
        rest = &rest[step..];
        if let Some(message) = rest.strip_prefix(": ") {
            return Some((&text[..text.len() - rest.len()], message));
        }
        rest = rest.strip_prefix('.').or_else(|| rest.starts_with('[').then_some(rest))?;
    }
}

fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.find(|c| {
        let is_end = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end
    })?;
    text[end..].starts_with("\"]").then_some(end)
}

impl Member for Value {
    const NULL_IS_A_VALUE: bool = true;

    fn from_value(value: Value) -> Result<Self, DecodeError> {
        Ok(value)
    }
}

impl Member for Map<String, Value> {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        Object::new(value).map(|mut object| object.rest())
    }
}

impl Member for String {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(DecodeError::unexpected(&other, "a string")),
        }
    }
}

impl Member for bool {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        value.as_bool().ok_or_else(|| DecodeError::unexpected(&value, "a boolean"))
    }
}

impl Member for u64 {
    /// Also takes `100.0`, which JSON does not tell from `100`.
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let whole = |number: f64| {
            (number.fract() == 0.0 && (0.0..=MAX_EXACT).contains(&number)).then_some(number as Self)
        };
        value
            .as_u64()
            .or_else(|| value.as_f64().and_then(whole))
            .ok_or_else(|| DecodeError::unexpected(&value, "an unsigned integer"))
    }
}

impl Member for f64 {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        value.as_f64().ok_or_else(|| DecodeError::unexpected(&value, "a number"))
    }

    /// Writes a whole number without a fraction, as it most likely came.
    fn write<M: SerializeMap>(&self, object: &mut M, key: &'static str) -> Result<(), M::Error> {
        if self.fract() == 0.0 && self.abs() <= MAX_EXACT {
            return object.serialize_entry(key, &(*self as i64));
        }
        object.serialize_entry(key, self)
    }
}

/// The largest integer up to which a 64-bit float has all of them.
const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

impl<T: Member> Member for Box<T> {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        T::from_value(value).map(Self::new)
    }
}

/// A member that is required but may be `null`.
impl<T: Member> Member for Option<T> {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: Member> Member for Vec<T> {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let Value::Array(values) = value else {
            return Err(DecodeError::unexpected(&value, "an array"));
        };
        let decode = |(index, value)| T::from_value(value).map_err(|error| error.in_element(index));
        values.into_iter().enumerate().map(decode).collect()
    }
}

impl<T: Member> Member for BTreeMap<String, T> {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let mut map = Self::new();
        for (key, value) in Object::new(value)?.rest() {
            let member = T::from_value(value).map_err(|error| error.in_member(&key))?;
            map.insert(key, member);
        }
        Ok(map)
    }
}

/// A value of a type of this crate as JSON. All of them have string keys, so none can fail.
pub(crate) fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
