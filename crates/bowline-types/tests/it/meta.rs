//! `_meta`: its keys and the values of those that are reserved.

use bowline_types::capability::ClientCapabilities;
use bowline_types::discover::Implementation;
use bowline_types::jsonrpc::Id;
use bowline_types::log::LoggingLevel;
use bowline_types::meta::{InvalidMetaKey, Meta, MetaKey};
use bowline_types::progress::ProgressToken;
use serde_json::json;

#[test]
fn keys_follow_the_grammar() {
    let good = [
        ("a", None, "a", false),
        ("progressToken", None, "progressToken", false),
        ("", None, "", false),
        ("a.b_c-d9", None, "a.b_c-d9", false),
        ("com.example/", Some("com.example"), "", false),
        ("com.example/a", Some("com.example"), "a", false),
        ("x/a", Some("x"), "a", false),
        ("a-1.b2/a", Some("a-1.b2"), "a", false),
        ("com.example.mcp/a", Some("com.example.mcp"), "a", false),
        ("mcp/a", Some("mcp"), "a", false),
        ("io.modelcontextprotocol/a", Some("io.modelcontextprotocol"), "a", true),
        ("dev.mcp/a", Some("dev.mcp"), "a", true),
        ("com.mcp.tools/a", Some("com.mcp.tools"), "a", true),
        ("org.modelcontextprotocol.api/a", Some("org.modelcontextprotocol.api"), "a", true),
    ];
    for (text, prefix, name, is_reserved) in good {
        let key = MetaKey::parse(text).unwrap();
        assert_eq!(
            (key.prefix(), key.name(), key.is_reserved()),
            (prefix, name, is_reserved),
            "{text}"
        );
    }
    let bad = [
        ("/a", InvalidMetaKey::Prefix),
        ("1com/a", InvalidMetaKey::Prefix),
        ("com..example/a", InvalidMetaKey::Prefix),
        ("com.example-/a", InvalidMetaKey::Prefix),
        ("com_example/a", InvalidMetaKey::Prefix),
        ("ключ/a", InvalidMetaKey::Prefix),
        ("com.example/a/b", InvalidMetaKey::Name),
        ("-a", InvalidMetaKey::Name),
        ("a_", InvalidMetaKey::Name),
        (".", InvalidMetaKey::Name),
        ("a b", InvalidMetaKey::Name),
        ("ключ", InvalidMetaKey::Name),
    ];
    for (text, error) in bad {
        assert_eq!(MetaKey::parse(text), Err(error), "{text}");
    }
}

#[test]
fn what_is_set_is_read() {
    let mut meta = Meta::new();
    assert!(meta.is_empty());
    assert_eq!(meta.progress_token(), Ok(None));
    meta.set_progress_token("t");
    meta.set_protocol_version("2026-07-28");
    meta.set_client_info(&Implementation::new("client", "1"));
    meta.set_client_capabilities(&ClientCapabilities::new());
    meta.set_log_level(LoggingLevel::Notice);
    meta.set_subscription_id(7);
    meta.set_server_info(&Implementation::new("server", "2"));
    meta.set_related_task("task-1");
    assert_eq!(meta.progress_token(), Ok(Some(ProgressToken::from("t"))));
    assert_eq!(meta.protocol_version(), Ok(Some("2026-07-28".to_owned())));
    assert_eq!(meta.client_info().unwrap().unwrap().name, "client");
    assert_eq!(meta.client_capabilities(), Ok(Some(ClientCapabilities::new())));
    assert_eq!(meta.log_level(), Ok(Some(LoggingLevel::Notice)));
    assert_eq!(meta.subscription_id(), Ok(Some(Id::from(7))));
    assert_eq!(meta.server_info().unwrap().unwrap().version, "2");
    assert_eq!(meta.related_task().unwrap().unwrap().task_id, "task-1");
    let request = meta.request().unwrap();
    assert_eq!(request.log_level, Some(LoggingLevel::Notice));
    assert_eq!(request.extra.get(Meta::SUBSCRIPTION_ID), Some(&json!(7)));
}

