//! What may be asked of whoever sends a request.

use crate::principal::Principal;
use bowline_protocol::scan::{BodyKey, Message};
use bowline_protocol::table::{self, NamedBy};
use bowline_types::jsonrpc::ErrorObject;
use serde_json::json;
use std::borrow::Cow;
use std::fmt;

/// Scopes that something needs of whoever sends a request: all of them.
///
/// ```
/// use bowline::{Principal, Scopes};
///
/// let needed = Scopes::new(["mcp:read", "mcp:write"]);
/// assert_eq!(needed.to_string(), "mcp:read mcp:write");
/// assert!(!needed.are_granted(&Principal::token("ci", ["mcp:read"])));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Box<str>>);

impl Scopes {
    /// These scopes.
    #[must_use]
    pub fn new<'a>(scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        all.add(scopes);
        all
    }

    /// Needs these too.
    pub fn add<'a>(&mut self, scopes: impl IntoIterator<Item = &'a str>) {
        for scope in scopes {
            if !self.0.iter().any(|known| **known == *scope) {
                self.0.push(scope.into());
            }
        }
    }

    /// Whether none is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// Whether this principal has all of them.
    #[must_use]
    pub fn are_granted(&self, principal: &Principal) -> bool {
        self.iter().all(|scope| principal.has_scope(scope))
    }

    /// What a request is answered with whose sender lacks some of them.
    pub(crate) fn refusal(&self) -> ErrorObject {
        let mut error = ErrorObject::invalid_request(format!(
            "this needs a token with the scopes: {self}; ask for one that has them all"
        ));
        error.data = Some(json!({ "error": "insufficient_scope", "scope": self.to_string() }));
        error
    }
}

/// Apart by spaces, as challenges have them.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, scope) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope)?;
        }
        Ok(())
    }
}

/// What a request is for, as far as the scopes that it needs depend on it.
#[derive(Clone, Debug)]
pub struct Asked<'a>(What<'a>);

#[derive(Clone, Debug)]
enum What<'a> {
    Message(&'a Message),
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "batches come over HTTP"))]
    Told {
        method: Cow<'a, str>,
        name: Option<Cow<'a, str>>,
    },
}

impl<'a> Asked<'a> {
    pub(crate) fn of(message: &'a Message) -> Self {
        Self(What::Message(message))
    }

    /// As a message that was read in another way says it.
    #[cfg(feature = "http")]
    pub(crate) fn told(message: &'a serde_json::Value) -> Self {
        let text = |value: &'a serde_json::Value| value.as_str().map(Cow::Borrowed);
        let method = message.get("method").and_then(text).unwrap_or_default();
        let key = key(&method);
        let name = key.and_then(|key| message.get("params")?.get(key.name())).and_then(text);
        Self(What::Told { method, name })
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Cow<'a, str> {
        match &self.0 {
            What::Message(message) => message.method(),
            What::Told { method, .. } => method.clone(),
        }
    }

    /// What the method is to work on, where the protocol names it: the name of a tool or prompt, the URI of a resource.
    #[must_use]
    pub fn name(&self) -> Option<Cow<'a, str>> {
        match &self.0 {
            What::Message(message) => message.body_str(key(&message.method())?),
            What::Told { name, .. } => name.clone(),
        }
    }
}

/// Where a request of this method names what it is for.
fn key(method: &str) -> Option<BodyKey> {
    match table::find(method)?.named_by {
        NamedBy::Nothing => None,
        NamedBy::Name => Some(BodyKey::Name),
        NamedBy::Uri => Some(BodyKey::Uri),
        NamedBy::TaskId => Some(BodyKey::TaskId),
    }
}

/// Whether a text is one scope: printable ASCII without space, `"` and `\` (RFC 6749 §3.3).
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
