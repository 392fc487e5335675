//! The real binary, as scripts, service managers and clients see it.

mod ending;
mod help;
mod http;
mod program;
mod refusals;
mod stdio;
