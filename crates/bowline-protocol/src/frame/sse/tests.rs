use core::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{Decoder, Encoder, Event, PREFIX};

fn message(data: impl Into<Bytes>) -> Event {
    full("message", data, "")
}

fn full(name: &'static str, data: impl Into<Bytes>, id: &'static str) -> Event {
    Event::Message { name: name.into(), data: data.into(), id: id.into() }
}

fn retry(milliseconds: u64) -> Event {
    Event::Retry(Duration::from_millis(milliseconds))
}

fn too_long(prefix: impl Into<Bytes>) -> Event {
    Event::TooLong { prefix: prefix.into() }
}

fn decode<'a>(limit: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        events.extend(core::iter::from_fn(|| decoder.decode()));
    }
    events
}

/// Every way to cut in two and in three, and byte by byte.
fn check(limit: usize, input: &[u8], expected: &[Event]) {
    let text = String::from_utf8_lossy(input);
    assert_eq!(decode(limit, [input]), expected, "whole: {text:?}");
    assert_eq!(decode(limit, input.chunks(1)), expected, "single bytes: {text:?}");
    for first in 0..=input.len() {
        for second in first..=input.len() {
            let pieces = [&input[..first], &input[first..second], &input[second..]];
            assert_eq!(decode(limit, pieces), expected, "{text:?} cut at {first} and {second}");
        }
    }
}

#[test]
fn events_come_out_whole_however_the_stream_is_cut() {
    let cases: &[(&[u8], &[Event])] = &[
        (b"", &[]),
        (b"data: {}\n\n", &[message("{}")]),
        (b"data: {}\r\n\r\n", &[message("{}")]),
        (b"data: {}\r\r", &[message("{}")]),
        (b"data: 1\r\n\n", &[message("1")]),
        (b"data: 1\n\r\n", &[message("1")]),
        (b"data: 1\r\n\r\r\ndata: 2\r\r\n", &[message("1"), message("2")]),
        (b"data:{}\n\n", &[message("{}")]),
        (b"data: a\r\ndata: b\r\n\r\n", &[message("a\nb")]),
        (b"data: a\rdata: b\r\r", &[message("a\nb")]),
        (b"data: a\n\rdata: b\n\n", &[message("a"), message("b")]),
        (b"event: x\r\nid: 7\r\ndata: 1\r\n\r\n", &[full("x", "1", "7")]),
        (b": c\r\ndata: a\r\n: c\r\ndata: b\r\n\r\n", &[message("a\nb")]),
        (b"data:  1\n\n", &[message(" 1")]),
        (b"data:\t1\n\n", &[message("\t1")]),
        (b"data: a:b: c\n\n", &[message("a:b: c")]),
        (b"data\n\n", &[message("")]),
        (b"data:\n\n", &[message("")]),
        (b"data\ndata\n\n", &[message("\n")]),
        (b"data: a\ndata: b\ndata:\ndata: c\n\n", &[message("a\nb\n\nc")]),
        (b"DATA: 1\n\n", &[]),
        (b" data: 1\n\n", &[]),
        (b"event: endpoint\ndata: /post\n\n", &[full("endpoint", "/post", "")]),
        (b"event: a\nevent: b\ndata: 1\n\ndata: 2\n\n", &[full("b", "1", ""), message("2")]),
        (b"event: a\n\ndata: 2\n\n", &[message("2")]),
        (b"event:\ndata: 2\n\n", &[message("2")]),
        (b"id: 7\ndata: 1\n\ndata: 2\n\n", &[full("message", "1", "7"), full("message", "2", "7")]),
        (b"id: 7\n\ndata: 2\n\n", &[full("message", "2", "7")]),
        (b"id: 7\ndata: 1\n\nid\ndata: 2\n\n", &[full("message", "1", "7"), message("2")]),
        (b"id: 7\nid: 8\0\ndata: 1\n\n", &[full("message", "1", "7")]),
        (b"retry: 1500\n", &[retry(1500)]),
        (b"retry: 99999999999999999999\n", &[retry(u64::MAX)]),
        (b"retry: -1\nretry: 1s\nretry: +1\nretry:\nretry\nretry:  1\n\n", &[]),
        (b"id: 1\nretry: 5\ndata:\n\n", &[retry(5), full("message", "", "1")]),
        (b": hello\n\n:\r\n\r\ndata: 1\n: between\ndata: 2\n\n", &[message("1\n2")]),
        (b"\xEF\xBB\xBFdata: 1\n\n", &[message("1")]),
        (b"\xEF\xBB\xBF\xEF\xBB\xBFdata: 1\n\n", &[]),
        (b"\n\xEF\xBB\xBFdata: 1\n\n", &[]),
        (b"\xEF\xBBdata: 1\n\n", &[]),
        (b"\xEF\xBB\xBF\n\ndata: 1\n\n", &[message("1")]),
        (b"\n\n\n\ndata: 1\n\n\n\n", &[message("1")]),
        (b"other: 1\nother\ndata: 1\n\n", &[message("1")]),
        (b"data: 1\n", &[]),
        (b"data: 1", &[]),
        (b"data: \xff\n\n", &[message(&b"\xff"[..])]),
        ("data: \u{85}\u{2028}\n\n".as_bytes(), &[message("\u{85}\u{2028}")]),
    ];
    for (input, expected) in cases {
        check(100, input, expected);
    }
}

