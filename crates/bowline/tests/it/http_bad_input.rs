//! What is wrong with a request, and what it is answered: status, code, id. Over sockets and without them.

use crate::http_support::{VERSION, call, exchange, headers, listening, meta, status};
use bowline::protocol::limits::Limits;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

const LIMIT: usize = 70_000;

/// One request, and what it is answered.
struct Row {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    status: u16,
    code: Option<i64>,
    id: Option<Value>,
}

/// A good call: what rows differ from.
fn good(name: &'static str) -> Row {
    let headers = headers("echo").into_iter().map(|(name, value)| (name, value.into_bytes()));
    Row {
        name,
        method: "POST",
        path: "/mcp",
        headers: headers.collect(),
        body: call(7, "echo", &json!({ "message": "hi" })).into_bytes(),
        status: 200,
        code: None,
        id: Some(json!(7)),
    }
}

impl Row {
    fn is(mut self, status: u16, code: impl Into<Option<i64>>, id: Option<Value>) -> Self {
        (self.status, self.code, self.id) = (status, code.into(), id);
        self
    }

    /// Refused without an id.
    fn refused(self, status: u16, code: i64) -> Self {
        self.is(status, code, None)
    }

    /// Refused with the id of the good call.
    fn answered(self, status: u16, code: i64) -> Self {
        self.is(status, code, Some(json!(7)))
    }

    fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Replaces text in the body.
    fn with(mut self, from: &str, to: &str) -> Self {
        let body = String::from_utf8(self.body).unwrap();
        assert!(body.contains(from), "{from} is not in {body}");
        self.body = body.replacen(from, to, 1).into_bytes();
        self
    }

    /// Replaces a member of `_meta`, or takes it out.
    fn meta(mut self, key: &str, value: impl Into<Option<Value>>) -> Self {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap();
        let meta = body["params"]["_meta"].as_object_mut().unwrap();
        match value.into() {
            Some(value) => meta.insert(key.to_owned(), value),
            None => meta.remove(key),
        };
        self.body = body.to_string().into_bytes();
        self
    }

    /// Replaces a header, or takes it out.
    fn header<'a>(mut self, name: &'static str, value: impl Into<Option<&'a str>>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        match value.into() {
            Some(value) => self.and_header(name, value.as_bytes()),
            None => self,
        }
    }

    /// Adds a header to those that are there.
    fn and_header(mut self, name: &'static str, value: &[u8]) -> Self {
        self.headers.push((name, value.to_vec()));
        self
    }

    fn at(mut self, method: &'static str, path: &'static str) -> Self {
        (self.method, self.path) = (method, path);
        self
    }

    /// Another method, in the header and in the body.
    fn calls(self, method: &'static str) -> Self {
        self.with("tools/call", method).header("mcp-method", method)
    }
}

const PARSE: i64 = -32700;
const REQUEST: i64 = -32600;
const METHOD: i64 = -32601;
const PARAMS: i64 = -32602;
const HEADER: i64 = -32020;
const UNSUPPORTED: i64 = -32022;

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CLIENT: &str = "io.modelcontextprotocol/clientInfo";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const META_LEVEL: &str = "io.modelcontextprotocol/logLevel";

fn rows() -> Vec<Row> {
    [good_ones(), texts(), envelopes(), methods(), metas(), mirrors(), heads()]
        .into_iter()
        .flatten()
        .collect()
}

fn good_ones() -> Vec<Row> {
    vec![
        good("nothing"),
        good("id of text").with("\"id\":7", "\"id\":\"a\"").is(200, None, Some(json!("a"))),
        good("id of empty text").with("\"id\":7", "\"id\":\"\"").is(200, None, Some(json!(""))),
        good("negative id").with("\"id\":7", "\"id\":-7").is(200, None, Some(json!(-7))),
        good("largest id").with("\"id\":7", "\"id\":9223372036854775807").is(
            200,
            None,
            Some(json!(i64::MAX)),
        ),
        good("lines between tokens").with("\"id\":7", "\r\n\t\"id\"\n:7"),
        good("no Accept").header("accept", None),
        good("any Accept").header("accept", "*/*"),
        good("charset").header("content-type", "application/json; charset=UTF-8"),
        good("name in base64").header("mcp-name", "=?base64?ZWNobw==?="),
        good("loopback origin").header("origin", "http://localhost:3000"),
        good("a query").at("POST", "/mcp?x=1"),
    ]
}

