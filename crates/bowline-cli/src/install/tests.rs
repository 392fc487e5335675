//! Files of clients in every layout, changed and changed back.

#![allow(clippy::needless_pass_by_value, reason = "helpers take what `expect!` makes")]

mod book;
mod edit;
mod wanted;
