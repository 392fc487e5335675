//! The headers that a client sends with a request.

use core::error::Error;
use core::fmt;

use super::annotation::Annotation;
use super::value::{Scalar, encode_value};
use crate::era::client::says_version;
use crate::http::admit::{METHOD, NAME, PROTOCOL_VERSION};
use crate::protocol::Request;
use crate::scan::BodyKey;
use crate::table::{self, NamedBy};
use bowline_types::revision::{Era, Revision};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};

/// The [standard headers] of a request in an agreed protocol version: `MCP-Protocol-Version` where it has that one, and
/// `Mcp-Method` and `Mcp-Name` where it has those.
///
/// # Errors
/// [`NotAHeader`] when the method is no header value, or the thing that the request is about has no name.
///
/// [standard headers]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#standard-request-headers
pub fn standard_headers(revision: Revision, request: &Request) -> Result<HeaderMap, NotAHeader> {
    let mut headers = HeaderMap::with_capacity(3);
    headers.extend(version_header(revision));
    if revision.era() == Era::Legacy {
        return Ok(headers);
    }
    let method = request.method();
    let fault = |header, fault| NotAHeader { header, from: "the method".into(), fault };
    let value = HeaderValue::from_str(method)
        .ok()
        .filter(|_| encode_value(method) == method)
        .ok_or_else(|| fault("Mcp-Method".into(), Fault::Characters))?;
    headers.insert(METHOD.clone(), value);
    let key = match table::find(method).map_or(NamedBy::Nothing, |row| row.named_by) {
        NamedBy::Nothing => return Ok(headers),
        NamedBy::Name => BodyKey::Name,
        NamedBy::Uri => BodyKey::Uri,
        NamedBy::TaskId => BodyKey::TaskId,
    };
    let name = request.param_str(key);
    let missing = || NotAHeader {
        header: "Mcp-Name".into(),
        from: format!("`params.{}`", key.name()),
        fault: Fault::Missing,
    };
    let name = name.ok_or_else(missing)?;
    headers.insert(NAME.clone(), encoded(&name));
    Ok(headers)
}

/// `MCP-Protocol-Version`, where the agreed protocol version has it; in a session it goes with everything that is sent
/// after the version was agreed on.
#[must_use]
pub fn version_header(revision: Revision) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::from_static(revision.as_str());
    says_version(revision).then(|| (PROTOCOL_VERSION.clone(), value))
}

/// The `Mcp-Param-*` headers of a call, by the [annotations](super::annotations) of its tool.
///
/// What is absent or `null` has no header.
///
/// # Errors
/// [`NotAHeader`] when an annotated argument is a list, an object or a number that no header carries: the tool's schema
/// allows none of them.
pub fn param_headers(
    annotations: &[Annotation],
    request: &Request,
) -> Result<HeaderMap, NotAHeader> {
    let mut headers = HeaderMap::new();
    if annotations.is_empty() {
        return Ok(headers);
    }
    // Both are objects wherever a tool is called; whatever else they are has no arguments.
    let mut params: Map<String, Value> = request.body().members().decode().unwrap_or_default();
    let Some(Value::Object(arguments)) = params.remove(BodyKey::Arguments.name()) else {
        return Ok(headers);
    };
    for annotation in annotations {
        let Some(argument) = annotation.value_in(&arguments) else {
            continue;
        };
        let fault = |fault| NotAHeader {
            header: format!("Mcp-Param-{}", annotation.name),
            from: format!("argument `{}`", annotation.path.join(".")),
            fault,
        };
        let name = HeaderName::from_bytes(format!("Mcp-Param-{}", annotation.name).as_bytes());
        let name = name.map_err(|_| fault(Fault::Characters))?;
        let text = argument.to_string();
        let scalar = Scalar::from_json(text.as_bytes()).ok_or_else(|| fault(Fault::Compound))?;
        let value = scalar.to_header().ok_or_else(|| fault(Fault::Number))?;
        headers.insert(name, HeaderValue::from_str(&value).map_err(|_| fault(Fault::Characters))?);
    }
    Ok(headers)
}

/// What cannot be sent as a header, and so cannot be sent at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAHeader {
    header: String,
    from: String,
    fault: Fault,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Missing,
    Characters,
    Compound,
    Number,
}

impl fmt::Display for NotAHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, from, fault } = self;
        let fault = match fault {
            Fault::Missing => "it is missing, or not a string",
            Fault::Characters => "a header cannot have these characters",
            Fault::Compound => "it must be a string, an integer or a boolean",
            Fault::Number => "it must be an integer of at most 2^53 - 1, which headers can carry",
        };
        write!(f, "{from} cannot be sent as header {header}: {fault}")
    }
}

impl Error for NotAHeader {}

/// A value that [`encode_value`] makes fit for a header.
fn encoded(text: &str) -> HeaderValue {
    // It is ASCII without control characters, whatever the text was.
    HeaderValue::from_str(&encode_value(text)).unwrap_or_else(|_| HeaderValue::from_static(""))
}
