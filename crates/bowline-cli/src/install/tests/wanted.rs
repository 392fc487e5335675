//! What each client gets for each server.

use crate::exit::Fault;
use crate::install::{Dialect, Wanted, Written};
use crate::plan::common::{Common, Tls};
use crate::plan::secrets::{Header, Value, Variable};
use crate::plan::target::Target;
use bowline::config::{CLIENTS, Client, Config, Environment};
use expect_test::{Expect, expect};
use std::fmt::Write;
use std::time::Duration;

const IDS: [&str; 10] = [
    "bowline",
    "claude-code",
    "claude-desktop",
    "cursor",
    "vscode",
    "copilot",
    "windsurf",
    "gemini",
    "antigravity",
    "inspector",
];

fn common() -> Common {
    Common {
        output: crate::plan::common::Output::default(),
        config: None,
        yes: false,
        headers: Vec::new(),
        variables: Vec::new(),
        cwd: None,
        timeout: None,
        protocol: None,
        tls: Tls::default(),
        trace_messages: None,
    }
}

fn with_headers(headers: &[(&str, &str)]) -> Common {
    let header = |(name, value): &(&str, &str)| Header {
        name: (*name).to_owned(),
        value: Value::Template((*value).to_owned()),
    };
    Common { headers: headers.iter().map(header).collect(), ..common() }
}

fn with_variables(variables: &[(&str, &str)]) -> Common {
    let variable = |(name, value): &(&str, &str)| Variable {
        name: (*name).to_owned(),
        value: Value::Template((*value).to_owned()),
    };
    Common { variables: variables.iter().map(variable).collect(), ..common() }
}

fn command(line: &str) -> Target {
    Target::Command(line.split(' ').map(std::ffi::OsString::from).collect())
}

fn written(id: &str, target: &Target, common: &Common, traced: bool) -> Result<Written, Fault> {
    let client = Client::of_id(id).unwrap();
    let wanted = Wanted { target, source: None, common, traced, program: "/bin/bowline" };
    wanted.written(Dialect::of(client).unwrap(), client.title)
}

fn check(target: &Target, common: &Common, expected: Expect) {
    let mut all = String::new();
    for id in IDS {
        let _ = match written(id, target, common, false) {
            Ok(Written { entry, reason, .. }) => {
                let _ = write!(all, "{id}: {}", entry.json());
                reason.map_or_else(|| writeln!(all), |reason| writeln!(all, " ({reason})"))
            }
            Err(fault) => writeln!(all, "{id}: {}", fault.to_string().trim_end()),
        };
    }
    expected.assert_eq(&all);
}

