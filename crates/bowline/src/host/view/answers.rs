//! What an endpoint answers by itself.

use crate::context::Context;
use crate::host::catalogue::{Shelf, Shelves};
use crate::server::ItemKind;
use crate::server::dispatch::unknown;
use bowline_protocol::era;
use bowline_protocol::outcome::{Body, Outcome, ResultKind};
use bowline_protocol::scan::BodyKey;
use bowline_types::completion::CompletionReference;
use bowline_types::discover::DiscoverResult;
use bowline_types::jsonrpc::ErrorObject;

/// The answer to a request that no server is to have.
pub(super) fn answer(shelves: &Shelves, cx: &Context) -> Outcome {
    let declared = &shelves.capabilities;
    let named = |key| cx.request().param_str(key).unwrap_or_default();
    match cx.request().row().name {
        "server/discover" => discover(shelves),
        "tools/list" if declared.tools.is_some() => page(shelves, cx, &shelves.tools, "tools"),
        "prompts/list" if declared.prompts.is_some() => {
            page(shelves, cx, &shelves.prompts, "prompts")
        }
        "resources/list" if declared.resources.is_some() => {
            page(shelves, cx, &shelves.resources, "resources")
        }
        "resources/templates/list" if declared.resources.is_some() => {
            page(shelves, cx, &shelves.templates, "resourceTemplates")
        }
        "tools/call" if declared.tools.is_some() => {
            unknown(&ItemKind::Tool.to_string(), &named(BodyKey::Name)).into()
        }
        "prompts/get" if declared.prompts.is_some() => {
            unknown(&ItemKind::Prompt.to_string(), &named(BodyKey::Name)).into()
        }
        "resources/read" if declared.resources.is_some() => {
            ErrorObject::resource_not_found(&named(BodyKey::Uri)).into()
        }
        "completion/complete" if declared.completions.is_some() => unknown_reference(cx).into(),
        _ => ErrorObject::method_not_found(&cx.request().method()).into(),
    }
}

fn discover(shelves: &Shelves) -> Outcome {
    let versions: Vec<_> = era::supported().map(|version| version.as_str().to_owned()).collect();
    let mut result = DiscoverResult::new(versions, shelves.capabilities.clone());
    result.instructions.clone_from(&shelves.instructions);
    match Body::encode(result) {
        Ok(body) => complete(shelves, body),
        Err(_) => ErrorObject::internal_error("capabilities cannot be encoded").into(),
    }
}

fn page(shelves: &Shelves, cx: &Context, shelf: &Shelf, member: &str) -> Outcome {
    let page = match cx.request().param(BodyKey::Cursor) {
        None | Some(b"null") => shelf.page(None),
        Some(_) => {
            let cursor = cx.request().param_str(BodyKey::Cursor);
            cursor.and_then(|cursor| shelf.page(Some(&cursor)))
        }
    };
    match page {
        Some(page) => complete(shelves, Body::page(member, &page.items, page.next.as_deref())),
        None => {
            let fault = "params.cursor: unknown cursor; list again from the start";
            ErrorObject::invalid_params(fault).into()
        }
    }
}

fn complete(shelves: &Shelves, body: Body) -> Outcome {
    Outcome::Result { kind: ResultKind::Complete, body, cache: Some(shelves.cache) }
}

fn unknown_reference(cx: &Context) -> ErrorObject {
    let reference = cx.request().param_raw(BodyKey::Ref).map(|reference| reference.decode());
    match reference {
        Some(Ok(CompletionReference::Prompt(prompt))) => {
            unknown(&ItemKind::Prompt.to_string(), &prompt.name)
        }
        Some(Ok(CompletionReference::Resource(template))) => {
            unknown(&ItemKind::ResourceTemplate.to_string(), &template.uri)
        }
        // Found to be wrong before it was looked for.
        _ => ErrorObject::invalid_params("params.ref: missing"),
    }
}
