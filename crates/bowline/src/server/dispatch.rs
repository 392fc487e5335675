//! From a request to its handler.

use super::catalogue::Catalogue;
use super::run::text_of;
use super::{Server, completion, discover, list, prompt, resource, subscribe};
use crate::context::Context;
use crate::principal::Principal;
use crate::scopes::{Asked, Scopes};
use crate::service::{Answer, Call, Service};
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::DecodeError;
use bowline_types::jsonrpc::ErrorObject;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

impl Service for Server {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let cx = call.cx;
        if let Err(refused) = self.admit(&cx) {
            return Answer::ready(refused);
        }
        cx.serve_by(Self::clone(&self));
        // What runs here is the user's too: the predicate, the decoding of arguments, a function up to its future.
        catch_unwind(AssertUnwindSafe(|| route(&self, cx.clone()))).unwrap_or_else(|panic| {
            Answer::ready(self.failed(&cx, "handler panicked", Some(text_of(&*panic))))
        })
    }

    fn scopes(&self, asked: &Asked<'_>, from: &Principal) -> Scopes {
        self.needed(asked, from)
    }

    fn server_info(&self) -> Option<Raw> {
        Some(self.settings().info_text.clone())
    }
}

fn route(server: &Server, cx: Context) -> Answer {
    if let Err(error) = crate::ask::open(server, &cx) {
        return Answer::ready(error);
    }
    let catalogue = server.catalogue();
    // A method of a capability that is not declared does not exist.
    match cx.request().row().name {
        "tools/call" if catalogue.tools.declared => {
            let Some(name) = cx.request().param_str(BodyKey::Name) else {
                return Answer::ready(ErrorObject::invalid_params(
                    "params.name: missing or not a string",
                ));
            };
            let Some(item) = catalogue.find(&catalogue.tools, cx.principal(), &name) else {
                return Answer::ready(unknown("tool", &name));
            };
            drop(name);
            (item.handler)(server, cx)
        }
        "prompts/get" if catalogue.prompts.declared => prompt::get(server, cx, &catalogue),
        "resources/read" if catalogue.has_resources() => resource::read(server, cx, &catalogue),
        "completion/complete" if catalogue.completions.declared => {
            completion::complete(server, cx, &catalogue)
        }
        "subscriptions/listen" => subscribe::listen(server, cx, &catalogue),
        "server/discover" => Answer::ready(discover::discover(server)),
        "tools/list" if catalogue.tools.declared => {
            Answer::ready(list::page(server, &cx, &catalogue, &catalogue.tools, "tools"))
        }
        "prompts/list" if catalogue.prompts.declared => {
            Answer::ready(list::page(server, &cx, &catalogue, &catalogue.prompts, "prompts"))
        }
        "resources/list" if catalogue.has_resources() => {
            let shelf = &catalogue.resources;
            Answer::ready(list::page(server, &cx, &catalogue, shelf, "resources"))
        }
        "resources/templates/list" if catalogue.has_resources() => {
            let shelf = &catalogue.templates;
            Answer::ready(list::page(server, &cx, &catalogue, shelf, "resourceTemplates"))
        }
        _ => other(server, cx, &catalogue),
    }
}

/// A method of the user's own, or none.
fn other(server: &Server, cx: Context, catalogue: &Catalogue) -> Answer {
    let method = cx.request().method();
    let Some(handler) = catalogue.methods.get(&*method) else {
        return Answer::ready(ErrorObject::method_not_found(&method));
    };
    drop(method);
    handler(server, cx)
}

/// The answer to a request about something that is not there, or that whoever asks may not know of.
pub(crate) fn unknown(what: &str, name: &str) -> ErrorObject {
    // A name can be as long as a message; the answer need not be.
    let shown: String = name.chars().take(128).collect();
    ErrorObject::invalid_params(format!("unknown {what}: {shown}"))
}

/// The arguments of a call of a tool, an object.
///
/// # Errors
/// They are something else.
pub(super) fn arguments(cx: &Context) -> Result<&[u8], ErrorObject> {
    let arguments = cx.request().param(BodyKey::Arguments).unwrap_or(b"{}");
    match arguments.first() {
        Some(b'{') => Ok(arguments),
        _ => Err(ErrorObject::invalid_params("params.arguments: expected an object")),
    }
}

/// The answer to a request with a parameter that cannot be decoded.
pub(crate) fn wrong_param(key: BodyKey, error: &DecodeError) -> ErrorObject {
    let key = key.name();
    ErrorObject::invalid_params(match error.path() {
        "" => format!("params.{key}: {}", error.message()),
        path if path.starts_with('[') => format!("params.{key}{error}"),
        _ => format!("params.{key}.{error}"),
    })
}