#[test]
fn a_wrong_value_is_named_by_its_key() {
    let mut meta = Meta::new();
    meta.insert(Meta::PROGRESS_TOKEN, 1.5);
    meta.insert(Meta::CLIENT_INFO, json!({"name": "a"}));
    meta.insert(Meta::LOG_LEVEL, json!(null));
    assert_eq!(
        meta.progress_token().unwrap_err().to_string(),
        "progressToken: invalid value: number is not an integer of 64 bits"
    );
    assert_eq!(
        meta.client_info().unwrap_err().to_string(),
        r#"["io.modelcontextprotocol/clientInfo"].version: missing field"#
    );
    assert_eq!(meta.log_level(), Ok(None));
    assert_eq!(
        Meta::new().request().unwrap_err().to_string(),
        r#"["io.modelcontextprotocol/protocolVersion"]: missing field"#
    );
}

#[test]
fn trace_context_has_the_format_of_w3c() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    let valid = [
        (Meta::TRACEPARENT, parent),
        (Meta::TRACEPARENT, "cc-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-what-comes"),
        (Meta::TRACESTATE, "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"),
        (Meta::TRACESTATE, "fw529a3039@dt=FfAAAAA , other=a b, "),
        (Meta::TRACESTATE, "a=0"),
        (Meta::BAGGAGE, "userId=alice"),
        (Meta::BAGGAGE, "userId = alice , serverNode=DF%2028;public;ttl=5,empty="),
    ];
    for (key, value) in valid {
        let mut meta = Meta::new();
        assert_eq!(meta.set_trace(key, value), Ok(()), "{value}");
        let read = [meta.traceparent(), meta.tracestate(), meta.baggage()].map(Result::unwrap);
        assert_eq!(read.into_iter().flatten().collect::<Vec<_>>(), [value]);
    }
    let invalid = [
        (Meta::TRACEPARENT, ""),
        (Meta::TRACEPARENT, "00-0AF7651916CD43DD8448EB211C80319C-00f067aa0ba902b7-01"),
        (Meta::TRACEPARENT, "00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
        (Meta::TRACEPARENT, "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"),
        (Meta::TRACEPARENT, "ff-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"),
        (Meta::TRACEPARENT, "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more"),
        (Meta::TRACEPARENT, "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7"),
        (Meta::TRACESTATE, "a"),
        (Meta::TRACESTATE, "A=1"),
        (Meta::TRACESTATE, "1a=1"),
        (Meta::TRACESTATE, "a=1,a=2"),
        (Meta::TRACESTATE, "a=1=2"),
        (Meta::TRACESTATE, "a="),
        (Meta::TRACESTATE, "a=é"),
        (Meta::BAGGAGE, ""),
        (Meta::BAGGAGE, "a"),
        (Meta::BAGGAGE, "=a"),
        (Meta::BAGGAGE, "a b=c"),
        (Meta::BAGGAGE, "a=b c"),
        (Meta::BAGGAGE, "a=\"b\""),
        (Meta::BAGGAGE, "a=b;=c"),
    ];
    for (key, value) in invalid {
        let mut meta = Meta::new();
        let error = format!("{key}: invalid value, expected the format of W3C");
        assert_eq!(meta.set_trace(key, value).unwrap_err().to_string(), error, "{value}");
        assert!(meta.is_empty());
        meta.insert(key, value);
        let read = [meta.traceparent(), meta.tracestate(), meta.baggage()];
        assert_eq!(read.iter().filter(|value| value.is_err()).count(), 1, "{value}");
    }
    assert!(Meta::new().set_trace("other", parent).is_err());
    let many: Vec<String> = (0..33).map(|number| format!("k{number}=v")).collect();
    assert!(Meta::new().set_trace(Meta::TRACESTATE, many.join(",")).is_err());
    assert!(Meta::new().set_trace(Meta::TRACESTATE, many[1..].join(",")).is_ok());
}
