//! What a client sends and hears, version by version.

mod agreeing;
mod answering;
mod hearing;
#[cfg(not(modern_only))]
mod questions;
mod speaking;

use crate::scan::Raw;
use serde_json::Value;

fn raw(value: &Value) -> Raw {
    Raw::encode(value).unwrap()
}