#[test]
fn programs_are_started_by_the_client_itself() {
    check(&command("npx -y @scope/server"), &common(), expect![[r#""#]]);
}

#[test]
fn urls_go_where_they_are_understood() {
    check(&Target::Url("https://host/mcp".into()), &common(), expect![[r#""#]]);
}

#[test]
fn variables_of_headers_stay_variables() {
    check(
        &Target::Url("https://host/mcp".into()),
        &with_headers(&[("Authorization", "Bearer ${TOKEN}"), ("X-Trace", "on")]),
        expect![[r#""#]],
    );
}

#[test]
fn variables_of_programs_stay_variables() {
    check(
        &command("server"),
        &with_variables(&[("API_KEY", "${API_KEY}"), ("LANG", "C")]),
        expect![[r#""#]],
    );
}

#[test]
fn sockets_are_reached_through_us() {
    let expected = r#"{"args":["proxy","unix:/run/mcp.sock"],"command":"/bin/bowline"}"#;
    let target = Target::Unix("/run/mcp.sock".into());
    let Written { entry, reason, .. } = written("cursor", &target, &common(), false).unwrap();
    assert_eq!(entry.json().to_string(), expected);
    assert_eq!(reason.unwrap(), "no client speaks over Unix sockets by itself");
}

#[test]
fn whoever_wants_to_see_messages_gets_us_between_them() {
    let target = command("./server --flag");
    let Written { entry, .. } = written("claude-desktop", &target, &common(), true).unwrap();
    let args = entry.json()["args"].clone();
    let here = std::env::current_dir().unwrap();
    let program = here.join("server").display().to_string();
    assert_eq!(
        args,
        serde_json::json!(["proxy", "--trace-messages", "-", "--", program, "--flag"])
    );
}

#[test]
fn flags_that_no_client_has_go_with_us() {
    let common = Common {
        timeout: Some(Duration::from_millis(1500)),
        protocol: Some("2025-06-18".parse().unwrap()),
        tls: Tls {
            cacert: Some("/tls/ca.pem".into()),
            identity: Some(("/tls/cert.pem".into(), "/tls/key.pem".into())),
        },
        headers: vec![Header { name: "X-Key".into(), value: Value::File("/secret".into()) }],
        ..common()
    };
    let target = Target::Url("https://host/mcp".into());
    let Written { entry, .. } = written("vscode", &target, &common, false).unwrap();
    expect![[r#"{"args":["proxy","-H","X-Key: @/secret","--timeout","1500ms","--protocol","2025-06-18","--cacert","/tls/ca.pem","--cert","/tls/cert.pem","--key","/tls/key.pem","https://host/mcp"],"command":"/bin/bowline","type":"stdio"}"#]]
        .assert_eq(&entry.json().to_string());
}

#[test]
fn secrets_are_not_written() {
    let table = [
        command("server --api-key sk-1"),
        command("server --token=sk-1"),
        Target::Url("https://host/mcp?api_key=sk-1".into()),
    ];
    for target in table {
        for id in IDS {
            let fault = written(id, &target, &common(), false).unwrap_err().to_string();
            assert!(fault.contains("looks like a secret"), "{fault}");
            assert!(!fault.contains("sk-1"), "{fault}");
        }
    }
    for line in [
        "server --api-key ${KEY}",
        "server --token-file x",
        "server --token --other",
        "server --tokens",
    ] {
        written("cursor", &command(line), &common(), false).unwrap();
    }
    // The client would put the value on a command line.
    let header = with_headers(&[("Authorization", "Bearer ${TOKEN}")]);
    let target = Target::Url("https://host/mcp".into());
    let fault = written("claude-code", &target, &header, true).unwrap_err();
    expect![[r#""#]].assert_eq(&fault.to_string());
    written("cursor", &target, &header, true).unwrap();
}

const CONFIG: &str = r#"{
  "servers": {
    "plain": { "command": "npx", "args": ["-y", "x", "${ROOT}"], "env": { "API_KEY": "${env:KEY}" } },
    "literal": { "command": "npx", "env": { "API_KEY": "sk-1" } },
    "argument": { "command": "npx", "args": ["--api-key", "sk-1"] },
    "beside": { "command": "./run" },
    "limits": { "command": "npx", "tools": ["a"] },
    "http": { "url": "https://host/mcp", "headers": { "Authorization": "Bearer ${TOKEN}" } },
    "sse": { "type": "sse", "url": "https://host/sse" },
    "asks": { "command": "x", "env": { "KEY": "${input:key}" } },
    "default": { "command": "x", "env": { "KEY": "${input:lax}" } }
  },
  "inputs": [
    { "id": "key", "type": "promptString", "description": "the key", "password": true },
    { "id": "lax", "type": "pickString", "options": ["a", "b"], "default": "b" }
  ]
}"#;

#[test]
fn servers_of_a_config_are_copied_or_named() {
    let config = Config::parse("/home/ann/mcp.json", CONFIG).unwrap();
    assert_eq!(config.problems(), []);
    let mut all = String::new();
    for server in config.entries() {
        for id in ["claude-code", "claude-desktop", "vscode"] {
            let client = Client::of_id(id).unwrap();
            let common = common();
            let target = Target::Named(server.name.clone());
            let wanted = Wanted {
                target: &target,
                source: Some((&config, server)),
                common: &common,
                traced: false,
                program: "/bin/bowline",
            };
            let _ = match wanted.written(Dialect::of(client).unwrap(), client.title) {
                Ok(Written { entry, inputs, reason }) => {
                    let _ = write!(all, "{id} {}: {}", server.name, entry.json());
                    for (_, input) in inputs {
                        let _ = write!(all, " {}", input.json());
                    }
                    reason.map_or_else(|| writeln!(all), |reason| writeln!(all, " ({reason})"))
                }
                Err(fault) => {
                    writeln!(all, "{id} {}: {}", server.name, fault.to_string().trim_end())
                }
            };
        }
    }
    assert!(!all.contains("sk-1"), "{all}");
    expect![[r#""#]].assert_eq(&all);
}

#[test]
fn what_is_written_is_read_again_without_a_problem() {
    let targets = [
        (command("npx -y x"), with_variables(&[("KEY", "${KEY}")])),
        (Target::Url("https://host/mcp".into()), with_headers(&[("X-Key", "${KEY}")])),
        (Target::Everything, common()),
        (Target::Unix("/run/mcp.sock".into()), common()),
    ];
    for client in CLIENTS {
        let Some(dialect) = Dialect::of(*client) else { continue };
        for (target, common) in &targets {
            let Written { entry, .. } = written(client.id, target, common, false).unwrap();
            let text = serde_json::json!({ dialect.list: { "x": entry.json() } }).to_string();
            let config = Config::parse("/mcp.json", &text).unwrap();
            assert_eq!(config.problems(), [], "{} {text}", client.id);
            let environment = Environment::new().variable("KEY", "sk-1");
            config.entry("x").unwrap().resolve(&environment).unwrap();
        }
    }
}
