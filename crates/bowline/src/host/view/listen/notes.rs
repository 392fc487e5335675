//! What a listener has not been told yet.

use crate::context::Context;
use bowline_protocol::scan::{EncodeError, Raw};
use bowline_protocol::write;
use bowline_types::jsonrpc::NotificationParams;
use bowline_types::meta::Meta;
use bowline_types::method::{
    Notification, PromptListChanged, ResourceListChanged, ResourceUpdated, ToolListChanged,
};
use bowline_types::resource::ResourceUpdatedNotificationParams;
use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Context as Task;

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    Tools,
    Prompts,
    Resources,
    Resource(Arc<str>),
}

/// What is to be told, each once, in the order in which it was heard.
#[derive(Debug, Default)]
pub(super) struct Notes(VecDeque<Note>);

/// The most resources that are told of by the URI at which they changed; beyond them what was subscribed to is named.
const MOST: usize = 4096;

impl Notes {
    pub(super) fn add(&mut self, note: Note) {
        if !self.0.contains(&note) {
            self.0.push_back(note);
        }
    }

    /// Whether a resource below one that was subscribed to still has room.
    pub(super) fn has_room(&self) -> bool {
        self.0.len() < MOST
    }

    /// Tells, as far as there is room; the rest waits until everything told before is read.
    pub(super) fn tell(&mut self, cx: &Context, meta: &Meta, task: &Task<'_>) {
        while let Some(note) = self.0.front() {
            if let Ok(message) = message(note, meta)
                && cx.notify_once(message.clone()).is_err()
            {
                if cx.outbox().poll_drained(task).is_pending() {
                    return;
                }
                // What finds no room now that there is nothing else will never find any.
                let _ = cx.notify_once(message);
            }
            self.0.pop_front();
        }
    }
}

fn message(note: &Note, meta: &Meta) -> Result<Raw, EncodeError> {
    let params = NotificationParams::new().meta(meta.clone());
    match note {
        Note::Tools => write::notification(ToolListChanged::NAME, &params),
        Note::Prompts => write::notification(PromptListChanged::NAME, &params),
        Note::Resources => write::notification(ResourceListChanged::NAME, &params),
        Note::Resource(uri) => {
            let params = ResourceUpdatedNotificationParams::new(&**uri).meta(meta.clone());
            write::notification(ResourceUpdated::NAME, &params)
        }
    }
}
