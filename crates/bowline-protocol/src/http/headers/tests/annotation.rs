use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::http::headers::annotations;

fn properties(properties: impl Into<Value>) -> Value {
    json!({"type": "object", "properties": properties.into()})
}

#[test]
fn valid_annotations_are_found_with_their_paths() {
    let cases = [
        (json!({}), expect![""]),
        (json!(true), expect![""]),
        (properties(json!({"a": {"type": "string"}})), expect![""]),
        (
            properties(json!({"region": {"type": "string", "x-mcp-header": "Region"}})),
            expect!["Region=region"],
        ),
        (
            properties(json!({
                "a": {"type": "integer", "x-mcp-header": "A"},
                "b": {"type": ["boolean", "null"], "x-mcp-header": "B!#$%&'*+-.^_`|~9"},
                "c": properties(json!({"d": properties(json!({
                    "x.y/z": {"type": ["string"], "x-mcp-header": "D"},
                }))})),
            })),
            expect!["A=a B!#$%&'*+-.^_`|~9=b D=c>d>x.y/z"],
        ),
        // A property of that name, and values that look like one, are no annotations.
        (
            properties(json!({
                "x-mcp-header": {"type": "string", "x-mcp-header": "X"},
                "properties": {"type": "string", "x-mcp-header": "P"},
                "v": {
                    "default": {"x-mcp-header": ""},
                    "const": {"x-mcp-header": ""},
                    "enum": [{"x-mcp-header": ""}],
                    "examples": [{"x-mcp-header": ""}],
                },
            })),
            expect!["P=properties X=x-mcp-header"],
        ),
    ];
    for (schema, expected) in cases {
        let found = annotations(&schema).unwrap();
        let found = found.iter().map(|a| format!("{}={}", a.name, a.path.join(">")));
        let mut found: Vec<_> = found.collect();
        found.sort();
        expected.assert_eq(&found.join(" "));
    }
}

