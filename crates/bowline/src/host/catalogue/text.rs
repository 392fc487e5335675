//! Items of lists as text: places in it are found and single values replaced, and nothing is written anew.

use crate::server::json::{Elements, Members};
use bowline_protocol::scan::{Raw, encode_text};
use std::ops::Range;

/// The elements of the array that is this member of an object; none when there is no such array.
pub(super) fn elements(object: &Raw, member: &str) -> Vec<Raw> {
    let Some(array) = place(object, member) else {
        return Vec::new();
    };
    let (text, bytes) = (object.as_bytes(), object.clone().into_bytes());
    if text.get(array.start) != Some(&b'[') {
        return Vec::new();
    }
    // Whatever is inside of checked text can be checked again.
    Elements::of(text, array.start)
        .filter_map(|element| Raw::parse(bytes.slice(element)).ok())
        .collect()
}

/// The value of a member that must stand there once.
pub(super) fn raw(object: &Raw, member: &str) -> Option<Raw> {
    Raw::parse(object.clone().into_bytes().slice(place(object, member)?)).ok()
}

/// The text of a member that must be a string and stand there once.
pub(super) fn string(object: &Raw, member: &str) -> Option<String> {
    serde_json::from_slice(&object.as_bytes()[place(object, member)?]).ok()
}

/// The same object with another string as this member.
pub(super) fn with_string(object: &Raw, member: &str, value: &str) -> Option<Raw> {
    let place = place(object, member)?;
    let text = object.as_bytes();
    let mut out = Vec::with_capacity(text.len() + value.len());
    out.extend_from_slice(&text[..place.start]);
    encode_text(&mut out, value);
    out.extend_from_slice(&text[place.end..]);
    Raw::parse(out).ok()
}

/// Where the value of a member is; `None` when it is not there, or stands there twice, so that two readers could find
/// different ones.
fn place(object: &Raw, member: &str) -> Option<Range<usize>> {
    let mut found = Members::of(object.as_bytes(), 0).filter(|(name, _)| name == member);
    let (_, place) = found.next()?;
    found.next().is_none().then_some(place)
}

/// A member that must be a whole number, not below 0, and stand there once.
pub(super) fn number(object: &Raw, member: &str) -> Option<u64> {
    serde_json::from_slice(&object.as_bytes()[place(object, member)?]).ok()
}
