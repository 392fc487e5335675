//! The schema, the manual and the reader say the same.

use super::{Report, SCHEMA};
use bowline::config::{Config, Environment, Places};
use expect_test::expect;
use jsonc_parser::{ParseOptions, parse_to_serde_value};
use jsonschema::Validator;
use serde_json::Value;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

const MANUAL: &str = include_str!("../../../../../docs/config.md");

fn validator() -> Validator {
    jsonschema::validator_for(&serde_json::from_str(SCHEMA).unwrap()).unwrap()
}

fn value(text: &str) -> Value {
    parse_to_serde_value(text, &ParseOptions::default()).unwrap()
}

/// Every block of JSON in the manual.
fn examples() -> Vec<&'static str> {
    let blocks = MANUAL.split("\n```json\n").skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap()).collect()
}

fn environment() -> Environment {
    Environment::new().variable("TOKEN", "secret").variable("HOME", "/home/ann")
}

#[test]
fn the_published_schema_is_the_one_that_is_written() {
    assert!(SCHEMA == include_str!("../../../../../docs/config.schema.json"));
}

#[test]
fn every_example_of_the_manual_is_good() {
    let (validator, examples) = (validator(), examples());
    assert_eq!(examples.len(), 5);
    for example in examples {
        let errors: Vec<_> =
            validator.iter_errors(&value(example)).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{example}\n{errors:?}");
        // A file of variables is read when its server is; everything else of it is checked here.
        let text = example.replace("\"envFile\": \"git.env\",", "");
        let config = Config::parse("servers.json", &text).unwrap();
        assert!(config.problems().is_empty(), "{:?}", config.problems());
        let environment = environment().input("key", "k");
        if let Err(problems) = config.setup(&environment) {
            panic!("{problems}");
        }
    }
}

#[test]
fn every_member_of_the_schema_has_an_example() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let examples = examples().join("\n");
    let names = |pointer: &str| {
        let members = schema.pointer(pointer).and_then(Value::as_object).unwrap();
        members.keys().cloned().collect::<Vec<_>>()
    };
    // These have another name that is the usual one.
    let other = ["transport", "transportType", "serverUrl", "httpUrl", "includeTools", "enabled"];
    for pointer in [
        "/properties",
        "/$defs/server/properties",
        "/$defs/input/properties",
        "/$defs/bowline/properties",
        "/$defs/bowline/properties/upstream/properties",
        "/$defs/bowline/properties/auth/properties",
        "/$defs/bowline/properties/auth/properties/scopes/properties",
        "/$defs/settings/properties",
    ] {
        for name in names(pointer).iter().filter(|name| !other.contains(&name.as_str())) {
            assert!(examples.contains(&format!("\"{name}\":")), "{pointer}/{name}");
            // Inputs are those of VS Code, which says what is in them.
            let is_told = MANUAL.contains(&format!("`{name}`"));
            assert!(is_told || pointer.contains("input"), "{pointer}/{name}");
        }
    }
}