#[test]
fn the_limit_is_exact_and_the_events_after_it_are_read() {
    let cases: &[(&[u8], &[Event])] = &[
        (b"data: 12\n\ndata: 1\n\n", &[message("12"), message("1")]),
        (b"data: 123\n\ndata: 1\n\n", &[message("123"), message("1")]),
        (b"data: 1234\n\ndata: 1\n\n", &[too_long("123"), message("1")]),
        (b"data: 1234\r\r\n\r\ndata: 1\n\n", &[too_long("123"), message("1")]),
        (b"data:1\ndata:\n\n", &[too_long("1")]),
        (b"data\ndata\ndata\n\ndata\n\n", &[too_long("\n"), message("")]),
        (b"event: 123\ndata: 1\n\ndata: 1\n\n", &[too_long(""), message("1")]),
        (b"id: 5\nretry: 12345\n\ndata: 1\n\n", &[too_long(""), full("message", "1", "5")]),
        (b"unknown: 1\ndata: 1\n\ndata: 2\n\n", &[too_long(""), message("2")]),
        (b"data: 1234\ndata: 1\n: c\n:\n\ndata: 1\n\n", &[too_long("123"), message("1")]),
        (b": a comment over the limit\ndata: 123\n\n", &[message("123")]),
        (b"data: 1\n: a comment over the limit\n\n", &[message("1")]),
        (b"data: 1234", &[too_long("123")]),
    ];
    for (input, expected) in cases {
        check(9, input, expected);
    }
}

#[test]
fn endless_lines_take_bounded_memory() {
    const LIMIT: usize = 1 << 20;
    for (start, expected) in [(": ", None), ("data: ", Some(too_long(vec![b'a'; PREFIX])))] {
        let mut decoder = Decoder::new(LIMIT);
        decoder.push(start.as_bytes());
        let mut events = Vec::new();
        for _ in 0..1_024 {
            decoder.push(&[b'a'; 1 << 14]);
            events.extend(core::iter::from_fn(|| decoder.decode()));
            assert!(decoder.intake.bytes.len() <= LIMIT + (1 << 14));
        }
        assert!(decoder.intake.allocated <= super::super::GIANT, "given back while dropping");
        assert_eq!(events, Vec::from_iter(expected));
        decoder.push(b"\n\ndata: 1\n\n");
        assert_eq!(decoder.decode(), Some(message("1")));
    }
}

#[test]
fn endless_short_lines_take_bounded_memory() {
    let mut decoder = Decoder::new(1 << 16);
    let mut events = Vec::new();
    for _ in 0..1 << 17 {
        decoder.push(b"data:\n");
        events.extend(core::iter::from_fn(|| decoder.decode()));
    }
    assert!(matches!(&events[..], [Event::TooLong { .. }]), "{}", events.len());
}

#[test]
fn the_data_of_one_line_is_not_copied() {
    let mut decoder = Decoder::new(100);
    decoder.push(b"data: {}\n\n");
    let start = decoder.room().as_ptr();
    let Some(Event::Message { data, .. }) = decoder.decode() else { panic!("no event") };
    assert_eq!(data.as_ptr(), start.wrapping_add(6));
}

#[test]
fn encoded_events_decode_to_themselves() {
    let mut out = BytesMut::new();
    Encoder::new(&mut out).id("1").retry(Duration::from_millis(1500)).data(b"");
    Encoder::new(&mut out).comment("");
    Encoder::new(&mut out).name("endpoint").data(b"/post?session=1");
    Encoder::new(&mut out).comment("still here");
    Encoder::new(&mut out).id("2").data(b" {\"a\":1}");
    assert_eq!(
        out,
        "id: 1\nretry: 1500\ndata: \n\n:\n\nevent: endpoint\ndata: /post?session=1\n\n\
         :still here\n\nid: 2\ndata:  {\"a\":1}\n\n"
    );
    check(
        100,
        &out,
        &[
            retry(1500),
            full("message", "", "1"),
            full("endpoint", "/post?session=1", "1"),
            full("message", " {\"a\":1}", "2"),
        ],
    );
}

#[test]
#[cfg(debug_assertions)]
#[should_panic = "a field holds a line ending"]
fn data_with_a_line_ending_is_a_bug() {
    Encoder::new(&mut BytesMut::new()).data(b"{\r}");
}
