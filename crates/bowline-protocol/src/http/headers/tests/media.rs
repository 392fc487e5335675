use crate::http::headers::{Accepts, MediaType};

#[test]
fn content_types() {
    use MediaType::{EventStream, Json};
    let cases: &[(&str, Option<MediaType>)] = &[
        ("application/json", Some(Json)),
        ("APPLICATION/Json", Some(Json)),
        (" application/json ; charset=utf-8", Some(Json)),
        ("application/json;charset=UTF-8", Some(Json)),
        ("application/json; CHARSET=\"utf-8\"", Some(Json)),
        ("application/json; profile=\"a;charset=latin1\"; charset=utf-8", Some(Json)),
        ("application/json;", Some(Json)),
        ("application/json; v=1", Some(Json)),
        ("text/event-stream", Some(EventStream)),
        ("text/event-stream;charset=utf-8", Some(EventStream)),
        ("application/json; a=\"\\\";\\\\\"", Some(Json)),
        ("application/json; a=\"b\"c\"", None),
        ("application/json; a=\"b\\\"", None),
        ("application/json; a=\"", None),
        ("application/json; charset=latin1", None),
        ("application/json; charset=utf-16", None),
        ("application/json; charset=", None),
        ("application/json; charset", None),
        ("application/json; charset=utf-8; charset=latin1", None),
        ("application/json; charset=utf-8, text/plain", None),
        ("application/json, text/plain", None),
        ("application/json-patch+json", None),
        ("application/vnd.api+json", None),
        ("application/jsonx", None),
        ("application/json text/plain", None),
        ("text/plain", None),
        ("application/x-www-form-urlencoded", None),
        ("multipart/form-data; boundary=x", None),
        ("*/*", None),
        ("", None),
        (";application/json", None),
    ];
    for (value, expected) in cases {
        assert_eq!(MediaType::from_content_type(value.as_bytes()), *expected, "{value}");
    }
    assert_eq!(MediaType::from_content_type(b"application/json\xff"), None);
}

#[test]
fn accept() {
    // Both, JSON only, event stream only, neither.
    let (both, json, stream, none) = ((true, true), (true, false), (false, true), (false, false));
    let cases: &[(&[&str], (bool, bool))] = &[
        (&[], both),
        (&["*/*"], both),
        (&["application/json, text/event-stream"], both),
        (&["application/json", "text/event-stream"], both),
        (&["text/event-stream,application/json;q=0.1"], both),
        (&["APPLICATION/JSON;charset=utf-8 , Text/Event-Stream"], both),
        (&["application/*, text/*"], both),
        (&["text/html, */*;q=0.8"], both),
        (&["application/json"], json),
        (&["application/*"], json),
        (&["application/json;q=0.001"], json),
        (&["*/*, text/event-stream;q=0"], json),
        (&["text/*;q=0, */*"], json),
        (&["text/event-stream"], stream),
        (&["text/event-stream;q=1.000"], stream),
        (&["application/json;q=0, */*"], stream),
        (&["application/json;q=0.0, application/*, text/*"], stream),
        (&["text/event-stream, application/json;q=x"], stream),
        (&["text/event-stream, application/json;q=1.5"], stream),
        (&["text/event-stream, application/json;q=0.0001"], stream),
        (&["x/y;a=\"application/json, */*\", text/event-stream"], stream),
        (&[""], none),
        (&["text/html"], none),
        (&["application/json+x"], none),
        (&["application"], none),
        (&["*/json"], none),
        (&["*"], none),
        (&["*/*;q=0"], none),
        (&[",,;,"], none),
    ];
    for (values, expected) in cases {
        let accepts = Accepts::of(values.iter().map(|value| value.as_bytes()));
        assert_eq!((accepts.json, accepts.event_stream), *expected, "{values:?}");
    }
}

#[test]
fn the_wish_for_a_stream() {
    let cases: &[(&[&str], bool)] = &[
        (&[], false),
        (&["*/*"], false),
        (&["application/json, text/event-stream"], false),
        (&["text/event-stream, application/json"], true),
        (&["text/event-stream", "application/json"], true),
        (&["application/json", "text/event-stream"], false),
        (&["application/json;q=0.9, text/event-stream"], true),
        (&["application/json;q=0.9, text/event-stream;q=0.899"], false),
        (&["text/event-stream;q=0.5, application/json"], false),
        (&["text/event-stream;q=0.5, application/json;q=0.5"], true),
        (&["text/event-stream, */*"], true),
        (&["*/*, text/event-stream"], false),
        (&["text/*, application/*"], true),
        (&["text/event-stream;q=0, */*"], false),
        (&["text/html, application/json, text/event-stream;q=1.0"], false),
        (&["application/json"], false),
        (&["text/event-stream"], true),
        (&[""], false),
    ];
    for (values, expected) in cases {
        let accepts = Accepts::of(values.iter().map(|value| value.as_bytes()));
        assert_eq!(accepts.prefers_event_stream, *expected, "{values:?}");
    }
}
