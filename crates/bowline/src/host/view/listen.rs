//! Listening to changes of what an endpoint shows, and of the resources behind it.
//!
//! Nothing runs here but the call itself: it looks at the catalogue when that changes, and reads what servers tell of the
//! resources that it was asked about. However many changes there are, it holds one note for each thing that changed.
//!
//! See [Subscriptions](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions).

mod feed;
mod notes;

use super::View;
use crate::context::Context;
use crate::host::catalogue::{Catalogue, Located, Shelves};
use crate::principal::Principal;
use crate::server::dispatch::wrong_param;
use crate::service::Answer;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::BodyKey;
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::meta::Meta;
use bowline_types::method::SubscriptionsAcknowledged;
use bowline_types::subscription::{
    SubscriptionFilter, SubscriptionsAcknowledgedNotificationParams, SubscriptionsListenResult,
};
use feed::{Feed, Heard};
use notes::{Note, Notes};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Task, Poll};
use std::time::Duration;
use tokio::sync::watch;

/// How long servers have to agree before a subscription is acknowledged without them. They are asked on, and what is
/// acknowledged is told once they agree.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers `subscriptions/listen`.
pub(super) fn listen(view: Arc<View>, cx: Context) -> Answer {
    let filter = match cx.request().param(BodyKey::Notifications) {
        None => Err(ErrorObject::invalid_params("params.notifications: missing")),
        Some(text) => {
            bowline_types::decode(text).map_err(|error| wrong_param(BodyKey::Notifications, &error))
        }
    };
    match (filter, cx.request().id()) {
        (Ok(filter), Some(id)) => Answer::new(async move {
            attend(&view, &cx, id, filter).await.unwrap_or_else(Outcome::Error)
        }),
        (Err(error), _) => Answer::ready(error),
        (_, None) => Answer::ready(ErrorObject::invalid_request("a subscription needs an `id`")),
    }
}

