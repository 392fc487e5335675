//! Taking members out of an object that has been checked, without decoding it.

use super::machine::skip_plain;
use super::{Message, MetaKey, Raw, Span, decode_text, encode_text, unquote};
use std::borrow::Cow;

/// One member of an object, as it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    /// The name between its quotes, with its escapes.
    name: &'a [u8],
    /// The value.
    pub(crate) value: &'a [u8],
    /// Name and value, with what stands between them.
    pub(crate) whole: &'a [u8],
}

impl<'a> Member<'a> {
    /// The value where it is a string.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        unquote(self.value)
    }

    /// The name in UTF-8; empty when it is no text (an unpaired surrogate), which no key of ours is.
    pub(crate) fn name(&self) -> Cow<'_, [u8]> {
        // Without an escape it is what it says, and has been checked with all else.
        if !self.name.contains(&b'\\') {
            return Cow::Borrowed(self.name);
        }
        let decoded = decode_text(self.name).unwrap_or_default();
        Cow::Owned(decoded.into_owned().into_bytes())
    }
}

/// The members of an object, in the order in which they stand there.
#[derive(Clone, Debug)]
pub(crate) struct Members<'a> {
    text: &'a [u8],
    at: usize,
    /// What the object is part of, where that was scanned: values that it knows are not walked over again.
    message: Option<&'a Message>,
}

impl<'a> Members<'a> {
    /// Of any other value than an object there are none.
    pub(crate) fn of(object: &'a Raw) -> Self {
        Self { text: object.members(), at: 0, message: None }
    }

    /// Those of `params`, where that is an object.
    pub(crate) fn of_params(message: &'a Message) -> Self {
        let params = message.params_span();
        let text = message.raw().as_bytes();
        match params.of(text) {
            [b'{', .., b'}'] => Self {
                text: &text[..params.end as usize - 1],
                at: params.start as usize + 1,
                message: Some(message),
            },
            _ => Self { text: b"", at: 0, message: None },
        }
    }

    /// Where the value ends that begins here.
    fn end_of_value(&self) -> usize {
        let mut known = self.message.into_iter().flat_map(Message::body_spans);
        match known.find(|span| span.start as usize == self.at) {
            Some(span) => span.end as usize,
            None => end_of_value(self.text, self.at),
        }
    }

    fn skip(&mut self, passed_over: impl Fn(u8) -> bool) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|&byte| !passed_over(byte)).unwrap_or(rest.len());
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        self.skip(|byte| byte == b' ' || byte == b',');
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        self.at = end_of_string(self.text, start);
        let name = self.text.get(start + 1..self.at - 1)?;
        self.skip(|byte| byte == b' ' || byte == b':');
        let value = self.at;
        self.at = self.end_of_value();
        Some(Member { name, value: &self.text[value..self.at], whole: &self.text[start..self.at] })
    }
}

/// Where the value ends that begins at `start`. The text is JSON, so that brackets need only be counted.
fn end_of_value(text: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'"' => at = end_of_string(text, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
            }
            b',' | b' ' if depth == 0 => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

/// Where the member begins that has the value at this place: at the quote in front of its name.
pub(super) fn start_of_member(text: &[u8], value: Span) -> usize {
    let before = |end: usize, passed_over: fn(u8) -> bool| {
        text[..end].iter().rposition(|&byte| !passed_over(byte)).unwrap_or_default()
    };
    // The quote behind the name.
    let mut at = before(value.start as usize, |byte| byte == b' ' || byte == b':');
    loop {
        at = before(at, |byte| byte != b'"');
        let escapes = text[..at].iter().rev().take_while(|&&byte| byte == b'\\').count();
        if escapes % 2 == 0 {
            return at;
        }
    }
}

/// The members in a stretch of an object that begins and ends between two of them.
pub(super) fn between(stretch: &[u8]) -> &[u8] {
    let is_gap = |byte: &u8| matches!(byte, b' ' | b',');
    let start = stretch.iter().position(|byte| !is_gap(byte)).unwrap_or(stretch.len());
    let end = stretch.iter().rposition(|byte| !is_gap(byte)).map_or(start, |last| last + 1);
    &stretch[start..end]
}

/// Where the string ends that begins with the quote at `start`: behind the other quote.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        at = skip_plain(text, at);
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(_) => at += 2,
            None => return text.len(),
        }
    }
}

