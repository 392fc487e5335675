//! Arguments that headers mirror: `x-mcp-header`.
//!
//! See [Custom headers](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#custom-headers-from-tool-parameters).

#[cfg(feature = "host")]
use super::dispatch::arguments;
use super::json;
#[cfg(feature = "host")]
use crate::context::Context;
use bowline_protocol::http::headers::{annotations, check_param};
use bowline_protocol::http::{HeaderMap, HeaderName};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::tool::Schema;
use serde_json::Value;

/// The annotated arguments of a tool.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Mirrored(Vec<Argument>);

#[derive(Debug, PartialEq, Eq)]
struct Argument {
    header: HeaderName,
    /// The header's name, as the schema spells it.
    shown: String,
    path: Vec<String>,
}

impl Mirrored {
    /// Finds the annotations of an input schema.
    ///
    /// # Errors
    /// When one of them breaks the rules, since clients would then leave the tool out.
    pub(crate) fn of(schema: &Schema) -> Result<Self, String> {
        let schema = Value::Object(schema.as_map().clone());
        let found = annotations(&schema).map_err(|fault| fault.to_string())?;
        let arguments = found.into_iter().map(|annotation| {
            let shown = format!("Mcp-Param-{}", annotation.name);
            let header = HeaderName::from_bytes(shown.as_bytes())
                .map_err(|_| format!("no header can be named `{shown}`"))?;
            Ok(Argument { header, shown, path: annotation.path })
        });
        arguments.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    #[cfg(feature = "host")]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks a call of the tool, before anything else is made of it.
    ///
    /// # Errors
    /// Arguments that are no object, or a header mismatch.
    #[cfg(feature = "host")]
    pub(crate) fn check_call(&self, cx: &Context) -> Result<(), ErrorObject> {
        self.check(cx.headers(), arguments(cx)?)
    }

    /// Checks that the headers of a call say what its arguments say.
    ///
    /// # Errors
    /// A header mismatch.
    pub(super) fn check(&self, headers: &HeaderMap, arguments: &[u8]) -> Result<(), ErrorObject> {
        // Only calls over HTTP whose headers repeat the body at all have this one; they are refused without it.
        if self.0.is_empty() || !headers.contains_key("mcp-method") {
            return Ok(());
        }
        self.0.iter().try_for_each(|argument| argument.check(headers, arguments))
    }
}

impl Argument {
    fn check(&self, headers: &HeaderMap, arguments: &[u8]) -> Result<(), ErrorObject> {
        let wrong = |what: &dyn std::fmt::Display| {
            let at = self.path.join(".");
            ErrorObject::header_mismatch(format!(
                "header {}, for argument `{at}`: {what}",
                self.shown
            ))
        };
        let mut values = headers.get_all(&self.header).iter();
        let header = values.next();
        if values.next().is_some() {
            return Err(wrong(&"stands more than once"));
        }
        let argument = json::find(arguments, &self.path)
            .map_err(|_| wrong(&"a member on the way to the argument stands twice"))?;
        check_param(header.map(|value| value.as_bytes()), argument).map_err(|fault| wrong(&fault))
    }
}

#[cfg(test)]
mod tests;
