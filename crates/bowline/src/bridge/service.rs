//! A client that is served: whoever calls it calls its server, in whatever protocol version each of them speaks.

use super::{Bridge, Lease};
use crate::client::forward::Onward;
use crate::client::{Change, Client, Subscription};
use crate::context::Context;
use crate::service::{Answer, Call, Service};
use bowline_protocol::era;
use bowline_protocol::outcome::{Body, CacheHint, Outcome, ResultKind};
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_protocol::write;
use bowline_types::jsonrpc::{ErrorObject, Id, NotificationParams};
use bowline_types::meta::Meta;
use bowline_types::method::{
    CallTool, Method, Notification, PromptListChanged, ResourceListChanged, ResourceUpdated,
    SubscriptionsAcknowledged, ToolListChanged,
};
use bowline_types::resource::ResourceUpdatedNotificationParams;
use bowline_types::subscription::{
    SubscriptionFilter, SubscriptionsAcknowledgedNotificationParams, SubscriptionsListenResult,
};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll};

/// A client answers what its server answers: served itself, it makes its server speak every protocol version and every
/// transport there is.
///
/// ```no_run
/// # async fn example() -> bowline::Result<()> {
/// use bowline::Client;
/// use bowline::transport::{self, Stdio};
/// use std::sync::Arc;
///
/// let client = Client::connect("https://example.com/mcp").await?;
/// transport::start(Arc::new(client), Stdio).wait().await
/// # }
/// ```
impl Service for Client {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let cx = call.cx;
        match cx.request().row().name {
            "server/discover" => Answer::ready(discover(&self)),
            "subscriptions/listen" => {
                Answer::new(async move { listen(&self, &cx).await.unwrap_or_else(Outcome::Error) })
            }
            _ => Answer::new(async move { carry(&self, &cx).await }),
        }
    }

    fn server_info(&self) -> Option<Raw> {
        Raw::encode(&self.server_info()?).ok()
    }
}

async fn carry(client: &Client, cx: &Context) -> Outcome {
    let bridge: &Bridge = client.bridge();
    let server = client.name();
    if let Some(outcome) = bridge.resume(cx, &server).await {
        return outcome;
    }
    let lease = Lease {
        client: client.clone(),
        lane: None,
        own: true,
        roots: None,
        measured: None,
        hold: None,
    };
    bridge.carry(cx, &server, lease, onward(cx)).await
}

/// The request as it came.
fn onward(cx: &Context) -> Onward {
    let request = cx.request();
    let method = match request.row().name {
        "" => Cow::Owned(request.method().into_owned()),
        name => Cow::Borrowed(name),
    };
    let of_tool = method == CallTool::NAME;
    let onward = Onward::of(cx, method, request.message().handed_on(&[]));
    match request.param_str(BodyKey::Name).filter(|_| of_tool) {
        Some(tool) => onward.tool(Arc::from(&*tool)),
        None => onward,
    }
}

/// Answers `server/discover`: what the server said, in the protocol versions that are spoken here.
fn discover(client: &Client) -> Outcome {
    let mut result = (*client.server()).clone();
    result.supported_versions =
        era::supported().map(|version| version.as_str().to_owned()).collect();
    result.meta = None;
    let cache = result.cache.take().unwrap_or_else(|| CacheHint::private(0));
    match Body::encode(result) {
        Ok(body) => Outcome::Result { kind: ResultKind::Complete, body, cache: Some(cache) },
        Err(_) => ErrorObject::internal_error("what the server said cannot be encoded").into(),
    }
}

/// Answers `subscriptions/listen`: acknowledges, then tells of changes until either side ends it.
async fn listen(client: &Client, cx: &Context) -> Result<Outcome, ErrorObject> {
    let request = cx.request();
    let wrong = |why: &str| ErrorObject::invalid_params(format!("params.notifications: {why}"));
    let filter = request.param(BodyKey::Notifications).ok_or_else(|| wrong("missing"))?;
    let filter: SubscriptionFilter =
        bowline_types::decode(filter).map_err(|fault| wrong(&fault.to_string()))?;
    let id = request.id().ok_or_else(|| ErrorObject::invalid_request("a request needs an id"))?;
    let mut subscription = client
        .subscribe(filter)
        .await
        .map_err(|error| super::fault::named(&client.name(), &error))?;
    let mut meta = Meta::new();
    meta.set_subscription_id(id.clone());
    let honored = subscription.honored().clone();
    let params = SubscriptionsAcknowledgedNotificationParams::new(honored).meta(meta.clone());
    cx.notify::<SubscriptionsAcknowledged>(&params)
        .map_err(|_| wrong("too long to be acknowledged"))?;
    attend(cx, &mut subscription, &meta).await;
    ended(id)
}

async fn attend(cx: &Context, subscription: &mut Subscription, meta: &Meta) {
    let mut closed = pin!(cx.closing().closed());
    let mut waiting = VecDeque::new();
    loop {
        let next = {
            let mut next = pin!(subscription.next());
            poll_fn(|task| {
                tell(cx, &mut waiting, task);
                match closed.as_mut().poll(task) {
                    Poll::Ready(()) => Poll::Ready(None),
                    // What waits for its reader waits in one place only.
                    Poll::Pending if !waiting.is_empty() => Poll::Pending,
                    Poll::Pending => next.as_mut().poll(task),
                }
            })
            .await
        };
        let Some(change) = next else {
            return;
        };
        let filter = subscription.honored();
        waiting.extend(messages(&change, filter, meta));
    }
}

/// Tells of what changed, as far as there is room.
fn tell(cx: &Context, waiting: &mut VecDeque<Raw>, task: &Task<'_>) {
    while let Some(message) = waiting.front() {
        if cx.notify_once(message.clone()).is_err() {
            if cx.outbox().poll_drained(task).is_pending() {
                return;
            }
            // What finds no room now that there is nothing else will never find any.
            let _ = cx.notify_once(message.clone());
        }
        waiting.pop_front();
    }
}

/// What tells of a change; where anything may have changed, of everything.
fn messages(change: &Change, filter: &SubscriptionFilter, meta: &Meta) -> Vec<Raw> {
    let params = NotificationParams::new().meta(meta.clone());
    let list = |method: &str| write::notification(method, &params).ok();
    let resource = |uri: &str| {
        let params = ResourceUpdatedNotificationParams::new(uri).meta(meta.clone());
        write::notification(ResourceUpdated::NAME, &params).ok()
    };
    let one = match change {
        Change::Tools => list(ToolListChanged::NAME),
        Change::Prompts => list(PromptListChanged::NAME),
        Change::Resources => list(ResourceListChanged::NAME),
        Change::Resource(uri) => resource(uri),
        Change::Resumed => {
            let lists = [
                (filter.tools_list_changed, ToolListChanged::NAME),
                (filter.prompts_list_changed, PromptListChanged::NAME),
                (filter.resources_list_changed, ResourceListChanged::NAME),
            ];
            let lists = lists.into_iter().filter(|(wanted, _)| *wanted == Some(true));
            let uris = filter.resource_subscriptions.iter().flatten();
            return lists
                .filter_map(|(_, method)| list(method))
                .chain(uris.filter_map(|uri| resource(uri)))
                .collect();
        }
    };
    one.into_iter().collect()
}

fn ended(id: Id) -> Result<Outcome, ErrorObject> {
    let body = Body::empty().with_meta(&SubscriptionsListenResult::of(id).meta);
    body.map(Outcome::complete).map_err(|_| ErrorObject::internal_error("result cannot be encoded"))
}
