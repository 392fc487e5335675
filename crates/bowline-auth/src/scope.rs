//! Which scopes are asked for.
//!
//! See [Scope Selection Strategy](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#scope-selection-strategy).

use crate::Challenge;

/// The scope by which OpenID Connect is asked for a refresh token.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The most scopes that are asked for, or read of one text.
pub const MAX: usize = 128;

/// What the scopes of a login depend on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Selection<'a> {
    /// Those that the user wants in any case.
    pub(crate) wanted: &'a [String],
    /// Those that were asked for before, at the same authorization server.
    pub(crate) before: &'a [String],
    /// Those of the challenge: authoritative.
    pub(crate) challenged: Option<&'a [String]>,
    /// Those that the resource lists.
    pub(crate) of_resource: Option<&'a [String]>,
    /// Those that the authorization server lists.
    pub(crate) of_server: Option<&'a [String]>,
    /// Whether a refresh token would be of use.
    pub(crate) refreshes: bool,
}

impl Selection<'_> {
    /// The scopes to ask for, each once; none leaves it to the authorization server.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let needed = self.challenged.or(self.of_resource).unwrap_or_default();
        let mut scopes = union(&union(self.before, needed), self.wanted);
        // Resources should not list it, and authorization servers that do not know it may refuse the whole request.
        scopes.retain(|scope| scope != OFFLINE_ACCESS);
        let offline =
            self.of_server.unwrap_or_default().iter().any(|scope| scope == OFFLINE_ACCESS);
        // Alone it would take the place of what the server gives to who asks for nothing.
        if offline && self.refreshes && !scopes.is_empty() {
            scopes.push(OFFLINE_ACCESS.to_owned());
        }
        scopes
    }
}

/// Both, each scope once, in the order they come; at most [`MAX`].
#[must_use]
pub fn union(some: &[String], others: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::with_capacity(some.len() + others.len());
    for scope in some.iter().chain(others) {
        if all.len() < MAX && is_scope(scope) && !all.contains(scope) {
            all.push(scope.clone());
        }
    }
    all
}

/// The scopes of a text in which spaces stand between them (RFC 6749 §3.3); what cannot be one is left out.
#[must_use]
pub fn split(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| is_scope(word)).take(MAX).map(str::to_owned).collect()
}

/// Whether a text is a scope: visible ASCII without quotes and backslashes, of at most 256 bytes.
#[must_use]
pub fn is_scope(text: &str) -> bool {
    (1..=256).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// The scopes that challenges want; none if no challenge names any.
pub(crate) fn challenged(challenges: &[Challenge]) -> Option<Vec<String>> {
    let named = challenges.iter().filter_map(|challenge| challenge.scopes.as_deref());
    named.fold(None, |all, scopes| Some(union(all.as_deref().unwrap_or_default(), scopes)))
}

#[cfg(test)]
mod tests {
    use super::{MAX, Selection, is_scope, split, union};

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_challenge_rules_then_the_resource_then_nobody() {
        // wanted, before, challenged, of the resource, of the server, asked for
        let table = [
            ("", "", None, None, None, ""),
            ("", "", None, Some("a b"), None, "a b"),
            ("", "", Some("c"), Some("a b"), None, "c"),
            ("", "x y", Some("y c"), Some("a b"), None, "x y c"),
            ("w", "", Some("c"), None, None, "c w"),
            ("w", "", None, None, None, "w"),
            ("", "", Some("a a a"), None, None, "a"),
            // offline_access: only if the server lists it, and never alone.
            ("", "", Some("c"), None, Some("c offline_access"), "c offline_access"),
            ("", "", None, None, Some("offline_access"), ""),
            ("", "", None, Some("a"), Some("a b"), "a"),
            ("offline_access", "", Some("c offline_access"), None, Some("c"), "c"),
            ("", "offline_access a", None, None, None, "a"),
        ];
        for (wanted, before, challenged, of_resource, of_server, expected) in table {
            let (wanted, before) = (list(wanted), list(before));
            let [challenged, of_resource, of_server] =
                [challenged, of_resource, of_server].map(|text| text.map(list));
            let selection = Selection {
                wanted: &wanted,
                before: &before,
                challenged: challenged.as_deref(),
                of_resource: of_resource.as_deref(),
                of_server: of_server.as_deref(),
                refreshes: true,
            };
            assert_eq!(selection.scopes(), list(expected), "{selection:?}");
            let without = Selection { refreshes: false, ..selection };
            assert!(!without.scopes().iter().any(|scope| scope == "offline_access"));
        }
    }

    #[test]
    fn what_is_no_scope_is_left_out_and_their_number_is_bounded() {
        assert_eq!(split("a  b\u{7f} c\"d e\\f ü g"), ["a", "g"]);
        assert!(is_scope(&"s".repeat(256)) && !is_scope(&"s".repeat(257)) && !is_scope(""));
        let many: Vec<String> = (0..2 * MAX).map(|number| number.to_string()).collect();
        assert_eq!(union(&many, &many).len(), MAX);
        assert_eq!(split(&many.join(" ")).len(), MAX);
    }
}
