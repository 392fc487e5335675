//! Listening to changes: a call that stays, and tells of them before its answer.
//!
//! See [Subscriptions](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions).

use super::Server;
use super::bus::{Change, Subscription, Wanted};
use super::catalogue::Catalogue;
use super::dispatch::wrong_param;
use super::visible::ItemKind;
use crate::context::Context;
use crate::service::Answer;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::{BodyKey, EncodeError, Raw};
use bowline_protocol::write;
use bowline_types::jsonrpc::{ErrorObject, Id, NotificationParams};
use bowline_types::meta::Meta;
use bowline_types::method::{
    Notification, PromptListChanged, ResourceListChanged, ResourceUpdated,
    SubscriptionsAcknowledged, ToolListChanged,
};
use bowline_types::resource::ResourceUpdatedNotificationParams;
use bowline_types::subscription::{
    SubscriptionFilter, SubscriptionsAcknowledgedNotificationParams, SubscriptionsListenResult,
};
use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Context as Task;

impl Server {
    /// Tells those who listen to this resource, and may know of it, that it changed.
    ///
    /// However often that happens before a client has read of it, it reads of it once.
    pub fn resource_updated(&self, uri: &str) {
        let catalogue = self.catalogue();
        self.0.bus.resource_updated(uri, |principal| catalogue.resolve(principal, uri).is_some());
    }

    /// Tells those who listen that a list changed, for changes that the server cannot see: what a predicate decides,
    /// or what is behind a proxy. Adding and removing items tells of itself.
    pub fn list_changed(&self, kind: ItemKind) {
        self.0.bus.list_changed(kind, |_| true);
    }

    /// Sets who is told when somebody begins or ends to listen to a resource, to watch only what is listened to.
    ///
    /// The hook gets the URI; [`Server::is_listened`] says what holds now. It runs before the subscription is
    /// acknowledged, so that what it begins to watch misses nothing, and must be quick.
    #[must_use]
    pub fn on_listen(self, hook: impl Fn(&Self, &str) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.on_listen = Some(Arc::new(hook)))
    }

    /// Whether anybody listens to this resource.
    #[must_use]
    pub fn is_listened(&self, uri: &str) -> bool {
        self.0.bus.is_awaited(uri)
    }

    /// How many `subscriptions/listen` calls are open.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.0.bus.len()
    }
}

/// Answers `subscriptions/listen`.
pub(super) fn listen(server: &Server, cx: Context, catalogue: &Catalogue) -> Answer {
    let filter = match cx.request().param(BodyKey::Notifications) {
        None => Err(ErrorObject::invalid_params("params.notifications: missing")),
        Some(text) => {
            bowline_types::decode(text).map_err(|error| wrong_param(BodyKey::Notifications, &error))
        }
    };
    match (filter, cx.request().id()) {
        (Ok(filter), Some(id)) => {
            let agreed = agree(&cx, catalogue, filter);
            let server = server.clone();
            Answer::new(async move {
                attend(&server, &cx, id, agreed).await.unwrap_or_else(Outcome::Error)
            })
        }
        (Err(error), _) => Answer::ready(error),
        (_, None) => Answer::ready(ErrorObject::invalid_request("a request needs an id")),
    }
}

/// What of a filter this server can honour: kinds it offers, and resources that this client could read.
fn agree(cx: &Context, catalogue: &Catalogue, filter: SubscriptionFilter) -> SubscriptionFilter {
    let mut agreed = SubscriptionFilter::new();
    let honoured =
        |wanted: Option<bool>, offered| (wanted == Some(true) && offered).then_some(true);
    agreed.tools_list_changed = honoured(filter.tools_list_changed, catalogue.tools.declared);
    agreed.prompts_list_changed = honoured(filter.prompts_list_changed, catalogue.prompts.declared);
    agreed.resources_list_changed =
        honoured(filter.resources_list_changed, catalogue.has_resources());
    if catalogue.has_resources() {
        agreed.resource_subscriptions = filter.resource_subscriptions.map(|uris| {
            let mut seen = BTreeSet::new();
            let mut known: Vec<String> = Vec::new();
            // As many are looked at as may be agreed to: looking at templates is not free.
            for uri in uris.into_iter().take(cx.limits().listen_uris) {
                if catalogue.resolve(cx.principal(), &uri).is_some() && seen.insert(uri.clone()) {
                    known.push(uri);
                }
            }
            known
        });
    }
    agreed
}

