//! Scopes, and which imply others.

use std::collections::{BTreeMap, BTreeSet};

/// Whether a text is one scope: printable ASCII without space, `"` and `\` (RFC 6749 §3.3).
#[must_use]
pub fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// Which scopes imply others.
///
/// ```
/// use bowline_auth::resource::Hierarchy;
///
/// let mut hierarchy = Hierarchy::default();
/// hierarchy.add("admin", ["write"]);
/// hierarchy.add("write", ["read"]);
/// assert_eq!(hierarchy.expand(["admin"]), ["admin", "write", "read"].map(Box::from));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hierarchy(BTreeMap<Box<str>, Vec<Box<str>>>);

impl Hierarchy {
    /// Whoever has `scope` has these too, and what they imply.
    pub fn add<'a>(&mut self, scope: &str, implied: impl IntoIterator<Item = &'a str>) {
        self.0.entry(scope.into()).or_default().extend(implied.into_iter().map(Box::from));
    }

    /// Whether no scope implies another.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All scopes that it is about.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .flat_map(|(scope, implied)| std::iter::once(scope).chain(implied))
            .map(AsRef::as_ref)
    }

    /// What was granted, and all that it implies, each once. Circles end.
    pub fn expand<'a>(&self, granted: impl IntoIterator<Item = &'a str>) -> Vec<Box<str>> {
        let mut all: Vec<Box<str>> = Vec::new();
        let mut seen = BTreeSet::new();
        for scope in granted {
            if seen.insert(Box::from(scope)) {
                all.push(scope.into());
            }
        }
        let mut at = 0;
        while let Some(scope) = all.get(at) {
            at += 1;
            let implied = self.0.get(scope).into_iter().flatten();
            let new: Vec<_> =
                implied.filter(|scope| seen.insert((*scope).clone())).cloned().collect();
            all.extend(new);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{Hierarchy, is_scope};

    #[test]
    fn a_scope_is_one_word_that_can_stand_in_a_challenge() {
        for good in ["a", "mcp:write", "https://a.test/x", "!", "[~]"] {
            assert!(is_scope(good), "{good}");
        }
        for wrong in ["", "a b", "a\"b", "a\\b", "ä", "a\n", "\u{7f}"] {
            assert!(!is_scope(wrong), "{wrong:?}");
        }
    }

    /// RS-04: hierarchies count.
    #[test]
    fn rs_04_what_is_implied_is_granted_however_far_and_circles_end() {
        let mut hierarchy = Hierarchy::default();
        assert!(hierarchy.is_empty());
        hierarchy.add("admin", ["write", "read"]);
        hierarchy.add("write", ["read"]);
        hierarchy.add("read", ["admin-of-read"]);
        hierarchy.add("a", ["b"]);
        hierarchy.add("b", ["a"]);
        let rows: &[(&[&str], &[&str])] = &[
            (&[], &[]),
            (&["other"], &["other"]),
            (&["read"], &["read", "admin-of-read"]),
            (&["admin"], &["admin", "write", "read", "admin-of-read"]),
            (&["a", "a"], &["a", "b"]),
        ];
        for (granted, expected) in rows {
            let expanded = hierarchy.expand(granted.iter().copied());
            assert_eq!(expanded.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), *expected);
        }
    }
}
