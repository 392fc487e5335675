//! Lists: pages of definitions that were serialised when they were registered.
//!
//! See [Pagination](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/pagination).

use super::catalogue::{Catalogue, Shelf};
use super::{Server, cursor};
use crate::context::Context;
use bowline_protocol::outcome::{Body, CacheHint, Outcome, ResultKind};
use bowline_protocol::scan::BodyKey;
use bowline_types::jsonrpc::ErrorObject;

/// Answers a request for a page; `member` is the result's member that holds the items.
pub(super) fn page<H>(
    server: &Server,
    cx: &Context,
    catalogue: &Catalogue,
    shelf: &Shelf<H>,
    member: &str,
) -> Outcome {
    let principal = cx.principal();
    let rest = match cx.request().param(BodyKey::Cursor) {
        None | Some(b"null") => Some(shelf.entries()),
        Some(_) => cx
            .request()
            .param_str(BodyKey::Cursor)
            .and_then(|text| cursor::decode(shelf.kind, &text))
            .and_then(|(number, name)| shelf.after(catalogue, principal, number, &name)),
    };
    let Some(rest) = rest else {
        return Outcome::Error(ErrorObject::invalid_params(
            "params.cursor: unknown cursor; list again from the start",
        ));
    };
    let settings = server.settings();
    let mut seen = rest.iter().filter(|entry| catalogue.shows(shelf, principal, &entry.item.name));
    let entries: Vec<_> = seen.by_ref().take(settings.page_size).collect();
    let next = match (entries.last(), seen.next()) {
        (Some(last), Some(_)) => Some(cursor::encode(shelf.kind, last.number, &last.item.name)),
        _ => None,
    };
    let definitions: Vec<_> = entries.iter().map(|entry| &entry.item.definition).collect();
    let ttl = settings.list_ttl_ms();
    let hint = match catalogue.predicate {
        Some(_) => CacheHint::private(ttl),
        None => CacheHint::public(ttl),
    };
    let body = Body::page(member, &definitions, next.as_deref());
    Outcome::Result { kind: ResultKind::Complete, body, cache: Some(hint) }
}
