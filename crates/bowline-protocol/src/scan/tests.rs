use super::*;
use expect_test::{Expect, expect};

/// Scans a text and describes what came out, members in the order of the tables.
fn describe(text: &str) -> String {
    match scan(Bytes::copy_from_slice(text.as_bytes()), MAX_DEPTH) {
        Err(error) => {
            let id = error.id.as_ref().map_or(String::new(), |id| format!(" (id {id:?})"));
            let parse = if error.kind.is_parse_error() { "parse error" } else { "invalid" };
            format!("{parse}: {error}{id}")
        }
        Ok(Scanned::Batch(raw)) => format!("batch {raw:?}"),
        Ok(Scanned::Message(message)) => {
            let kind = message
                .kind()
                .map_or_else(|fault| format!("no message: {fault}"), |kind| format!("{kind:?}"));
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let mut out =
                format!("{kind} id={} method={}", text(message.id_text()), message.method());
            for (name, key) in [
                ("name", BodyKey::Name),
                ("arguments", BodyKey::Arguments),
                ("uri", BodyKey::Uri),
                ("_meta", BodyKey::Meta),
            ] {
                if let Some(value) = message.body(key) {
                    out += &format!(" {name}={}", text(value));
                }
            }
            for (name, key) in
                [("token", MetaKey::ProgressToken), ("version", MetaKey::ProtocolVersion)]
            {
                if let Some(value) = message.meta(key) {
                    out += &format!(" {name}={}", text(value));
                }
            }
            out
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &Expect) {
    expected.assert_eq(&describe(text));
}

#[test]
fn members_are_found_in_any_order() {
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"a":[1,{"b":2}]},"_meta":{"progressToken":"t","io.modelcontextprotocol/protocolVersion":"v"}}}"#,
        &expect![[
            r#"Request id=1 method=tools/call name="echo" arguments={"a":[1,{"b":2}]} _meta={"progressToken":"t","io.modelcontextprotocol/protocolVersion":"v"} token="t" version="v""#
        ]],
    );
    check(
        r#"{ "params" : { "_meta" : { "progressToken" : 7 } , "name" : "x" } , "method" : "m" , "id" : "a" , "jsonrpc" : "2.0" }"#,
        &expect![[r#"Request id="a" method=m name="x" _meta={ "progressToken" : 7 } token=7"#]],
    );
}

#[test]
fn names_with_escapes_are_the_names_they_spell() {
    check(
        r#"{"jsonrpc":"2.0","\u0069d":1,"m\u0065thod":"tools\/call","params":{"n\u0061me":"a"}}"#,
        &expect![[r#"Request id=1 method=tools/call name="a""#]],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"a","n\u0061me":"b"}}"#,
        &expect!["invalid: member `name` stands twice, again at byte 59 (id Int(1))"],
    );
}

#[test]
fn members_that_stand_twice_are_refused_where_it_matters() {
    check(r#"{"id":1,"id":2}"#, &expect!["invalid: member `id` stands twice, again at byte 9"]);
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"m","x":1,"x":2}"#,
        &expect!["invalid: member `x` stands twice, again at byte 44 (id Int(1))"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":{"k":1,"\u006b":2}}}"#,
        &expect!["invalid: member `k` stands twice, again at byte 67 (id Int(1))"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{"traceparent":1,"traceparent":2}}}"#,
        &expect!["invalid: member `traceparent` stands twice, again at byte 73 (id Int(1))"],
    );
    // Deeper down it is the application's business.
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"arguments":{"k":{"d":1,"d":2}}}}"#,
        &expect![[r#"Request id=1 method=m arguments={"k":{"d":1,"d":2}}"#]],
    );
}

#[test]
fn members_that_stand_twice_are_found_among_many() {
    let object = |twin: &str| {
        let members: Vec<_> = (0..5_000).map(|n| format!("\"key{n}\":0")).collect();
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"m","params":{{"arguments":{{{},{twin}}}}}}}"#,
            members.join(",")
        )
    };
    assert!(describe(&object(r#""other":1"#)).starts_with("Request"));
    assert!(describe(&object(r#""key17":1"#)).contains("`key17` stands twice"));
    assert!(describe(&object(r#""k\u0065y4999":1"#)).contains("`key4999` stands twice"));
}

#[test]
fn ids_are_strings_or_integers() {
    let rows = [
        ("1", "Request"),
        ("-9223372036854775808", "Request"),
        ("9223372036854775807", "Request"),
        (r#""""#, "Request"),
        (r#""1""#, "Request"),
        ("9223372036854775808", "no message: `id` must be"),
        ("1.0", "no message: `id` must be"),
        ("1e3", "no message: `id` must be"),
        ("null", "no message: `id` must be"),
        ("true", "no message: `id` must be"),
        ("{}", "no message: `id` must be"),
        ("[1]", "no message: `id` must be"),
        (r#""\ud800""#, "no message: `id` must be"),
    ];
    for (id, expected) in rows {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
        assert!(describe(&text).starts_with(expected), "{id}: {}", describe(&text));
    }
    let id = |text| message_id(text);
    assert_ne!(id("1"), id(r#""1""#));
}

fn message_id(id: &str) -> Option<Id> {
    recover_id(format!(r#"{{"id":{id},"method":"#).as_bytes())
}

#[test]
fn messages_of_the_wrong_shape_are_told_apart() {
    check(
        r#"{"id":1,"method":"m"}"#,
        &expect![[r#"no message: `jsonrpc` must be "2.0" id=1 method=m"#]],
    );
    check(
        r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#,
        &expect![[r#"no message: `jsonrpc` must be "2.0" id=1 method=m"#]],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":5}"#,
        &expect!["no message: `method` must be a string id=1 method="],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}"#,
        &expect!["no message: `params` must be an object id=1 method=m"],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"method":"m","result":{}}"#,
        &expect![
            "no message: a message has a `method` or a `result` or an `error`, never two of them id=1 method=m"
        ],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1,"result":{},"error":{}}"#,
        &expect!["no message: a response has a `result` or an `error`, never both id=1 method="],
    );
    check(
        r#"{"jsonrpc":"2.0","id":1}"#,
        &expect!["no message: a message needs a `method`, a `result` or an `error` id=1 method="],
    );
    check(
        r#"{"jsonrpc":"2.0","result":{}}"#,
        &expect!["no message: a response needs the `id` of its request id= method="],
    );
    check(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, &expect!["Result id=1 method="]);
    check(
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":""}}"#,
        &expect!["Error id=null method="],
    );
    check(r#"{"jsonrpc":"2.0","error":{"code":1,"message":""}}"#, &expect!["Error id= method="]);
    check(r#"{"jsonrpc":"2.0","method":"n"}"#, &expect!["Notification id= method=n"]);
    check("[{}]", &expect!["batch [{}]"]);
    check("5", &expect!["invalid: expected a JSON-RPC message object"]);
    check("\"a\"", &expect!["invalid: expected a JSON-RPC message object"]);
}

#[test]
fn text_that_is_not_json_is_refused_at_its_place() {
    check("", &expect!["parse error: expected a value at byte 0"]);
    check("{", &expect!["parse error: expected a member name at byte 1"]);
    check(r#"{"a":1,}"#, &expect!["parse error: expected a member name at byte 7"]);
    check(r#"{"a" 1}"#, &expect!["parse error: expected `:` at byte 5"]);
    check(r#"{"a":[1,]}"#, &expect!["parse error: expected a value at byte 8"]);
    check(r#"{"a":01}"#, &expect!["parse error: expected `,` or `}` at byte 6"]);
    check(r#"{"a":-}"#, &expect!["parse error: expected a digit at byte 6"]);
    check(r#"{"a":1.}"#, &expect!["parse error: expected a digit at byte 7"]);
    check(r#"{"a":1e}"#, &expect!["parse error: expected a digit at byte 7"]);
    check(r#"{"a":tru}"#, &expect!["parse error: expected a value at byte 5"]);
    check(r#"{"a":"\x"}"#, &expect!["parse error: expected a valid escape at byte 6"]);
    check(r#"{"a":"\u12"}"#, &expect!["parse error: expected a valid escape at byte 6"]);
    check(
        "{\"a\":\"b\nc\"}",
        &expect!["parse error: expected no control character in a string at byte 7"],
    );
    check(r#"{"a":"b"#, &expect!["parse error: expected `\"` at byte 7"]);
    check(r#"{"a":[1}"#, &expect!["parse error: expected `,` or `]` at byte 7"]);
    check(r#"{"a":1} x"#, &expect!["parse error: expected the end of the message at byte 8"]);
    check(r#"{"a":1}{"b":1}"#, &expect!["parse error: expected the end of the message at byte 7"]);
    check("\u{feff}{}", &expect!["parse error: expected a value at byte 0"]);
    check("{'a':1}", &expect!["parse error: expected a member name at byte 1"]);
    check("// c\n{}", &expect!["parse error: expected a value at byte 0"]);
    check(r#"{"a":NaN}"#, &expect!["parse error: expected a value at byte 5"]);
}

#[test]
fn invalid_utf_8_is_refused_at_its_place() {
    let text = b"{\"a\":\"\xff\"}";
    let error = scan(Bytes::from_static(text), MAX_DEPTH).unwrap_err();
    assert_eq!((error.kind, error.offset), (ScanErrorKind::NotUtf8, 6));
}

#[test]
fn depth_is_bounded_without_recursion() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |levels: usize| {
            let inner = if open == "[" { "" } else { "1" };
            format!("{{\"x\":{}{inner}{}}}", open.repeat(levels), close.repeat(levels))
        };
        assert!(!describe(&nested(MAX_DEPTH - 1)).contains("deep"));
        assert!(describe(&nested(MAX_DEPTH)).contains("nested too deeply"));
        assert!(describe(&nested(1_000_000)).contains("nested too deeply"));
    }
}

#[test]
fn a_message_is_one_line_whatever_stood_between_its_tokens() {
    let text = "\r\n{\n\t\"jsonrpc\": \"2.0\",\r\n\t\"method\": \"a\\nb\",\n \"params\": {\n}\n}\n";
    let Ok(Scanned::Message(message)) = scan(Bytes::from_static(text.as_bytes()), MAX_DEPTH) else {
        panic!("a valid message");
    };
    let line = message.raw().as_str();
    assert!(!line.contains(['\n', '\r', '\t']), "{line:?}");
    assert_eq!(line.len(), text.len());
    assert_eq!(message.method(), "a\nb");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(line).unwrap(),
        serde_json::from_str::<serde_json::Value>(text).unwrap()
    );
}

#[test]
fn clean_bytes_are_shared_and_not_copied() {
    let bytes = Bytes::from_static(br#"{"jsonrpc":"2.0","method":"m"}"#);
    let Ok(Scanned::Message(message)) = scan(bytes.clone(), MAX_DEPTH) else {
        panic!("a valid message");
    };
    assert_eq!(message.raw().as_bytes().as_ptr(), bytes.as_ptr());
}

#[test]
fn an_id_is_recovered_from_the_beginning_of_a_message() {
    let rows: [(&[u8], Option<Id>); 6] = [
        (br#"{"jsonrpc":"2.0","id":7,"method":"m","params":{"a":"xxxx"#, Some(Id::from(7))),
        (br#"{"id":"a\u0062","params"#, Some(Id::from("ab".to_owned()))),
        (b"{\"id\":7,\"x\":\"\xff\xff", Some(Id::from(7))),
        (br#"{"params":{"id":7,"#, None),
        (br#"{"id":null,"params":{"#, None),
        (b"", None),
    ];
    for (prefix, id) in rows {
        assert_eq!(recover_id(prefix), id, "{}", String::from_utf8_lossy(prefix));
    }
}

#[test]
fn text_survives_encoding_and_decoding() {
    for text in [
        "",
        "plain",
        "q\"\\/\n\r\t\u{8}\u{c}\u{1}\u{1f}",
        "Grüße 世界 🦀",
        "\u{2028}\u{2029}\u{feff}",
    ] {
        let mut out = Vec::new();
        encode_text(&mut out, text);
        assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        assert_eq!(decode_text(&out[1..out.len() - 1]).unwrap(), text);
    }
    for (inside, text) in [
        (r"\ud83e\udd80", Ok("🦀".into())),
        (r"\ud83e", Err(TextError)),
        (r"\udd80x", Err(TextError)),
    ] {
        assert_eq!(decode_text(inside.as_bytes()), text);
    }
}

/// Every text near a valid message is judged as `serde_json` judges it.
#[test]
fn the_scanner_agrees_with_another_parser() {
    let seeds = [
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"é\u00e9","arguments":{"a":[1.5e-3,true,null]}}}"#,
        r#"[{"a":"\ud83e\udd80\\\""},-0.0,[[],{}],""]"#,
        "{\n \"a\" : [ 1 ,\t2 ] }",
    ];
    let alphabet = b"{}[]\",:\\ue0-1.+\n\t \x00\x1f\x7f\xff\xc3a";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for round in 0..60_000 {
        let mut text = seeds[round % seeds.len()].as_bytes().to_vec();
        for _ in 0..=random(3) {
            let at = random(text.len());
            match random(4) {
                0 => text[at] = alphabet[random(alphabet.len())],
                1 => text.insert(at, alphabet[random(alphabet.len())]),
                2 => text.truncate(at),
                _ => drop(text.remove(at)),
            }
            if text.is_empty() {
                break;
            }
        }
        let ours = Raw::parse(text.clone());
        // `Value` refuses what is no text (an unpaired surrogate); the grammar alone does not.
        let theirs = serde_json::from_slice::<serde_core::de::IgnoredAny>(&text).is_ok()
            && std::str::from_utf8(&text).is_ok();
        assert_eq!(ours.is_ok(), theirs, "{:?}", String::from_utf8_lossy(&text));
        if let Ok(raw) = ours {
            assert!(!raw.as_bytes().iter().any(|byte| matches!(byte, b'\n' | b'\r')), "{raw:?}");
        }
    }
}
