//! For whom an instance is.

use crate::context::Context;
use crate::host::Isolation;
use crate::principal::{Principal, PrincipalKind};
use bowline_types::capability::{
    ClientCapabilities, ElicitationCapability, RootsCapability, SamplingCapability,
};
use serde_json::Map;

/// Which instances of a server with sessions a call can use: those of its owner that were told that they may ask for what
/// the caller has declared, and for nothing else.
///
/// A server decides by what was declared whether it asks, and whether it does a thing at all. Who declared nothing cannot
/// be asked anything, and so shares with everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) owner: Owner,
    pub(super) declared: Declared,
}

/// For whom an instance of a server is that asks questions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// Everybody.
    #[default]
    Everybody,
    /// One principal, in all of its sessions and calls.
    Principal(Principal),
    /// One session.
    Session(Principal, u64),
}

/// What a server may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a capability of its own")]
pub(super) struct Declared {
    form: bool,
    url: bool,
    sampling: bool,
    sampling_tools: bool,
    sampling_context: bool,
    roots: bool,
}

impl Key {
    /// Which instances this call can use.
    pub(super) fn of(cx: &Context, isolation: Option<Isolation>) -> Self {
        let declared = Declared::of(&cx.client_capabilities());
        if declared.is_empty() {
            return Self::default();
        }
        Self { owner: Owner::of(cx, isolation), declared }
    }
}

impl Owner {
    fn of(cx: &Context, isolation: Option<Isolation>) -> Self {
        let principal = cx.principal();
        match isolation {
            Some(Isolation::Shared) => Self::Everybody,
            Some(Isolation::Principal) => Self::Principal(principal.clone()),
            Some(Isolation::Session) => match cx.session() {
                Some(session) => Self::Session(principal.clone(), session),
                None => Self::Principal(principal.clone()),
            },
            // Whoever had to prove who he is does not share; all others are the same one anyhow.
            None if principal.is_authenticated() => Self::Principal(principal.clone()),
            None => Self::Everybody,
        }
    }

    /// Whether it is for one caller alone.
    pub(super) fn is_one(&self) -> bool {
        *self != Self::Everybody
    }
}

impl Declared {
    fn of(capabilities: &ClientCapabilities) -> Self {
        let elicitation = capabilities.elicitation.as_ref();
        let sampling = capabilities.sampling.as_ref();
        let url = elicitation.is_some_and(|elicitation| elicitation.url.is_some());
        Self {
            // With neither mode declared it is forms.
            form: elicitation.is_some_and(|elicitation| elicitation.form.is_some() || !url),
            url,
            sampling: sampling.is_some(),
            sampling_tools: sampling.is_some_and(|sampling| sampling.tools.is_some()),
            sampling_context: sampling.is_some_and(|sampling| sampling.context.is_some()),
            roots: capabilities.roots.is_some(),
        }
    }

    /// Whether there is nothing to ask for.
    pub(super) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// The same as a server with a session is told.
    pub(super) fn capabilities(self) -> ClientCapabilities {
        let mut capabilities = ClientCapabilities::new();
        if self.form || self.url {
            let mut elicitation = ElicitationCapability::new();
            elicitation.form = self.form.then(Map::new);
            elicitation.url = self.url.then(Map::new);
            capabilities.elicitation = Some(elicitation);
        }
        if self.sampling {
            let mut sampling = SamplingCapability::new();
            sampling.tools = self.sampling_tools.then(Map::new);
            sampling.context = self.sampling_context.then(Map::new);
            capabilities.sampling = Some(sampling);
        }
        if self.roots {
            capabilities.roots = Some(RootsCapability::new().list_changed(true));
        }
        capabilities
    }
}

/// What tells one caller of an instance from the next, where anything does.
pub(super) fn caller(cx: &Context) -> Option<u64> {
    let principal = cx.principal();
    // At the other end of our own standard streams, and in this process, there is only one.
    let is_alone = principal.kind() == PrincipalKind::Process
        && matches!(principal.name(), "stdio" | "memory");
    cx.session().or_else(|| is_alone.then_some(0))
}
