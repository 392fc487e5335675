//! What a server answers, one table a method.

mod completion;
mod discover;
mod list;
mod method;
mod prompt;
mod resource;
mod subscribe;
mod support;
mod visible;
