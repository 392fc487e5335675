//! Systems that do not tell without code that may not be written here.

use super::Found;
use std::collections::BTreeSet;

pub(super) fn look(_: &BTreeSet<u32>) -> Found {
    Found::default()
}
