//! What a result is about, and what makes it stale.

use bowline_types::method::{
    Discover, ListPrompts, ListResourceTemplates, ListResources, ListTools, Method, Notification,
    PromptListChanged, ReadResource, ResourceListChanged, ResourceUpdated, ToolListChanged,
};

/// What a result is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Server,
    Tools,
    Prompts,
    Resources,
    Templates,
    Resource(Box<str>),
}

impl Subject {
    /// What the result of this method is about; `None` for one that is not cacheable.
    pub(super) fn of(method: &str, uri: Option<&str>) -> Option<Self> {
        Some(match method {
            Discover::NAME => Self::Server,
            ListTools::NAME => Self::Tools,
            ListPrompts::NAME => Self::Prompts,
            ListResources::NAME => Self::Resources,
            ListResourceTemplates::NAME => Self::Templates,
            ReadResource::NAME => Self::Resource(uri?.into()),
            _ => return None,
        })
    }

    /// What a notification says has changed.
    pub(super) fn changed_by(notification: &str, uri: Option<&str>) -> Vec<Self> {
        match (notification, uri) {
            (ToolListChanged::NAME, _) => vec![Self::Tools],
            (PromptListChanged::NAME, _) => vec![Self::Prompts],
            // There is no other for templates.
            (ResourceListChanged::NAME, _) => vec![Self::Resources, Self::Templates],
            (ResourceUpdated::NAME, Some(uri)) => vec![Self::Resource(uri.into())],
            _ => Vec::new(),
        }
    }

    /// Whether a change of `other` is one of this: a resource changes with those below it too, of which a server [may
    /// tell](https://modelcontextprotocol.io/specification/2026-07-28/schema#resourceupdatednotificationparams) instead.
    pub(super) fn is_concerned_by(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Resource(kept), Self::Resource(changed)) => is_at_or_above(kept, changed),
            _ => self == other,
        }
    }

    fn index(&self) -> usize {
        match self {
            Self::Server => 0,
            Self::Tools => 1,
            Self::Prompts => 2,
            Self::Resources => 3,
            Self::Templates => 4,
            Self::Resource(_) => 5,
        }
    }
}

/// How often each kind of thing has changed. What was asked before a change is not kept after it.
///
/// All resources count as one: that one more result is not kept does no harm, and a number for each would be unbounded.
#[derive(Debug, Default)]
pub(super) struct Generations([u64; 6]);

impl Generations {
    pub(super) fn of(&self, subject: &Subject) -> u64 {
        self.0[subject.index()]
    }

    pub(super) fn change(&mut self, subject: &Subject) {
        self.0[subject.index()] += 1;
    }

    pub(super) fn change_all(&mut self) {
        self.0.iter_mut().for_each(|count| *count += 1);
    }
}

fn is_at_or_above(kept: &str, changed: &str) -> bool {
    changed.strip_prefix(kept).is_some_and(|below| {
        below.is_empty() || kept.ends_with('/') || below.starts_with(['/', '?', '#'])
    })
}
