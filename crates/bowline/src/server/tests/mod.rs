//! What a server answers, one table a method.

#![expect(clippy::needless_pass_by_value, reason = "literals of JSON read better unborrowed")]

mod completion;
mod discover;
mod list;
mod method;
mod prompt;
mod resource;
mod subscribe;
mod support;
mod visible;
