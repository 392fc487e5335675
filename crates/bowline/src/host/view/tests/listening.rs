use super::support::{Fake, client};
use crate::client::{Change, Client, Subscription, Target};
use crate::host::settings::Naming;
use crate::host::view::View;
use crate::server::Server;
use bowline_protocol::limits::Limits;
use bowline_types::prompt::Prompt;
use bowline_types::resource::{Resource, ResourceTemplate};
use bowline_types::subscription::SubscriptionFilter;
use bowline_types::tool::Tool;
use expect_test::expect;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

async fn nothing() -> &'static str {
    "nothing"
}

fn server() -> Server {
    Server::new("s", "1")
        .tool(Tool::new("t"), nothing)
        .resource(Resource::new("x:1", "one"), nothing)
        .template(ResourceTemplate::new("y:{v}", "y"), nothing)
}

fn uris(uris: &[&str]) -> SubscriptionFilter {
    let uris: Vec<_> = uris.iter().map(|uri| (*uri).to_owned()).collect();
    SubscriptionFilter::new().resource_subscriptions(uris)
}

fn lists() -> SubscriptionFilter {
    SubscriptionFilter::new()
        .tools_list_changed(true)
        .prompts_list_changed(true)
        .resources_list_changed(true)
}

/// Everything that is told until nothing more is.
async fn told(subscription: &mut Subscription) -> Vec<Change> {
    let mut all = Vec::new();
    while let Ok(Some(change)) = timeout(Duration::from_millis(100), subscription.next()).await {
        all.push(change);
    }
    all
}

async fn listen(view: &Arc<View>, filter: SubscriptionFilter) -> (Client, Subscription) {
    let client = client(view).await;
    let subscription = client.subscribe(filter).await.unwrap();
    (client, subscription)
}

fn resource(uri: &str) -> Change {
    Change::Resource(uri.to_owned())
}

#[tokio::test(start_paused = true)]
async fn what_can_be_heard_of_is_acknowledged() {
    let fake = Fake::new(Naming::Prefix, &[("a", server()), ("b", server())]).await;
    let filter =
        uris(&["x:1", "bowline://b/x:1", "y:7", "x:1", "nowhere:1"]).tools_list_changed(true);
    let filter = filter.prompts_list_changed(true);
    let (_client, subscription) = listen(&fake.whole(), filter).await;
    expect![[
        r#"{"toolsListChanged":true,"resourceSubscriptions":["x:1","bowline://b/x:1","y:7"]}"#
    ]]
    .assert_eq(&serde_json::to_string(subscription.honored()).unwrap());
    expect![[r#"
        a subscribe ["x:1", "y:7"]
        b subscribe ["x:1"]"#]]
    .assert_eq(&fake.seen());
}

#[tokio::test(start_paused = true)]
async fn changes_of_a_resource_are_told_under_the_uri_that_is_shown() {
    let (a, b) = (server(), server());
    let fake = Fake::new(Naming::Prefix, &[("a", a.clone()), ("b", b.clone())]).await;
    let filter = uris(&["x:1", "bowline://b/x:1", "bowline://b/y:7"]);
    let (_client, mut subscription) = listen(&fake.whole(), filter).await;
    a.resource_updated("x:1");
    assert_eq!(told(&mut subscription).await, [resource("x:1")]);
    b.resource_updated("x:1");
    b.resource_updated("x:1");
    b.resource_updated("y:7");
    b.resource_updated("y:8");
    let changes = [resource("bowline://b/x:1"), resource("bowline://b/y:7")];
    assert_eq!(told(&mut subscription).await, changes);
    let (_client, mut own) = listen(&fake.one("b"), uris(&["x:1"])).await;
    b.resource_updated("x:1");
    assert_eq!(told(&mut own).await, [resource("x:1")]);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_told_of_when_a_server_comes_or_goes_or_changes() {
    let a = server();
    let fake = Fake::new(Naming::Prefix, &[("a", a.clone())]).await;
    let (_client, mut all) = listen(&fake.whole(), lists()).await;
    let (_client, mut own) = listen(&fake.one("a"), lists()).await;
    let (_client, mut part) = listen(&fake.profile(&["*__t"]), lists()).await;
    let mut table = String::new();
    for step in ["nothing", "tool", "come", "say", "go"] {
        match step {
            "tool" => drop(a.add_tool(Tool::new("u"), nothing)),
            "come" => fake.add("b", &server().prompt(Prompt::new("p"), nothing)).await,
            "say" => fake.say_tools("b").await,
            "go" => fake.remove("b").await,
            _ => {}
        }
        fake.merge().await;
        let heard = [told(&mut all).await, told(&mut own).await, told(&mut part).await];
        table += &format!("{step}: {heard:?}\n");
    }
    // What was not declared when they began is not told: nobody agreed to it.
    expect![[r#"
        nothing: [[], [], []]
        tool: [[Tools], [Tools], []]
        come: [[Tools, Resources], [], [Tools]]
        say: [[Tools], [], [Tools]]
        go: [[Tools, Resources], [], [Tools]]
    "#]]
    .assert_eq(&table);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_there_again_may_have_changed_anything() {
    let fake = Fake::new(Naming::Prefix, &[("a", server())]).await;
    let (_client, mut subscription) = listen(&fake.whole(), uris(&["x:1", "y:7"])).await;
    assert_eq!(told(&mut subscription).await, []);
    // The instance is closed, and another one stands in its place a while later.
    fake.close("a").await;
    assert_eq!(told(&mut subscription).await, []);
    let again = server();
    fake.replace("a", &again).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(told(&mut subscription).await, [resource("x:1"), resource("y:7")]);
    again.resource_updated("y:7");
    assert_eq!(told(&mut subscription).await, [resource("y:7")]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_of_what_is_cancelled_and_each_has_as_many_as_it_may() {
    let a = server();
    let fake = Fake::new(Naming::Prefix, &[("a", a.clone())]).await;
    let view = fake.whole();
    let client = client(&view).await;
    let limit = Limits::default().listens_per_principal;
    let mut open = Vec::new();
    for _ in 0..limit {
        open.push(client.subscribe(uris(&["x:1"])).await.unwrap());
    }
    assert_eq!(view.listeners.len(), limit);
    assert_eq!(a.listeners(), limit);
    let refused = client.subscribe(lists()).await.unwrap_err();
    expect!["64 subscriptions are open already; end one"].assert_eq(&refused.to_string());
    drop(open);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(view.listeners.len(), 0);
    assert_eq!(a.listeners(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_client_of_a_session_hears_of_the_same() {
    let a = server();
    let fake = Fake::new(Naming::Prefix, &[("a", a.clone())]).await;
    let client = Client::builder()
        .protocol_version("2025-06-18")
        .connect(Target::service(fake.whole()))
        .await
        .unwrap();
    let mut subscription = client.subscribe(uris(&["x:1"]).tools_list_changed(true)).await.unwrap();
    a.resource_updated("x:1");
    assert_eq!(told(&mut subscription).await, [resource("x:1")]);
    a.remove_tool("t");
    fake.merge().await;
    assert_eq!(told(&mut subscription).await, [Change::Tools]);
    client.close().await;
    drop(client);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(a.listeners(), 0);
}