fn texts() -> Vec<Row> {
    let refused = |name, body: &[u8]| good(name).body(body).refused(400, PARSE);
    let deep = |open: &str, close: &str, depth: usize| {
        let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let body = call(7, "echo", &json!({})).replace(
            "\"arguments\":{}",
            &format!("\"arguments\":{{\"message\":\"\",\"x\":{value}}}"),
        );
        body.into_bytes()
    };
    let sized = |len: usize| {
        let mut body = call(7, "echo", &json!({ "message": "hi" }));
        body += &" ".repeat(len - body.len());
        body.into_bytes()
    };
    let bad_text = [call(7, "echo", &json!({})).as_bytes(), b"\xff"].concat();
    vec![
        refused("empty", b""),
        refused("space", b" \n"),
        refused("one brace", b"{"),
        refused("cut off", b"{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":"),
        refused("word", b"hello"),
        refused("two messages", b"{}{}"),
        refused("two lines", b"{}\n{}"),
        refused("byte order mark", b"\xef\xbb\xbf{}"),
        refused("bad UTF-8", &bad_text),
        refused("overlong UTF-8", b"{\"a\":\"\xc0\xaf\"}"),
        refused("UTF-16", b"{\0\"\0a\0\"\0:\x001\0}\0"),
        refused("control character", b"{\"a\":\"\n\"}"),
        refused("single quotes", b"{'a':1}"),
        refused("comma at the end", b"{\"a\":1,}"),
        refused("comment", b"{/**/}"),
        refused("not a number", b"{\"a\":NaN}"),
        refused("leading zero", b"{\"a\":01}"),
        refused("bad escape", b"{\"a\":\"\\x41\"}"),
        refused("too deep array", &deep("[", "]", 200)),
        refused("too deep object", &deep("{\"a\":", "}", 200)),
        refused("a million brackets in little room", &b"[".repeat(LIMIT)),
        good("deep enough").body(deep("[", "]", 100)),
        good("one byte below the limit").body(sized(LIMIT - 1)),
        good("the limit").body(sized(LIMIT)),
        good("one byte above the limit").body(sized(LIMIT + 1)).refused(413, REQUEST),
        good("form").body("a=b&c=d").refused(400, PARSE),
        // An argument like any other wrong one.
        good("a name with half a character").with("\"message\"", "\"\\ud800\""),
    ]
}

fn envelopes() -> Vec<Row> {
    let refused = |name, body: &str| good(name).body(body).refused(400, REQUEST);
    let one = call(7, "echo", &json!({}));
    let id =
        |name, id: &str| good(name).with("\"id\":7", &format!("\"id\":{id}")).refused(400, REQUEST);
    vec![
        refused("number", "42"),
        refused("text", "\"a\""),
        refused("null", "null"),
        refused("empty object", "{}"),
        refused("empty batch", "[]"),
        refused("batch of one", &format!("[{one}]")),
        refused("batch of two", &format!("[{one},{one}]")),
        refused("a result", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{}}"),
        refused("an error", "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1,\"message\":\"\"}}"),
        id("null id", "null"),
        id("fraction id", "1.5"),
        id("exponent id", "1e2"),
        id("id above 64 bits", "9223372036854775808"),
        id("huge id", &"9".repeat(400)),
        id("boolean id", "true"),
        id("object id", "{}"),
        id("array id", "[1]"),
        good("no jsonrpc").with("\"jsonrpc\":\"2.0\",", "").answered(400, REQUEST),
        good("jsonrpc 1.0").with("\"2.0\"", "\"1.0\"").answered(400, REQUEST),
        good("jsonrpc as number").with("\"2.0\"", "2.0").answered(400, REQUEST),
        good("no method").body("{\"jsonrpc\":\"2.0\",\"id\":7}").answered(400, REQUEST),
        good("method as number").with("\"tools/call\"", "5").answered(400, REQUEST),
        good("method and result").with("\"id\":7", "\"id\":7,\"result\":{}").answered(400, REQUEST),
        good("params as array")
            .body("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":[]}")
            .answered(400, REQUEST),
        good("params as null")
            .body("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":null}")
            .answered(400, REQUEST),
        good("two methods").with("\"id\":7", "\"id\":7,\"method\":\"x\"").answered(400, REQUEST),
        good("two ids").with("\"id\":7", "\"id\":7,\"id\":8").refused(400, REQUEST),
        good("two ids, one escaped").with("\"id\":7", "\"id\":7,\"\\u0069d\":8").refused(400, REQUEST),
        good("two names").with("\"name\":\"echo\"", "\"name\":\"echo\",\"name\":\"x\"").answered(400, REQUEST),
        good("two of one argument")
            .with("\"message\":\"hi\"", "\"message\":\"hi\",\"message\":\"ho\"")
            .answered(400, REQUEST),
        good("two versions")
            .with("\"_meta\":{", "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"x\",")
            .answered(400, REQUEST),
        good("a notification")
            .body("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}")
            .is(202, None, None),
        good("an unknown notification")
            .body("{\"jsonrpc\":\"2.0\",\"method\":\"no/such\"}")
            .is(202, None, None),
    ]
}

fn methods() -> Vec<Row> {
    vec![
        good("unknown method").calls("no/such").answered(404, METHOD),
        good("method in capitals").calls("Tools/Call").answered(404, METHOD),
        good("method of older versions").calls("ping").answered(404, METHOD),
        good("initialize as this version").calls("initialize").answered(404, METHOD),
        good("notification as request").calls("notifications/progress").answered(404, METHOD),
        good("unknown tool")
            .with("\"name\":\"echo\"", "\"name\":\"none\"")
            .header("mcp-name", "none")
            .answered(200, PARAMS),
        good("no name").with("\"name\":\"echo\"", "\"x\":1").answered(400, PARAMS),
        good("name as number").with("\"name\":\"echo\"", "\"name\":1").answered(400, PARAMS),
        // The model can mend its arguments, so it gets to read what was wrong with them.
        good("wrong argument").with("\"message\":\"hi\"", "\"message\":1"),
        good("missing argument").with("\"message\":\"hi\"", ""),
    ]
}

fn metas() -> Vec<Row> {
    let params = |row: Row| row.answered(400, PARAMS);
    let other = "1999-01-01";
    vec![
        params(good("no _meta").with("\"_meta\"", "\"meta\"")),
        params(
            good("_meta as array").with(&format!("\"_meta\":{}", with_wishes()), "\"_meta\":[]"),
        ),
        params(good("no version").meta(META_VERSION, None)),
        params(good("version as number").meta(META_VERSION, json!(20_260_728))),
        params(good("no capabilities").meta(META_CAPABILITIES, None)),
        params(good("capabilities as array").meta(META_CAPABILITIES, json!([]))),
        params(good("client as text").meta(META_CLIENT, json!("me"))),
        params(good("unknown log level").meta(META_LEVEL, json!("loud"))),
        params(good("null progress token").meta("progressToken", json!(null))),
        params(good("fraction progress token").meta("progressToken", json!(1.5))),
        good("unknown version")
            .meta(META_VERSION, json!(other))
            .header("mcp-protocol-version", other)
            .answered(400, UNSUPPORTED),
        good("older version")
            .meta(META_VERSION, json!("2025-11-25"))
            .header("mcp-protocol-version", "2025-11-25")
            .answered(400, UNSUPPORTED),
    ]
}

/// `_meta` as [`call`] writes it.
fn with_wishes() -> String {
    let mut meta = meta();
    meta["progressToken"] = json!("p");
    meta[META_LEVEL] = json!("debug");
    meta.to_string()
}

fn mirrors() -> Vec<Row> {
    let mismatch = |row: Row| row.answered(400, HEADER);
    vec![
        mismatch(good("no version header").header("mcp-protocol-version", None)),
        mismatch(good("other version header").header("mcp-protocol-version", "2025-11-25")),
        mismatch(
            good("two version headers").and_header("mcp-protocol-version", VERSION.as_bytes()),
        ),
        mismatch(good("no method header").header("mcp-method", None)),
        mismatch(good("other method header").header("mcp-method", "tools/list")),
        mismatch(good("method header in capitals").header("mcp-method", "Tools/Call")),
        mismatch(good("two method headers").and_header("mcp-method", b"tools/call")),
        mismatch(good("no name header").header("mcp-name", None)),
        mismatch(good("other name header").header("mcp-name", "other")),
        mismatch(good("empty name header").header("mcp-name", "")),
        mismatch(good("two name headers").and_header("mcp-name", b"echo")),
        mismatch(
            good("name header not in ASCII")
                .header("mcp-name", None)
                .and_header("mcp-name", b"\xff"),
        ),
        mismatch(good("broken base64").header("mcp-name", "=?base64?ZWNobw?=x")),
        mismatch(good("base64 of another name").header("mcp-name", "=?base64?eA==?=")),
    ]
}

fn heads() -> Vec<Row> {
    let media =
        |name, value: Option<&str>| good(name).header("content-type", value).refused(415, REQUEST);
    let accept = |name, value: &str| good(name).header("accept", value).refused(406, REQUEST);
    let big = "a".repeat(4097);
    vec![
        media("no media type", None),
        media("plain text", Some("text/plain")),
        media("form type", Some("application/x-www-form-urlencoded")),
        media("multipart", Some("multipart/form-data; boundary=x")),
        media("patch", Some("application/json-patch+json")),
        media("latin", Some("application/json; charset=latin1")),
        media("event stream", Some("text/event-stream")),
        good("two media types").and_header("content-type", b"text/plain").refused(415, REQUEST),
        good("compressed").and_header("content-encoding", b"gzip").refused(415, REQUEST),
        accept("accepts JSON only", "application/json"),
        accept("accepts streams only", "text/event-stream"),
        accept("accepts pages", "text/html"),
        good("GET").at("GET", "/mcp").body("").refused(405, REQUEST),
        good("DELETE").at("DELETE", "/mcp").body("").refused(405, REQUEST),
        good("PUT").at("PUT", "/mcp").refused(405, REQUEST),
        good("OPTIONS").at("OPTIONS", "/mcp").body("").refused(405, REQUEST),
        good("root").at("POST", "/").refused(404, REQUEST),
        good("slash behind").at("POST", "/mcp/").refused(404, REQUEST),
        good("path in capitals").at("POST", "/MCP").refused(404, REQUEST),
        good("escaped path").at("POST", "/%6dcp").refused(404, REQUEST),
        good("foreign host").header("host", "evil.com").refused(403, REQUEST),
        good("no host").header("host", None).refused(400, REQUEST),
        good("two hosts").and_header("host", b"localhost").refused(400, REQUEST),
        good("foreign origin").header("origin", "https://evil.com").refused(403, REQUEST),
        good("null origin").header("origin", "null").refused(403, REQUEST),
        good("token in the URL").at("POST", "/mcp?access_token=x").refused(400, REQUEST),
        good("large header").header("mcp-name", &*big).refused(431, REQUEST),
    ]
}

/// What came back, in the form of a row.
fn shown(status: u16, body: &str) -> String {
    if body.is_empty() {
        return format!("{status} None None");
    }
    let body: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {body}"));
    let code = body.pointer("/error/code").and_then(Value::as_i64);
    assert_eq!(code.is_some(), body.get("result").is_none(), "{body}");
    format!("{status} {code:?} {:?}", body.get("id"))
}

fn expected(row: &Row) -> String {
    format!("{} {:?} {:?}", row.status, row.code, row.id.as_ref())
}

#[test]
fn there_are_enough_rows_and_each_has_its_name() {
    let mut names: Vec<_> = rows().iter().map(|row| row.name).collect();
    assert!(names.len() >= 60, "{}", names.len());
    let rows = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), rows);
}

