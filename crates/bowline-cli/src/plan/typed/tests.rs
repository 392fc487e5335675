use super::{Sources, texts, typed};
use crate::exit::Fault;
use crate::plan::arguments::{Arguments, Source};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// Files that are not there: `object.json`, `list.json`, `text`, `bytes`, and standard input.
struct Files;

impl Sources for Files {
    fn read(&self, source: &Source) -> Result<Vec<u8>, Fault> {
        match source {
            Source::Stdin => Ok(br#"{ "text": "piped", "extra": [1] }"#.to_vec()),
            Source::File(path) if path == Path::new("object.json") => {
                Ok(br#"{ "int": 7 }"#.to_vec())
            }
            Source::File(path) if path == Path::new("list.json") => Ok(b"[1, 2]".to_vec()),
            Source::File(path) if path == Path::new("text") => Ok(b"two\nlines\n".to_vec()),
            Source::File(path) if path == Path::new("bytes") => Ok(vec![0xff]),
            Source::File(path) => Err(Fault::new(format!("cannot read {}", path.display()))),
        }
    }
}

fn schema() -> Value {
    json!({
        "type": "object",
        "$defs": { "Color": { "enum": ["red", "7"] }, "Loop": { "$ref": "#/$defs/Loop" }, "Deep": { "anyOf": [{ "$ref": "#/$defs/Deep" }] } },
        "properties": {
            "text": { "type": "string" },
            "int": { "type": "integer" },
            "num": { "type": "number" },
            "bool": { "type": "boolean" },
            "null": { "type": "null" },
            "list": { "type": "array", "items": { "type": "integer" } },
            "texts": { "type": "array", "items": { "type": "string" } },
            "object": { "type": "object" },
            "maybe": { "type": ["integer", "null"] },
            "either": { "anyOf": [{ "type": "integer" }, { "type": "string" }] },
            "optional": { "anyOf": [{ "type": "boolean" }, { "type": "null" }] },
            "many": { "anyOf": [{ "type": "array", "items": { "type": "boolean" } }, { "type": "null" }] },
            "color": { "$ref": "#/$defs/Color" },
            "level": { "enum": [1, 2, "auto", null] },
            "loop": { "$ref": "#/$defs/Loop" },
            "deep": { "$ref": "#/$defs/Deep" },
            "any": {}
        },
        "required": ["text", "int"]
    })
}

fn check(lines: &[&str], expected: &Expect) {
    let mut table = String::new();
    for line in lines {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let shown = match Arguments::parse(&words).and_then(|all| typed(&all, &schema(), &Files)) {
            Ok(map) => Value::Object(map).to_string(),
            Err(fault) => fault.to_string().trim_end().replace('\n', "\n    "),
        };
        let _ = writeln!(table, "{line}\n    {shown}");
    }
    expected.assert_eq(&table);
}

#[test]
fn text_becomes_what_the_schema_wants() {
    check(
        &[
            "text=1",
            "text=",
            "text==@a",
            "text=@text",
            "int=5",
            "int=-5",
            "int=18446744073709551615",
            "num=5",
            "num=-1.5e3",
            "bool=true",
            "null=null",
            "list=1",
            "list=1 list=2",
            "list:=[1,2]",
            "list:=@list.json",
            "list:=1 list:=2",
            "texts=a=b texts==@c",
            "object:={\"a\":1}",
            "object:=@object.json",
            "maybe=null",
            "maybe=5",
            "either=5",
            "either:=5",
            "optional=true",
            "many=true many=false",
            "color=red",
            "color=7",
            "level=1",
            "level=auto",
            "level=null",
            "loop=x",
            "deep=x",
            "any=5",
            "any=5 any=6",
            "@object.json text=a",
            "@object.json int=8",
            "- text=mine",
        ],
        &expect![[r#"
            text=1
                {"text":"1"}
            text=
                {"text":""}
            text==@a
                {"text":"@a"}
            text=@text
                {"text":"two\nlines\n"}
            int=5
                {"int":5}
            int=-5
                {"int":-5}
            int=18446744073709551615
                {"int":18446744073709551615}
            num=5
                {"num":5}
            num=-1.5e3
                {"num":-1500.0}
            bool=true
                {"bool":true}
            null=null
                {"null":null}
            list=1
                {"list":[1]}
            list=1 list=2
                {"list":[1,2]}
            list:=[1,2]
                {"list":[1,2]}
            list:=@list.json
                {"list":[1,2]}
            list:=1 list:=2
                {"list":[1,2]}
            texts=a=b texts==@c
                {"texts":["a=b","@c"]}
            object:={"a":1}
                {"object":{"a":1}}
            object:=@object.json
                {"object":{"int":7}}
            maybe=null
                {"maybe":null}
            maybe=5
                {"maybe":5}
            either=5
                {"either":"5"}
            either:=5
                {"either":5}
            optional=true
                {"optional":true}
            many=true many=false
                {"many":[true,false]}
            color=red
                {"color":"red"}
            color=7
                {"color":"7"}
            level=1
                {"level":1}
            level=auto
                {"level":"auto"}
            level=null
                {"level":null}
            loop=x
                {"loop":"x"}
            deep=x
                {"deep":"x"}
            any=5
                {"any":"5"}
            any=5 any=6
                {"any":["5","6"]}
            @object.json text=a
                {"int":7,"text":"a"}
            @object.json int=8
                {"int":8}
            - text=mine
                {"extra":[1],"text":"mine"}
        "#]],
    );
}

#[test]
fn what_cannot_be_of_its_type_says_what_was_expected() {
    check(
        &[
            "int=x",
            "int=5.0",
            "int=",
            "int==5",
            "num=1,5",
            "num=0x10",
            "num=NaN",
            "bool=yes",
            "list=x",
            "list=@text",
            "object=x",
            "maybe=x",
            "optional=maybe",
            "level=3",
            "level==3",
            "color=rde",
            "text=a text=b",
            "int=1 int=2",
            "text=@bytes",
            "text=@gone",
            "object:=@text",
            "@list.json",
            "txet=a",
            "unlike_any=a",
        ],
        &expect![[r#"
            int=x
                error: `int` takes a whole number, not "x"
                hint: write int=… with such a value, or int:=JSON
            int=5.0
                error: `int` takes a whole number, not "5.0"
                hint: write int=… with such a value, or int:=JSON
            int=
                error: `int` takes a whole number, not ""
                hint: write int=… with such a value, or int:=JSON
            int==5
                error: `int` takes a whole number, not text
                hint: write int:=JSON or int:=@FILE
            num=1,5
                error: `num` takes a number, not "1,5"
                hint: write num=… with such a value, or num:=JSON
            num=0x10
                error: `num` takes a number, not "0x10"
                hint: write num=… with such a value, or num:=JSON
            num=NaN
                error: `num` takes a number, not "NaN"
                hint: write num=… with such a value, or num:=JSON
            bool=yes
                error: `bool` takes true or false, not "yes"
                hint: write bool=true or bool=false
            list=x
                error: `list` takes a whole number, not "x"
                hint: write list=… with such a value, or list:=JSON
            list=@text
                error: `list` takes a whole number, not text
                hint: write list:=JSON or list:=@FILE
            object=x
                error: `object` takes an object, not "x"
                hint: write object:='{…}' or object:=@FILE
            maybe=x
                error: `maybe` takes a whole number or null, not "x"
                hint: write maybe=… with such a value, or maybe:=JSON
            optional=maybe
                error: `optional` takes true or false or null, not "maybe"
                hint: write optional=true or optional=false
            level=3
                error: `level` takes one of 1, 2, auto, null, not "3"
                hint: write level=… with one of them
            level==3
                {"level":"3"}
            color=rde
                error: `color` takes one of red, 7, not "rde"
                hint: did you mean color=red?
            text=a text=b
                error: `text` is given 2 times
                hint: it takes one value, not a list: text
            int=1 int=2
                error: `int` is given 2 times
                hint: it takes one value, not a list: a whole number
            text=@bytes
                error: bytes is no UTF-8 text, which `text` takes
                hint: encode it first, such as with base64, if the tool wants that
            text=@gone
                error: cannot read gone
            object:=@text
                error: text is no JSON: expected ident at line 1 column 2
            @list.json
                error: list.json holds a list, not an object
                hint: write {"NAME": VALUE, …} into it
            txet=a
                error: there is no argument `txet`
                hint: did you mean `text`?
            unlike_any=a
                error: there is no argument `unlike_any`
                hint: it takes any, bool, color, deep, either, int, level, list, loop, many, maybe, null, num, object, optional, text, texts
        "#]],
    );
}

#[test]
fn names_are_open_where_the_schema_leaves_them_so() {
    let mut table = String::new();
    for schema in [
        json!({}),
        json!({ "properties": {} }),
        json!({ "properties": {}, "additionalProperties": false }),
        json!({ "properties": { "a": {} } }),
        json!({ "properties": { "a": {} }, "additionalProperties": true }),
        json!({ "properties": { "a": {} }, "additionalProperties": { "type": "integer" } }),
        json!({ "properties": { "a": {} }, "patternProperties": { "^b": {} } }),
        json!(true),
    ] {
        let words = ["b=5".to_owned()];
        let shown = match typed(&Arguments::parse(&words).unwrap(), &schema, &Files) {
            Ok(map) => Value::Object(map).to_string(),
            Err(fault) => fault.to_string().trim_end().replace('\n', " "),
        };
        let _ = writeln!(table, "{schema} {shown}");
    }
    expect![[r#"
        {} {"b":"5"}
        {"properties":{}} {"b":"5"}
        {"additionalProperties":false,"properties":{}} error: there is no argument `b` hint: it takes none
        {"properties":{"a":{}}} error: there is no argument `b` hint: it takes a
        {"additionalProperties":true,"properties":{"a":{}}} {"b":"5"}
        {"additionalProperties":{"type":"integer"},"properties":{"a":{}}} {"b":5}
        {"patternProperties":{"^b":{}},"properties":{"a":{}}} {"b":"5"}
        true {"b":"5"}
    "#]].assert_eq(&table);
}

#[test]
fn arguments_of_prompts_are_text() {
    let mut table = String::new();
    for line in
        ["a=1", "a==@b", "a=@text", "a:=1", "a:=\"x\"", "a=1 a=2", "aa=1", "-", "@object.json"]
    {
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let all = Arguments::parse(&words).unwrap();
        let shown = match texts(&all, &["a", "long name"], &Files) {
            Ok(map) => Value::Object(map).to_string(),
            Err(fault) => fault.to_string().trim_end().replace('\n', " "),
        };
        let _ = writeln!(table, "{line:14} {shown}");
    }
    expect![[r#"
        a=1            {"a":"1"}
        a==@b          {"a":"@b"}
        a=@text        {"a":"two\nlines\n"}
        a:=1           error: `a` is no text, as every argument of a prompt must be hint: write a=TEXT, or put its value in quotes
        a:="x"         {"a":"x"}
        a=1 a=2        error: `a` is given 2 times hint: it takes one value, not a list: text
        aa=1           error: there is no argument `aa` hint: did you mean `a`?
        -              error: `extra` is no text, as every argument of a prompt must be hint: write extra=TEXT, or put its value in quotes
        @object.json   error: `int` is no text, as every argument of a prompt must be hint: write int=TEXT, or put its value in quotes
    "#]].assert_eq(&table);
}
