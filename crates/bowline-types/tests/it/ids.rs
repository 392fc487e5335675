//! Ids and progress tokens: integers and strings, and nothing in between.

use std::collections::HashSet;

use bowline_types::decode;
use bowline_types::jsonrpc::Id;
use bowline_types::progress::ProgressToken;

#[test]
fn an_integer_and_its_text_are_two_ids() {
    let ids: HashSet<Id> =
        [Id::from(1), Id::from("1"), Id::from(1), Id::from("1".to_owned())].into();
    assert_eq!(ids.len(), 2);
    assert_eq!(format!("{} {}", Id::from(1), Id::from("1")), r#"1 "1""#);
    assert_ne!(ProgressToken::from(1), ProgressToken::from("1"));
}

#[test]
fn ids_that_are_good_come_back_as_they_were() {
    for text in [
        "0",
        "1",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        r#""""#,
        r#""1""#,
        r#""a\"b""#,
    ] {
        let id: Id = decode(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), text);
        let token: ProgressToken = decode(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&token).unwrap(), text);
        assert_eq!(token, ProgressToken::from(id));
    }
}

#[test]
fn ids_that_are_bad_are_refused() {
    let number = "invalid value: number is not an integer of 64 bits";
    let table = [
        ("null", "invalid type: null, expected an integer or a string"),
        ("true", "invalid type: boolean, expected an integer or a string"),
        ("[1]", "invalid type: array, expected an integer or a string"),
        ("{}", "invalid type: object, expected an integer or a string"),
        ("1.0", number),
        ("1.5", number),
        ("1e3", number),
        ("9223372036854775808", number),
        ("18446744073709551616", number),
        ("-9223372036854775809", number),
    ];
    for (text, message) in table {
        assert_eq!(decode::<Id>(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
        assert_eq!(
            decode::<ProgressToken>(text.as_bytes()).unwrap_err().to_string(),
            message,
            "{text}"
        );
    }
}
