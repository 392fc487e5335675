//! HTTP connector. (Placeholder until the branch `connector` is merged.)
#![allow(missing_docs)]

#[derive(Clone, Debug, Default)]
pub struct Options {}