/// Writes an object member by member, as they are written elsewhere.
pub(crate) struct Selection(Vec<u8>);

impl Selection {
    /// Room for so many bytes.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let mut text = Vec::with_capacity(bytes);
        text.push(b'{');
        Self(text)
    }

    /// Adds a member, or several with commas between them, or none.
    pub(crate) fn add(&mut self, members: &[u8]) {
        if members.is_empty() {
            return;
        }
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        self.0.extend_from_slice(members);
    }

    /// Adds a member with another value than it has.
    pub(crate) fn add_changed(&mut self, member: &Member<'_>, value: &[u8]) {
        let with_colon = member.whole.len() - member.value.len();
        self.add(&member.whole[..with_colon]);
        self.0.extend_from_slice(value);
    }

    /// Adds a reserved key of `_meta`.
    pub(crate) fn add_meta(&mut self, key: MetaKey, value: &[u8]) {
        if self.0.len() > 1 {
            self.0.push(b',');
        }
        encode_text(&mut self.0, key.name());
        self.0.push(b':');
        self.0.extend_from_slice(value);
    }

    /// Whether nothing was added.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.len() == 1
    }

    /// The object.
    pub(crate) fn into_raw(mut self) -> Raw {
        self.0.push(b'}');
        Raw::written(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, Members, Selection};
    use crate::scan::{Raw, Span};
    use serde_json::{Map, Value};

    const TEXTS: &[&str] = &[
        "{}",
        "{ }",
        r#"{"a":1}"#,
        r#"{ "a" : 1 , "b":[ 1, {"c": "}" } ] ,"d":null }"#,
        r#"{"\"a\\":"\\\"","\u0061":"\\","":{},"x":[],"t":true,"n":-1.5e3}"#,
        r#"{"deep":[[[{"a":[{}]}]],"]"],"s":"a,b: {","last":"é"}"#,
        "[1,2]",
        "\"a\"",
    ];

    #[test]
    fn members_are_those_that_a_decoder_finds() {
        for text in TEXTS {
            let raw = Raw::parse(*text).unwrap();
            let decoded = serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
            let found: Map<String, Value> = Members::of(&raw)
                .map(|member| {
                    (
                        String::from_utf8(member.name().into_owned()).unwrap(),
                        serde_json::from_slice(member.value).unwrap(),
                    )
                })
                .collect();
            assert_eq!(found, decoded, "{text}");
        }
    }

    #[test]
    fn what_is_taken_out_is_all_that_is_missing() {
        // Every set of members of each text, by a bit for each of the first four.
        for text in TEXTS.iter().filter(|text| text.starts_with('{')) {
            let raw = Raw::parse(*text).unwrap();
            let members: Vec<_> = Members::of(&raw).collect();
            let place = |member: &Member<'_>| {
                let start = member.value.as_ptr() as usize - raw.as_bytes().as_ptr() as usize;
                Span::new(start, start + member.value.len())
            };
            for set in 0_u32..16 {
                let mut out = [Span::default(); 4];
                let mut expected = Map::new();
                for (at, member) in members.iter().enumerate() {
                    match out.get_mut(at).filter(|_| set >> at & 1 == 1) {
                        Some(out) => *out = place(member),
                        None => {
                            let name = String::from_utf8(member.name().into_owned()).unwrap();
                            let value = serde_json::from_slice(member.value).unwrap();
                            expected.insert(name, value);
                        }
                    }
                }
                out.reverse();
                let rest = raw.without(out);
                assert_eq!(rest.is_empty(), expected.is_empty(), "{text} {set:b}");
                let rest: Map<String, Value> = rest.into_raw().decode().unwrap();
                assert_eq!(rest, expected, "{text} {set:b}");
            }
        }
    }

    #[test]
    fn a_selection_of_all_members_is_the_object() {
        for text in TEXTS.iter().filter(|text| text.starts_with('{')) {
            let raw = Raw::parse(*text).unwrap();
            let mut selection = Selection::with_capacity(text.len());
            Members::of(&raw).for_each(|member| selection.add(member.whole));
            assert_eq!(selection.is_empty(), raw.members().trim_ascii().is_empty());
            let again: Value = selection.into_raw().decode().unwrap();
            assert_eq!(again, raw.decode::<Value>().unwrap(), "{text}");
        }
    }
}
