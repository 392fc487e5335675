//! Breaking one thing on purpose, to prove that the drivers of other SDKs would notice.
//!
//! Without the cargo feature `sabotage` every function here is a constant and nothing of it is left in the binary.

#[cfg_attr(feature = "sabotage", path = "sabotage/armed.rs")]
#[cfg_attr(not(feature = "sabotage"), path = "sabotage/harmless.rs")]
mod switch;

pub(crate) use switch::{check, is, wrap};

/// The text, spoiled where this row is to fail.
pub(super) fn spoil(row: &str, text: impl Into<String>) -> String {
    let mut text = text.into();
    if is(row) {
        text.push('!');
    }
    text
}

/// One too many where this row is to fail, else none.
pub(super) fn one_for(row: &str) -> u32 {
    u32::from(is(row))
}