/// Acknowledges, then tells of changes until the connection is about to end.
///
/// Dropping it, as the client's cancellation does, ends the subscription and leaves nothing.
async fn attend(
    server: &Server,
    cx: &Context,
    id: Id,
    agreed: SubscriptionFilter,
) -> Result<Outcome, ErrorObject> {
    let uris = agreed.resource_subscriptions.iter().flatten().map(|uri| Arc::from(uri.as_str()));
    let wanted = Wanted {
        tools: agreed.tools_list_changed == Some(true),
        prompts: agreed.prompts_list_changed == Some(true),
        resources: agreed.resources_list_changed == Some(true),
        uris: uris.collect(),
    };
    let limit = cx.limits().listens_per_principal;
    // Dropped after the subscription, which is made later: by then nobody listens through it.
    let heard = Heard { server, uris: wanted.uris.iter().cloned().collect() };
    let subscription = server.0.bus.open(cx.principal(), wanted, limit).ok_or_else(|| {
        ErrorObject::internal_error(format!("{limit} subscriptions are open already; end one"))
    })?;
    heard.tell();

    let mut meta = Meta::new();
    meta.set_subscription_id(id.clone());
    let acknowledgment =
        SubscriptionsAcknowledgedNotificationParams::new(agreed).meta(meta.clone());
    cx.notify::<SubscriptionsAcknowledged>(&acknowledgment).map_err(|_| {
        ErrorObject::invalid_params("params.notifications: too long to be acknowledged")
    })?;

    let mut closed = pin!(cx.closing().closed());
    poll_fn(|task| {
        tell(&subscription, cx, &meta, task);
        closed.as_mut().poll(task)
    })
    .await;
    drop(subscription);
    // The result has no member but `_meta`, which belongs to the envelope.
    let body = Body::empty().with_meta(&SubscriptionsListenResult::of(id).meta);
    body.map(Outcome::complete).map_err(|_| ErrorObject::internal_error("result cannot be encoded"))
}

/// Tells the hook of what is listened to now, and again when it is not any more.
struct Heard<'a> {
    server: &'a Server,
    uris: Vec<Arc<str>>,
}

impl Heard<'_> {
    fn tell(&self) {
        if let Some(hook) = &self.server.settings().on_listen {
            for uri in &self.uris {
                hook(self.server, uri);
            }
        }
    }
}

impl Drop for Heard<'_> {
    fn drop(&mut self) {
        self.tell();
    }
}

/// Tells of what changed, as far as there is room; the rest waits until everything told before is read.
fn tell(subscription: &Subscription<'_>, cx: &Context, meta: &Meta, task: &Task<'_>) {
    while subscription.has_changes_or_wake(task) {
        let mut changes = subscription.take().into_iter();
        while let Some(change) = changes.next() {
            let Ok(message) = message(&change, meta) else {
                continue;
            };
            if cx.notify_once(message.clone()).is_ok() {
                continue;
            }
            if cx.outbox().poll_drained(task).is_pending() {
                subscription.put_back(std::iter::once(change).chain(changes));
                return;
            }
            // What finds no room now that there is nothing else will never find any.
            let _ = cx.notify_once(message);
        }
    }
}

fn message(change: &Change, meta: &Meta) -> Result<Raw, EncodeError> {
    let params = NotificationParams::new().meta(meta.clone());
    match change {
        Change::Tools => write::notification(ToolListChanged::NAME, &params),
        Change::Prompts => write::notification(PromptListChanged::NAME, &params),
        Change::Resources => write::notification(ResourceListChanged::NAME, &params),
        Change::Resource(uri) => {
            let params = ResourceUpdatedNotificationParams::new(&**uri).meta(meta.clone());
            write::notification(ResourceUpdated::NAME, &params)
        }
    }
}
