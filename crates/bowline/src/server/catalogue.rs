//! What a server offers, as one immutable value that calls look at.

use crate::context::Context;
use crate::server::Server;
use crate::service::Answer;
use bowline_protocol::scan::Raw;
use std::collections::HashMap;
use std::sync::Arc;

/// Everything a server offers. Calls hold the one that was current when they began.
#[derive(Clone, Default)]
pub(super) struct Catalogue {
    pub(super) tools: Shelf,
}

/// Items of one kind, in the order of their registration, found by name.
#[derive(Clone, Default)]
pub(super) struct Shelf {
    by_name: HashMap<Box<str>, usize>,
    items: Vec<Arc<Item>>,
}

/// One item: its definition as lists show it, and its handler.
pub(super) struct Item {
    pub(super) name: Box<str>,
    /// The definition, serialised once.
    pub(super) definition: Raw,
    pub(super) handler: Handler,
}

/// A handler in a box: the one place where a user's types are left behind.
pub(super) type Handler = Box<dyn Fn(&Server, Context) -> Answer + Send + Sync>;

impl Shelf {
    pub(super) fn find(&self, name: &str) -> Option<&Arc<Item>> {
        self.by_name.get(name).map(|&at| &self.items[at])
    }

    /// Puts an item behind the others; gives it back when its name is taken.
    pub(super) fn add(&mut self, item: Item) -> Result<(), Item> {
        if self.by_name.contains_key(&item.name) {
            return Err(item);
        }
        self.by_name.insert(item.name.clone(), self.items.len());
        self.items.push(Arc::new(item));
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> bool {
        let Some(at) = self.by_name.remove(name) else {
            return false;
        };
        self.items.remove(at);
        for place in self.by_name.values_mut().filter(|place| **place > at) {
            *place -= 1;
        }
        true
    }

    pub(super) fn items(&self) -> &[Arc<Item>] {
        &self.items
    }
}
