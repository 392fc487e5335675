//! Batches: several messages in one array. One protocol version had them.
//!
//! See [Batching](https://modelcontextprotocol.io/specification/2025-03-26/basic/index#batching).

use super::Peer;
use crate::dialect::{Feature, supports};
use crate::era::Refusal;
use crate::scan::{Message, Raw, Scanned, scan};
use bowline_types::jsonrpc::ErrorObject;
use bytes::Bytes;

/// The messages of a batch, each as if it had come alone.
pub(super) fn split(
    batch: &Raw,
    peer: Option<&Peer>,
) -> Result<Vec<Result<Message, Refusal>>, ErrorObject> {
    let Some(peer) = peer.filter(|peer| supports(peer.revision(), Feature::Batches)) else {
        return Err(ErrorObject::invalid_request(
            "batches are not allowed; send every message on its own",
        ));
    };
    let limits = peer.settings().limits();
    messages(batch, limits.running_per_link, limits.json_depth)
}

/// The messages of a batch of at most so many, in a protocol version that has batches.
pub(in crate::era) fn messages(
    batch: &Raw,
    most: usize,
    depth: usize,
) -> Result<Vec<Result<Message, Refusal>>, ErrorObject> {
    let elements = elements(batch, most);
    if elements.is_empty() {
        return Err(ErrorObject::invalid_request("the batch is empty; send at least one message"));
    }
    if elements.len() > most {
        let error = format!("the batch has more than {most} messages; send several batches");
        return Err(ErrorObject::invalid_request(error));
    }
    Ok(elements.iter().map(|element| message(element, depth)).collect())
}

/// The answers to a batch as one text; `None` when nothing is to be answered, and nothing must be sent.
#[must_use]
pub fn join(replies: &[Raw]) -> Option<Raw> {
    let texts: Vec<&[u8]> = replies.iter().map(Raw::as_bytes).collect();
    let joined = texts.join(&b","[..]);
    (!replies.is_empty()).then(|| Raw::written([b"[", &joined[..], b"]"].concat()))
}

fn message(element: &Bytes, depth: usize) -> Result<Message, Refusal> {
    match scan(element.slice_ref(element.trim_ascii()), depth)? {
        Scanned::Message(message) => Ok(message),
        Scanned::Batch(_) => {
            let error = ErrorObject::invalid_request("a batch inside a batch is not allowed");
            Err(Refusal::anonymous(error))
        }
    }
}

/// The elements of an array that has been checked, `most` at most and perhaps one more.
fn elements(array: &Raw, most: usize) -> Vec<Bytes> {
    let text = array.clone().into_bytes();
    let mut at = text.iter().position(|&byte| byte == b'[').unwrap_or_default();
    let (mut elements, mut start, mut depth) = (Vec::new(), at + 1, 0_usize);
    while elements.len() <= most
        && let Some(&byte) = text.get(at)
    {
        match byte {
            b'"' => at = end_of_string(&text, at),
            b'[' | b'{' => depth += 1,
            b',' if depth == 1 => {
                elements.push(text.slice(start..at));
                start = at + 1;
            }
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 && !text[start..at].trim_ascii().is_empty() {
                    elements.push(text.slice(start..at));
                }
            }
            _ => {}
        }
        at += 1;
    }
    elements
}

/// Where the string that begins at `at` has its last quotation mark.
fn end_of_string(text: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while text[end] != b'"' {
        end += if text[end] == b'\\' { 2 } else { 1 };
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn elements_are_those_that_a_parser_finds() {
        for text in [
            "[]",
            "  [ ]  ",
            "[1]",
            " [ 1 , 2,3 ] ",
            r#"["a,b","]","\"","\\","\\\"","]"]"#,
            r#"[[],[[1,2],{}],{"a":[1,{"b":"]"}],"c,":"}"}]"#,
            r#"[{"a":"\u005d,"},null,true,-1.5e3]"#,
        ] {
            let raw = Raw::parse(text.to_owned()).unwrap();
            let expected: Vec<Value> = serde_json::from_str(text).unwrap();
            let found = elements(&raw, 100);
            let found: Vec<Value> =
                found.iter().map(|element| serde_json::from_slice(element).unwrap()).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn an_array_of_too_many_is_not_taken_apart_to_its_end() {
        let many = Raw::parse(format!("[{}1]", "1,".repeat(100_000))).unwrap();
        assert_eq!(elements(&many, 3).len(), 4);
    }
}
