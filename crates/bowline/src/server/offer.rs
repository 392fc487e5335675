//! Offering items, taking them away, and saying who may know of them.

use super::Server;
use super::catalogue::{Catalogue, Item, Shelf};
use super::visible::{ItemKind, Visible};
use crate::error::{Error, Result};
use crate::principal::Principal;
use std::sync::Arc;

impl Server {
    /// Sets who may know of what. Everybody may know of everything by default.
    ///
    /// What a principal may not know of does not exist for it: it is in no list, a call to it is answered as one to
    /// something unknown, and no event tells of it. Lists then are marked as private, since they differ by principal.
    /// The predicate is asked often and must be quick; it must give the same answer until a change is told with
    /// [`Server::list_changed`].
    #[must_use]
    pub fn visible(
        self,
        predicate: impl Fn(&Principal, &Visible<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.change(|catalogue| catalogue.predicate = Some(Arc::new(predicate)));
        self
    }

    /// Gives tags to an item, for the predicate of [`Server::visible`] to decide on. They are not sent to clients.
    ///
    /// `name` is what [`Visible::name`] says. The order of tagging and registering makes no difference.
    #[must_use]
    pub fn tags<'a>(
        self,
        kind: ItemKind,
        name: &str,
        tags: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.set_tags(kind, name, tags);
        self
    }

    /// Gives tags to an item that is registered, or to one that will be; in place of those it had.
    ///
    /// Tag an item before you add it, lest somebody sees it untagged. Its tags go with it when it is removed.
    pub fn set_tags<'a>(
        &self,
        kind: ItemKind,
        name: &str,
        tags: impl IntoIterator<Item = &'a str>,
    ) {
        let tags = tags.into_iter().map(Box::from).collect();
        self.change(|catalogue| match kind {
            ItemKind::Tool => catalogue.tools.tag(name, tags),
            ItemKind::Prompt => catalogue.prompts.tag(name, tags),
            ItemKind::Resource => catalogue.resources.tag(name, tags),
            ItemKind::ResourceTemplate => catalogue.templates.tag(name, tags),
        });
    }

    /// Declares that items of this kind will come, so that clients learn of the capability before the first one does.
    ///
    /// Only needed where all of them are added at run time.
    #[must_use]
    pub fn declare(self, kind: ItemKind) -> Self {
        self.change(|catalogue| match kind {
            ItemKind::Tool => catalogue.tools.declared = true,
            ItemKind::Prompt => catalogue.prompts.declared = true,
            ItemKind::Resource => catalogue.resources.declared = true,
            ItemKind::ResourceTemplate => catalogue.templates.declared = true,
        });
        self
    }

    /// Takes a tool away, and tells the listeners. Calls that run go on. `false` when there was none of this name.
    pub fn remove_tool(&self, name: &str) -> bool {
        self.withdraw(|catalogue| &mut catalogue.tools, name)
    }

    /// Takes a prompt away with its completions, and tells the listeners. `false` when there was none of this name.
    pub fn remove_prompt(&self, name: &str) -> bool {
        self.withdraw(|catalogue| &mut catalogue.prompts, name)
    }

    /// Takes a resource away, and tells the listeners. `false` when there was none at this URI.
    pub fn remove_resource(&self, uri: &str) -> bool {
        self.withdraw(|catalogue| &mut catalogue.resources, uri)
    }

    /// Takes a resource template away with its completions, and tells the listeners. `false` when there was none.
    pub fn remove_template(&self, uri_template: &str) -> bool {
        self.withdraw(|catalogue| &mut catalogue.templates, uri_template)
    }

    /// Puts an item on its shelf, and tells the listeners who may know of it.
    pub(super) fn offer<H>(
        &self,
        shelf: fn(&mut Catalogue) -> &mut Shelf<H>,
        item: Item<H>,
    ) -> Result<()> {
        let name = item.name.clone();
        self.change(|catalogue| {
            let shelf = shelf(catalogue);
            if item.name.is_empty() {
                return Err(Error::invalid(format!("{} has an empty name", shelf.kind)));
            }
            shelf.add(item).map(|()| shelf.kind).map_err(|item| {
                Error::invalid(format!("{} `{}` is registered twice", shelf.kind, item.name))
            })
        })
        .map(|kind| self.item_changed(&self.catalogue(), kind, &name))
    }

    fn withdraw<H>(&self, shelf: fn(&mut Catalogue) -> &mut Shelf<H>, name: &str) -> bool {
        // Who knew of it is known only while it is there.
        let before = self.catalogue();
        let removed = self.change(|catalogue| {
            let kind = shelf(catalogue).kind;
            let removed = shelf(catalogue).remove(name);
            if removed {
                catalogue.completions.remove_all(kind, name);
            }
            removed.then_some(kind)
        });
        if let Some(kind) = removed {
            self.item_changed(&before, kind, name);
        }
        removed.is_some()
    }

    fn item_changed(&self, catalogue: &Catalogue, kind: ItemKind, name: &str) {
        let view = match kind {
            ItemKind::Tool => catalogue.tools.view(name),
            ItemKind::Prompt => catalogue.prompts.view(name),
            ItemKind::Resource => catalogue.resources.view(name),
            ItemKind::ResourceTemplate => catalogue.templates.view(name),
        };
        self.0.bus.list_changed(kind, |principal| catalogue.sees(principal, &view));
    }
}
