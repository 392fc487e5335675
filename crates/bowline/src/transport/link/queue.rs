//! Requests that were read ahead while as many calls run as may.

use bowline_protocol::era::Incoming;
use std::collections::VecDeque;

/// Requests in the order they came; each has a ticket by which a cancellation takes it out again.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// A place is left empty when its request is taken out of turn, so that tickets stay positions.
    places: VecDeque<Option<Incoming>>,
    /// The ticket of the first place.
    first: u64,
    bytes: usize,
}

impl Queue {
    /// Puts a request at the end.
    pub(super) fn push(&mut self, incoming: Incoming) -> u64 {
        self.bytes += weight(&incoming);
        self.places.push_back(Some(incoming));
        self.first + self.places.len() as u64 - 1
    }

    /// The first request.
    pub(super) fn pop(&mut self) -> Option<Incoming> {
        while let Some(place) = self.places.pop_front() {
            self.first += 1;
            if let Some(incoming) = place {
                self.bytes -= weight(&incoming);
                return Some(incoming);
            }
        }
        None
    }

    /// Takes a request out of turn.
    pub(super) fn remove(&mut self, ticket: u64) {
        let place = ticket.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        let taken = place.and_then(|at| self.places.get_mut(at)).and_then(Option::take);
        self.bytes -= taken.as_ref().map_or(0, weight);
        // Empty places cost memory too; they go as soon as nothing stands before them.
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.first += 1;
        }
        while let Some(None) = self.places.back() {
            self.places.pop_back();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// Memory held, roughly: small requests cost more than their bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn clear(&mut self) {
        while self.pop().is_some() {}
    }
}

fn weight(incoming: &Incoming) -> usize {
    size_of::<Option<Incoming>>() + incoming.message().raw().as_bytes().len()
}
