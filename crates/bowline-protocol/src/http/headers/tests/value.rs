use std::borrow::Cow;

use crate::http::headers::{
    Disagreement, InvalidValue, Scalar, check_name, check_param, decode_value, encode_value,
};

#[test]
fn values_are_encoded_where_they_must_be() {
    let cases = [
        ("us-west1", "us-west1"),
        ("", ""),
        ("a b", "a b"),
        ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="),
        ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
        ("=?base64??=", "=?base64?PT9iYXNlNjQ/Pz0=?="),
        ("=?base64?=", "=?base64?="),
        ("=?base64?literal", "=?base64?literal"),
        ("literal?=", "literal?="),
        ("=?BASE64?literal?=", "=?BASE64?literal?="),
        (" x", "=?base64?IHg=?="),
        ("x ", "=?base64?eCA=?="),
        ("\tx", "=?base64?CXg=?="),
        ("a\tb", "=?base64?YQli?="),
        ("\r\nSet-Cookie: x", "=?base64?DQpTZXQtQ29va2llOiB4?="),
        ("\0", "=?base64?AA==?="),
        ("\u{7f}", "=?base64?fw==?="),
    ];
    for (text, expected) in cases {
        let value = encode_value(text);
        assert_eq!(value, expected, "{text:?}");
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        assert_eq!(decode_value(value.as_bytes()).as_deref(), Ok(text));
        assert_eq!(matches!(value, Cow::Borrowed(_)), text == expected, "{text:?}");
    }
}

#[test]
fn values_are_decoded_strictly() {
    let cases: &[(&[u8], Result<&str, InvalidValue>)] = &[
        (b"plain", Ok("plain")),
        (b"a\tb", Ok("a\tb")),
        (b"=?base64?SGVsbG8=?=", Ok("Hello")),
        (b"=?base64??=", Ok("")),
        (b"=?base64?=", Ok("=?base64?=")),
        (b"SGVsbG8=", Ok("SGVsbG8=")),
        (b"=?base64?SGVsbG8=", Ok("=?base64?SGVsbG8=")),
        (b"SGVsbG8=?=", Ok("SGVsbG8=?=")),
        (b"=?Base64?SGVsbG8=?=", Ok("=?Base64?SGVsbG8=?=")),
        (b" =?base64?SGVsbG8=?=", Ok(" =?base64?SGVsbG8=?=")),
        (b"=?base64?SGVsbG8?=", Err(InvalidValue::Base64)),
        (b"=?base64?SGVs!!!bG8=?=", Err(InvalidValue::Base64)),
        (b"=?base64?SGVsbG8==?=", Err(InvalidValue::Base64)),
        (b"=?base64?SGVsbG9=?=", Err(InvalidValue::Base64)),
        (b"=?base64?SGVs bG8=?=", Err(InvalidValue::Base64)),
        (b"=?base64?-_8=?=", Err(InvalidValue::Base64)),
        (b"=?base64?=?=", Err(InvalidValue::Base64)),
        (b"=?base64?/w==?=", Err(InvalidValue::Utf8)),
        (b"a\xffb", Err(InvalidValue::Character { position: 1 })),
        (b"ab\n", Err(InvalidValue::Character { position: 2 })),
        (b"\0", Err(InvalidValue::Character { position: 0 })),
        (b"\x7f", Err(InvalidValue::Character { position: 0 })),
    ];
    for (raw, expected) in cases {
        assert_eq!(decode_value(raw).as_deref(), expected.as_ref().copied(), "{raw:?}");
    }
}

#[test]
fn names_agree_exactly() {
    assert_eq!(check_name(b"echo", "echo"), Ok(()));
    assert_eq!(check_name(b"=?base64?w6k=?=", "é"), Ok(()));
    assert_eq!(check_name(b"Echo", "echo"), Err(Disagreement::Different));
    assert_eq!(check_name(b"echo ", "echo"), Err(Disagreement::Different));
    assert_eq!(check_name(b"", "echo"), Err(Disagreement::Different));
    assert_eq!(
        check_name(b"=?base64?w6k?=", "é"),
        Err(Disagreement::Invalid(InvalidValue::Base64))
    );
}

