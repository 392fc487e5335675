#![allow(dead_code, reason = "the types are only described")]

use super::checks::Checks;
use super::{Side, decoded, encoded, friendly};
use expect_test::{Expect, expect};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the whole is for.
#[derive(JsonSchema)]
struct Plain {
    /// A name.
    name: String,
    age: u8,
    temperature: f32,
    big: i64,
    choice: Option<String>,
    many: Vec<i32>,
    scores: HashMap<String, f64>,
    anything: Value,
    pair: (String, u16),
}

#[derive(JsonSchema)]
struct Outer {
    /// Where it is.
    place: Inner,
    maybe: Option<Inner>,
    all: Vec<Inner>,
}

/// A place.
#[derive(JsonSchema)]
struct Inner {
    latitude: f64,
    unit: Option<Unit>,
}

#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Unit {
    Metre,
    Foot,
}

/// How much.
#[derive(JsonSchema)]
enum Told {
    /// Next to nothing.
    Low,
    High,
}

#[derive(JsonSchema)]
enum External {
    Empty,
    One(u32),
    Members { a: String },
}

#[derive(JsonSchema)]
#[serde(tag = "kind")]
enum Internal {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(JsonSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    A(String),
    B,
}

#[derive(JsonSchema)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(String),
}

/// A tree.
#[derive(JsonSchema)]
struct Tree {
    label: String,
    children: Vec<Self>,
}

#[derive(JsonSchema)]
struct Forest {
    first: Tree,
    name: Option<Told>,
}

#[track_caller]
fn shows<T: JsonSchema>(expected: &Expect) {
    let schema = friendly(decoded::<T>(), Side::Input);
    expected.assert_eq(&serde_json::to_string_pretty(&schema).unwrap());
}