#[test]
fn the_schema_and_the_reader_agree() {
    let validator = validator();
    let mut table = String::new();
    for text in [
        r#"{ "mcpServers": {} }"#,
        r#"{ "servers": { "a": { "command": "x" } }, "inputs": [{ "id": "k" }] }"#,
        r#"{ "mcpServers": { "a": { "command": "x", "args": ["a", 1], "env": { "N": 1 }, "icon": "x" } } }"#,
        r#"{ "mcpServers": { "a": { "serverUrl": "https://a.test" }, "b": { "httpUrl": "https://a.test" } } }"#,
        r#"{ "mcpServers": {}, "theme": "dark" }"#,
        r#"{ "mcpServers": {}, "bowline": {} }"#,
        r#"{ "mcpServers": {}, "bowline": { "listen": ":0", "idleStop": false, "profiles": { "a": ["*"] } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x" } }, "bowline": { "servers": { "a": { "maxMemory": 2000000 } } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "auth": { "issuer": "https://a.test", "dpop": "required" } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "access": [{ "who": ["*", { "name": "a", "claims": { "n": 1 } }], "deny": ["x"] }] } }"#,
        r#"{ "mcpServers": { "a": { "url": "https://a.test" } }, "bowline": { "servers": { "a": { "credentials": "own", "scopes": ["a:b"], "access": [], "client": { "id": "x" } } } } }"#,
        r#"{}"#,
        r#"[]"#,
        r#"{ "mcpServers": [] }"#,
        r#"{ "mcpServers": { "a": {} } }"#,
        r#"{ "mcpServers": { "": { "command": "x" } } }"#,
        r#"{ "mcpServers": { "a": { "command": 1 } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x", "args": "y" } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x", "env": { "A": true } } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x", "timeout": 0 } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x", "timeout": "5s" } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x", "type": "pipe" } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x", "disabled": "no" } } }"#,
        r#"{ "mcpServers": { "a": { "url": "https://a.test", "protocol": "2025-01-01" } } }"#,
        r#"{ "servers": {}, "inputs": [{}] }"#,
        r#"{ "mcpServers": {}, "bowline": [] }"#,
        r#"{ "mcpServers": {}, "bowline": { "lisen": ":0" } }"#,
        r#"{ "mcpServers": {}, "bowline": { "listen": 8080 } }"#,
        r#"{ "mcpServers": {}, "bowline": { "naming": "short" } }"#,
        r#"{ "mcpServers": {}, "bowline": { "isolation": "all" } }"#,
        r#"{ "mcpServers": {}, "bowline": { "idleStop": 10 } }"#,
        r#"{ "mcpServers": {}, "bowline": { "idleStop": true } }"#,
        r#"{ "mcpServers": {}, "bowline": { "keepAlive": "15" } }"#,
        r#"{ "mcpServers": {}, "bowline": { "path": "mcp" } }"#,
        r#"{ "mcpServers": {}, "bowline": { "tls": { "cert": "x" } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "upstream": { "key": "x" } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "upstream": { "proxy": "x" } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "auth": {} } }"#,
        r#"{ "mcpServers": {}, "bowline": { "auth": { "issuer": "https://a.test", "dpop": "maybe" } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "auth": { "issuer": "https://a.test", "isuer": "x" } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "auth": { "issuer": "https://a.test", "introspection": {} } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "auth": { "issuer": "https://a.test", "client": {} } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "auth": { "issuer": "https://a.test", "scopes": { "all": ["a b"] } } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "access": {} } }"#,
        r#"{ "mcpServers": {}, "bowline": { "access": [{}] } }"#,
        r#"{ "mcpServers": {}, "bowline": { "access": [{ "who": [] }] } }"#,
        r#"{ "mcpServers": {}, "bowline": { "access": [{ "who": "" }] } }"#,
        r#"{ "mcpServers": {}, "bowline": { "access": [{ "who": { "scope": ["a"] } }] } }"#,
        r#"{ "mcpServers": {}, "bowline": { "access": [{ "allow": [""] }] } }"#,
        r#"{ "mcpServers": { "a": { "url": "https://a.test" } }, "bowline": { "servers": { "a": { "credentials": "mine" } } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "profiles": { "a b": ["x"] } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "profiles": { "a": "x" } } }"#,
        r#"{ "mcpServers": {}, "bowline": { "listen": "unix:x", "allowUid": [-1] } }"#,
        r#"{ "mcpServers": { "a": { "command": "x" } }, "bowline": { "servers": { "a": { "instances": 0 } } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x" } }, "bowline": { "servers": { "a": { "maxMemory": "lots" } } } }"#,
        r#"{ "mcpServers": { "a": { "command": "x" } }, "bowline": { "servers": { "a": { "memory": 1 } } } }"#,
    ] {
        let read = Config::parse("x", text).and_then(|config| config.setup(&environment()));
        assert_eq!(validator.is_valid(&value(text)), read.is_ok(), "{text}: {read:?}");
        let _ = writeln!(table, "{} {text}", if read.is_ok() { "good" } else { "bad " });
    }
    assert_eq!(table.lines().filter(|line| line.starts_with("good")).count(), 11, "{table}");
}