#[test]
fn params_agree_by_the_type_of_the_argument() {
    use Disagreement::{Different, NoArgument, NoHeader, Unsafe};
    let cases = [
        (None, None, Ok(())),
        (None, Some("null"), Ok(())),
        (None, Some(r#""x""#), Err(NoHeader)),
        (None, Some("0"), Err(NoHeader)),
        (None, Some("{}"), Err(NoHeader)),
        (Some("x"), None, Err(NoArgument)),
        (Some("null"), Some("null"), Err(NoArgument)),
        (Some(""), Some(r#""""#), Ok(())),
        (Some("x"), Some(r#""x""#), Ok(())),
        (Some("x"), Some(r#" "x" "#), Ok(())),
        (Some("x"), Some(r#""\u0078""#), Ok(())),
        (Some("X"), Some(r#""x""#), Err(Different)),
        (Some("42"), Some(r#""42""#), Ok(())),
        (Some("42.0"), Some(r#""42""#), Err(Different)),
        (Some("=?base64?SGVsbG8=?="), Some(r#""Hello""#), Ok(())),
        (Some("=?base64?SGVsbG8="), Some(r#""=?base64?SGVsbG8=""#), Ok(())),
        (
            Some("=?base64?SGVsbG8?="),
            Some(r#""Hello""#),
            Err(Disagreement::Invalid(InvalidValue::Base64)),
        ),
        (Some("42"), Some("42"), Ok(())),
        (Some("42.0"), Some("42"), Ok(())),
        (Some("42"), Some("42.000"), Ok(())),
        (Some("4.2e1"), Some("42"), Ok(())),
        (Some("420e-1"), Some("42"), Ok(())),
        (Some("0.0042E+4"), Some("42"), Ok(())),
        (Some("-7"), Some("-7"), Ok(())),
        (Some("0"), Some("-0"), Ok(())),
        (Some("0e99999999999999999999"), Some("0"), Ok(())),
        (Some("=?base64?NDI=?="), Some("42"), Ok(())),
        (Some("43"), Some("42"), Err(Different)),
        (Some("42.5"), Some("42"), Err(Different)),
        (Some("042"), Some("42"), Err(Different)),
        (Some("+42"), Some("42"), Err(Different)),
        (Some("0x2a"), Some("42"), Err(Different)),
        (Some("42."), Some("42"), Err(Different)),
        (Some(".42e2"), Some("42"), Err(Different)),
        (Some("42e"), Some("42"), Err(Different)),
        (Some(""), Some("42"), Err(Different)),
        (Some("9007199254740991"), Some("9007199254740991"), Ok(())),
        (Some("-9007199254740991"), Some("-9007199254740991"), Ok(())),
        (Some("9007199254740992"), Some("9007199254740992"), Err(Unsafe)),
        (Some("9007199254740992"), Some("9007199254740991"), Err(Different)),
        (Some("1"), Some("1e999999999999999999999"), Err(Unsafe)),
        (Some("1e-999999999999999999999"), Some("0"), Err(Different)),
        (Some("1.5"), Some("1.5"), Ok(())),
        (Some("1.50"), Some("1.5"), Err(Different)),
        (Some("true"), Some("true"), Ok(())),
        (Some("false"), Some("false"), Ok(())),
        (Some("True"), Some("true"), Err(Different)),
        (Some("1"), Some("true"), Err(Different)),
        (Some("{}"), Some("{}"), Err(Different)),
        (Some("[]"), Some("[]"), Err(Different)),
    ];
    for (header, argument, expected) in cases {
        let result = check_param(header.map(str::as_bytes), argument.map(str::as_bytes));
        assert_eq!(result, expected, "{header:?} {argument:?}");
    }
}

#[test]
fn what_a_client_sends_a_server_accepts() {
    let cases = [
        (r#""us-east1""#, Some("us-east1")),
        (r#""""#, Some("")),
        (r#""a\tb""#, Some("=?base64?YQli?=")),
        ("1", Some("1")),
        ("1.0", Some("1")),
        ("-0", Some("0")),
        ("true", Some("true")),
        ("false", Some("false")),
        ("null", None),
        ("1.5", None),
        ("9007199254740993", None),
    ];
    for (json, expected) in cases {
        let scalar = Scalar::from_json(json.as_bytes()).unwrap();
        let header = scalar.to_header();
        assert_eq!(header.as_deref(), expected, "{json}");
        if let Some(header) = header {
            assert_eq!(check_param(Some(header.as_bytes()), Some(json.as_bytes())), Ok(()));
        }
    }
    for json in ["", "{}", "[1]", "nul", "tru", "\"x", "\"\\x\"", "01", "--1", "1 2", "\"\n\""] {
        assert_eq!(Scalar::from_json(json.as_bytes()), None, "{json}");
    }
}