#[test]
fn structs_read_as_plain_objects() {
    shows::<Plain>(&expect![[r#"
        {
          "description": "What the whole is for.",
          "properties": {
            "age": {
              "maximum": 255,
              "minimum": 0,
              "type": "integer"
            },
            "anything": {},
            "big": {
              "type": "integer"
            },
            "choice": {
              "type": "string"
            },
            "many": {
              "items": {
                "type": "integer"
              },
              "type": "array"
            },
            "name": {
              "description": "A name.",
              "type": "string"
            },
            "pair": {
              "maxItems": 2,
              "minItems": 2,
              "prefixItems": [
                {
                  "type": "string"
                },
                {
                  "maximum": 65535,
                  "minimum": 0,
                  "type": "integer"
                }
              ],
              "type": "array"
            },
            "scores": {
              "additionalProperties": {
                "type": "number"
              },
              "type": "object"
            },
            "temperature": {
              "type": "number"
            }
          },
          "required": [
            "name",
            "age",
            "temperature",
            "big",
            "many",
            "scores",
            "anything",
            "pair"
          ],
          "type": "object"
        }"#]]);
    shows::<Outer>(&expect![[r#"
        {
          "properties": {
            "all": {
              "items": {
                "description": "A place.",
                "properties": {
                  "latitude": {
                    "type": "number"
                  },
                  "unit": {
                    "enum": [
                      "metre",
                      "foot"
                    ],
                    "type": "string"
                  }
                },
                "required": [
                  "latitude"
                ],
                "type": "object"
              },
              "type": "array"
            },
            "maybe": {
              "description": "A place.",
              "properties": {
                "latitude": {
                  "type": "number"
                },
                "unit": {
                  "enum": [
                    "metre",
                    "foot"
                  ],
                  "type": "string"
                }
              },
              "required": [
                "latitude"
              ],
              "type": "object"
            },
            "place": {
              "description": "Where it is.",
              "properties": {
                "latitude": {
                  "type": "number"
                },
                "unit": {
                  "enum": [
                    "metre",
                    "foot"
                  ],
                  "type": "string"
                }
              },
              "required": [
                "latitude"
              ],
              "type": "object"
            }
          },
          "required": [
            "place",
            "all"
          ],
          "type": "object"
        }"#]]);
}

#[test]
fn enums_of_every_representation_read_well() {
    shows::<Unit>(&expect![[r#"
        {
          "enum": [
            "metre",
            "foot"
          ],
          "type": "string"
        }"#]]);
    shows::<Told>(&expect![[r#"
        {
          "description": "How much.\n- `Low`: Next to nothing.",
          "enum": [
            "High",
            "Low"
          ],
          "type": "string"
        }"#]]);
    shows::<External>(&expect![[r#"
        {
          "oneOf": [
            {
              "enum": [
                "Empty"
              ],
              "type": "string"
            },
            {
              "additionalProperties": false,
              "properties": {
                "One": {
                  "minimum": 0,
                  "type": "integer"
                }
              },
              "required": [
                "One"
              ],
              "type": "object"
            },
            {
              "additionalProperties": false,
              "properties": {
                "Members": {
                  "properties": {
                    "a": {
                      "type": "string"
                    }
                  },
                  "required": [
                    "a"
                  ],
                  "type": "object"
                }
              },
              "required": [
                "Members"
              ],
              "type": "object"
            }
          ]
        }"#]]);
    shows::<Internal>(&expect![[r#"
        {
          "oneOf": [
            {
              "properties": {
                "kind": {
                  "const": "Circle",
                  "type": "string"
                },
                "radius": {
                  "type": "number"
                }
              },
              "required": [
                "kind",
                "radius"
              ],
              "type": "object"
            },
            {
              "properties": {
                "kind": {
                  "const": "Square",
                  "type": "string"
                },
                "side": {
                  "type": "number"
                }
              },
              "required": [
                "kind",
                "side"
              ],
              "type": "object"
            }
          ]
        }"#]]);
    shows::<Adjacent>(&expect![[r#"
        {
          "oneOf": [
            {
              "properties": {
                "c": {
                  "type": "string"
                },
                "t": {
                  "const": "A",
                  "type": "string"
                }
              },
              "required": [
                "t",
                "c"
              ],
              "type": "object"
            },
            {
              "properties": {
                "t": {
                  "const": "B",
                  "type": "string"
                }
              },
              "required": [
                "t"
              ],
              "type": "object"
            }
          ]
        }"#]]);
    shows::<Untagged>(&expect![[r#"
        {
          "anyOf": [
            {
              "minimum": 0,
              "type": "integer"
            },
            {
              "type": "string"
            }
          ]
        }"#]]);
}

#[test]
fn types_that_contain_themselves_keep_their_references() {
    shows::<Tree>(&expect![[r##"
        {
          "description": "A tree.",
          "properties": {
            "children": {
              "items": {
                "$ref": "#"
              },
              "type": "array"
            },
            "label": {
              "type": "string"
            }
          },
          "required": [
            "label",
            "children"
          ],
          "type": "object"
        }"##]]);
    shows::<Forest>(&expect![[r##"
        {
          "$defs": {
            "Tree": {
              "description": "A tree.",
              "properties": {
                "children": {
                  "items": {
                    "$ref": "#/$defs/Tree"
                  },
                  "type": "array"
                },
                "label": {
                  "type": "string"
                }
              },
              "required": [
                "label",
                "children"
              ],
              "type": "object"
            }
          },
          "properties": {
            "first": {
              "$ref": "#/$defs/Tree"
            },
            "name": {
              "description": "How much.\n- `Low`: Next to nothing.",
              "enum": [
                "High",
                "Low"
              ],
              "type": "string"
            }
          },
          "required": [
            "first"
          ],
          "type": "object"
        }"##]]);
}

#[test]
fn null_stays_where_a_server_may_write_it() {
    #[derive(JsonSchema, Serialize)]
    struct Answer {
        next: Option<u32>,
    }
    let schema = friendly(encoded::<Answer>(), Side::Output);
    expect![[r#"
        {
          "properties": {
            "next": {
              "minimum": 0,
              "type": [
                "integer",
                "null"
              ]
            }
          },
          "required": [
            "next"
          ],
          "type": "object"
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&schema).unwrap());
}

#[test]
fn references_stay_where_writing_them_out_would_be_endless() {
    // Each level holds the next one four times: 4^8 schemas, written out.
    #[derive(JsonSchema)]
    struct Four<T> {
        a: T,
        b: T,
        c: T,
        d: T,
    }
    #[derive(JsonSchema)]
    struct Leaf {
        n: u8,
    }
    type Two<T> = Four<Four<T>>;
    type Eight = Two<Two<Two<Two<Leaf>>>>;
    let text = serde_json::to_string(&friendly(decoded::<Eight>(), Side::Input)).unwrap();
    assert!(text.len() < 10_000, "{} bytes", text.len());
    assert!(text.contains("$ref"));
}

#[derive(JsonSchema, Deserialize)]
struct Bounded {
    #[schemars(range(min = 1, max = 10))]
    count: i64,
    #[schemars(length(min = 2, max = 4))]
    code: Option<String>,
    #[schemars(extend("multipleOf" = 0.1))]
    step: Option<f64>,
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    share: Option<f64>,
    #[schemars(length(min = 1, max = 2), inner(range(max = 5)))]
    list: Option<Vec<u8>>,
    set: Option<HashSet<String>>,
    either: Option<Either>,
    inner: Option<Box<Self>>,
    named: Option<BTreeMap<String, Small>>,
}

#[derive(JsonSchema, Deserialize)]
#[serde(tag = "kind")]
enum Either {
    Few {
        #[schemars(range(max = 3))]
        n: u32,
    },
    Many {
        #[schemars(range(min = 4))]
        n: u32,
    },
}

#[derive(JsonSchema, Deserialize)]
struct Small {
    #[schemars(range(max = 3))]
    n: u32,
}

#[test]
fn bounds_are_found_where_they_are_broken() {
    let checks = Checks::compile(&decoded::<Bounded>()).unwrap();
    assert!(checks.are_bounded());
    let table: [(Value, &[&str]); 20] = [
        (json!({"count": 1}), &[]),
        (json!({"count": 0}), &["count: must be at least 1, is 0"]),
        (json!({"count": 11}), &["count: must be at most 10, is 11"]),
        (json!({"count": 1, "code": "äö"}), &[]),
        (json!({"count": 1, "code": "ä"}), &["code: must have at least 2 characters, has 1"]),
        (json!({"count": 1, "code": "abcde"}), &["code: must have at most 4 characters, has 5"]),
        (json!({"count": 1, "code": null}), &[]),
        (json!({"count": 1, "step": 0.3}), &[]),
        (json!({"count": 1, "step": 0.35}), &["step: must be a multiple of 0.1, is 0.35"]),
        (json!({"count": 1, "share": 0.5}), &[]),
        (json!({"count": 1, "share": 0}), &["share: must be more than 0, is 0"]),
        (json!({"count": 1, "share": 1.0}), &["share: must be less than 1, is 1.0"]),
        (json!({"count": 1, "list": []}), &["list: must have at least 1 items, has 0"]),
        (json!({"count": 1, "list": [1, 6]}), &["list[1]: must be at most 5, is 6"]),
        (json!({"count": 1, "list": [1, 2, 3]}), &["list: must have at most 2 items, has 3"]),
        (json!({"count": 1, "set": ["a", "a"]}), &["set: must not have the same item twice"]),
        (json!({"count": 1, "either": {"kind": "Few", "n": 3}}), &[]),
        (
            json!({"count": 1, "either": {"kind": "Few", "n": 4}}),
            &["either.n: must be at most 3, is 4"],
        ),
        (
            json!({"count": 1, "inner": {"count": 1, "inner": {"count": 0}}}),
            &["inner.inner.count: must be at least 1, is 0"],
        ),
        (json!({"count": 1, "named": {"x": {"n": 4}}}), &["named.x.n: must be at most 3, is 4"]),
    ];
    for (value, expected) in table {
        let found = checks.run(&value, 0);
        assert_eq!(found.bounds, expected, "{value}");
        assert!(found.shape.is_empty() && found.unclear.is_empty(), "{value}: {:?}", found.shape);
    }
}

#[test]
fn bounds_that_the_type_has_of_itself_are_left_to_the_decoder() {
    #[derive(JsonSchema)]
    struct Numbers {
        a: u8,
        b: u16,
        c: u32,
        d: u64,
        e: usize,
        f: i8,
        g: i16,
        h: i32,
        i: Option<i64>,
        j: Vec<u8>,
    }
    assert!(!Checks::compile(&decoded::<Numbers>()).unwrap().are_bounded());
}

#[test]
fn alternatives_within_alternatives_take_bounded_time() {
    #[derive(JsonSchema)]
    #[serde(untagged)]
    enum Knot {
        A { next: Box<Self> },
        B { next: Box<Self> },
        End(#[schemars(range(max = 1))] u8),
    }
    let checks = Checks::compile(&decoded::<Knot>()).unwrap();
    let mut value = json!("none of them");
    for _ in 0..100 {
        value = json!({ "next": value });
    }
    let found = checks.run(&value, 0);
    assert!(found.bounds.iter().any(|line| line.contains("too intricate")), "{found:?}");
}

#[cfg(feature = "schema")]
mod with_the_feature {
    use super::super::raw::Validator;
    use super::*;

    #[test]
    fn patterns_are_checked() {
        #[derive(JsonSchema)]
        struct Code {
            #[schemars(regex(pattern = "^[A-Z]{2}$"))]
            code: String,
        }
        let checks = Checks::compile(&decoded::<Code>()).unwrap();
        assert!(checks.run(&json!({"code": "DE"}), 0).bounds.is_empty());
        assert_eq!(
            checks.run(&json!({"code": "de"}), 0).bounds,
            ["code: must match the regular expression ^[A-Z]{2}$"]
        );
    }

    #[test]
    fn a_pattern_that_is_none_is_a_fault() {
        let schema = json!({"type": "object", "properties": {"a": {"pattern": "("}}});
        let schema = bowline_types::tool::Schema::try_from(schema).unwrap();
        assert_eq!(Checks::compile(&schema).unwrap_err(), "`(` is no regular expression");
    }

    #[test]
    fn schemas_that_cannot_be_checked_are_refused() {
        let mut deep = json!({});
        for _ in 0..80 {
            deep = json!({ "not": deep });
        }
        let wide: Vec<Value> = (0..10_001).map(|_| json!({})).collect();
        for (schema, why) in [
            (json!({"$schema": "http://json-schema.org/draft-04/schema#"}), "draft-04"),
            (json!({"$defs": {"a": {"$schema": "urn:mine"}}}), "urn:mine"),
            (json!({"$ref": "http://127.0.0.1:9/secret.json"}), "nothing is fetched"),
            (json!({"properties": {"a": {"$ref": "https://example.com/a"}}}), "nothing is fetched"),
            (json!({"$ref": "file:///etc/passwd"}), "nothing is fetched"),
            (json!({"$ref": "other.json"}), "nothing is fetched"),
            (json!({"$ref": "#/$defs/none"}), "leads out"),
            (json!({"type": "text"}), "no valid schema"),
            (json!({"pattern": "("}), "no valid schema"),
            (deep, "deeper than 64"),
            (json!({ "anyOf": wide }), "more than 10000 parts"),
            (json!({"description": "x".repeat(300_000)}), "more than the 262144"),
        ] {
            let refused = Validator::compile(&schema).unwrap_err();
            assert!(refused.contains(why), "{why}: {refused}");
        }
    }

    #[test]
    fn what_a_schema_compares_with_is_no_schema() {
        let value = json!({"$schema": "urn:x"});
        let schema = json!({"enum": [value], "default": value});
        let schema = Validator::compile(&schema).unwrap();
        assert!(schema.violations(&value, 5).is_empty());
    }

    #[test]
    fn both_dialects_are_checked_as_what_they_are() {
        let items = json!([{"type": "string"}]);
        let newer = json!({ "prefixItems": items, "items": false });
        let older = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "items": items,
            "additionalItems": false,
        });
        for schema in [newer, older] {
            let schema = Validator::compile(&schema).unwrap();
            assert!(schema.violations(&json!(["a"]), 5).is_empty());
            assert_eq!(schema.violations(&json!(["a", "b"]), 5).len(), 1);
        }
    }

    #[test]
    fn violations_name_the_place_and_the_change() {
        let schema = Validator::compile(&json!({
            "type": "object",
            "properties": {
                "a": {"type": "integer", "minimum": 1},
                "b": {"type": "array", "items": {"enum": ["x", "y"]}},
                "c": {"type": "object", "required": ["d"], "additionalProperties": false,
                      "properties": {"d": {"const": 1}}},
            },
            "required": ["a"],
        }))
        .unwrap();
        let lines = |value: Value| schema.violations(&value, 5).join("\n");
        expect![[r#"
            a: missing, but required
            b[1]: expected one of ["x","y"]
            c: has members that are not allowed: e
            c.d: missing, but required"#]]
        .assert_eq(&lines(json!({"b": ["x", "z"], "c": {"e": 1}})));
        expect![[r#"
            a: value is less than the minimum of 1
            b: expected type array
            c.d: expected 1"#]]
        .assert_eq(&lines(json!({"a": 0, "b": 1, "c": {"d": 2}})));
        expect!["a: expected type integer"].assert_eq(&lines(json!({"a": "long ".repeat(100)})));
    }
}

#[cfg(not(feature = "schema"))]
#[test]
fn nothing_passes_unchecked_without_the_feature() {
    use super::raw::Validator;
    #[derive(JsonSchema)]
    struct Code {
        #[schemars(regex(pattern = "^[A-Z]{2}$"))]
        code: String,
    }
    for refused in [
        Validator::compile(&json!({"type": "object"})).map(|_| ()).unwrap_err(),
        Checks::compile(&decoded::<Code>()).map(|_| ()).unwrap_err(),
    ] {
        assert!(refused.contains("feature `schema`"), "{refused}");
    }
}
