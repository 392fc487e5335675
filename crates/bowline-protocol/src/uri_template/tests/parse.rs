use expect_test::{Expect, expect};

use crate::limits::Limits;
use crate::uri_template::UriTemplate;

#[test]
fn errors_name_the_place() {
    let cases: &[(&str, Expect)] = &[
        ("a{b", expect!["`{` without `}` at byte 1"]),
        ("a}b", expect!["`}` without `{` at byte 1"]),
        ("{a}}", expect!["`}` without `{` at byte 3"]),
        (
            "{{a}}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 1"
            ],
        ),
        (
            "{}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 1"
            ],
        ),
        (
            "{?}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 2"
            ],
        ),
        (
            "{a,}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 3"
            ],
        ),
        (
            "{a,b-c}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 4"
            ],
        ),
        (
            "{a..b}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 3"
            ],
        ),
        (
            "{a.}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 2"
            ],
        ),
        (
            "{%zz}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 1"
            ],
        ),
        (
            "{é}",
            expect![
                "variable name is empty or holds more than letters, digits, `_` and `.` at byte 1"
            ],
        ),
        ("{=a}", expect!["operator `=` is reserved; use one of `+ # . / ; ? &` at byte 1"]),
        ("{|a}", expect!["operator `|` is reserved; use one of `+ # . / ; ? &` at byte 1"]),
        (
            "{a:0}",
            expect!["modifier is neither `*` nor `:` with a length from 1 to 9999 at byte 2"],
        ),
        ("{a:}", expect!["modifier is neither `*` nor `:` with a length from 1 to 9999 at byte 2"]),
        (
            "{a:10000}",
            expect!["modifier is neither `*` nor `:` with a length from 1 to 9999 at byte 2"],
        ),
        (
            "{a:+3}",
            expect!["modifier is neither `*` nor `:` with a length from 1 to 9999 at byte 2"],
        ),
        (
            "{b,a*:3}",
            expect!["modifier is neither `*` nor `:` with a length from 1 to 9999 at byte 4"],
        ),
        ("/a b", expect!["character ' ' must be percent-encoded at byte 2"]),
        ("/a\nb", expect![[r#"character '\n' must be percent-encoded at byte 2"#]]),
        ("/a\\b", expect![[r#"character '\\' must be percent-encoded at byte 2"#]]),
        ("/100%", expect!["`%` without two hexadecimal digits at byte 4"]),
        ("/%4", expect!["`%` without two hexadecimal digits at byte 1"]),
        ("/%4g", expect!["`%` without two hexadecimal digits at byte 1"]),
    ];
    for (template, expected) in cases {
        expected.assert_eq(&UriTemplate::parse(template).expect_err(template).to_string());
    }
}

#[test]
fn limits_are_exact() {
    let limits = Limits::default();
    let long = |length| "x".repeat(length);
    assert!(UriTemplate::parse(&long(limits.template_bytes - 1)).is_ok());
    assert!(UriTemplate::parse(&long(limits.template_bytes)).is_ok());
    expect!["URI template is longer than 8192 bytes"]
        .assert_eq(&UriTemplate::parse(&long(limits.template_bytes + 1)).unwrap_err().to_string());

    let many = |count| (0..count).map(|n| format!("/{{a{n}}}")).collect::<String>();
    assert!(UriTemplate::parse(&many(limits.template_variables - 1)).is_ok());
    assert!(UriTemplate::parse(&many(limits.template_variables)).is_ok());
    expect!["URI template has more than 256 variables at byte 1683"].assert_eq(
        &UriTemplate::parse(&many(limits.template_variables + 1)).unwrap_err().to_string(),
    );
}

#[test]
fn variables_are_named_once_in_order() {
    let template: UriTemplate = "/{b}{?a,c*}{&b:3,a.d,%41}".parse().unwrap();
    assert_eq!(template.variables().collect::<Vec<_>>(), ["b", "a", "c", "a.d", "%41"]);
    assert_eq!(template.to_string(), template.as_str());
}
