//! Which scopes the requests to an endpoint need.

use super::guard::Guard;
use super::protection::Door;
use super::refuse::{Refused, insufficient};
use crate::principal::Principal;
use crate::scopes::{Asked, Scopes};
use crate::service::Service;
use bowline_protocol::scan::{Message, Scanned};
use serde_json::Value;
use std::sync::Arc;

/// What the requests to an endpoint need: what the endpoint asks of everybody, and what the service asks for each.
#[derive(Clone, Copy)]
pub(super) struct Demand<'a> {
    service: &'a Arc<dyn Service>,
    door: Option<&'a Door>,
}

impl<'a> Demand<'a> {
    pub(super) fn new(service: &'a Arc<dyn Service>, guard: &'a Guard) -> Self {
        Self { service, door: guard.door.as_deref() }
    }

    /// Refuses a request without a body whose sender lacks scopes.
    pub(super) fn check_head(&self, from: &Principal) -> Result<(), Refused> {
        let Some(door) = self.door else { return Ok(()) };
        self.refuse(door.everybody(), None, from)
    }

    /// Refuses a body whose sender lacks scopes for anything in it, with all that it needs.
    pub(super) fn check(&self, body: &Scanned, from: &Principal) -> Result<(), Refused> {
        match body {
            Scanned::Message(message) => self.check_one(message, from),
            Scanned::Batch(batch) => {
                let mut needed = Scopes::default();
                // What cannot be read so is refused when it is read for good.
                for message in batch.decode::<Vec<Value>>().unwrap_or_default() {
                    needed.add(self.needed(&Asked::told(&message), from).iter());
                }
                self.refuse(&needed, None, from)
            }
        }
    }

    fn check_one(&self, message: &Message, from: &Principal) -> Result<(), Refused> {
        let needed = self.needed(&Asked::of(message), from);
        let id = message.id_text();
        self.refuse(&needed, (!id.is_empty()).then_some(id), from)
    }

    fn needed(&self, asked: &Asked<'_>, from: &Principal) -> Scopes {
        let mut needed = self.service.scopes(asked, from);
        if let Some(door) = self.door {
            door.add_needed(asked, &mut needed);
        }
        needed
    }

    fn refuse(&self, needed: &Scopes, id: Option<&[u8]>, from: &Principal) -> Result<(), Refused> {
        if needed.are_granted(from) {
            return Ok(());
        }
        Err(insufficient(id, needed, self.door.map(Door::metadata_url)))
    }
}
