//! The streams that are open, with the bounds of sessions.

use super::Intake;
use crate::principal::Principal;
use crate::transport::http::legacy::SessionKey;
use crate::transport::http::legacy::table::Full;
use bowline_protocol::limits::Limits;
use std::collections::HashMap;
use std::sync::Arc;

/// The streams that are open.
#[derive(Debug, Default)]
pub(super) struct Table {
    open: HashMap<SessionKey, (Principal, Arc<Intake>)>,
    /// How many of them belong to whom.
    owned: HashMap<Principal, usize>,
}

impl Table {
    /// Where the messages for a stream go.
    pub(super) fn get(&self, key: &SessionKey) -> Option<Arc<Intake>> {
        self.open.get(key).map(|(_, intake)| intake.clone())
    }

    /// Takes a stream in, unless there are as many as there may be.
    pub(super) fn insert(
        &mut self,
        key: SessionKey,
        principal: Principal,
        intake: Arc<Intake>,
        limits: &Limits,
    ) -> Result<(), Full> {
        if self.owned.get(&principal).is_some_and(|owned| *owned >= limits.sessions_per_principal) {
            return Err(Full::Principal);
        }
        if self.open.len() >= limits.sessions {
            return Err(Full::All);
        }
        *self.owned.entry(principal.clone()).or_default() += 1;
        self.open.insert(key, (principal, intake));
        Ok(())
    }

    /// Takes a stream out.
    pub(super) fn remove(&mut self, key: &SessionKey) {
        let Some((principal, _)) = self.open.remove(key) else {
            return;
        };
        if let Some(owned) = self.owned.get_mut(&principal) {
            *owned -= 1;
            if *owned == 0 {
                self.owned.remove(&principal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::intake;
    use super::*;

    #[test]
    fn each_has_its_bound_and_all_together_have_theirs() {
        let limits = Limits::local().sessions(3).sessions_per_principal(2);
        let mut table = Table::default();
        let (alice, bob) = (Principal::token("alice", []), Principal::token("bob", []));
        let insert = |table: &mut Table, principal: &Principal, id: u8| {
            let intake = intake::new(&limits).0;
            table.insert(SessionKey::new(principal, &[id]), principal.clone(), intake, &limits)
        };
        assert_eq!(insert(&mut table, &alice, 1), Ok(()));
        assert_eq!(insert(&mut table, &alice, 2), Ok(()));
        assert_eq!(insert(&mut table, &alice, 3), Err(Full::Principal));
        assert_eq!(insert(&mut table, &bob, 1), Ok(()));
        assert_eq!(insert(&mut table, &bob, 2), Err(Full::All));
        table.remove(&SessionKey::new(&alice, &[1]));
        table.remove(&SessionKey::new(&alice, &[1]));
        assert_eq!(insert(&mut table, &bob, 2), Ok(()));
        for (principal, id) in [(&alice, 2), (&bob, 1), (&bob, 2)] {
            table.remove(&SessionKey::new(principal, &[id]));
        }
        assert!(table.open.is_empty() && table.owned.is_empty());
    }
}
