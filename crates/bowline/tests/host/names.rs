//! What a host offers, while servers come and go.

use crate::asking::asking;
use bowline::Host;
use bowline::client::{Change, Target};
use bowline::host::{Naming, Settings};
use bowline::types::subscription::SubscriptionFilter;
use serde_json::json;

async fn names(host: &Host) -> Vec<String> {
    host.tools().await.unwrap().into_iter().map(|function| function.name).collect()
}

#[tokio::test(start_paused = true)]
async fn servers_are_added_and_removed_and_that_is_told() {
    let (one, two) = (asking(), asking());
    let host = Host::builder().server("one", Target::custom(one.clone())).start().await.unwrap();
    let client = host.client().await.unwrap();
    let mut changes =
        client.subscribe(SubscriptionFilter::new().tools_list_changed(true)).await.unwrap();
    assert_eq!(names(&host).await, ["one__ask", "one__echo"]);
    host.add("two", Target::custom(two.clone())).await.unwrap();
    assert_eq!(changes.next().await, Some(Change::Tools));
    assert_eq!(names(&host).await, ["one__ask", "one__echo", "two__ask", "two__echo"]);
    assert!(host.add("two", Target::custom(two.clone())).await.is_err(), "the name is taken");
    host.remove("one").await;
    assert_eq!(changes.next().await, Some(Change::Tools));
    assert_eq!(names(&host).await, ["two__ask", "two__echo"]);
    assert_eq!(one.ended(), one.connections(), "a removed server ends");
    let gone = host.call("one__echo", json!({})).await.unwrap_err();
    assert_eq!(gone.rpc().map(|rpc| rpc.code.0), Some(-32602), "{gone}");
}

#[tokio::test(start_paused = true)]
async fn flat_names_that_collide_are_a_start_up_error_that_names_both() {
    let mut settings = Settings::default();
    settings.naming = Naming::Flat;
    let (one, two) = (asking(), asking());
    let host =
        Host::builder().settings(settings.clone()).server("one", Target::custom(one.clone()));
    let alone = host.start().await.unwrap();
    assert_eq!(names(&alone).await, ["ask", "echo"]);
    let host = Host::builder().settings(settings);
    let host = host.server("one", Target::custom(asking())).server("two", Target::custom(two));
    let error = host.start().await.unwrap_err().to_string();
    assert!(["ask", "one", "two"].iter().all(|name| error.contains(name)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn functions_have_what_a_model_needs() {
    let host = Host::builder().server("one", Target::custom(asking())).start().await.unwrap();
    let functions = serde_json::to_value(host.tools().await.unwrap()).unwrap();
    assert_eq!(
        functions,
        json!([
            { "name": "one__ask", "parameters": { "type": "object" } },
            { "name": "one__echo", "parameters": { "type": "object" } },
        ])
    );
}
