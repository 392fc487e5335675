use bytes::{Bytes, BytesMut};

use super::{Decoder, Event, PREFIX, encode};

fn line(text: impl Into<Bytes>) -> Event {
    Event::Line(text.into())
}

fn too_long(prefix: impl Into<Bytes>) -> Event {
    Event::TooLong { prefix: prefix.into() }
}

/// Decodes `pieces`, one after the other.
fn decode<'a>(limit: usize, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Event> {
    let mut decoder = Decoder::new(limit);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        events.extend(core::iter::from_fn(|| decoder.decode()));
    }
    events.extend(core::iter::from_fn(|| decoder.finish()));
    assert!(decoder.is_empty());
    events
}

/// Every way to cut in two and in three, and byte by byte.
fn check(limit: usize, input: &[u8], expected: &[Event]) {
    assert_eq!(decode(limit, [input]), expected, "whole: {input:?}");
    assert_eq!(decode(limit, input.chunks(1)), expected, "single bytes: {input:?}");
    for first in 0..=input.len() {
        for second in first..=input.len() {
            let pieces = [&input[..first], &input[first..second], &input[second..]];
            assert_eq!(decode(limit, pieces), expected, "{pieces:?}");
        }
    }
}

#[test]
fn lines_come_out_whole_however_the_stream_is_cut() {
    let cases: &[(&[u8], &[Event])] = &[
        (b"", &[]),
        (b"\n\r\n\n", &[]),
        (b"{}\n", &[line("{}")]),
        (b"{}", &[line("{}")]),
        (b"{}\r", &[line("{}")]),
        (b"{}\r\n{\"a\":1}\r\n", &[line("{}"), line("{\"a\":1}")]),
        (b"1\n\n\n2\n3", &[line("1"), line("2"), line("3")]),
        (b"1\r\r\n", &[line("1\r")]),
        (b"1\r2\n", &[line("1\r2")]),
        (b" \n", &[line(" ")]),
        (b"\r", &[]),
        ("\u{feff}{}\n".as_bytes(), &[line("\u{feff}{}")]),
        (b"\xff\xfe\n", &[line(&b"\xff\xfe"[..])]),
        (b"\0\n", &[line("\0")]),
        ("\"\u{2028}\u{85}\"\n".as_bytes(), &[line("\"\u{2028}\u{85}\"")]),
    ];
    for (input, expected) in cases {
        check(100, input, expected);
    }
}

#[test]
fn the_limit_is_exact_and_the_lines_after_it_are_read() {
    let cases: &[(&[u8], &[Event])] = &[
        (b"123\n1\n", &[line("123"), line("1")]),
        (b"1234\n1\n", &[line("1234"), line("1")]),
        (b"12345\n1\n", &[too_long("1234"), line("1")]),
        (b"1234\r\n1\n", &[line("1234"), line("1")]),
        (b"12345\r\n1\n", &[too_long("1234"), line("1")]),
        (b"1234\r\r\n1\n", &[too_long("1234"), line("1")]),
        (b"1234\r5\n1\n", &[too_long("1234"), line("1")]),
        (b"1234", &[line("1234")]),
        (b"1234\r", &[line("1234")]),
        (b"12345", &[too_long("1234")]),
        (b"1234567890\n\n1234567890\n1\n", &[too_long("1234"), too_long("1234"), line("1")]),
    ];
    for (input, expected) in cases {
        check(4, input, expected);
    }
}

#[test]
fn a_limit_of_zero_accepts_only_empty_lines() {
    check(0, b"\n\r\n1\n\n", &[too_long("")]);
}

#[test]
fn the_prefix_of_a_giant_line_is_cut() {
    let mut input = vec![b'x'; 3 * PREFIX];
    input.push(b'\n');
    for size in [1, 7, PREFIX - 1, PREFIX, PREFIX + 1, input.len()] {
        assert_eq!(decode(2 * PREFIX, input.chunks(size)), [too_long(vec![b'x'; PREFIX])]);
    }
}

#[test]
fn an_endless_line_takes_bounded_memory() {
    const LIMIT: usize = 1 << 20;
    let mut decoder = Decoder::new(LIMIT);
    let mut events = Vec::new();
    for _ in 0..4_096 {
        decoder.push(&[b'a'; 1 << 14]);
        events.extend(core::iter::from_fn(|| decoder.decode()));
        assert!(decoder.intake.bytes.len() <= LIMIT + (1 << 14));
        assert!(decoder.intake.allocated <= 4 * LIMIT, "{}", decoder.intake.allocated);
    }
    assert_eq!(events, [too_long(vec![b'a'; PREFIX])]);
    assert!(decoder.intake.allocated <= super::super::GIANT, "given back while dropping");
    decoder.push(b"\n{}\n");
    assert_eq!(decoder.decode(), Some(line("{}")));
}

#[test]
fn a_giant_buffer_is_given_back_after_use() {
    let mut decoder = Decoder::new(32 << 20);
    let giant = vec![b'a'; 16 << 20];
    for piece in giant.chunks(1 << 16) {
        decoder.push(piece);
        assert_eq!(decoder.decode(), None);
    }
    decoder.push(b"\n{}\n{\"half\"");
    assert_eq!(decoder.decode(), Some(line(giant)));
    assert!(decoder.intake.allocated >= 16 << 20);
    let small = decoder.decode();
    assert_eq!(small, Some(line("{}")));
    decoder.room();
    assert!(decoder.intake.allocated <= super::super::GIANT);
    decoder.push(b":1}\n");
    assert_eq!(decoder.decode(), Some(line("{\"half\":1}")));
    let Some(Event::Line(small)) = small else { unreachable!() };
    assert!(
        small.try_into_mut().is_ok_and(|bytes| bytes.capacity() < 1 << 10),
        "not a slice of it"
    );
}

#[test]
fn lines_are_not_copied() {
    let mut decoder = Decoder::new(100);
    decoder.push(b"{\"a\":1}\n{\"b\":2}\n");
    let start = decoder.room().as_ptr();
    for offset in [0, 8] {
        let Some(Event::Line(line)) = decoder.decode() else { panic!("no line") };
        assert_eq!(line.as_ptr(), start.wrapping_add(offset));
    }
}

#[test]
fn encoded_messages_decode_to_themselves() {
    let mut out = BytesMut::new();
    for message in ["{}", "[1]", "\"\\n\""] {
        encode(message.as_bytes(), &mut out);
    }
    check(100, &out, &[line("{}"), line("[1]"), line("\"\\n\"")]);
}

#[test]
#[cfg(debug_assertions)]
#[should_panic = "a message holds a newline"]
fn a_message_with_a_newline_is_a_bug() {
    encode(b"{\n}", &mut BytesMut::new());
}
