//! Clients, against servers that are scripted: honest ones, hostile ones, and ones that end in the middle.

#![cfg_attr(
    not(feature = "http"),
    allow(dead_code, reason = "what is delivered over HTTP is not needed without it")
)]
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on panics, and its helpers take what `json!` makes"
)]

mod cache;
mod custom;
mod deliver;
mod ending;
mod honest;
#[cfg(feature = "http")]
mod hostile_http;
mod hostile_messages;
#[cfg(all(feature = "http", not(modern_only)))]
mod hostile_old;
mod hostile_stream;
mod listen;
mod old;
mod outcome;
mod pages;
mod probe;
mod reconnect;
mod rounds;
mod script;
mod timeouts;
mod truncation;
mod web;
