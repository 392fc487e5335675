//! Registering and reading resources.

use super::Server;
use super::arguments::Arguments;
use super::catalogue::{Catalogue, Handler, Item, Resolved};
use super::contents::{IntoResource, Reading};
use super::function::{FromCall, Function};
use super::handler::HandlerError;
use super::template;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::scopes::Scopes;
use crate::service::Answer;
use bowline_protocol::outcome::{Body, CacheHint, Outcome, ResultKind};
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::resource::Resource;

impl Server {
    /// Offers a resource.
    ///
    /// See [Resources](https://modelcontextprotocol.io/specification/2026-07-28/server/resources).
    #[must_use]
    pub fn resource<M, F>(self, resource: impl Into<Resource>, function: F) -> Self
    where
        F: Function<M>,
        F::Output: IntoResource,
    {
        match self.add_resource(resource, function) {
            Ok(()) => self,
            Err(fault) => self.fault(&fault),
        }
    }

    /// Offers a resource from now on, and tells the listeners.
    ///
    /// # Errors
    /// When its URI is taken or is none, or its definition cannot be encoded.
    pub fn add_resource<M, F>(&self, resource: impl Into<Resource>, function: F) -> Result<()>
    where
        F: Function<M>,
        F::Output: IntoResource,
    {
        let resource = resource.into();
        check_uri(&resource.uri)
            .map_err(|fault| Error::invalid(format!("resource `{}`: {fault}", resource.uri)))?;
        let item = Item {
            name: resource.uri.as_str().into(),
            definition: Raw::encode(&resource)?,
            scopes: Scopes::default(),
            handler: handler(function, resource.mime_type),
        };
        self.offer(|catalogue| &mut catalogue.resources, item)
    }
}

/// The URI that is being read, as an extractor for functions behind resources and resource templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uri(pub String);

impl FromCall for Uri {
    fn from_call(cx: &Context) -> Result<Self, Error> {
        let uri = cx.request().param_str(BodyKey::Uri);
        uri.map(|uri| Self(uri.into_owned()))
            .ok_or_else(|| Error::invalid("a URI can be taken only where a resource is read"))
    }
}

/// Answers `resources/read`.
pub(super) fn read(server: &Server, cx: Context, catalogue: &Catalogue) -> Answer {
    let Some(uri) = cx.request().param_str(BodyKey::Uri) else {
        return Answer::ready(ErrorObject::invalid_params("params.uri: missing or not a string"));
    };
    match catalogue.resolve(cx.principal(), &uri) {
        None => Answer::ready(ErrorObject::resource_not_found(&uri)),
        Some(Resolved::Resource(item)) => {
            drop(uri);
            (item.handler)(server, cx)
        }
        Some(Resolved::Template(item, variables)) => {
            drop(uri);
            template::read(server, cx, &item.handler, &variables)
        }
    }
}

fn handler<M, F>(function: F, mime_type: Option<String>) -> Handler
where
    F: Function<M>,
    F::Output: IntoResource,
{
    Box::new(move |server, cx| {
        let mime_type = mime_type.clone();
        server.launch(
            cx,
            &function,
            Arguments::Json(None),
            ErrorObject::invalid_params,
            move |cx, output| outcome(cx, mime_type.as_deref(), output),
        )
    })
}

/// The answer from what a function returned.
pub(super) fn outcome(
    cx: &Context,
    mime_type: Option<&str>,
    output: impl IntoResource,
) -> Result<Outcome, HandlerError> {
    let uri = cx.request().param_str(BodyKey::Uri).unwrap_or_default();
    let mut result = output.into_resource(&Reading { uri: &uri, mime_type })?;
    let hint = result.cache.take().filter(|_| !is_retry(cx));
    let cache = Some(hint.unwrap_or(CacheHint::private(0)));
    Ok(Outcome::Result { kind: ResultKind::Complete, body: Body::encode(result)?, cache })
}

/// Whether the request carries answers: its result then depends on more than its URI, and must not be kept.
fn is_retry(cx: &Context) -> bool {
    [BodyKey::InputResponses, BodyKey::RequestState]
        .into_iter()
        .any(|key| cx.request().param(key).is_some())
}

/// Checks that a text is a URI by RFC 3986, as far as no scheme has a say.
fn check_uri(uri: &str) -> Result<(), String> {
    let scheme = uri.split(':').next().filter(|scheme| scheme.len() < uri.len());
    let Some(scheme) = scheme else {
        return Err("not a URI; it has no scheme, such as `file:`".to_owned());
    };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme {
        return Err(format!("not a URI; `{scheme}` is no scheme"));
    }
    let mut rest = uri[scheme.len() + 1..].chars();
    while let Some(char) = rest.next() {
        let stands = match char {
            '%' => (0..2).all(|_| rest.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => char.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=".contains(char),
        };
        if !stands {
            return Err(format!("not a URI; percent-encode {char:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_uri;

    #[test]
    fn uris_are_told_from_other_texts() {
        for uri in ["file:///a%20b", "test://x?y=1#z", "urn:isbn:1", "ui://app/[id]", "a+b-c.d:"] {
            assert_eq!(check_uri(uri), Ok(()), "{uri}");
        }
        for text in
            ["", "name", "/path", ":x", "1a:x", "file:///a b", "x:%2", "x:%zz", "x:ü", "x:\n"]
        {
            assert!(check_uri(text).is_err(), "{text:?}");
        }
    }
}
