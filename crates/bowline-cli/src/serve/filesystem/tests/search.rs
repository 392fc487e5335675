//! Searching.

use super::fixture::Fixture;
use expect_test::expect;
use serde_json::{Value, json};

#[tokio::test]
async fn names_and_lines_are_found() {
    let it = Fixture::new();
    it.write("src/main.rs", "fn main() {\r\n    run();\r\n}\n");
    it.write("src/deep/lib.rs", "pub fn run() {}\n");
    it.write("src/binary", b"run\0run");
    it.write("notes.md", "Run it.\n");
    it.link("src/link.rs", "main.rs");
    let mut table = String::new();
    for arguments in [
        json!({ "name": "*.rs" }),
        json!({ "name": "src/*.rs" }),
        json!({ "name": "**/*.rs" }),
        json!({ "name": "*.{md,txt}" }),
        json!({ "name": "[" }),
        json!({ "text": "run()" }),
        json!({ "text": "RUN", "ignore_case": true }),
        json!({ "text": "run", "name": "*.rs", "max_results": 1 }),
        json!({ "regex": r"^fn \w+\(\) \{$" }),
        json!({ "regex": "(" }),
        json!({ "regex": "(a*)*(b|c){1,9}x\\b" }),
        json!({ "regex": "(\\w{1000}){1000}" }),
        json!({ "text": "a", "regex": "a" }),
        json!({}),
    ] {
        let mut all = arguments.clone();
        all["path"] = ".".into();
        let answer = it.call("search", all).await;
        let shown = match serde_json::from_str::<Value>(&answer) {
            Err(_) => answer,
            Ok(found) => {
                let matches = found["matches"].as_array().unwrap().iter();
                let matches = matches.map(|found| {
                    let path = found["path"].as_str().unwrap().replace("BASE/allowed/", "");
                    match found["line"].as_u64() {
                        Some(line) => format!("{path}:{line} {}", found["text"]),
                        None => path,
                    }
                });
                let rest = [&found["files_passed_over"], &found["ended_early"]];
                let rest = rest.iter().filter(|rest| !rest.is_null()).map(ToString::to_string);
                matches.chain(rest).collect::<Vec<_>>().join(" ")
            }
        };
        table += &format!("{arguments}\n    {shown}\n");
    }
    expect![[r#"
        {"name":"*.rs"}
            src/link.rs src/main.rs src/deep/lib.rs
        {"name":"src/*.rs"}
            src/link.rs src/main.rs
        {"name":"**/*.rs"}
            src/link.rs src/main.rs src/deep/lib.rs
        {"name":"*.{md,txt}"}
            file.txt notes.md sub/inner.txt
        {"name":"["}
            error: name: error parsing glob '[': unclosed character class; missing ']'
        {"text":"run()"}
            src/main.rs:2 "    run();" src/deep/lib.rs:1 "pub fn run() {}" 1
        {"ignore_case":true,"text":"RUN"}
            notes.md:1 "Run it." src/main.rs:2 "    run();" src/deep/lib.rs:1 "pub fn run() {}" 1
        {"max_results":1,"name":"*.rs","text":"run"}
            src/main.rs:2 "    run();" "more matches than max_results"
        {"regex":"^fn \\w+\\(\\) \\{$"}
            src/main.rs:1 "fn main() {" 1
        {"regex":"("}
            error: regex: unclosed group
        {"regex":"(a*)*(b|c){1,9}x\\b"}
            1
        {"regex":"(\\w{1000}){1000}"}
            error: regex: Compiled regex exceeds size limit of 1048576 bytes.
        {"regex":"a","text":"a"}
            error: give either text or regex
        {}
            error: give a name, a text or a regex to search for
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn a_long_search_reports_progress() {
    let it = Fixture::new();
    for n in 0..2500 {
        it.write(&format!("many/{n}"), "");
    }
    let params = json!({ "name": "search", "arguments": { "path": ".", "name": "nothing" } });
    let exchange = it.exchange("tools/call", params).await;
    let told: Vec<Value> = exchange
        .notifications
        .iter()
        .map(|message| serde_json::from_slice(message.as_bytes()).unwrap())
        .collect();
    let told: Vec<_> =
        told.iter().map(|message| message["params"]["progress"].as_f64().unwrap()).collect();
    assert_eq!(told, [1000.0, 2000.0]);
}

#[tokio::test]
async fn a_line_without_end_is_searched_in_pieces() {
    let it = Fixture::new();
    it.write("long", "x".repeat(1 << 20) + "needle\nlast needle\n");
    let found = it.call("search", json!({ "path": ".", "text": "needle" })).await;
    let found: Value = serde_json::from_str(&found).unwrap();
    let lines: Vec<_> =
        found["matches"].as_array().unwrap().iter().map(|found| &found["line"]).collect();
    assert_eq!(lines, [&json!(1), &json!(2)]);
}
