use super::Mirrored;
use crate::server::schema::{Side, decoded, friendly};
use bowline_protocol::http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;

#[derive(JsonSchema)]
#[allow(dead_code, reason = "it is only described")]
struct Query {
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: Option<String>,
    inner: Option<Inner>,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "it is only described")]
struct Inner {
    #[schemars(extend("x-mcp-header" = "Count"))]
    count: i64,
}

fn check(headers: &[(&str, &str)], arguments: &str) -> Result<(), String> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_str(value).unwrap());
    }
    let mirrored = Mirrored::of(&friendly(decoded::<Query>(), Side::Input)).unwrap();
    mirrored.check(&map, arguments.as_bytes()).map_err(|error| {
        assert_eq!(error.code.0, -32020);
        error.message
    })
}

#[test]
fn headers_say_what_the_arguments_say() {
    let region = r#"{"region":"Hello"}"#;
    let twice = "header Mcp-Param-Region, for argument `region`: stands more than once";
    for (headers, arguments, fault) in [
        (&[("mcp-param-region", "Hello")][..], region, None),
        (&[("mcp-param-region", "=?base64?SGVsbG8=?=")], region, None),
        (&[("mcp-param-region", "=?base64?SGVsbG8?=")], region, Some("Base64")),
        (&[("mcp-param-region", "=?base64?SGVs!!!bG8=?=")], region, Some("Base64")),
        (&[("mcp-param-region", "=?base64?SGVsbG8=")], region, Some("differs")),
        (&[("mcp-param-region", "=?base64?SGVsbG8=")], r#"{"region":"=?base64?SGVsbG8="}"#, None),
        (&[("mcp-param-region", "hello")], region, Some("differs")),
        (&[], region, Some("missing")),
        (&[], r#"{"region":null}"#, None),
        (&[], "{}", None),
        (&[("mcp-param-region", "Hello")], "{}", Some("no value")),
        (&[("mcp-param-region", "Hello"), ("mcp-param-region", "Hello")], region, Some(twice)),
        (&[("mcp-param-unknown", "x")], "{}", None),
        (&[("mcp-param-count", "42.0")], r#"{ "inner" : {"x":"}","count" : 42 } }"#, None),
        (&[("mcp-param-count", "41")], r#"{"inner":{"count":42}}"#, Some("inner.count")),
        (&[("mcp-param-count", "1")], r#"{"inner":{"count":1,"count":2}}"#, Some("twice")),
        (&[("mcp-param-count", "1")], r#"{"inner":{"c\u006funt":1}}"#, None),
    ] {
        let http = [&[("mcp-method", "tools/call")], headers].concat();
        match (check(&http, arguments), fault) {
            (Ok(()), None) => {}
            (Err(told), Some(fault)) if told.contains(fault) => {}
            (answer, _) => panic!("{headers:?} {arguments}: {answer:?}, expected {fault:?}"),
        }
    }
}

#[test]
fn a_transport_without_headers_has_none_to_check() {
    assert_eq!(check(&[], r#"{"region":"Hello"}"#), Ok(()));
}
