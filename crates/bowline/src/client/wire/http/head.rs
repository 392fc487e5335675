//! The headers of what is sent.

use bowline_protocol::http::headers::encode_value;
use bowline_protocol::http::{HeaderMap, HeaderName, HeaderValue};
use bowline_protocol::protocol::Request;
use bowline_protocol::scan::{BodyKey, Message, MetaKey};
use bowline_protocol::table::{self, NamedBy};
use bowline_types::revision::Revision;
use http::header::{ACCEPT, CONTENT_TYPE};
use std::borrow::Cow;

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

/// What a message says of itself that headers repeat.
///
/// See [Request metadata](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#request-metadata).
pub(super) struct About {
    /// Its method; empty for an answer.
    pub(super) method: Cow<'static, str>,
    /// The protocol version that it says it is of, and so belongs to no session.
    pub(super) version: Option<HeaderValue>,
    /// What the thing that it is about is called.
    name: Option<HeaderValue>,
}

impl About {
    pub(super) fn request(request: &Request) -> Self {
        let version = request.meta_str(MetaKey::ProtocolVersion);
        let name = name_key(request.method()).and_then(|key| request.param_str(key));
        Self {
            method: request.method_name(),
            version: version.and_then(|version| of_version(&version)),
            name: name.and_then(|name| value(&name)),
        }
    }

    pub(super) fn message(message: &Message) -> Self {
        let method = message.method();
        let version = message.meta_str(MetaKey::ProtocolVersion);
        let name = name_key(&method).and_then(|key| message.body_str(key));
        Self {
            version: version.and_then(|version| of_version(&version)),
            name: name.and_then(|name| value(&name)),
            method: method.into_owned().into(),
        }
    }

    /// Repeats it, as of this protocol version.
    pub(super) fn repeat(&self, headers: &mut HeaderMap, version: HeaderValue) {
        headers.insert(PROTOCOL_VERSION, version);
        let method = match &self.method {
            Cow::Borrowed(method) => Some(HeaderValue::from_static(method)),
            Cow::Owned(method) => value(method),
        };
        if let Some(method) = method {
            headers.insert(METHOD, method);
        }
        if let Some(name) = &self.name {
            headers.insert(NAME, name.clone());
        }
    }
}

/// Where the name of the thing is that a message is about.
fn name_key(method: &str) -> Option<BodyKey> {
    match table::find(method)?.named_by {
        NamedBy::Nothing => None,
        NamedBy::Name => Some(BodyKey::Name),
        NamedBy::Uri => Some(BodyKey::Uri),
        NamedBy::TaskId => Some(BodyKey::TaskId),
    }
}

fn of_version(version: &str) -> Option<HeaderValue> {
    match version.parse::<Revision>() {
        Ok(revision) => Some(HeaderValue::from_static(revision.as_str())),
        Err(_) => value(version),
    }
}

fn value(text: &str) -> Option<HeaderValue> {
    // What is encoded has only characters that a header can have.
    HeaderValue::from_str(&encode_value(text)).ok()
}
