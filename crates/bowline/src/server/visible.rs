//! Who may know of what.

use crate::principal::Principal;
use crate::scopes::Scopes;
use std::fmt;
use std::sync::Arc;

/// A kind of item that a server offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ItemKind {
    /// A tool, known by its name.
    Tool,
    /// A prompt, known by its name.
    Prompt,
    /// A resource, known by its URI.
    Resource,
    /// A resource template, known by its URI template.
    ResourceTemplate,
}

impl fmt::Display for ItemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::ResourceTemplate => "resource template",
        })
    }
}

/// An item as the predicate of [`Server::visible`](super::Server::visible) sees it.
#[derive(Clone, Copy, Debug)]
pub struct Visible<'a> {
    pub(super) kind: ItemKind,
    pub(super) name: &'a str,
    pub(super) tags: &'a [Box<str>],
    pub(super) scopes: Option<&'a Scopes>,
}

impl<'a> Visible<'a> {
    /// What kind of item it is.
    #[must_use]
    pub fn kind(&self) -> ItemKind {
        self.kind
    }

    /// What it is known by: the name of a tool or prompt, the URI of a resource, the template of a resource template.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The tags it was given with [`Server::tags`](super::Server::tags).
    pub fn tags(&self) -> impl Iterator<Item = &'a str> {
        self.tags.iter().map(AsRef::as_ref)
    }

    /// Whether a principal has the scopes that it was given with [`ToolExt::scopes`](super::ToolExt::scopes).
    ///
    /// A server whose lists are to show only what may be called says so:
    ///
    /// ```
    /// # use bowline::Server;
    /// let server = Server::new("files", "1.0.0").visible(|principal, item| item.is_granted(principal));
    /// ```
    #[must_use]
    pub fn is_granted(&self, principal: &Principal) -> bool {
        self.scopes.is_none_or(|scopes| scopes.are_granted(principal))
    }

    /// Whether it was given this tag.
    #[must_use]
    pub fn has_tag(&self, tag: &str) -> bool {
        self.tags().any(|given| given == tag)
    }
}

/// Decides whether a principal may know of an item.
pub(super) type Predicate = Arc<dyn Fn(&Principal, &Visible<'_>) -> bool + Send + Sync>;
