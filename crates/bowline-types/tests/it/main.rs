//! Tests of the vocabulary, through its public face.

mod content;
mod decoding;
mod errors;
mod ids;
mod meta;
mod methods;
mod schema;
mod writing;
