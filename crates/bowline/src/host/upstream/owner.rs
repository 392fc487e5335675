//! For whom an instance is.

use crate::context::Context;
use crate::host::Isolation;
use crate::principal::{Principal, PrincipalKind};

/// For whom an instance of a server is that asks questions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// Everybody.
    Everybody,
    /// One principal, in all of its sessions and calls.
    Principal(Principal),
    /// One session.
    Session(Principal, u64),
}

impl Owner {
    /// For whom an instance is that answers this call.
    pub(super) fn of(cx: &Context, isolation: Option<Isolation>) -> Self {
        let principal = cx.principal();
        match isolation {
            Some(Isolation::Shared) => Self::Everybody,
            Some(Isolation::Principal) => Self::Principal(principal.clone()),
            Some(Isolation::Session) => match cx.session() {
                Some(session) => Self::Session(principal.clone(), session),
                None => Self::Principal(principal.clone()),
            },
            // Whoever had to prove who he is does not share; all others are the same one anyhow.
            None if principal.kind() == PrincipalKind::Token => Self::Principal(principal.clone()),
            None => Self::Everybody,
        }
    }

    /// Whether it is for one caller alone.
    pub(super) fn is_one(&self) -> bool {
        *self != Self::Everybody
    }
}
