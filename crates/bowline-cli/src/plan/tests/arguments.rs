//! Arguments of tools and prompts.

use super::shown::check;
use expect_test::expect;

#[test]
fn arguments_are_one_of_these() {
    check(
        &[
            "call git t a=1",
            "call git t a=",
            "call git t a=b=c",
            "call git t a:=1 b:=[1,2] c:={\"x\":null}",
            "call git t a==@b",
            "call git t a===",
            "call git t a=@file",
            "call git t a=@-",
            "call git t a:=@file.json",
            "call git t a=1 a=2",
            "call git t @all.json a=1",
            "call git t - a=1",
            "call git t @-",
            "call git t a.b=1 a-b=2 ä=3",
            "call git t a:b=1",
        ],
        &expect![[r#"
            call git t a=1
                call | name git | t a text "1"
            call git t a=
                call | name git | t a text ""
            call git t a=b=c
                call | name git | t a text "b=c"
            call git t a:=1 b:=[1,2] c:={"x":null}
                call | name git | t a json 1, b json [1,2], c json {"x":null}
            call git t a==@b
                call | name git | t a literal "@b"
            call git t a===
                call | name git | t a literal "="
            call git t a=@file
                call | name git | t a text of file
            call git t a=@-
                call | name git | t a text of standard input
            call git t a:=@file.json
                call | name git | t a json of file.json
            call git t a=1 a=2
                call | name git | t a text "1", a text "2"
            call git t @all.json a=1
                call | name git | t all from all.json, a text "1"
            call git t - a=1
                call | name git | t all from standard input, a text "1"
            call git t @-
                call | name git | t all from standard input
            call git t a.b=1 a-b=2 ä=3
                call | name git | t a.b text "1", a-b text "2", ä text "3"
            call git t a:b=1
                call | name git | t a:b text "1"
        "#]],
    );
}

#[test]
fn what_is_no_argument_is_told_what_is() {
    check(
        &[
            "call git t a",
            "call git t =1",
            "call git t :=1",
            "call git t a=@",
            "call git t a:=@",
            "call git t @",
            "call git t a:=x",
            "call git t a:=",
            "call git t - @b",
            "call git t - a=@-",
        ],
        &expect![[r#"
            call git t a
                error: `a` is no argument
                hint: write NAME=TEXT, NAME:=JSON, NAME=@FILE, NAME:=@FILE, NAME==TEXT, or @FILE or - for a whole object
            call git t =1
                error: `=1` has no name
                hint: write NAME=TEXT, NAME:=JSON, NAME=@FILE, NAME:=@FILE, NAME==TEXT, or @FILE or - for a whole object
            call git t :=1
                error: `:=1` has no name
                hint: write NAME=TEXT, NAME:=JSON, NAME=@FILE, NAME:=@FILE, NAME==TEXT, or @FILE or - for a whole object
            call git t a=@
                error: `a=@` names no file after `@`
                hint: write @FILE, @- for standard input, or NAME==@… for text that begins with @
            call git t a:=@
                error: `a:=@` names no file after `@`
                hint: write @FILE, @- for standard input, or NAME==@… for text that begins with @
            call git t @
                error: `@` names no file after `@`
                hint: write @FILE, @- for standard input, or NAME==@… for text that begins with @
            call git t a:=x
                error: `a:=` is not followed by JSON: expected value at line 1 column 1
                hint: write a=TEXT for text, and quote JSON: 'a:={"a":1}'
            call git t a:=
                error: `a:=` is not followed by JSON: EOF while parsing a value at line 1 column 0
                hint: write a=TEXT for text, and quote JSON: 'a:={"a":1}'
            call git t - @b
                error: `@b` is a second object of arguments
                hint: give one object, and single arguments as NAME=VALUE
            call git t - a=@-
                error: standard input cannot be read for two arguments
                hint: use a file for one of them
        "#]],
    );
}
