//! One merged list: its items as they are shown, and the way back from each.

use super::text;
use crate::server::ItemKind;
use crate::server::mirrored::Mirrored;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowline_protocol::scan::{Raw, encode_text};
use std::collections::HashMap;
use std::sync::Arc;

/// Items of one kind, in the order of the config and then of their server, found by the name that is shown.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    kind: ItemKind,
    entries: Vec<Entry>,
    index: HashMap<Arc<str>, usize>,
}

/// An item as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it is known by here: a name, URI or URI template.
    pub(crate) key: Arc<str>,
    /// The item, an object, under that name.
    pub(crate) definition: Raw,
    /// The way back.
    pub(crate) route: Route,
    /// Of a tool: the arguments that headers repeat, where there are any.
    pub(crate) mirrored: Option<Arc<Mirrored>>,
}

/// The way back from a name or URI that a host shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The server, as the host knows it.
    pub(crate) server: Arc<str>,
    /// Its own name or URI for it.
    pub(crate) name: Arc<str>,
    /// The same as JSON, where it is not what is shown.
    pub(crate) renamed: Option<Raw>,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    /// Its items.
    pub(crate) items: Vec<&'a Raw>,
    /// Where the list goes on.
    pub(crate) next: Option<String>,
}

/// The most items of a page.
const PAGE_ITEMS: usize = 100;

/// Bytes of items after which a page ends, so that no client has to read a message without bounds.
const PAGE_BYTES: usize = 1024 * 1024;

/// The first byte of every cursor: none of a server's own begins so.
const VERSION: u8 = 0xb0;

impl Shelf {
    pub(super) fn new(kind: ItemKind) -> Self {
        Self { kind, entries: Vec::new(), index: HashMap::new() }
    }

    /// The item of this name.
    pub(crate) fn find(&self, key: &str) -> Option<&Entry> {
        self.index.get(key).map(|&at| &self.entries[at])
    }

    /// All items.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The first page, or the one behind a cursor; `None` when the cursor is not of this list as it is now.
    pub(crate) fn page(&self, cursor: Option<&str>) -> Option<Page<'_>> {
        let rest = match cursor {
            None => &self.entries[..],
            Some(cursor) => &self.entries[self.index.get(&*self.read_cursor(cursor)?)? + 1..],
        };
        let mut bytes = 0;
        let fits = |entry: &&Entry| {
            let begins = bytes == 0;
            bytes += entry.definition.as_bytes().len();
            begins || bytes <= PAGE_BYTES
        };
        let page = rest.iter().take(PAGE_ITEMS).take_while(fits);
        let items: Vec<_> = page.map(|entry| &entry.definition).collect();
        let more = items.len() < rest.len();
        let next = items.len().checked_sub(1).filter(|_| more);
        Some(Page { next: next.map(|last| self.cursor(&rest[last].key)), items })
    }

    /// Puts an item behind the others, unless its name is taken.
    pub(super) fn add(&mut self, entry: Entry) -> bool {
        if self.index.contains_key(&entry.key) {
            return false;
        }
        self.index.insert(entry.key.clone(), self.entries.len());
        self.entries.push(entry);
        true
    }

    /// The part of it that is selected.
    pub(super) fn part(&self, selects: impl Fn(&Entry) -> bool) -> Self {
        let mut part = Self::new(self.kind);
        for entry in self.entries.iter().filter(|entry| selects(entry)) {
            part.add(entry.clone());
        }
        part
    }

    fn cursor(&self, key: &str) -> String {
        let bytes = [&[VERSION, self.code()], key.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn read_cursor(&self, cursor: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (head, key) = bytes.split_first_chunk::<2>()?;
        (*head == [VERSION, self.code()]).then(|| String::from_utf8(key.to_vec()).ok())?
    }

    fn code(&self) -> u8 {
        match self.kind {
            ItemKind::Tool => b't',
            ItemKind::Prompt => b'p',
            ItemKind::Resource => b'r',
            ItemKind::ResourceTemplate => b'm',
        }
    }
}

impl PartialEq for Shelf {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Entry {
    /// An item of a server under another name than its own; `None` when its own cannot be replaced.
    pub(super) fn new(
        server: &Arc<str>,
        item: &super::offer::Item,
        member: &str,
        key: Arc<str>,
    ) -> Option<Self> {
        let route = Route { server: server.clone(), name: item.name.clone(), renamed: None };
        let mirrored = item.mirrored.clone();
        if key == item.name {
            return Some(Self { key, definition: item.text.clone(), route, mirrored });
        }
        let definition = text::with_string(&item.text, member, &key)?;
        let route = Route { renamed: encoded(&item.name), ..route };
        Some(Self { key, definition, route, mirrored })
    }
}

/// A text as JSON.
pub(crate) fn encoded(text: &str) -> Option<Raw> {
    let mut out = Vec::with_capacity(text.len() + 2);
    encode_text(&mut out, text);
    Raw::parse(out).ok()
}
