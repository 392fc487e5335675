use super::raw;
use crate::era::client::{Agreed, newest_common};
use bowline_types::revision::Revision;
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;

fn discover(change: impl FnOnce(&mut Value)) -> Value {
    let mut result = json!({
        "resultType": "complete",
        "supportedVersions": ["2026-07-28", "2025-11-25"],
        "capabilities": { "tools": { "listChanged": true } },
        "instructions": "be nice",
        "ttlMs": 5, "cacheScope": "public",
        "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "s", "version": "2" } },
    });
    change(&mut result);
    result
}

fn told(agreed: Result<Agreed, impl std::fmt::Display>) -> String {
    match agreed {
        Err(error) => format!("error: {error}"),
        Ok(agreed) => {
            let capabilities = serde_json::to_string(&agreed.capabilities).unwrap();
            let name = agreed.server_info.map(|info| info.name);
            let (said, cache) = (agreed.instructions, agreed.cache.map(|hint| hint.ttl_ms));
            format!("{} {capabilities} {name:?} {said:?} {cache:?}", agreed.revision)
        }
    }
}

#[cfg(not(modern_only))]
#[test]
fn discovery_agrees_on_the_newest_common_version_or_says_why_not() {
    let rows: [(&str, Value); 9] = [
        ("good", discover(|_| {})),
        (
            "a version of the future",
            discover(|it| it["supportedVersions"] = json!(["2099-01-01", "2026-07-28"])),
        ),
        (
            "only older ones",
            discover(|it| it["supportedVersions"] = json!(["2024-11-05", "2025-06-18"])),
        ),
        (
            "none of ours",
            discover(|it| it["supportedVersions"] = json!(["2099-01-01", "DRAFT\u{1b}[2J"])),
        ),
        ("none", discover(|it| it["supportedVersions"] = json!([]))),
        ("no list", discover(|it| drop(it.as_object_mut().unwrap().remove("supportedVersions")))),
        ("a wrong list", discover(|it| it["supportedVersions"] = json!(["2026-07-28", 5]))),
        (
            "one broken capability",
            discover(|it| it["capabilities"] = json!({ "tools": true, "prompts": {} })),
        ),
        (
            "broken server info",
            discover(|it| it["_meta"] = json!({ "io.modelcontextprotocol/serverInfo": 5 })),
        ),
    ];
    let mut table = String::new();
    for (name, result) in rows {
        writeln!(table, "{name}: {}", told(Agreed::discovered(&raw(&result)))).unwrap();
    }
    expect![[r#"
        good: 2026-07-28 {"tools":{"listChanged":true}} Some("s") Some("be nice") Some(5)
        a version of the future: 2026-07-28 {"tools":{"listChanged":true}} Some("s") Some("be nice") Some(5)
        only older ones: error: the newest protocol version in common is 2025-06-18, which begins with `initialize`
        none of ours: error: server speaks protocol version 2099-01-01, DRAFT\u{1b}[2J; this client speaks 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05
        none: error: server names no protocol version; this client speaks 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05
        no list: error: server described itself in a way that cannot be read: supportedVersions: missing field
        a wrong list: error: server described itself in a way that cannot be read: supportedVersions: invalid type: integer `5`, expected a string
        one broken capability: 2026-07-28 {"prompts":{}} Some("s") Some("be nice") Some(5)
        broken server info: 2026-07-28 {"tools":{"listChanged":true}} None Some("be nice") Some(5)
    "#]].assert_eq(&table);
}

#[cfg(not(modern_only))]
#[test]
fn a_session_is_agreed_on_or_not() {
    use crate::era::client::read_initialize;
    let initialize = |change: fn(&mut Value)| {
        let mut result = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {}, "logging": {} },
            "serverInfo": { "name": "s", "version": "2" },
        });
        change(&mut result);
        result
    };
    let rows: [(&str, Value); 8] = [
        ("good", initialize(|_| {})),
        ("instructions", initialize(|it| it["instructions"] = json!("be nice"))),
        ("the oldest", initialize(|it| it["protocolVersion"] = json!("2024-11-05"))),
        ("unknown", initialize(|it| it["protocolVersion"] = json!("1.0"))),
        ("one without sessions", initialize(|it| it["protocolVersion"] = json!("2026-07-28"))),
        (
            "no version",
            initialize(|it| drop(it.as_object_mut().unwrap().remove("protocolVersion"))),
        ),
        (
            "no capabilities",
            initialize(|it| drop(it.as_object_mut().unwrap().remove("capabilities"))),
        ),
        ("no server info", initialize(|it| drop(it.as_object_mut().unwrap().remove("serverInfo")))),
    ];
    let mut table = String::new();
    for (name, result) in rows {
        writeln!(table, "{name}: {}", told(read_initialize(&raw(&result)))).unwrap();
    }
    expect![[r#"
        good: 2025-06-18 {"tools":{},"logging":{}} Some("s") None None
        instructions: 2025-06-18 {"tools":{},"logging":{}} Some("s") Some("be nice") None
        the oldest: 2024-11-05 {"tools":{},"completions":{},"logging":{}} Some("s") None None
        unknown: error: server answered `initialize` with protocol version 1.0; this client speaks 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05
        one without sessions: error: server answered `initialize` with protocol version 2026-07-28; this client speaks 2026-07-28, 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05
        no version: error: server described itself in a way that cannot be read: protocolVersion: missing field
        no capabilities: error: server described itself in a way that cannot be read: capabilities: missing field
        no server info: 2025-06-18 {"tools":{},"logging":{}} None None None
    "#]].assert_eq(&table);
}

#[cfg(not(modern_only))]
#[test]
fn the_opening_offers_what_the_version_has() {
    use crate::era::client::{initialize, initialized};
    let info = raw(&json!({ "name": "c", "version": "1" }));
    let capabilities = json!({
        "roots": { "listChanged": true }, "sampling": { "tools": {} }, "extensions": { "a/b": {} },
        "elicitation": { "form": {}, "url": {} },
    });
    let mut table = String::new();
    for &revision in crate::era::legacy::SUPPORTED {
        let request = initialize(revision, &info, &raw(&capabilities)).unwrap();
        writeln!(table, "{}", request.write(1).as_str()).unwrap();
    }
    let only_by_url = raw(&json!({ "elicitation": { "url": {} } }));
    let request = initialize(Revision::V2025_06_18, &info, &only_by_url).unwrap();
    writeln!(table, "{}", request.write(1).as_str()).unwrap();
    writeln!(table, "{}", initialized().as_str()).unwrap();
    expect![[r#"
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{"elicitation":{"form":{},"url":{}},"roots":{"listChanged":true},"sampling":{"tools":{}}},"clientInfo":{"name":"c","version":"1"},"protocolVersion":"2025-11-25"}}
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{"elicitation":{},"roots":{"listChanged":true},"sampling":{}},"clientInfo":{"name":"c","version":"1"},"protocolVersion":"2025-06-18"}}
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{"roots":{"listChanged":true},"sampling":{}},"clientInfo":{"name":"c","version":"1"},"protocolVersion":"2025-03-26"}}
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{"roots":{"listChanged":true},"sampling":{}},"clientInfo":{"name":"c","version":"1"},"protocolVersion":"2024-11-05"}}
        {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{},"clientInfo":{"name":"c","version":"1"},"protocolVersion":"2025-06-18"}}
        {"jsonrpc":"2.0","method":"notifications/initialized"}
    "#]].assert_eq(&table);
}

#[test]
fn the_newest_common_version_is_found_whatever_the_order() {
    assert_eq!(newest_common(&["1900-01-01", "2026-07-28"]), Some(Revision::LATEST));
    assert_eq!(newest_common(&["2099-01-01"]), None);
    assert_eq!(newest_common::<&str>(&[]), None);
}
