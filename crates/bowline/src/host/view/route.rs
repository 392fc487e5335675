//! From a request to the server that it is for.

use super::links::Links;
use super::{Errand, View};
use crate::context::Context;
use crate::host::catalogue::{Located, Route, Shelf, Shelves, encoded};
use crate::server::dispatch::wrong_param;
use crate::server::json::Members;
use crate::server::{CompleteRequest, FromCall};
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::completion::CompletionReference;
use bowline_types::jsonrpc::ErrorObject;
use std::borrow::Cow;
use std::sync::Arc;

/// What becomes of a request.
pub(super) enum Step {
    /// It is handed on, and links in its result are shown otherwise.
    Onward(Errand, Option<Links>),
    /// It is answered.
    Answer(Outcome),
    /// It can be answered when all is known that there is: it asks for a list, or for something unknown.
    Look,
}

/// What becomes of a request while these are shown.
pub(super) fn step(view: &View, shelves: &Shelves, cx: &Context) -> Step {
    let declared = &shelves.capabilities;
    match cx.request().row().name {
        "tools/call" if declared.tools.is_some() => named(view, shelves, cx, &shelves.tools, true),
        "prompts/get" if declared.prompts.is_some() => {
            named(view, shelves, cx, &shelves.prompts, false)
        }
        "resources/read" if declared.resources.is_some() => read(shelves, cx),
        "completion/complete" if declared.completions.is_some() => complete(shelves, cx),
        // A method that nobody defines, where there is only one who can know it.
        "" => match view.server() {
            Some(server) if shelves.is_open(server) => {
                Step::Onward(errand(cx, server, None, &[]), None)
            }
            _ => Step::Look,
        },
        _ => Step::Look,
    }
}

/// A call of a tool, or of a prompt.
fn named(view: &View, shelves: &Shelves, cx: &Context, shelf: &Shelf, is_tool: bool) -> Step {
    let Some(name) = cx.request().param_str(BodyKey::Name) else {
        return wrong("params.name: missing or not a string");
    };
    let tool = |name: &Arc<str>| is_tool.then(|| name.clone());
    if let Some(entry) = shelf.find(&name) {
        if is_tool
            && let Some(mirrored) = &entry.mirrored
            && let Err(error) = mirrored.check_call(cx)
        {
            return Step::Answer(error.into());
        }
        let Route { server, name, renamed } = &entry.route;
        let links = Links::of(shelves, server);
        let errand = match renamed {
            None => errand(cx, server, tool(name), &[]),
            Some(own) => errand(cx, server, tool(name), &[(BodyKey::Name, Some(own))]),
        };
        return Step::Onward(errand, links);
    }
    // A server need not list everything to everybody, and may forget to tell that its list has changed.
    match view.server() {
        Some(server) if shelves.is_open(server) && !(is_tool && shelves.is_restricted()) => {
            Step::Onward(errand(cx, server, tool(&Arc::from(&*name)), &[]), None)
        }
        _ => Step::Look,
    }
}

fn read(shelves: &Shelves, cx: &Context) -> Step {
    let Some(uri) = cx.request().param_str(BodyKey::Uri) else {
        return wrong("params.uri: missing or not a string");
    };
    let Some(Located { server, uri, namespace }) = shelves.locate(&uri) else {
        return Step::Look;
    };
    match namespace {
        None => Step::Onward(errand(cx, &server, None, &[]), Links::of(shelves, &server)),
        Some(namespace) => {
            let own = encoded(&uri);
            let errand = errand(cx, &server, None, &[(BodyKey::Uri, own.as_ref())]);
            Step::Onward(errand, Some(Links::all(namespace)))
        }
    }
}

fn complete(shelves: &Shelves, cx: &Context) -> Step {
    let Some(reference) = cx.request().param_raw(BodyKey::Ref) else {
        return wrong("params.ref: missing");
    };
    let asked = match reference.decode() {
        Ok(asked) => asked,
        Err(error) => return Step::Answer(wrong_param(BodyKey::Ref, &error).into()),
    };
    if let Some(error) = CompleteRequest::from_call(cx).err().and_then(|error| error.object()) {
        return Step::Answer(error.into());
    }
    let target = match asked {
        CompletionReference::Prompt(prompt) => {
            let entry = shelves.prompts.find(&prompt.name);
            entry.map(|entry| (entry.route.clone(), "name"))
        }
        CompletionReference::Resource(template) => {
            let entry = shelves.templates.find(&template.uri);
            let entry = entry.or_else(|| shelves.resources.find(&template.uri));
            entry.map(|entry| (entry.route.clone(), "uri"))
        }
        _ => return wrong("params.ref.type: neither `ref/prompt` nor `ref/resource`"),
    };
    let Some((Route { server, renamed, .. }, member)) = target else {
        return Step::Look;
    };
    let own = renamed.and_then(|own| with(&reference, member, &own));
    Step::Onward(
        match &own {
            None => errand(cx, &server, None, &[]),
            Some(own) => errand(cx, &server, None, &[(BodyKey::Ref, Some(own))]),
        },
        None,
    )
}

fn errand(
    cx: &Context,
    server: &Arc<str>,
    tool: Option<Arc<str>>,
    changes: &[(BodyKey, Option<&Raw>)],
) -> Errand {
    let request = cx.request();
    let method = match request.row().name {
        "" => Cow::Owned(request.method().into_owned()),
        name => Cow::Borrowed(name),
    };
    let params = request.message().handed_on(changes);
    Errand { server: server.clone(), method, params, tool }
}

fn wrong(what: &str) -> Step {
    Step::Answer(ErrorObject::invalid_params(what).into())
}

/// The same object with another value of a member.
fn with(object: &Raw, member: &str, value: &Raw) -> Option<Raw> {
    let text = object.as_bytes();
    let (_, place) = Members::of(text, 0).find(|(name, _)| name == member)?;
    let out = [&text[..place.start], value.as_bytes(), &text[place.end..]].concat();
    Raw::parse(out).ok()
}