/// A folder that is removed in the end, with a config in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, text: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("bowline-check-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("servers.json"), text).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in a directory for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn report(name: &str, text: &str, token: Option<&str>) -> String {
    let folder = Folder::new(name, text);
    let places = Places::new(&folder.0, |_| None);
    let file = folder.0.join("servers.json");
    let report = Report::of(&places, Some(&file), environment(), token.map(str::to_owned)).unwrap();
    let shown = report.shown().replace(&format!("{}/", folder.0.display()), "");
    format!("{shown}good: {}\n{}\n", report.is_good(), report.json()["problems"])
}

#[test]
fn a_report_has_everything() {
    expect![[r#"
        warning: servers.json:1:99: servers.b.icon: has no effect here
        servers.json: good: 3 servers, 1 switched off
        good: true
        [{"column":99,"key":"servers.b.icon","line":1,"message":"has no effect here","server":"b","severity":"warning"}]
    "#]].assert_eq(&report(
        "good",
        r#"{ "servers": { "a": { "command": "x", "env": { "K": "${input:k}" } }, "b": { "url": "${input:u}", "icon": "x" },
            "off": { "command": "${UNSET}", "disabled": true } }, "inputs": [{ "id": "k" }, { "id": "u" }] }"#,
        None,
    ));
    expect![[r#"
        servers.json:3:35: mcpServers.a.arg: is no member of a server; did you mean `args`?
        servers.json:4:19: mcpServers.b.url: wants ${UNSET}, which is not set; set UNSET in the environment, or write ${UNSET:-default}
        servers.json:6:16: bowline.nmaing: is no setting; did you mean `naming`?
        good: false
        [{"column":35,"hint":"did you mean `args`?","key":"mcpServers.a.arg","line":3,"message":"is no member of a server","server":"a","severity":"error"},{"column":19,"hint":"set UNSET in the environment, or write ${UNSET:-default}","key":"mcpServers.b.url","line":4,"message":"wants ${UNSET}, which is not set","server":"b","severity":"error"},{"column":16,"hint":"did you mean `naming`?","key":"bowline.nmaing","line":6,"message":"is no setting","severity":"error"}]
    "#]].assert_eq(&report(
        "wrong",
        "{\n  \"mcpServers\": {\n    \"a\": { \"command\": \"${UNSET}\", \"arg\": [] },\n    \"b\": { \"url\": \"${UNSET}\" }\n  },\n  \"bowline\": { \"nmaing\": 1 }\n}",
        None,
    ));
    expect![[r#"
        servers.json:1:17: is no JSON: expected value after colon in object property
        good: false
        [{"column":17,"key":"","line":1,"message":"is no JSON: expected value after colon in object property","severity":"error"}]
    "#]].assert_eq(&report("broken", "{ \"mcpServers\": ", None));
    let open = r#"{ "mcpServers": {}, "bowline": { "listen": "0.0.0.0:80", "publicUrl": "https://a.test" } }"#;
    expect![[r#"
        servers.json: error: other machines could reach 0.0.0.0:80 without authentication; refusing to listen there
        hint: add --token-file FILE (or BOWLINE_TOKEN), or listen on 127.0.0.1:80
        good: false
        [{"hint":"add --token-file FILE (or BOWLINE_TOKEN), or listen on 127.0.0.1:80","message":"other machines could reach 0.0.0.0:80 without authentication; refusing to listen there","severity":"error"}]
    "#]].assert_eq(&report("open", open, None));
    expect![[r#"
        servers.json: good: 0 servers
        good: true
        []
    "#]]
    .assert_eq(&report("open with a token", open, Some("secret")));
}
