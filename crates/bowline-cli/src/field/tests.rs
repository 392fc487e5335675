use super::fields;
use expect_test::expect;
use serde_json::{Map, Value, json};
use std::fmt::Write;

fn schema(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(schema) => schema,
        _ => panic!("a schema of an object"),
    }
}

#[test]
fn members_are_told_in_words() {
    let schema = schema(json!({
        "type": "object",
        "properties": {
            "message": { "type": "string", "description": "what to say" },
            "count": { "type": "integer", "minimum": 1, "maximum": 9, "default": 3 },
            "ratio": { "type": ["number", "null"] },
            "loud": { "type": "boolean" },
            "color": { "enum": ["red", "green", null] },
            "size": { "oneOf": [{ "const": "s", "title": "Small" }, { "const": "l", "title": "Large" }] },
            "tags": { "type": "array", "items": { "$ref": "#/$defs/tag" }, "minItems": 1 },
            "where": { "$ref": "#/$defs/place", "description": "beside the reference" },
            "either": { "anyOf": [{ "type": "string" }, { "type": "integer" }, { "type": "null" }] },
            "loop": { "$ref": "#/properties/loop" },
            "lost": { "$ref": "https://example.com/schema" },
            "any": true,
            "odd": { "enum": [["a"], {}] },
            "day": { "type": "string", "format": "date" },
            "wrapped": { "allOf": [{ "type": "integer" }] },
        },
        "required": ["message", "tags", "unnamed"],
        "$defs": {
            "tag": { "type": "string", "maxLength": 5 },
            "place": { "type": "object", "description": "a place", "properties": {} },
        },
    }));
    let mut shown = String::new();
    for field in fields(&schema) {
        let required = if field.required { "required" } else { "optional" };
        let (word, expected) = (field.kind.word(), field.kind.expectation());
        let about = field.description.unwrap_or_default();
        let line = format!("{} {required} {word} ({expected}) {about}", field.name);
        writeln!(shown, "{}", line.trim_end()).unwrap();
    }
    expect![[r#"
        message required TEXT (text) what to say
        tags required TEXT (a list, each text, at most 5 characters, at least 1 of them)
        unnamed required TEXT (text)
        any optional TEXT (text)
        color optional red|green (one of red, green)
        count optional INTEGER (a whole number, 1 to 9)
        day optional DATE (a date, such as 2026-01-31)
        either optional INTEGER|TEXT (a whole number, or text)
        loop optional TEXT (text)
        lost optional TEXT (text)
        loud optional true|false (true or false)
        odd optional JSON (JSON)
        ratio optional NUMBER (a number)
        size optional s|l (one of s, l)
        where optional JSON (JSON) beside the reference
        wrapped optional INTEGER (a whole number)
    "#]]
    .assert_eq(&shown);
}

#[test]
fn words_are_read_as_what_is_wanted() {
    let schema = schema(json!({ "properties": {
        "any": {},
        "choice": { "enum": ["red", "green", 7] },
        "day": { "type": "string", "format": "date" },
        "either": { "anyOf": [{ "type": "string" }, { "type": "integer" }, { "type": "boolean" }] },
        "flag": { "type": "boolean" },
        "integer": { "type": "integer", "minimum": 0, "maximum": 9 },
        "list": { "type": "array", "items": { "type": "integer" } },
        "number": { "type": "number" },
        "object": { "type": "object" },
        "size": { "oneOf": [{ "const": "s", "title": "Small" }] },
        "text": { "type": "string", "maxLength": 4 },
    }}));
    let table = [
        ("any", "1"),
        ("choice", "green"),
        ("choice", "7"),
        ("choice", "gren"),
        ("choice", "banana"),
        ("day", "2026-02-28"),
        ("day", "2026-02-30"),
        ("either", "12"),
        ("either", "true"),
        ("either", "twelve"),
        ("flag", "Yes"),
        ("flag", "0"),
        ("integer", "3"),
        ("integer", "3.0"),
        ("integer", "3.5"),
        ("integer", "10"),
        ("integer", "3 apples"),
        ("list", "3"),
        ("list", "three"),
        ("number", "1e3"),
        ("number", "NaN"),
        ("object", "{\"a\":1}"),
        ("object", "a"),
        ("size", "s"),
        ("size", "Small"),
        ("text", "12"),
        ("text", "12345"),
    ];
    let fields = fields(&schema);
    let mut shown = String::new();
    for (name, text) in table {
        let field = fields.iter().find(|field| field.name == name).unwrap();
        match field.kind.read(text) {
            Ok(value) => writeln!(shown, "{name}={text} is {value}"),
            Err(expected) => writeln!(shown, "{name}={text} expected {expected}"),
        }
        .unwrap();
    }
    expect![[r#"
        any=1 is "1"
        choice=green is "green"
        choice=7 is 7
        choice=gren expected one of red, green, 7; did you mean `green`?
        choice=banana expected one of red, green, 7
        day=2026-02-28 is "2026-02-28"
        day=2026-02-30 expected a date, such as 2026-01-31
        either=12 is 12
        either=true is true
        either=twelve is "twelve"
        flag=Yes is true
        flag=0 expected true or false
        integer=3 is 3
        integer=3.0 is 3
        integer=3.5 expected a whole number, 0 to 9
        integer=10 expected a whole number, 0 to 9
        integer=3 apples expected a whole number, 0 to 9
        list=3 is 3
        list=three expected a whole number
        number=1e3 is 1000.0
        number=NaN expected a number
        object={"a":1} is {"a":1}
        object=a expected JSON
        size=s is "s"
        size=Small is "s"
        text=12 is "12"
        text=12345 expected text, at most 4 characters
    "#]]
    .assert_eq(&shown);
}
