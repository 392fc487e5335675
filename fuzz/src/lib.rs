//! Feeds the parsers of Bowline what no peer should send.
//!
//! Each target is a function of bytes that panics when an invariant breaks; see [`TARGETS`].
//! Inputs are the committed files in `corpus/TARGET/` and mutations of them, drawn from a seed, so that every run
//! can be repeated: `cargo test -p bowline-fuzz` runs some, `cargo run -p bowline-fuzz -- TARGET --seconds N` more.
//! An input that found a defect becomes a file of the corpus.

mod mutate;
mod oauth;
mod runner;
mod server;
mod targets;

pub use mutate::Mutator;
pub use runner::{Failure, corpus, replay, run};
pub use targets::{TARGETS, Target, frame_ndjson, frame_sse, headers, origin, uri_template};
