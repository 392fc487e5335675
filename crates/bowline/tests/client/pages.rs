//! Lists: page by page, element by element, and lists without an end.

use crate::honest;
use crate::outcome::{Faults, works};
use crate::script::Script;
use bowline::Client;
use bowline::client::Target;
use bowline::protocol::limits::Limits;
use serde_json::{Value, json};

/// A server whose list of tools is made of these pages; the cursor to each is its number.
fn paged(pages: Vec<Value>) -> Script {
    Script::new(move |mut peer| {
        let pages = pages.clone();
        async move {
            loop {
                let asked = peer.until("tools/list").await;
                let cursor = asked["params"]["cursor"].as_str().unwrap_or("0");
                match cursor.parse::<usize>().ok().and_then(|at| pages.get(at)) {
                    Some(page) => peer.answer(&asked, page.clone()).await,
                    None => peer.error(&asked, -32602, "unknown cursor").await,
                }
            }
        }
    })
}

fn page(names: &[&str], next: Option<Value>) -> Value {
    let mut page = honest::tools(names);
    if let Some(next) = next {
        page["nextCursor"] = next;
    }
    page
}

async fn connect(script: &Script) -> Client {
    Client::connect(Target::custom(script.clone())).await.unwrap()
}

async fn names(client: &Client) -> Vec<String> {
    client.list_tools().await.unwrap().into_iter().map(|tool| tool.name).collect()
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_one_list() {
    let script = paged(vec![
        page(&["a", "b"], Some(json!("1"))),
        page(&[], Some(json!("2"))),
        page(&["c"], None),
    ]);
    let client = connect(&script).await;
    assert_eq!(names(&client).await, ["a", "b", "c"]);
    // Page by page no more is fetched than is read.
    let mut tools = client.tools().fresh();
    tools.next().await.unwrap().unwrap();
    tools.next().await.unwrap().unwrap();
    assert_eq!(script.heard_of("tools/list").len(), 4);
    drop(tools);
    works(&client, "a list that was left").await;
}

#[tokio::test(start_paused = true)]
async fn an_empty_cursor_is_one_as_any_other() {
    let script = Script::new(|mut peer| async move {
        let first = peer.until("tools/list").await;
        assert!(first["params"].get("cursor").is_none());
        peer.answer(&first, page(&["a"], Some(json!("")))).await;
        let second = peer.until("tools/list").await;
        assert_eq!(second["params"]["cursor"], "");
        peer.answer(&second, page(&["b"], None)).await;
        peer.honest().await;
    });
    assert_eq!(names(&connect(&script).await).await, ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_null_cursor_is_none() {
    let script = paged(vec![page(&["a"], Some(Value::Null))]);
    assert_eq!(names(&connect(&script).await).await, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_leads_back_to_itself_is_a_bad_answer() {
    for pages in [
        vec![page(&["a"], Some(json!("0")))],
        vec![page(&["a"], Some(json!("1"))), page(&["b"], Some(json!("1")))],
        vec![
            page(&["a"], Some(json!("1"))),
            page(&["b"], Some(json!("2"))),
            page(&["c"], Some(json!("1"))),
        ],
    ] {
        let script = paged(pages);
        let client = connect(&script).await;
        let error = client.list_tools().await.unwrap_err();
        assert!(error.is_bad_answer(), "{error:?}");
        assert!(script.heard_of("tools/list").len() <= 4);
        works(&client, "a circle").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_of_ever_new_cursors_comes_to_an_end() {
    let script = Script::new(|mut peer| async move {
        let mut next = 0_u64;
        loop {
            let asked = peer.until("tools/list").await;
            next += 1;
            peer.answer(&asked, page(&["a"], Some(json!(next.to_string())))).await;
        }
    });
    let client = connect(&script).await;
    let error = client.list_tools().await.unwrap_err();
    assert!(error.is_overloaded(), "{error:?}");
    assert_eq!(script.heard_of("tools/list").len(), Limits::local().pages);
    works(&client, "a list without an end").await;
}

#[tokio::test(start_paused = true)]
async fn a_page_that_cannot_be_had_is_never_half_a_list() {
    for last in [
        json!({"tools": 5}),
        json!({"resultType": "complete"}),
        json!(null),
        json!({"tools": [], "nextCursor": 5}),
    ] {
        let script = paged(vec![page(&["a"], Some(json!("1"))), last]);
        let client = connect(&script).await;
        let error = client.list_tools().await.unwrap_err();
        assert!(error.is_bad_answer(), "{error:?}");
        works(&client, "half a list").await;
    }
    let script = paged(vec![page(&["a"], Some(json!("7")))]);
    let client = connect(&script).await;
    let error = client.list_tools().await.unwrap_err();
    assert_eq!(error.rpc().unwrap().code.0, -32602);
}

#[tokio::test(start_paused = true)]
async fn a_broken_element_is_left_out_and_reported() {
    let mut broken = page(&["first"], None);
    let list = broken["tools"].as_array_mut().unwrap();
    list.extend([
        json!(5),
        json!(null),
        json!({"name": 7, "inputSchema": {"type": "object"}}),
        json!({"name": "no schema"}),
        json!({"name": "strange", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": "yes"}}),
        json!({"name": "icons", "inputSchema": {"type": "object"}, "icons": [{"src": 5}]}),
        json!({"name": "more", "inputSchema": {"type": "object"}, "x": {"y": 1}}),
        honest::tool("last"),
    ]);
    let script = paged(vec![broken]);
    let faults = Faults::default();
    let builder = Client::builder().on_error(faults.hear());
    let client = builder.connect(Target::custom(script)).await.unwrap();
    let names = names(&client).await;
    for kept in ["first", "more", "last"] {
        assert!(names.iter().any(|name| name == kept), "{kept} of {names:?}");
    }
    assert!(!names.iter().any(|name| name == "no schema"), "{names:?}");
    assert!(faults.all().len() >= 4, "{:?}", faults.all());
    works(&client, "broken elements").await;
}

#[tokio::test(start_paused = true)]
async fn all_kinds_of_lists_keep_what_is_good() {
    let script = Script::new(|mut peer| async move {
        while let Some(asked) = peer.next().await {
            let good = match asked["method"].as_str().unwrap() {
                "resources/list" => json!({"resources": [5, {"uri": "a:b", "name": "n"}, {}]}),
                "resources/templates/list" => {
                    json!({"resourceTemplates": [{"uriTemplate": "a:{b}", "name": "n"}, []]})
                }
                "prompts/list" => json!({"prompts": [{"name": 1}, {"name": "n"}]}),
                _ => {
                    peer.honestly(&asked).await;
                    continue;
                }
            };
            peer.answer(&asked, good).await;
        }
    });
    let client = connect(&script).await;
    assert_eq!(client.list_resources().await.unwrap().len(), 1);
    assert_eq!(client.list_resource_templates().await.unwrap().len(), 1);
    assert_eq!(client.list_prompts().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_tools_on_one_page_are_ten_thousand_tools() {
    let names: Vec<String> = (0..10_000).map(|at| format!("tool_{at}")).collect();
    let all = page(&names.iter().map(String::as_str).collect::<Vec<_>>(), None);
    let client = connect(&paged(vec![all])).await;
    assert_eq!(client.list_tools().await.unwrap().len(), 10_000);
}
