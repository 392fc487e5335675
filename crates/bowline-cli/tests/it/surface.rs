//! The reference server's surface, as its lists show it.

use crate::program::{Program, bowline, request};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

/// Every page of a list: the pages, and one member of each item.
fn pages(method: &str, list: &str, member: &str) -> String {
    let mut program = Program::start(&mut bowline(&["-q", "serve", "everything"]));
    let mut shown = String::new();
    let mut params = json!({});
    for id in 1.. {
        program.send(&request(id, method, params));
        let answer: Value = serde_json::from_str(&program.stdout.next().unwrap()).unwrap();
        let items = answer["result"][list].as_array().unwrap();
        let names: Vec<_> = items.iter().map(|item| item[member].as_str().unwrap()).collect();
        shown += &(names.join(" ") + "\n");
        match &answer["result"]["nextCursor"] {
            Value::String(cursor) => params = json!({ "cursor": cursor }),
            _ => break,
        }
    }
    shown
}

fn check(method: &str, list: &str, member: &str, expected: &Expect) {
    expected.assert_eq(&pages(method, list, member));
}

#[test]
fn tools_stand_in_the_order_of_their_registration() {
    check(
        "tools/list",
        "tools",
        "name",
        &expect![[r#"
        echo add structured_array structured_string structured_number structured_boolean
        structured_null content_text content_image content_audio content_link content_embedded
        content_mixed content_annotated content_empty tool_error protocol_error panic
        big describe_call progress slow cancelled_count log_levels
        header_params needs_sampling ask_form ask_url ask_sample ask_sample_tools
        ask_roots ask_all ask_rounds ask_once change_tools change_prompts
        change_resources touch_resource
    "#]],
    );
}

#[test]
fn every_tool_says_what_it_does() {
    let described = pages("tools/list", "tools", "description");
    assert!(described.lines().all(|page| page.contains('.')), "{described}");
}

#[test]
fn resources_stand_in_the_order_of_their_registration() {
    check(
        "resources/list",
        "resources",
        "uri",
        &expect![[r#"
        everything://greeting everything://logo everything://config everything://counter everything://multi everything://chapter/1
        everything://chapter/2 everything://chapter/3 everything://chapter/4 everything://chapter/5 everything://chapter/6 everything://chapter/7
        everything://chapter/8
    "#]],
    );
}

#[test]
fn templates_stand_in_the_order_of_their_registration() {
    check(
        "resources/templates/list",
        "resourceTemplates",
        "uriTemplate",
        &expect![[r#"
        everything://echo/{value} everything://sum/{a}/{b} everything://file/{+path} everything://search{?q,limit} everything://blob/{size} everything://place/{country}/{city}
        everything://ask/{topic}
    "#]],
    );
}

#[test]
fn prompts_stand_in_the_order_of_their_registration() {
    check(
        "prompts/list",
        "prompts",
        "name",
        &expect![[r#"
        greet review with_resource with_image with_audio with_link
        travel ask_topic
    "#]],
    );
}

#[test]
fn more_tools_are_there_when_asked_for() {
    let mut program =
        Program::start(&mut bowline(&["-q", "serve", "everything", "--extra-tools", "2"]));
    program.send(&request(
        1,
        "tools/call",
        json!({ "name": "extra_0001", "arguments": { "message": "x" } }),
    ));
    assert!(program.stdout.next().unwrap().contains(r#""text":"x""#));
}