#[tokio::test]
async fn over_the_service() {
    let (server, _) = crate::http_support::server();
    let service = bowline::transport::http::Endpoint::default()
        .path("/mcp")
        .limits(Limits::local().body_bytes(LIMIT))
        .mount(server);
    let mut wrong = String::new();
    for row in rows() {
        let mut request = Request::builder().method(row.method).uri(row.path);
        for (name, value) in &row.headers {
            let value = HeaderValue::from_bytes(value).unwrap();
            request = request.header(HeaderName::from_static(name), value);
        }
        let request = request.body(Full::<Bytes>::from(row.body.clone())).unwrap();
        let response = service.answer(request).await;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let got = shown(status, &String::from_utf8_lossy(&body));
        if got != expected(&row) {
            wrong += &format!("{}: expected {}, got {got}\n", row.name, expected(&row));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test]
async fn over_sockets() {
    let (address, _running, _watch) =
        listening(|http| http.limits(Limits::local().body_bytes(LIMIT))).await;
    let mut wrong = String::new();
    for row in rows() {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", row.method, row.path).into_bytes();
        for (name, value) in &row.headers {
            bytes.extend_from_slice(format!("{name}: ").as_bytes());
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        let len = row.body.len();
        bytes.extend_from_slice(
            format!("connection: close\r\ncontent-length: {len}\r\n\r\n").as_bytes(),
        );
        bytes.extend_from_slice(&row.body);
        let answer = exchange(address, &bytes).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        // hyper answers some requests itself, without a body.
        let got = shown(status(head), body);
        if got != expected(&row) {
            wrong += &format!("{}: expected {}, got {got}\n", row.name, expected(&row));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
