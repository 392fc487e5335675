//! The headers of what is sent.

use bowline_protocol::http::headers::encode_value;
use bowline_protocol::http::{HeaderMap, HeaderName, HeaderValue};
use bowline_protocol::scan::{BodyKey, Message, MetaKey};
use bowline_protocol::table::{self, NamedBy};
use bowline_types::revision::Revision;
use http::header::{ACCEPT, CONTENT_TYPE};

pub(super) const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// What stands in every request: the user's own headers, and what we can read.
#[derive(Clone)]
pub(super) struct Heads {
    pub(super) post: HeaderMap,
    #[cfg(not(modern_only))]
    pub(super) get: HeaderMap,
    #[cfg(not(modern_only))]
    pub(super) delete: HeaderMap,
}

impl Heads {
    pub(super) fn new(own: HeaderMap) -> Self {
        let mut post = own.clone();
        post.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        post.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Self::with_post(own, post)
    }

    #[cfg(modern_only)]
    fn with_post(_: HeaderMap, post: HeaderMap) -> Self {
        Self { post }
    }

    #[cfg(not(modern_only))]
    fn with_post(own: HeaderMap, post: HeaderMap) -> Self {
        let mut get = own.clone();
        get.insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        Self { post, get, delete: own }
    }
}

/// Repeats what a message says of itself.
///
/// See [Request metadata](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#request-metadata).
pub(super) fn repeat(headers: &mut HeaderMap, message: &Message, version: HeaderValue) {
    headers.insert(PROTOCOL_VERSION, version);
    let method = message.method();
    let row = table::find(&method);
    let method = match row {
        Some(row) => Some(HeaderValue::from_static(row.name)),
        None => value(&method),
    };
    headers.extend(method.map(|method| (METHOD, method)));
    let key = match row.map_or(NamedBy::Nothing, |row| row.named_by) {
        NamedBy::Nothing => return,
        NamedBy::Name => BodyKey::Name,
        NamedBy::Uri => BodyKey::Uri,
        NamedBy::TaskId => BodyKey::TaskId,
    };
    let name = message.body_str(key).and_then(|name| value(&name));
    headers.extend(name.map(|name| (NAME, name)));
}

/// The protocol version that a message says it is of.
pub(super) fn version_of(message: &Message) -> Option<HeaderValue> {
    let version = message.meta_str(MetaKey::ProtocolVersion)?;
    match version.parse::<Revision>() {
        Ok(revision) => Some(HeaderValue::from_static(revision.as_str())),
        Err(_) => value(&version),
    }
}

fn value(text: &str) -> Option<HeaderValue> {
    // What is encoded has only characters that a header can have.
    HeaderValue::from_str(&encode_value(text)).ok()
}
