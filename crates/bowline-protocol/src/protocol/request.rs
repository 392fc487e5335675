//! Requests of ours, before they have an id.

use crate::outcome::Body;
use crate::scan::{BodyKey, Members, MetaKey, Raw, encode_text};
use std::borrow::Cow;

/// A request to send.
///
/// Its id, and the progress token where progress is wanted, are put in when it is sent.
#[derive(Clone, Debug)]
pub struct Request {
    method: Cow<'static, str>,
    params: Body,
    progress: bool,
}

impl Request {
    /// A request without params.
    #[must_use]
    pub fn new(method: impl Into<Cow<'static, str>>) -> Self {
        Self { method: method.into(), params: Body::empty(), progress: false }
    }

    /// Sets the members of `params`, and `_meta` apart from them.
    #[must_use]
    pub fn params(mut self, params: Body) -> Self {
        self.params = params;
        self
    }

    /// Asks for progress. `_meta` must not have a progress token of its own then.
    #[must_use]
    pub fn progress(mut self) -> Self {
        self.progress = true;
        self
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The same, to be kept.
    #[must_use]
    pub fn method_name(&self) -> Cow<'static, str> {
        self.method.clone()
    }

    /// The members of `params`, and `_meta`.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.params
    }

    /// A member of `params` that must be a string: `None` when it is absent or something else.
    #[must_use]
    pub fn param_str(&self, key: BodyKey) -> Option<Cow<'_, str>> {
        string(self.params.members(), key.name())
    }

    /// A reserved key of `_meta` that must be a string: `None` when it is absent or something else.
    #[must_use]
    pub fn meta_str(&self, key: MetaKey) -> Option<Cow<'_, str>> {
        string(self.params.meta()?, key.name())
    }

    /// Whether it asks for progress.
    #[must_use]
    pub fn wants_progress(&self) -> bool {
        self.progress
    }

    pub(super) fn is_listen(&self) -> bool {
        self.method == "subscriptions/listen"
    }

    /// The message, on one line, under an id that is the progress token too.
    #[must_use]
    pub fn write(&self, id: i64) -> Raw {
        let members = self.params.members().members();
        let meta = self.params.meta().map_or(&[][..], Raw::members);
        let id = id.to_string();
        let mut out = Vec::with_capacity(members.len() + meta.len() + self.method.len() + 120);
        out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(b",\"method\":");
        encode_text(&mut out, &self.method);
        let has_meta = self.progress || !meta.is_empty();
        if has_meta || !members.is_empty() {
            out.extend_from_slice(b",\"params\":{");
            out.extend_from_slice(members);
            if has_meta {
                if !members.is_empty() {
                    out.push(b',');
                }
                out.extend_from_slice(b"\"_meta\":{");
                out.extend_from_slice(meta);
                if self.progress {
                    if !meta.is_empty() {
                        out.push(b',');
                    }
                    encode_text(&mut out, MetaKey::ProgressToken.name());
                    out.push(b':');
                    // Ids are never used twice, so that they serve as tokens too.
                    out.extend_from_slice(id.as_bytes());
                }
                out.push(b'}');
            }
            out.push(b'}');
        }
        out.push(b'}');
        Raw::written(out)
    }
}

/// A member of an object that is a string.
fn string<'a>(object: &'a Raw, name: &str) -> Option<Cow<'a, str>> {
    Members::of(object).find(|member| *member.name() == *name.as_bytes())?.text()
}
