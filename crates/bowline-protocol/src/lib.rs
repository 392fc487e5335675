//! The rules of the Model Context Protocol, sans-io.
pub mod frame;
pub mod http;
pub mod limits;
pub mod uri_template;
