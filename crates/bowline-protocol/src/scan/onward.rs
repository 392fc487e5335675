//! The params of a message as they are handed on to somebody else.

use super::keys::BodyKey;
use super::message::Message;
use super::raw::Raw;
use super::text;
use crate::outcome::Body;

impl Message {
    /// `params` to be handed on: `_meta` apart, some members with another value or, for `None`, left out.
    ///
    /// No value is looked into or written anew, so that what goes on is what was checked. What the sender must not say
    /// does not go on. A `_meta` that is no object does not either.
    #[must_use]
    pub fn handed_on(&self, changes: &[(BodyKey, Option<&Raw>)]) -> Body {
        let Some(params) = self.params().filter(is_object) else {
            return Body::empty();
        };
        let meta =
            self.body_raw(BodyKey::Meta).filter(|meta| meta.as_bytes().first() == Some(&b'{'));
        let added: usize =
            changes.iter().filter_map(|(_, text)| *text).map(|text| text.as_bytes().len()).sum();
        let mut out = Vec::with_capacity(params.as_bytes().len() + added);
        out.push(b'{');
        for member in self.members() {
            let change = changes.iter().find(|(key, _)| member.key == Some(*key));
            let value = match (member.key, change) {
                (Some(BodyKey::Meta), _) | (_, Some((_, None))) => continue,
                // Known by its name and not to be found: it was made to look absent.
                (Some(key), _) if self.body(key).is_none() => continue,
                (_, Some((_, Some(text)))) => text.as_bytes(),
                (_, None) => member.value,
            };
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(member.name);
            out.push(b':');
            out.extend_from_slice(value);
        }
        out.push(b'}');
        Body::written(Raw::written(out), meta)
    }

    fn members(&self) -> Members<'_> {
        let span = self.params_span();
        Members {
            message: self,
            text: self.raw().as_bytes(),
            at: span.start as usize + 1,
            end: span.end as usize - 1,
        }
    }
}

fn is_object(text: &Raw) -> bool {
    text.as_bytes().first() == Some(&b'{')
}

/// A member of `params`.
struct Member<'a> {
    key: Option<BodyKey>,
    /// Its name with quotes, as it was written.
    name: &'a [u8],
    value: &'a [u8],
}

/// The members of an object that the scanner has walked over: values that it knows are not walked over again.
struct Members<'a> {
    message: &'a Message,
    text: &'a [u8],
    at: usize,
    /// Where the closing brace is.
    end: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        self.space();
        if self.at >= self.end {
            return None;
        }
        let name = self.string();
        self.space();
        // The colon.
        self.at += 1;
        self.space();
        let start = self.at;
        self.at = match self.message.body_spans().find(|span| span.start as usize == start) {
            Some(span) => span.end as usize,
            None => skip_value(self.text, start),
        };
        let value = &self.text[start..self.at];
        self.space();
        if self.text.get(self.at) == Some(&b',') {
            self.at += 1;
        }
        let inside = &name[1..name.len() - 1];
        let key = text::decode_text(inside).ok().and_then(|name| BodyKey::find(name.as_bytes()));
        Some(Member { key, name, value })
    }
}

impl<'a> Members<'a> {
    /// The string that begins here, quotes included.
    fn string(&mut self) -> &'a [u8] {
        let start = self.at;
        self.at = skip_string(self.text, start);
        &self.text[start..self.at]
    }

    fn space(&mut self) {
        while self.text.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
    }
}

/// Behind the string that begins at `at`.
fn skip_string(text: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(found) = memchr::memchr2(b'"', b'\\', &text[at..]) {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// Behind the value that begins at `at`, in text whose grammar was checked.
fn skip_value(text: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at = skip_string(text, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            // The end of what a number or a word stands in.
            b'}' | b']' | b',' | b' ' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::super::{Scanned, scan};
    use super::*;

    fn message(params: &str) -> Message {
        let text = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{params}}}"#);
        match scan(text.clone().into(), 64) {
            Ok(Scanned::Message(message)) => message,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn shown(body: &Body) -> String {
        let meta = body.meta().map_or("-", Raw::as_str);
        format!("{} {meta}", body.members().as_str())
    }

    #[test]
    fn only_what_is_changed_is_different() {
        let rows = [
            (r"{}", "{} -"),
            (r#"{"name":"a"}"#, r#"{"name":"b"} -"#),
            (
                r#"{ "_meta" : {"k":1} , "name" : "a" , "x" : [ 1 , {"name":"a"} ] }"#,
                r#"{"name":"b","x":[ 1 , {"name":"a"} ]} {"k":1}"#,
            ),
            (r#"{"name":"a","_meta":{}}"#, r#"{"name":"b"} {}"#),
            (
                r#"{"arguments":{"name":"a\"}"},"name":7}"#,
                r#"{"arguments":{"name":"a\"}"},"name":"b"} -"#,
            ),
            (r#"{"\u006eame":"a","\u005fmeta":{"k":"}"}}"#, r#"{"\u006eame":"b"} {"k":"}"}"#),
            (r#"{"_meta":null,"z":-1.5e3,"y":true,"w":""}"#, r#"{"z":-1.5e3,"y":true,"w":""} -"#),
            (r#"{"uri":"gone","name":"a"}"#, r#"{"name":"b"} -"#),
        ];
        let text = Raw::encode("b").unwrap();
        for (params, expected) in rows {
            let changes = [(BodyKey::Name, Some(&text)), (BodyKey::Uri, None)];
            assert_eq!(shown(&message(params).handed_on(&changes)), expected, "{params}");
        }
    }

    #[test]
    fn arguments_go_on_byte_for_byte() {
        let arguments =
            r#"{"a" : 1.0, "big":123456789012345678901234567890, "e":"\u00e9\/", "é":[[],{}]}"#;
        let body = message(&format!(r#"{{"name":"a","arguments":{arguments}}}"#)).handed_on(&[]);
        assert_eq!(body.members().as_str(), format!(r#"{{"name":"a","arguments":{arguments}}}"#));
    }

    #[test]
    fn a_message_without_params_has_none_to_hand_on() {
        let text = r#"{"jsonrpc":"2.0","id":1,"method":"m"}"#;
        let Ok(Scanned::Message(message)) = scan(text.into(), 64) else { panic!("{text}") };
        assert_eq!(shown(&message.handed_on(&[])), "{} -");
    }

    #[cfg(not(modern_only))]
    #[test]
    fn what_was_made_to_look_absent_does_not_go_on() {
        let mut message = message(r#"{"requestState":"s","name":"a","inputResponses":{}}"#);
        message.forget(BodyKey::RequestState);
        message.forget(BodyKey::InputResponses);
        assert_eq!(shown(&message.handed_on(&[])), r#"{"name":"a"} -"#);
    }
}