/// Acknowledges, then tells of changes until the connection is about to end.
async fn attend(
    view: &Arc<View>,
    cx: &Context,
    id: Id,
    filter: SubscriptionFilter,
) -> Result<Outcome, ErrorObject> {
    let limit = cx.limits().listens_per_principal;
    let _place = view.listeners.enter(cx.principal(), limit).ok_or_else(|| {
        ErrorObject::internal_error(format!("{limit} subscriptions are open already; end one"))
    })?;
    // What changes from here on is told.
    let changes = view.upstreams.changes();
    let mut closed = pin!(cx.closing().closed());
    let shelves = tokio::select! {
        shelves = view.settled(cx.principal()) => shelves,
        () = &mut closed => view.now(cx.principal()),
    };
    let (mut agreed, mut feeds) = agree(view, cx, &shelves, filter);
    let mut closed = pin!(cx.closing().closed());
    let mut patience = pin!(tokio::time::sleep(PATIENCE));
    let mut notes = Notes::default();
    poll_fn(|task| {
        let waiting = feeds.iter_mut().filter_map(|feed| match feed.poll_begun(task) {
            Poll::Pending => Some(()),
            Poll::Ready(()) => None,
        });
        let begun = waiting.count() == 0;
        let over = closed.as_mut().poll(task).is_ready() || patience.as_mut().poll(task).is_ready();
        if begun || over { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    feeds.retain(|feed| !feed.is_refused());
    if let Some(uris) = &mut agreed.resource_subscriptions {
        let shown: HashSet<&str> = feeds.iter().flat_map(Feed::shown).collect();
        uris.retain(|uri| shown.contains(&**uri));
    }

    let mut meta = Meta::new();
    meta.set_subscription_id(id.clone());
    let acknowledgment =
        SubscriptionsAcknowledgedNotificationParams::new(agreed.clone()).meta(meta.clone());
    cx.notify::<SubscriptionsAcknowledged>(&acknowledgment).map_err(|_| {
        ErrorObject::invalid_params("params.notifications: too long to be acknowledged")
    })?;

    let mut lists = Lists { view, cx, agreed: &agreed, shelves, next: next(changes) };
    poll_fn(|task| {
        lists.poll(task, &mut notes);
        for feed in &mut feeds {
            feed.poll(task, &mut notes, &lists.shelves);
        }
        notes.tell(cx, &meta, task);
        closed.as_mut().poll(task)
    })
    .await;
    // The result has no member but `_meta`, which belongs to the envelope.
    let body = Body::empty().with_meta(&SubscriptionsListenResult::of(id).meta);
    body.map(Outcome::complete).map_err(|_| ErrorObject::internal_error("result cannot be encoded"))
}

/// The part of the filter that can be honoured: kinds that are declared, and resources that a server may tell of; with
/// what will hear of these.
fn agree(
    view: &Arc<View>,
    cx: &Context,
    shelves: &Shelves,
    filter: SubscriptionFilter,
) -> (SubscriptionFilter, Vec<Feed>) {
    let declared = &shelves.capabilities;
    let honoured =
        |wanted: Option<bool>, declared: bool| (wanted == Some(true) && declared).then_some(true);
    let mut agreed = SubscriptionFilter::new();
    agreed.tools_list_changed = honoured(filter.tools_list_changed, declared.tools.is_some());
    agreed.prompts_list_changed = honoured(filter.prompts_list_changed, declared.prompts.is_some());
    agreed.resources_list_changed =
        honoured(filter.resources_list_changed, declared.resources.is_some());
    let (Some(uris), Some(_)) = (filter.resource_subscriptions, &declared.resources) else {
        return (agreed, Vec::new());
    };
    let mut servers: BTreeMap<Arc<str>, Vec<Heard>> = BTreeMap::new();
    let (mut known, mut seen) = (Vec::new(), HashSet::new());
    // As many are looked at as may be agreed to: looking at templates is not free.
    for uri in uris.into_iter().take(cx.limits().listen_uris) {
        if let Some(Located { server, uri: own, .. }) = shelves.locate(&uri)
            && shelves.tells_of_resources(&server)
            && seen.insert(uri.clone())
        {
            let heard = Heard { own, shown: uri.as_str().into() };
            servers.entry(server).or_default().push(heard);
            known.push(uri);
        }
    }
    agreed.resource_subscriptions = Some(known);
    let feed = |(server, uris)| Feed::new(view.upstreams.clone(), cx.clone(), server, uris);
    (agreed, servers.into_iter().map(feed).collect())
}

/// What is heard of lists.
struct Lists<'a> {
    view: &'a View,
    cx: &'a Context,
    agreed: &'a SubscriptionFilter,
    /// What is shown as far as the client was told.
    shelves: Arc<Shelves>,
    next: Next,
}

/// The next catalogue; `None` when there will be none.
type Next = Pin<Box<dyn Future<Output = Option<watch::Receiver<Arc<Catalogue>>>> + Send>>;

fn next(mut changes: watch::Receiver<Arc<Catalogue>>) -> Next {
    Box::pin(async move { changes.changed().await.ok().map(|()| changes) })
}

impl Lists<'_> {
    fn poll(&mut self, task: &mut Task<'_>, notes: &mut Notes) {
        while let Poll::Ready(changes) = self.next.as_mut().poll(task) {
            let Some(mut changes) = changes else {
                self.next = Box::pin(std::future::pending());
                return;
            };
            let shelves = self.view.shelves(&changes.borrow_and_update(), self.cx.principal());
            let changed = shelves.changes_since(&self.shelves);
            let kinds = [
                (changed.tools, self.agreed.tools_list_changed, Note::Tools),
                (changed.prompts, self.agreed.prompts_list_changed, Note::Prompts),
                (changed.resources, self.agreed.resources_list_changed, Note::Resources),
            ];
            for (changed, agreed, note) in kinds {
                if changed && agreed == Some(true) {
                    notes.add(note);
                }
            }
            self.shelves = shelves;
            self.next = next(changes);
        }
    }
}

/// How many listen, for each principal.
#[derive(Default)]
pub(super) struct Listeners(Arc<Mutex<HashMap<Principal, usize>>>);

/// The place of one that listens; its drop gives it back.
struct Place(Arc<Mutex<HashMap<Principal, usize>>>, Principal);

impl Listeners {
    fn enter(&self, principal: &Principal, limit: usize) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(principal).copied().unwrap_or(0) >= limit {
            return None;
        }
        *open.entry(principal.clone()).or_default() += 1;
        Some(Place(self.0.clone(), principal.clone()))
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.remove(&self.1).unwrap_or(1) - 1;
        if left > 0 {
            open.insert(self.1.clone(), left);
        }
    }
}
