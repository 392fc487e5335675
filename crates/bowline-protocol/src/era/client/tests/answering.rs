use crate::era::client::Answer;
use crate::outcome::Outcome;
use crate::protocol::Response;
use crate::scan::{MAX_DEPTH, Message, Scanned, scan};
use bowline_types::revision::Revision;
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;

fn message(text: &str) -> Message {
    match scan(text.to_owned().into(), MAX_DEPTH).unwrap() {
        Scanned::Message(message) => message,
        Scanned::Batch(_) => panic!("one message"),
    }
}

fn read(revision: Revision, method: &str, result: &str, kinds: &[&str]) -> String {
    let text = format!(r#"{{"jsonrpc":"2.0","id":1,{result}}}"#);
    let response = Response::of(message(&text));
    match Answer::read(revision, method, response, kinds) {
        Ok(answer) => {
            let (kind, cache) = (answer.kind.as_str().to_owned(), answer.cache);
            let cache = cache.map(|hint| (hint.ttl_ms, hint.scope.as_str()));
            let Ok(Outcome::Result { body, .. }) = answer.into_outcome() else {
                return "no outcome".into();
            };
            format!("{kind} {cache:?} {:?} {:?}", body.members(), body.meta())
        }
        Err(failure) => format!("failure: {failure}"),
    }
}

#[test]
fn results_of_the_newest_version_are_read_by_their_type() {
    let rows: &[(&str, &str, &[&str])] = &[
        ("tools/call", r#""result":{"content":[],"resultType":"complete","_meta":{"a":1}}"#, &[]),
        ("tools/call", r#""result":{"content":[]}"#, &[]),
        ("tools/call", r#""result":{"resultType":"input_required","requestState":"s"}"#, &[]),
        ("tools/list", r#""result":{"resultType":"input_required"}"#, &[]),
        ("example/mine", r#""result":{"resultType":"input_required"}"#, &[]),
        ("tools/call", r#""result":{"resultType":"task","taskId":"t"}"#, &[]),
        ("tools/call", r#""result":{"resultType":"task","taskId":"t"}"#, &["task"]),
        ("tools/call", r#""result":{"resultType":"x/y"}"#, &["task", "x/y"]),
        ("tools/call", r#""result":{"resultType":"\u001b[2J"}"#, &[]),
        ("tools/call", r#""result":{"resultType":5}"#, &[]),
        ("tools/list", r#""result":{"tools":[],"ttlMs":300,"cacheScope":"public"}"#, &[]),
        ("tools/list", r#""result":{"tools":[],"ttlMs":300}"#, &[]),
        ("tools/list", r#""result":{"tools":[],"ttlMs":-1,"cacheScope":"mine"}"#, &[]),
        ("tools/call", r#""result":{"ttlMs":300,"cacheScope":"public"}"#, &[]),
        ("tools/call", r#""result":[]"#, &[]),
        ("tools/call", r#""error":{"code":-32602,"message":"no"}"#, &[]),
        ("tools/call", r#""error":{"code":"x","message":"no"}"#, &[]),
        ("tools/call", r#""result":{},"error":{"code":1,"message":"no"}"#, &[]),
    ];
    let mut table = String::new();
    for (method, result, kinds) in rows {
        let answer = read(Revision::LATEST, method, result, kinds);
        writeln!(table, "{method} {result}\n    {answer}").unwrap();
    }
    expect![[r#"
        tools/call "result":{"content":[],"resultType":"complete","_meta":{"a":1}}
            complete None {"content":[]} Some({"a":1})
        tools/call "result":{"content":[]}
            complete None {"content":[]} None
        tools/call "result":{"resultType":"input_required","requestState":"s"}
            input_required None {"requestState":"s"} None
        tools/list "result":{"resultType":"input_required"}
            failure: server answered with no valid response: `tools/list` may not ask for input
        example/mine "result":{"resultType":"input_required"}
            input_required None {} None
        tools/call "result":{"resultType":"task","taskId":"t"}
            failure: server answered with no valid response: result.resultType: unknown result type `task`
        tools/call "result":{"resultType":"task","taskId":"t"}
            task None {"taskId":"t"} None
        tools/call "result":{"resultType":"x/y"}
            x/y None {} None
        tools/call "result":{"resultType":"\u001b[2J"}
            failure: server answered with no valid response: result.resultType: unknown result type `\u{1b}[2J`
        tools/call "result":{"resultType":5}
            failure: server answered with no valid response: result.resultType: expected a string
        tools/list "result":{"tools":[],"ttlMs":300,"cacheScope":"public"}
            complete Some((300, "public")) {"tools":[]} None
        tools/list "result":{"tools":[],"ttlMs":300}
            complete Some((300, "private")) {"tools":[]} None
        tools/list "result":{"tools":[],"ttlMs":-1,"cacheScope":"mine"}
            complete Some((0, "private")) {"tools":[]} None
        tools/call "result":{"ttlMs":300,"cacheScope":"public"}
            complete None {} None
        tools/call "result":[]
            failure: server answered with no valid response: `result` must be an object
        tools/call "error":{"code":-32602,"message":"no"}
            failure: no (-32602)
        tools/call "error":{"code":"x","message":"no"}
            failure: server answered with no valid response: code: invalid type: string, expected an integer of 64 bits
        tools/call "result":{},"error":{"code":1,"message":"no"}
            failure: server answered with no valid response: a response has a `result` or an `error`, never both
    "#]].assert_eq(&table);
}

#[cfg(not(modern_only))]
#[test]
fn results_of_sessions_are_finished_and_their_errors_have_the_newest_codes() {
    let rows = [
        ("tools/call", r#""result":{"content":[],"resultType":"task"}"#),
        ("tools/list", r#""result":{"tools":[],"ttlMs":300,"cacheScope":"public"}"#),
        ("resources/read", r#""error":{"code":-32002,"message":"gone","data":{"uri":"a:b"}}"#),
        ("tools/call", r#""error":{"code":-32002,"message":"of the server's own"}"#),
        (
            "tools/call",
            r#""error":{"code":-32602,"message":"undeclared","data":{"requiredCapabilities":{"sampling":{}}}}"#,
        ),
        ("tools/call", r#""error":{"code":-32042,"message":"visit","data":{"elicitations":[]}}"#),
    ];
    let mut table = String::new();
    for (method, result) in rows {
        let answer = read(Revision::V2025_11_25, method, result, &[]);
        writeln!(table, "{method} {result}\n    {answer}").unwrap();
    }
    expect![[r#"
        tools/call "result":{"content":[],"resultType":"task"}
            complete None {"content":[]} None
        tools/list "result":{"tools":[],"ttlMs":300,"cacheScope":"public"}
            complete None {"tools":[]} None
        resources/read "error":{"code":-32002,"message":"gone","data":{"uri":"a:b"}}
            failure: gone (-32602)
        tools/call "error":{"code":-32002,"message":"of the server's own"}
            failure: of the server's own (-32002)
        tools/call "error":{"code":-32602,"message":"undeclared","data":{"requiredCapabilities":{"sampling":{}}}}
            failure: undeclared (-32021)
        tools/call "error":{"code":-32042,"message":"visit","data":{"elicitations":[]}}
            failure: visit (-32042)
    "#]]
    .assert_eq(&table);
}

/// Some JSON, made of a seed: every kind of value, names with escapes, space between tokens.
fn some_value(seed: &mut u64, depth: u32) -> String {
    let roll = |seed: &mut u64, sides: u64| {
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % sides
    };
    const PLAIN: [&str; 9] = [
        "null",
        "true",
        "-1.5e-3",
        "0",
        "\"\"",
        "\"}\\\"],{\"",
        "\"\\\\\"",
        "\"\u{e9}\\u00e9\"",
        "{}",
    ];
    let kind = roll(seed, if depth == 0 { 1 } else { 4 });
    let space = [" ", ""][usize::try_from(roll(seed, 2)).unwrap()];
    match kind {
        0 => PLAIN[usize::try_from(roll(seed, 9)).unwrap()].to_owned(),
        1 => {
            let items: Vec<String> =
                (0..roll(seed, 4)).map(|_| some_value(seed, depth - 1)).collect();
            format!("[{space}{}{space}]", items.join(&format!("{space},")))
        }
        _ => some_object(seed, depth - 1, &["a", "b\\\"", "\\u005fmeta", "ttlMs", "", "c:,"]),
    }
}

fn some_object(seed: &mut u64, depth: u32, names: &[&str]) -> String {
    let members: Vec<String> = names
        .iter()
        .filter_map(|name| {
            let value = some_value(seed, depth);
            (*seed & (1 << 40) != 0).then(|| format!("\"{name}\": {value}"))
        })
        .collect();
    format!("{{{} }}", members.join(", "))
}

#[test]
fn what_is_handed_on_is_what_a_decoder_would_leave() {
    const INFO: &str = "io.modelcontextprotocol/serverInfo";
    let mut seed = 7;
    for _ in 0..2_000 {
        let meta = some_object(&mut seed, 2, &["x", INFO, "a\\u002Fb", "progressToken"]);
        let names = ["content", "ttlMs", "resultType\\u0020", "cacheScope", "\\u005fmeta ", "z"];
        let rest = some_object(&mut seed, 3, &names);
        let rest = rest.strip_suffix(" }").unwrap().to_owned();
        let comma = if rest == "{" { "" } else { "," };
        let result = format!(r#"{rest}{comma} "resultType":"complete","\u005fmeta":{meta}}}"#);
        let Ok(Value::Object(mut members)) = serde_json::from_str(&result) else {
            panic!("{result}")
        };
        let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#);
        let answer =
            Answer::read(Revision::LATEST, "tools/call", Response::of(message(&answer)), &[]);
        let Ok(Outcome::Result { body, .. }) = answer.unwrap().into_outcome() else {
            panic!("no result: {result}")
        };

        for name in ["resultType", "ttlMs", "cacheScope"] {
            members.remove(name);
        }
        let mut meta = members.remove("_meta").unwrap();
        meta.as_object_mut().unwrap().remove(INFO);
        let found: Value = body.members().decode().unwrap();
        assert_eq!(found, Value::Object(members), "{result}");
        let found: Value = body.meta().map_or_else(|| json!({}), |meta| meta.decode().unwrap());
        assert_eq!(found, meta, "{result}");
    }
}

#[test]
fn results_are_handed_on_as_they_were_written() {
    let rows = [
        r#"{"z":1.50,"a":{"b":[]},"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"up"}}}"#,
        r#"{"_meta":{"b":1e400,"io.modelcontextprotocol/serverInfo":{},"a":12345678901234567890123},"z":1,"a":2}"#,
        r#"{"_meta":[]}"#,
    ];
    let shown: Vec<String> = rows
        .map(|row| read(Revision::LATEST, "tools/call", &format!("\"result\":{row}"), &[]))
        .into();
    expect![[r#"
        complete None {"z":1.50,"a":{"b":[]}} None
        complete None {"z":1,"a":2} Some({"b":1e400,"a":12345678901234567890123})
        no outcome"#]]
    .assert_eq(&shown.join("\n"));
}
