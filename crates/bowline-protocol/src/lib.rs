//! The rules of the Model Context Protocol: how bytes become messages, and what may be said when.
//!
//! Everything here is a pure function or a small state machine. This crate does no input or output, reads no clock,
//! starts no thread and knows no async runtime; bytes, the time and random numbers are parameters. That is what makes
//! every rule testable as a table and every race as a sequence.
//!
//! - [`scan`] checks a message once and notes where its members are.
//! - [`table`] has one row per method.
//! - [`era`] is where the protocol versions differ in how an exchange begins.
//! - `dialect` is where they differ in what messages look like; absent from a build for the newest version only.
//! - [`http`] decides over a request's head and body without touching a socket.
//! - [`frame`] cuts byte streams into messages.
//! - [`protocol`] is the duplex exchange on such a stream.
//! - [`cache`] keeps results of a server for as long as it says.
//! - [`uri_template`] matches and expands URI templates in linear time.
//! - [`limits`] bounds everything.
//! - [`outcome`] is how an exchange ends.

pub mod cache;
#[cfg(not(modern_only))]
pub mod dialect;
pub mod era;
pub mod frame;
pub mod http;
pub mod limits;
pub mod outcome;
pub mod protocol;
pub mod scan;
pub mod table;
pub mod uri_template;
pub mod write;
