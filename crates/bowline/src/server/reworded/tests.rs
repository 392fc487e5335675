use super::line;
use crate::server::json::path_to;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::fmt::Debug;
use std::num::NonZeroU8;

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "it never decodes")]
struct Plain {
    n: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind")]
#[allow(dead_code, reason = "it never decodes")]
enum Tagged {
    A { n: u8 },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
#[allow(dead_code, reason = "it never decodes")]
enum Untagged {
    A(u8),
    B(bool),
}

#[track_caller]
fn tells<T: DeserializeOwned + Debug>(json: &str, expected: &str) {
    let error = serde_json::from_str::<HashMap<String, T>>(json).unwrap_err();
    let said = error.to_string();
    let said = said.split(" at line ").next().unwrap();
    assert_eq!(line(path_to(json.as_bytes(), error.column()), said), expected, "{json}: {error}");
}

#[test]
fn the_place_and_the_change_are_told() {
    tells::<u8>(r#"{"a":-1}"#, "a: expected an integer from 0 to 255, found integer -1");
    tells::<u8>(r#"{"a": "x" }"#, "a: expected an integer from 0 to 255, found string \"x\"");
    tells::<i64>(r#"{"a":[1]}"#, "a: expected an integer, found an array");
    tells::<f64>(r#"{"x":1.5,"b" : {"c":1}}"#, "b: expected a number, found an object");
    tells::<bool>(r#"{"a":null}"#, "a: expected a boolean, found null");
    tells::<NonZeroU8>(
        r#"{"a":0}"#,
        "a: expected an integer other than 0, in range, found integer 0",
    );
    tells::<Vec<u8>>(
        r#"{"a":[1, true]}"#,
        "a[1]: expected an integer from 0 to 255, found boolean true",
    );
    tells::<Vec<Vec<u8>>>(
        r#"{"a":[[],[1,[]]]}"#,
        "a[1][1]: expected an integer from 0 to 255, found an array",
    );
    tells::<Vec<Vec<u8>>>(r#"{"a":[{"b":1}]}"#, "a[0]: expected an array, found an object");
    tells::<[u8; 2]>(r#"{"a":[1]}"#, "a: expected an array of length 2, found 1");
    tells::<Plain>(
        r#"{"a":{"n":"}"}}"#,
        "a.n: expected an integer from 0 to 255, found string \"}\"",
    );
    tells::<Plain>(r#"{"a":{"m":[{}]}}"#, "a.n: missing, but required");
    tells::<Plain>(r#"{"a":{"n":1,"n":2}}"#, "a.n: stands twice");
    tells::<Plain>(
        r#"{"a\"b":{"n":[]}}"#,
        "a\\\"b.n: expected an integer from 0 to 255, found an array",
    );
    tells::<Plain>(r#"{"a":7}"#, "a: expected an object, found integer 7");
    tells::<Empty>(r#"{"a":{"n":1}}"#, "a.n: not a known member; there are none");
    tells::<Tagged>(r#"{"a":{"kind":"B"}}"#, "a.kind: expected `A`, found `B`");
    // Read whole before it was refused, so that the place is that of what surrounds it.
    tells::<Untagged>(
        r#"{"a":{"n":1}}"#,
        "arguments: fits none of the forms that the schema allows",
    );
    tells::<String>(
        r#"{"a":"\ud800"}"#,
        "a: not text: an escape stands for half a character; escape both halves",
    );
    let long = format!(r#"{{"a":"{}"}}"#, "é".repeat(200));
    let shown = format!("a: expected an integer from 0 to 255, found string \"{}…", "é".repeat(72));
    tells::<u8>(&long, &shown);
}
