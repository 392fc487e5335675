//! Whoever looks after a server: reads what it offers, hears when that changes, and brings the server back when it is
//! gone.

use super::{Instance, Key, Upstream, lock};
use crate::client::{Change, Client, State, Subscription};
use crate::error::Error;
use crate::host::catalogue::{Globs, Offer};
use bowline_types::capability::ServerCapabilities;
use bowline_types::subscription::SubscriptionFilter;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::task::Poll;
use std::time::Duration;
use tokio::time::Instant;

/// The time before a server that could not be started is tried again: it doubles up to the second.
const AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(60));

/// So many failed attempts to make a lost connection anew, and the server counts as gone.
const GONE: u32 = 3;

/// Changes that come close to each other are looked at together.
const TOGETHER: Duration = Duration::from_millis(50);

/// How long a server has to agree to tell of changes before its lists are read without that.
const AGREED: Duration = Duration::from_secs(2);

/// Begins to look after a server: with what is kept of its offer it can wait until it is needed, else it is started.
pub(crate) fn begin(upstream: &Arc<Upstream>) {
    if let Some(offer) = kept(upstream) {
        upstream.publish(Some(offer));
        return;
    }
    keep(upstream, None);
}

/// Looks after a server of which an instance was just started, unless somebody does.
pub(super) fn look_after(upstream: &Arc<Upstream>, instance: &Arc<Instance>) {
    keep(upstream, Some(Arc::downgrade(instance)));
}

/// Begins to try a server that could not be started, unless somebody does.
pub(super) fn bring_back(upstream: &Arc<Upstream>) {
    keep(upstream, None);
}

fn keep(upstream: &Arc<Upstream>, instance: Option<Weak<Instance>>) {
    let mut keeper = lock(&upstream.keeper);
    if keeper.as_ref().is_some_and(|keeper| !keeper.is_finished()) {
        if let Some(instance) = instance.and_then(|instance| instance.upgrade()) {
            let (client, number) = (instance.client.clone(), instance.number);
            let hearing = tokio::spawn(overhear(Arc::downgrade(upstream), client, number));
            instance.own(hearing.abort_handle());
        }
        return;
    }
    // Owned by the server: aborted when it leaves the host.
    let task = tokio::spawn(run(Arc::downgrade(upstream), instance));
    *keeper = Some(task.abort_handle());
}

async fn run(upstream: Weak<Upstream>, mut instance: Option<Weak<Instance>>) {
    loop {
        let watched = match instance.take().and_then(|instance| instance.upgrade()) {
            Some(instance) => instance,
            None => match start(&upstream).await {
                Some(started) => started,
                None => return,
            },
        };
        let client = watched.client.clone();
        match upstream.upgrade() {
            Some(upstream) => upstream.kept.store(watched.number, Ordering::Release),
            None => return,
        }
        drop(watched);
        watch(&upstream, &client).await;
        let stopped = matches!(&*client.state().borrow(), State::Closed { reason: None });
        if stopped {
            return;
        }
    }
}

/// Starts the server, however long that takes; nothing when it has left the host.
async fn start(upstream: &Weak<Upstream>) -> Option<Arc<Instance>> {
    let mut delay = AGAIN.0;
    loop {
        {
            let upstream = upstream.upgrade()?;
            match upstream.instance(&Key::default()).await {
                Ok(call) => return Some(call.instance.clone()),
                Err(error) => {
                    tracing::warn!(target: "bowline::host", server = &**upstream.name(), "{}", chain(&error));
                    upstream.publish(None);
                    if upstream.is_guarded() {
                        return None;
                    }
                }
            }
        }
        tokio::time::sleep(delay).await;
        delay = (delay * 2).min(AGAIN.1);
    }
}

/// Reads what a server offers, again and again, until the client is closed.
async fn watch(upstream: &Weak<Upstream>, client: &Client) {
    let mut state = client.state();
    loop {
        // Before anything is read: what changes meanwhile is then told.
        let mut subscription = subscribe(upstream, client).await;
        let changes = said(&mut subscription).await;
        read(upstream, client, &mut subscription, changes).await;
        loop {
            let change = async {
                match &mut subscription {
                    Some(subscription) => subscription.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                change = change => match change {
                    Some(Change::Resource(_)) => {}
                    Some(change) => {
                        tokio::time::sleep(TOGETHER).await;
                        let mut changes = said(&mut subscription).await;
                        changes.push(change);
                        read(upstream, client, &mut subscription, changes).await;
                    }
                    // The server has ended it, and tells no more.
                    None => subscription = None,
                },
                changed = state.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let now = state.borrow_and_update().clone();
                    match now {
                        State::Closed { .. } => return,
                        State::Reconnecting { attempt, last_error } => {
                            if attempt == GONE && let Some(upstream) = upstream.upgrade() {
                                lock(&upstream.standing).last_error = Some((last_error, Instant::now()));
                                upstream.publish(None);
                            }
                        }
                        // It may be another version of the server by now.
                        State::Ready { .. } => break,
                        State::Connecting => {}
                    }
                }
            }
        }
    }
}

