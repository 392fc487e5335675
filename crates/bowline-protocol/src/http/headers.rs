//! The values of MCP's own headers, media types, and the `x-mcp-header` annotations of tools.
//!
//! The rules are those of [request metadata] in the specification.
//!
//! [request metadata]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#request-metadata

mod annotation;
mod media;
mod outgoing;
mod value;

pub use annotation::{Annotation, InvalidAnnotation, annotations};
pub use media::{Accepts, MediaType};
pub use outgoing::{NotAHeader, param_headers, standard_headers, version_header};
pub use value::{
    Disagreement, InvalidValue, Scalar, check_name, check_param, decode_value, encode_value,
};

#[cfg(test)]
mod tests;
