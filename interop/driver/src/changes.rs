//! Changes that a server tells of, and one that it is told of.

use crate::expect::{Failure, fine, holds, same, until};
use crate::peer::Peer;
use bowline::client::{Change, Subscription};
use bowline::types::input::Root;
use bowline::types::resource::ResourceContents;
use bowline::types::subscription::SubscriptionFilter;
use serde_json::json;
use std::time::Duration;

const COUNTER: &str = "interop://counter";

pub(crate) async fn tools(peer: &Peer) -> Result<String, Failure> {
    let filter = SubscriptionFilter::new().tools_list_changed(true);
    changed(peer, "tools", filter, &Change::Tools, async || {
        Ok(peer.client.list_tools().await?.into_iter().map(|tool| tool.name).collect())
    })
    .await
}

pub(crate) async fn prompts(peer: &Peer) -> Result<String, Failure> {
    let filter = SubscriptionFilter::new().prompts_list_changed(true);
    changed(peer, "prompts", filter, &Change::Prompts, async || {
        Ok(peer.client.list_prompts().await?.into_iter().map(|prompt| prompt.name).collect())
    })
    .await
}

pub(crate) async fn resources(peer: &Peer) -> Result<String, Failure> {
    let filter = SubscriptionFilter::new().resources_list_changed(true);
    changed(peer, "resources", filter, &Change::Resources, async || {
        Ok(peer.client.list_resources().await?.into_iter().map(|one| one.name).collect())
    })
    .await
}

/// An item comes and goes; each time it is told, and the next list is another one.
async fn changed(
    peer: &Peer,
    what: &str,
    filter: SubscriptionFilter,
    wanted: &Change,
    names: impl AsyncFn() -> bowline::Result<Vec<String>>,
) -> Result<String, Failure> {
    let change = async |present| {
        peer.client.call_tool("change", json!({"what": what, "present": present})).await
    };
    change(false).await?;
    let mut subscription = peer.client.subscribe(filter.clone()).await?;
    holds(*subscription.honored() == filter, || {
        format!("only {:?} was agreed to", subscription.honored())
    })?;
    for present in [true, false] {
        change(present).await?;
        told(&mut subscription, wanted).await?;
        let listed = names().await?.iter().any(|name| name == "extra");
        holds(listed == present, || format!("listed: {listed}, present: {present}"))?;
    }
    fine()
}

/// Only the resource that was asked for is told of.
pub(crate) async fn resource(peer: &Peer) -> Result<String, Failure> {
    let filter = SubscriptionFilter::new().resource_subscriptions(vec![COUNTER.to_owned()]);
    let mut subscription = peer.client.subscribe(filter).await?;
    let before = counted(peer).await?;
    let touch = async |uri| peer.client.call_tool("touch", json!({"uri": uri})).await;
    touch("interop://greeting").await?;
    let other = tokio::time::timeout(Duration::from_millis(300), subscription.next()).await;
    holds(other.is_err(), || format!("told of {other:?}"))?;
    touch(COUNTER).await?;
    told(&mut subscription, &Change::Resource(COUNTER.to_owned())).await?;
    same("touched", json!(counted(peer).await? - before), json!(2))?;
    fine()
}

/// A server that keeps a session hears that the roots have changed.
pub(crate) async fn roots(peer: &Peer) -> Result<String, Failure> {
    let before = peer.counters().await?.roots_changed;
    peer.client.set_roots(vec![Root::new("file:///interop/three")]).await?;
    until("the server hears of changed roots", || async {
        let now = peer.counters().await?.roots_changed;
        Ok((now != before + 1).then(|| format!("{now} times, {before} before")))
    })
    .await?;
    let result = peer.client.call_tool("ask", json!({"what": "roots"})).await?;
    let said = crate::calls::text(&result)?.to_owned();
    let wanted = said.contains("file:///interop/three") && !said.contains("file:///interop/one");
    holds(wanted, || format!("the server still sees {said}"))?;
    let before: bowline::types::input::ListRootsResult = crate::surface::answer("roots")?;
    peer.client.set_roots(before.roots.into_iter().collect()).await?;
    fine()
}

pub(crate) async fn told(subscription: &mut Subscription, wanted: &Change) -> Result<(), Failure> {
    match tokio::time::timeout(Duration::from_secs(5), subscription.next()).await {
        Ok(Some(change)) => holds(change == *wanted, || format!("told of {change:?}")),
        Ok(None) => Err("the subscription ended".into()),
        Err(_) => Err(format!("{wanted:?} was not told within 5 s").into()),
    }
}

async fn counted(peer: &Peer) -> Result<u64, Failure> {
    let result = peer.client.read_resource(COUNTER).fresh().await?;
    match &result.contents[..] {
        [ResourceContents::Text(contents)] => Ok(contents.text.parse()?),
        other => Err(format!("the counter is {other:?}").into()),
    }
}
