use crate::era::client::Answer;
use crate::outcome::Outcome;
use crate::protocol::Response;
use crate::scan::{MAX_DEPTH, Message, Scanned, scan};
use bowline_types::revision::Revision;
use expect_test::expect;
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
        tools/call "error":{"code":-32042,"message":"visit","data":{"elicitations":[]}}
            failure: visit (-32042)
    "#]]
    .assert_eq(&table);
}