/// Hears of changes of the lists that another instance tells of than the one that is looked after.
async fn overhear(upstream: Weak<Upstream>, client: Client, number: u64) {
    // The keeper has just started it, or has found it since: nobody is told twice.
    let is_kept =
        || upstream.upgrade().is_none_or(|one| one.kept.load(Ordering::Acquire) == number);
    if is_kept() {
        return;
    }
    let Some(filter) = filter(&client.server_capabilities()) else {
        return;
    };
    let mut subscription = client.subscribe(filter).await.ok();
    while let Some(listening) = &mut subscription
        && let Some(change) = listening.next().await
    {
        if is_kept() {
            return;
        }
        if !matches!(change, Change::Resource(_)) {
            tokio::time::sleep(TOGETHER).await;
            let mut changes = said(&mut subscription).await;
            changes.push(change);
            read(&upstream, &client, &mut subscription, changes).await;
        }
    }
}

/// Listens for changes of the lists, where the server tells of any.
async fn subscribe(upstream: &Weak<Upstream>, client: &Client) -> Option<Subscription> {
    let filter = filter(&client.server_capabilities())?;
    let mut subscribing = pin!(client.subscribe(filter));
    if let Ok(subscribed) = tokio::time::timeout(AGREED, &mut subscribing).await {
        return subscribed.ok();
    }
    // Nobody is kept waiting for the lists of a server that is slow to agree.
    read(upstream, client, &mut None, Vec::new()).await;
    subscribing.await.ok()
}

/// The changes that were told and not looked at yet; waits for none.
async fn said(subscription: &mut Option<Subscription>) -> Vec<Change> {
    let mut changes = Vec::new();
    while let Some(listening) = subscription {
        let next = poll_fn(|task| Poll::Ready(pin!(listening.next()).poll(task))).await;
        match next {
            Poll::Ready(Some(Change::Resource(_))) => {}
            Poll::Ready(Some(change)) => changes.push(change),
            Poll::Ready(None) => *subscription = None,
            Poll::Pending => break,
        }
    }
    changes
}

/// Reads the lists, which have changed in this way, and tells of that once.
async fn read(
    upstream: &Weak<Upstream>,
    client: &Client,
    subscription: &mut Option<Subscription>,
    mut changes: Vec<Change>,
) {
    let mut offer = Offer::read(client).await;
    let meanwhile = said(subscription).await;
    if !meanwhile.is_empty() {
        // What was read may be from before or from after it.
        changes.extend(meanwhile);
        offer = Offer::read(client).await;
    }
    let Some(upstream) = upstream.upgrade() else {
        return;
    };
    match offer {
        Ok(mut offer) => {
            offer.told = {
                let mut told = lock(&upstream.told);
                changes.iter().for_each(|change| told.hear(change));
                *told
            };
            upstream.keep_offer(&offer).await;
            upstream.publish(Some(offer));
        }
        Err(error) => {
            tracing::warn!(target: "bowline::host", server = &**upstream.name(), "its lists could not be read: {error}");
            lock(&upstream.standing).last_error = Some((Arc::new(error), Instant::now()));
            if upstream.offer().is_none() {
                upstream.publish(None);
            }
        }
    }
}

/// What to listen for.
fn filter(offered: &ServerCapabilities) -> Option<SubscriptionFilter> {
    let tools = offered.tools.as_ref().and_then(|tools| tools.list_changed) == Some(true);
    let prompts = offered.prompts.as_ref().and_then(|prompts| prompts.list_changed) == Some(true);
    let resources =
        offered.resources.as_ref().and_then(|resources| resources.list_changed) == Some(true);
    (tools || prompts || resources).then(|| {
        SubscriptionFilter::new()
            .tools_list_changed(tools)
            .prompts_list_changed(prompts)
            .resources_list_changed(resources)
    })
}

fn kept(upstream: &Upstream) -> Option<Offer> {
    upstream.host()?.stored()?.load(upstream.plan.fingerprint.as_deref()?.as_bytes())
}

impl Upstream {
    /// Is not looked after: nobody uses it, or each caller one of his own.
    pub(crate) fn rest(&self) {
        if let Some(keeper) = lock(&self.keeper).take() {
            keeper.abort();
        }
        self.publish(None);
    }

    /// Sets what the server offers, and tells the host; nothing when it cannot be used.
    fn publish(&self, offer: Option<Offer>) {
        let offer = offer.map(|offer| match &self.plan.tools {
            Some(allowed) => offer.with_tools(&Globs::new(allowed)),
            None => offer,
        });
        *self.offer.write().unwrap_or_else(PoisonError::into_inner) = offer.map(Arc::new);
        if let Some(host) = self.host() {
            host.offered();
        }
        // Behind the rest: who waited for it looks at once.
        self.tried.send_replace(true);
    }

    async fn keep_offer(&self, offer: &Offer) {
        let stored = self.host().and_then(|host| host.stored().cloned());
        let Some((stored, fingerprint)) = stored.zip(self.plan.fingerprint.clone()) else {
            return;
        };
        let offer = offer.clone();
        // On a thread for what blocks; not owned by anybody: it ends by itself when the file is written.
        let keeping =
            tokio::task::spawn_blocking(move || stored.keep(fingerprint.as_bytes(), &offer));
        if let Ok(Err(error)) = keeping.await {
            tracing::debug!(target: "bowline::host", "an offer was not kept: {error}");
        }
    }
}

/// An error with what is behind it.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text += ": ";
        text += &cause.to_string();
        source = cause.source();
    }
    text
}
