//! Registering resource templates, and reading what matches them.

use super::Server;
use super::arguments::Arguments;
use super::catalogue::Item;
use super::contents::IntoResource;
use super::function::Function;
use super::resource::outcome;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::scopes::Scopes;
use crate::service::Answer;
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_protocol::uri_template::{Matcher, UriTemplate, Value, Variables};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::resource::ResourceTemplate;
use std::collections::BTreeMap;

/// What is behind a resource template.
pub(super) struct TemplateHandler {
    pub(super) matcher: Matcher,
    pub(super) variables: Box<[Variable]>,
    start: Start,
}

/// A variable of a template.
pub(super) struct Variable {
    pub(super) name: Box<str>,
    /// What its values are joined with where there are several.
    separator: &'static str,
}

type Start = Box<dyn Fn(&Server, Context, &BTreeMap<String, String>) -> Answer + Send + Sync>;

impl Server {
    /// Offers the resources whose URIs match a template.
    ///
    /// The function's arguments are the variables. One that stands for several values, as `{/path*}` and `{?tag*}`
    /// do, is one text: segments joined by `/`, other values by `,`. [`Uri`](super::Uri) gives the whole. A resource
    /// with the very URI wins over a template, a template registered earlier over one registered later.
    ///
    /// **A variable can be `..`, and one of `{+x}`, `{#x}` or a query can hold a slash**: check what you make a path of.
    ///
    /// See [Resource templates](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#resource-templates).
    #[must_use]
    pub fn template<M, F>(self, template: impl Into<ResourceTemplate>, function: F) -> Self
    where
        F: Function<M>,
        F::Output: IntoResource,
    {
        match self.add_template(template, function) {
            Ok(()) => self,
            Err(fault) => self.fault(&fault),
        }
    }

    /// Offers a resource template from now on, and tells the listeners.
    ///
    /// # Errors
    /// When its template is taken, is none or cannot be matched, or its definition cannot be encoded.
    pub fn add_template<M, F>(
        &self,
        template: impl Into<ResourceTemplate>,
        function: F,
    ) -> Result<()>
    where
        F: Function<M>,
        F::Output: IntoResource,
    {
        let template = template.into();
        let source = &template.uri_template;
        let invalid = |fault: &dyn std::error::Error| {
            Error::invalid(format!("resource template `{source}`: {fault}"))
        };
        let parsed = UriTemplate::parse(source).map_err(|fault| invalid(&fault))?;
        let matcher = parsed.matcher().map_err(|fault| invalid(&fault))?;
        let variable =
            |name| Variable { name: Box::from(name), separator: separator(source, name) };
        let item = Item {
            name: source.as_str().into(),
            definition: Raw::encode(&template)?,
            scopes: Scopes::default(),
            handler: TemplateHandler {
                matcher,
                variables: parsed.variables().map(variable).collect(),
                start: start(function, template.mime_type),
            },
        };
        self.offer(|catalogue| &mut catalogue.templates, item)
    }
}

/// Reads what a template was found to match.
pub(super) fn read(
    server: &Server,
    cx: Context,
    handler: &TemplateHandler,
    found: &Variables,
) -> Answer {
    let texts = found.iter().map(|(name, value)| (name.to_owned(), handler.text(name, value)));
    (handler.start)(server, cx, &texts.collect())
}

impl TemplateHandler {
    fn text(&self, name: &str, value: &Value) -> String {
        let variable = self.variables.iter().find(|variable| *variable.name == *name);
        let separator = variable.map_or(",", |variable| variable.separator);
        match value {
            Value::Text(text) => text.clone(),
            Value::List(values) => values.join(separator),
            Value::Map(pairs) => {
                let pairs: Vec<_> =
                    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
                pairs.join(separator)
            }
        }
    }
}

fn start<M, F>(function: F, mime_type: Option<String>) -> Start
where
    F: Function<M>,
    F::Output: IntoResource,
{
    Box::new(move |server, cx, texts| {
        let mime_type = mime_type.clone();
        let uri = cx.request().param_str(BodyKey::Uri).unwrap_or_default().into_owned();
        server.launch(
            cx,
            &function,
            Arguments::Strings(texts),
            // Nothing can be at a URI whose variables are not what they must be.
            |message| {
                let mut error = ErrorObject::resource_not_found(&uri);
                error.message = message;
                error
            },
            move |cx, output| outcome(cx, mime_type.as_deref(), output),
        )
    })
}

/// What joins several values of a variable: a slash where they are segments of a path, else a comma.
fn separator(template: &str, name: &str) -> &'static str {
    let segments = template.split('{').any(|part| {
        let list = part.split('}').next().and_then(|expression| expression.strip_prefix('/'));
        list.is_some_and(|list| {
            list.split(',').any(|variable| variable.strip_suffix('*') == Some(name))
        })
    });
    if segments { "/" } else { "," }
}
