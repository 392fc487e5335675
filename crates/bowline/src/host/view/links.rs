//! Links and resources in results, where they are shown under another URI than their server's own.

use crate::host::catalogue::{Shelves, Source, encoded};
use crate::server::json::{Elements, Members};
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::Raw;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

/// Which URIs of one server are shown with its namespace in front.
pub(super) struct Links(Shown);

enum Shown {
    /// Those that other servers have too.
    Some(Arc<Source>),
    /// All in this result: what was read was asked for so.
    All(Box<str>),
}

impl Links {
    /// Those of a server; `None` where all of its URIs are shown as they are, as nearly always.
    pub(super) fn of(shelves: &Shelves, server: &str) -> Option<Self> {
        shelves.renaming(server).map(|source| Self(Shown::Some(source.clone())))
    }

    /// All of a result.
    pub(super) fn all(namespace: Box<str>) -> Self {
        Self(Shown::All(namespace))
    }

    /// The outcome as it is shown: links in the content of a tool, embedded resources, links in the messages of a
    /// prompt, the contents of what was read, and what an error says is not there. Nothing else in it is looked at or written anew.
    pub(super) fn show(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Result { kind, body, cache } => {
                let body = self.shown(&body).unwrap_or(body);
                Outcome::Result { kind, body, cache }
            }
            Outcome::Error(mut error) => {
                // What is not there is named.
                if let Some(Value::String(uri)) =
                    error.data.as_mut().and_then(|data| data.get_mut("uri"))
                    && let Some(shown) = self.uri(uri)
                {
                    *uri = shown;
                }
                Outcome::Error(error)
            }
        }
    }

    fn shown(&self, body: &Body) -> Option<Body> {
        let text = body.members().as_bytes();
        let mut out = Vec::with_capacity(text.len() + 64);
        let mut copied = 0;
        for place in places(text) {
            let uri: String = serde_json::from_slice(&text[place.clone()]).ok()?;
            let Some(shown) = self.uri(&uri).and_then(|uri| encoded(&uri)) else {
                continue;
            };
            out.extend_from_slice(&text[copied..place.start]);
            out.extend_from_slice(shown.as_bytes());
            copied = place.end;
        }
        if copied == 0 {
            return None;
        }
        out.extend_from_slice(&text[copied..]);
        Body::of_raw(Raw::parse(out).ok()?, body.meta().cloned())
    }

    /// What a URI is shown as, where it is not shown as it is.
    fn uri(&self, uri: &str) -> Option<String> {
        match &self.0 {
            Shown::All(namespace) => Some(format!("{namespace}{uri}")),
            Shown::Some(source) => source.shown(uri),
        }
    }
}

/// Where the URIs of links and resources are in a result, in order.
fn places(text: &[u8]) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    for (name, value) in Members::of(text, 0) {
        match &*name {
            "content" => elements(text, &value).for_each(|block| link(text, block, &mut places)),
            "contents" => {
                places.extend(elements(text, &value).filter_map(|part| member(text, &part, "uri")));
            }
            "messages" => {
                for message in elements(text, &value) {
                    let Some(content) = member(text, &message, "content") else {
                        continue;
                    };
                    if text.get(content.start) == Some(&b'[') {
                        elements(text, &content).for_each(|block| link(text, block, &mut places));
                    } else {
                        link(text, content, &mut places);
                    }
                }
            }
            _ => {}
        }
    }
    places.retain(|place| text.get(place.start) == Some(&b'"'));
    places
}

/// The URI of a piece of content that is a link or a resource.
fn link(text: &[u8], block: Range<usize>, places: &mut Vec<Range<usize>>) {
    let kind = member(text, &block, "type");
    let uri = match kind.map(|kind| &text[kind]) {
        Some(b"\"resource_link\"") => member(text, &block, "uri"),
        Some(b"\"resource\"") => {
            member(text, &block, "resource").and_then(|inner| member(text, &inner, "uri"))
        }
        _ => None,
    };
    places.extend(uri);
}

fn elements<'a>(
    text: &'a [u8],
    array: &Range<usize>,
) -> impl Iterator<Item = Range<usize>> + use<'a> {
    let array = (text.get(array.start) == Some(&b'[')).then(|| Elements::of(text, array.start));
    array.into_iter().flatten()
}

fn member(text: &[u8], object: &Range<usize>, name: &str) -> Option<Range<usize>> {
    Members::of(text, object.start).find(|(found, _)| found == name).map(|(_, place)| place)
}
