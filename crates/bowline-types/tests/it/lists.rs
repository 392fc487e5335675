//! One bad element never loses a list.

use expect_test::expect;

use bowline_types::content::ContentBlock;
use bowline_types::tool::{CallToolResult, ListToolsResult, Tool};
use bowline_types::{List, decode};
use serde_json::{Value, json};

#[test]
fn bad_elements_are_set_aside_with_place_value_and_reason() {
    let result: ListToolsResult = decode(
        br#"{"tools":[{"name":"a","inputSchema":{"type":"object"}},{"inputSchema":{"type":"object"}},7,null,
            {"name":"b","inputSchema":{"type":"object"},"title":[]},{"name":"c","inputSchema":{"type":"object"}}]}"#,
    )
    .unwrap();
    let names: Vec<&str> = result.tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["a", "c"]);
    let report: Vec<String> = result
        .tools
        .rejected()
        .iter()
        .map(|bad| format!("{} {} {}", bad.index, bad.error, bad.value))
        .collect();
    expect![[r#"
        1 tools[1].name: missing field {"inputSchema":{"type":"object"}}
        2 tools[2]: invalid type: integer, expected an object 7
        3 tools[3]: invalid type: null, expected an object null
        4 tools[4].title: invalid type: array, expected a string {"inputSchema":{"type":"object"},"name":"b","title":[]}"#]]
    .assert_eq(&report.join("\n"));
    let written: Value = serde_json::to_value(&result).unwrap();
    assert_eq!(written["tools"].as_array().unwrap().len(), 2);
}

#[test]
fn a_list_that_is_none_is_an_error() {
    let error = decode::<ListToolsResult>(br#"{"tools":{}}"#).unwrap_err();
    assert_eq!(error.to_string(), "tools: invalid type: object, expected an array");
    let error = decode::<ListToolsResult>(br#"{}"#).unwrap_err();
    assert_eq!(error.to_string(), "tools: missing field");
}

#[test]
fn every_element_may_be_bad() {
    let result: CallToolResult =
        decode(br#"{"content":[{"type":"text"},{"text":"a"},{"type":5}]}"#).unwrap();
    assert!(result.content.is_empty());
    let errors: Vec<String> =
        result.content.rejected().iter().map(|bad| bad.error.to_string()).collect();
    expect![[r#"
        content[0].text: missing field
        content[1].type: missing field
        content[2].type: invalid type: integer, expected a string"#]]
    .assert_eq(&errors.join("\n"));
}

#[test]
fn a_list_is_used_as_a_vec() {
    let mut list: List<Tool> = ["a", "b"].into_iter().map(Tool::new).collect();
    list.push(Tool::new("c"));
    list.retain(|tool| tool.name != "b");
    list.extend([Tool::new("d")]);
    for tool in &mut list {
        tool.title = Some(tool.name.to_uppercase());
    }
    let titles: Vec<_> = (&list).into_iter().filter_map(|tool| tool.title.as_deref()).collect();
    assert_eq!(titles, ["A", "C", "D"]);
    assert_eq!(list.rejected(), &[]);
    assert_eq!(list.clone().into_vec().len(), list.into_iter().count());
    assert_eq!(List::from([ContentBlock::text("a")]), List::from(vec![ContentBlock::text("a")]));
    assert_eq!(serde_json::to_value(List::<Tool>::default()).unwrap(), json!([]));
}
