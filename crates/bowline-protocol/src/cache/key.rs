//! What was asked, by whom.

use super::Cache;
use super::subject::Subject;
use crate::outcome::Body;
use crate::scan::{BodyKey, MetaKey, Raw};
use serde_json::{Map, Value};

/// A request that may be answered from what is kept: for whom, the method, and every parameter that its result depends
/// on.
///
/// See [Cache key](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching#cache-key).
#[derive(Clone, Debug)]
pub struct Key {
    pub(super) context: Box<str>,
    pub(super) asked: Box<[u8]>,
    pub(super) subject: Subject,
    pub(super) is_later_page: bool,
    pub(super) generation: u64,
}

impl Cache {
    /// The key of a request, made before it is sent; `None` for one whose result must not be kept.
    ///
    /// `context` is the authorization context: whoever has another one must not find what is private. `params` are
    /// those of the caller, before a client adds to `_meta` what it adds to every request.
    #[must_use]
    pub fn key(&self, context: &str, method: &str, params: &Body) -> Option<Key> {
        let mut members: Map<String, Value> = params.members().decode().ok()?;
        // "Results produced by retrying a request … MUST NOT be cached".
        let is_retry = [BodyKey::InputResponses, BodyKey::RequestState]
            .iter()
            .any(|key| members.contains_key(key.name()));
        if is_retry {
            return None;
        }
        // An absent cursor and one that is null both begin a listing.
        members.retain(|_, value| !value.is_null());
        let subject =
            Subject::of(method, members.get(BodyKey::Uri.name()).and_then(Value::as_str))?;
        let is_later_page = members.contains_key(BodyKey::Cursor.name());
        let mut asked = method.as_bytes().to_vec();
        for part in [members, meta(params.meta())] {
            asked.push(b' ');
            canonical(&Value::Object(part), &mut asked);
        }
        let generation = self.generations.of(&subject);
        let (context, asked) = (context.into(), asked.into());
        Some(Key { context, asked, subject, is_later_page, generation })
    }
}

/// What `_meta` says that a result may depend on.
fn meta(meta: Option<&Raw>) -> Map<String, Value> {
    let passing = [
        MetaKey::ProgressToken,
        MetaKey::LogLevel,
        MetaKey::TraceParent,
        MetaKey::TraceState,
        MetaKey::Baggage,
    ];
    let mut meta: Map<String, Value> = meta.and_then(|meta| meta.decode().ok()).unwrap_or_default();
    meta.retain(|name, _| passing.iter().all(|key| key.name() != name));
    meta
}

/// Writes a value so that equal ones have equal texts, whatever the order of their members.
fn canonical(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                crate::scan::encode_text(out, name);
                out.push(b':');
                canonical(value, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                canonical(item, out);
            }
            out.push(b']');
        }
        Value::String(text) => crate::scan::encode_text(out, text),
        // A number equals another only if it is written as the other; a miss does no harm.
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}
