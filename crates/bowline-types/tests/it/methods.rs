//! Methods and notifications: those of the protocol, and a user's own.

use std::collections::BTreeMap;

use bowline_types::method::{self, Method, Notification};
use bowline_types::task::extension;
use bowline_types::{DecodeError, decode};
use serde::{Deserialize, Serialize};

struct Scan;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct ScanParams {
    depth: u32,
}

impl Method for Scan {
    const NAME: &'static str = "com.example/scan";
    type Params = ScanParams;
    type Result = BTreeMap<String, u32>;
}

struct Scanned;

impl Notification for Scanned {
    const NAME: &'static str = "notifications/com.example/scanned";
    type Params = ScanParams;
}

/// What a dispatcher does with any method.
fn exchange<M: Method>(
    params: &[u8],
    answer: impl Fn(M::Params) -> M::Result,
) -> Result<String, DecodeError> {
    let params: M::Params = decode(params)?;
    Ok(format!("{} {}", M::NAME, serde_json::to_string(&answer(params)).unwrap()))
}

#[test]
fn a_users_own_method_is_like_any_other() {
    let answer = |params: ScanParams| BTreeMap::from([("found".to_owned(), params.depth)]);
    assert_eq!(
        exchange::<Scan>(br#"{"depth":3}"#, answer).unwrap(),
        r#"com.example/scan {"found":3}"#
    );
    assert_eq!(
        exchange::<Scan>(br#"{}"#, answer).unwrap_err().to_string(),
        "missing field `depth`"
    );
    assert_eq!(Scanned::NAME, "notifications/com.example/scanned");
    let call = exchange::<method::CallTool>(br#"{"name":"a"}"#, |params| {
        bowline_types::tool::CallToolResult::text(params.name)
    });
    assert_eq!(call.unwrap(), r#"tools/call {"content":[{"type":"text","text":"a"}]}"#);
}

#[test]
fn names_are_those_of_the_specification() {
    assert_eq!(method::Discover::NAME, "server/discover");
    assert_eq!(method::Elicit::NAME, "elicitation/create");
    assert_eq!(method::SubscriptionsAcknowledged::NAME, "notifications/subscriptions/acknowledged");
    assert_eq!(extension::UpdateTask::NAME, "tasks/update");
    assert_eq!(extension::TaskChanged::NAME, "notifications/tasks");
}

#[test]
fn the_extension_adds_to_the_filter_of_a_subscription() {
    let filter = decode(br#"{"toolsListChanged":true,"taskIds":["a"]}"#).unwrap();
    let tasks = extension::TaskSubscriptionNotifications::of(&filter).unwrap();
    assert_eq!(tasks.task_ids, Some(vec!["a".to_owned()]));
    let filter = decode(br#"{"taskIds":[1]}"#).unwrap();
    let error = extension::TaskSubscriptionNotifications::of(&filter).unwrap_err();
    assert_eq!(error.to_string(), "taskIds[0]: invalid type: integer, expected a string");
}
