//! The params of a message as they are handed on to somebody else.

use super::keys::BodyKey;
use super::members::{Members, Selection};
use super::message::Message;
use super::raw::Raw;
use crate::outcome::Body;

impl Message {
    /// `params` to be handed on: `_meta` apart, some members with another value or, for `None`, left out.
    ///
    /// No value is looked into or written anew, so that what goes on is what was checked. What the sender must not say
    /// does not go on. A `_meta` that is no object does not either.
    #[must_use]
    pub fn handed_on(&self, changes: &[(BodyKey, Option<&Raw>)]) -> Body {
        let meta = self.body_raw(BodyKey::Meta).filter(Raw::is_object);
        let added: usize =
            changes.iter().filter_map(|(_, text)| *text).map(|text| text.as_bytes().len()).sum();
        let room = self.params_span().of(self.raw().as_bytes()).len() + added;
        let mut params = Selection::with_capacity(room);
        for member in Members::of_params(self) {
            let key = BodyKey::find(&member.name());
            let change = changes.iter().find(|(changed, _)| key == Some(*changed));
            match (key, change) {
                (Some(BodyKey::Meta), _) | (_, Some((_, None))) => {}
                // Known by its name and not to be found: it was made to look absent.
                (Some(key), _) if self.body(key).is_none() => {}
                (_, Some((_, Some(text)))) => params.add_changed(&member, text.as_bytes()),
                (_, None) => params.add(member.whole),
            }
        }
        Body::from_raw(params.into_raw(), meta)
    }
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
                r#"{"name" : "b","x" : [ 1 , {"name":"a"} ]} {"k":1}"#,
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