#[test]
fn invalid_annotations_are_named_with_their_place() {
    let header = |name: &str| json!({"type": "string", "x-mcp-header": name});
    let of_type = |kind: Value| properties(json!({"v": {"type": kind, "x-mcp-header": "V"}}));
    let under = |keyword: &str, value: Value| {
        let mut schema = properties(json!({"v": {"type": "string"}}));
        schema[keyword] = value;
        schema
    };
    let cases: Vec<(Value, Expect)> = vec![
        (
            properties(json!({"v": header("")})),
            expect![[r#"x-mcp-header "" at `/properties/v` is not a header name"#]],
        ),
        (
            properties(json!({"v": header("My Region")})),
            expect![[r#"x-mcp-header "My Region" at `/properties/v` is not a header name"#]],
        ),
        (
            properties(json!({"v": header("Region:Primary")})),
            expect![[r#"x-mcp-header "Region:Primary" at `/properties/v` is not a header name"#]],
        ),
        (
            properties(json!({"v": header("Région")})),
            expect![[r#"x-mcp-header "Région" at `/properties/v` is not a header name"#]],
        ),
        (
            properties(json!({"v": header("Region\t1")})),
            expect![[r#"x-mcp-header "Region\t1" at `/properties/v` is not a header name"#]],
        ),
        (
            properties(json!({"v": header("X\r\nY")})),
            expect![[r#"x-mcp-header "X\r\nY" at `/properties/v` is not a header name"#]],
        ),
        (
            properties(json!({"v": {"type": "string", "x-mcp-header": 1}})),
            expect!["x-mcp-header at `/properties/v` is not a string"],
        ),
        (
            properties(json!({"v": {"type": "string", "x-mcp-header": null}})),
            expect!["x-mcp-header at `/properties/v` is not a string"],
        ),
        (
            of_type(json!("object")),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            of_type(json!("array")),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            of_type(json!("null")),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            of_type(json!("number")),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            of_type(json!(["string", "integer"])),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            of_type(json!(["number", "null"])),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            of_type(json!(["null", "null"])),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            of_type(json!([])),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            properties(json!({"v": {"x-mcp-header": "V"}})),
            expect!["x-mcp-header at `/properties/v` needs type string, integer or boolean"],
        ),
        (
            properties(json!({"a": header("Region"), "b": header("Region")})),
            expect![[r#"x-mcp-header "Region" at `/properties/b` is taken by another property"#]],
        ),
        (
            properties(
                json!({"a": header("MyField"), "b": properties(json!({"c": header("myfield")}))}),
            ),
            expect![[
                r#"x-mcp-header "myfield" at `/properties/b/properties/c` is taken by another property"#
            ]],
        ),
        (
            header("Root"),
            expect!["x-mcp-header at `` is not on a property reached by `properties` alone"],
        ),
        (
            properties(json!({"a/~": {"type": "array", "items": header("V")}})),
            expect![
                "x-mcp-header at `/properties/a~1~0/items` is not on a property reached by `properties` alone"
            ],
        ),
        (
            properties(json!({"a": {"items": properties(json!({"b": header("V")}))}})),
            expect![
                "x-mcp-header at `/properties/a/items/properties/b` is not on a property reached by `properties` alone"
            ],
        ),
        (
            under("prefixItems", json!([header("V")])),
            expect![
                "x-mcp-header at `/prefixItems/0` is not on a property reached by `properties` alone"
            ],
        ),
        (
            under("oneOf", json!([{}, properties(json!({"a": header("V")}))])),
            expect![
                "x-mcp-header at `/oneOf/1/properties/a` is not on a property reached by `properties` alone"
            ],
        ),
        (
            under("anyOf", json!([header("V")])),
            expect![
                "x-mcp-header at `/anyOf/0` is not on a property reached by `properties` alone"
            ],
        ),
        (
            under("allOf", json!([header("V")])),
            expect![
                "x-mcp-header at `/allOf/0` is not on a property reached by `properties` alone"
            ],
        ),
        (
            under("not", header("V")),
            expect!["x-mcp-header at `/not` is not on a property reached by `properties` alone"],
        ),
        (
            under("if", header("V")),
            expect!["x-mcp-header at `/if` is not on a property reached by `properties` alone"],
        ),
        (
            under("then", header("V")),
            expect!["x-mcp-header at `/then` is not on a property reached by `properties` alone"],
        ),
        (
            under("else", header("V")),
            expect!["x-mcp-header at `/else` is not on a property reached by `properties` alone"],
        ),
        (
            under("$defs", json!({"a": header("V")})),
            expect![
                "x-mcp-header at `/$defs/a` is not on a property reached by `properties` alone"
            ],
        ),
        (
            under("additionalProperties", header("V")),
            expect![
                "x-mcp-header at `/additionalProperties` is not on a property reached by `properties` alone"
            ],
        ),
        (
            under("patternProperties", json!({".": header("V")})),
            expect![
                "x-mcp-header at `/patternProperties/.` is not on a property reached by `properties` alone"
            ],
        ),
    ];
    for (schema, expected) in cases {
        let error = annotations(&schema).expect_err(&schema.to_string());
        expected.assert_eq(&error.to_string());
    }
}

#[test]
fn values_are_read_at_the_exact_path() {
    let schema = properties(json!({"a": properties(json!({
        "b": {"type": "string", "x-mcp-header": "B"},
    }))}));
    let annotation = annotations(&schema).unwrap().remove(0);
    let cases = [
        (json!({"a": {"b": "x"}}), Some(json!("x"))),
        (json!({"a": {"b": null}}), None),
        (json!({"a": {}}), None),
        (json!({"a": null}), None),
        (json!({"a": ["b"]}), None),
        (json!({"b": "x"}), None),
        (json!({}), None),
    ];
    for (arguments, expected) in cases {
        let value = annotation.value_in(arguments.as_object().unwrap()).cloned();
        assert_eq!(value, expected, "{arguments}");
    }
}
