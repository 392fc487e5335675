//! What must hold for every input.

use core::net::{Ipv4Addr, Ipv6Addr};

use bowline_protocol::frame::{ndjson, sse};
use bowline_protocol::http::headers::{
    Accepts, MediaType, Scalar, annotations, check_param, decode_value, encode_value,
};
use bowline_protocol::http::origin::{HostGuard, OriginGuard};
use bowline_protocol::scan::{self, BodyKey, MAX_DEPTH, MetaKey, Raw, Scanned};
use bowline_protocol::uri_template::{UriTemplate, Variables};
use bytes::{Bytes, BytesMut};
use http::Uri;
use http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::Mutator;

/// A target: panics when an invariant breaks.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("frame_ndjson", frame_ndjson),
    ("frame_sse", frame_sse),
    ("headers", headers),
    ("oauth", crate::oauth::oauth),
    ("origin", origin),
    ("scan", scan),
    ("server", crate::server::server),
    ("uri_template", uri_template),
];

/// Lines are what splitting the whole input at newlines gives, however it is cut.
///
/// Input: the limit, a seed for the cuts, the stream.
pub fn frame_ndjson(input: &[u8]) {
    let Some(Cuts { limit, pieces, stream }) = cuts(input) else { return };
    let whole = decode_lines(limit, &[stream]);
    assert_eq!(whole, expected_lines(limit, stream), "the lines of the input");
    assert_eq!(whole, decode_lines(limit, &pieces), "cut at random");
    assert_eq!(whole, decode_lines(limit, &stream.chunks(1).collect::<Vec<_>>()), "cut everywhere");

    let mut out = BytesMut::new();
    let lines = whole.iter().filter_map(|event| match event {
        ndjson::Event::Line(line) if !line.ends_with(b"\r") => Some(line.clone()),
        _ => None,
    });
    let lines: Vec<Bytes> = lines.collect();
    lines.iter().for_each(|line| ndjson::encode(line, &mut out));
    let again = decode_lines(limit, &[&out]);
    assert_eq!(again, lines.into_iter().map(ndjson::Event::Line).collect::<Vec<_>>(), "encoded");
}

/// What the scanner accepts is valid JSON, means the same as before, and is exactly one message on every stream it
/// can be forwarded to; what it finds in a message is what another parser finds there.
pub(crate) fn scan(input: &[u8]) {
    let theirs =
        serde_json::from_slice::<IgnoredAny>(input).is_ok() && str::from_utf8(input).is_ok();
    let Ok(raw) = Raw::parse(input.to_vec()) else {
        // Deeper than the scanner allows, or not JSON at all.
        assert!(!theirs || depth(input) > MAX_DEPTH, "the scanner refuses valid JSON");
        return;
    };
    assert!(theirs, "the scanner accepts what is no JSON");
    one_message(raw.as_bytes());

    let Ok(Scanned::Message(message)) = scan::scan(Bytes::copy_from_slice(input), MAX_DEPTH) else {
        return;
    };
    assert_eq!(message.raw().as_bytes(), raw.as_bytes(), "both ways in give the same text");
    let (Ok(before), Ok(after)) =
        (serde_json::from_slice::<Value>(input), serde_json::from_slice::<Value>(raw.as_bytes()))
    else {
        return;
    };
    assert_eq!(before, after, "the text means what it meant");
    let body = ["params", "result", "error"]
        .into_iter()
        .find_map(|key| before.get(key).filter(|body| body.is_object()));
    let only_body =
        ["params", "result", "error"].into_iter().filter(|key| before.get(*key).is_some()).count()
            == 1;
    if let Some(body) = body.filter(|_| only_body) {
        for key in [BodyKey::Name, BodyKey::Uri, BodyKey::Arguments, BodyKey::Meta] {
            let ours = message
                .body(key)
                .map(|text| serde_json::from_slice::<Value>(text).expect("a value"));
            assert_eq!(ours.as_ref(), body.get(key.name()), "{}", key.name());
        }
        let meta = body.get("_meta");
        for key in [MetaKey::ProgressToken, MetaKey::ProtocolVersion, MetaKey::ClientCapabilities] {
            let ours = message
                .meta(key)
                .map(|text| serde_json::from_slice::<Value>(text).expect("a value"));
            assert_eq!(ours.as_ref(), meta.and_then(|meta| meta.get(key.name())), "{}", key.name());
        }
    }
}

/// One line on a newline-delimited stream, one event on an event stream.
pub(crate) fn one_message(text: &[u8]) {
    let mut out = BytesMut::new();
    ndjson::encode(text, &mut out);
    let lines = decode_lines(usize::MAX >> 1, &[&out]);
    assert_eq!(lines, [ndjson::Event::Line(Bytes::copy_from_slice(text))], "one line");

    out.clear();
    sse::Encoder::new(&mut out).data(text);
    let events = decode_events(usize::MAX >> 1, &[&out]);
    assert_eq!(events.len(), 1, "one event");
}

/// How deeply brackets are nested, outside strings.
fn depth(text: &[u8]) -> usize {
    let (mut deepest, mut open, mut inside, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'{' | b'[' if !inside => {
                open += 1;
                deepest = deepest.max(open);
            }
            b'}' | b']' if !inside => open = open.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Events do not depend on the cuts, obey the limit, and survive the encoder.
///
/// Input: the limit, a seed for the cuts, the stream.
pub fn frame_sse(input: &[u8]) {
    let Some(Cuts { limit, pieces, stream }) = cuts(input) else { return };
    let whole = decode_events(limit, &[stream]);
    assert_eq!(whole, decode_events(limit, &pieces), "cut at random");
    assert_eq!(
        whole,
        decode_events(limit, &stream.chunks(1).collect::<Vec<_>>()),
        "cut everywhere"
    );
    assert_eq!(whole, decode_events(limit, &[&line_feeds(stream)]), "all lines ended by LF");
    for event in &whole {
        match event {
            sse::Event::Message { name, data, id } => {
                assert!(!name.is_empty() && name.len().max(data.len()) <= limit.max(7));
                assert!(!id.contains(&0) && !id.contains(&b'\n') && !id.contains(&b'\r'));
                if !data.contains(&b'\n') {
                    let mut out = BytesMut::new();
                    sse::Encoder::new(&mut out).data(data);
                    let again = decode_events(data.len() + 6, &[&out]);
                    let [sse::Event::Message { data: again, .. }] = &again[..] else {
                        panic!("one event becomes {again:?}")
                    };
                    assert_eq!(again, data, "encoded");
                }
            }
            sse::Event::Retry(_) => {}
            sse::Event::TooLong { prefix } => assert!(prefix.len() <= limit.min(sse::PREFIX)),
        }
    }
}

/// Templates parse or say where not; matching is linear; what it finds expands to an equal URI.
///
/// Input: the template, a newline, the URI.
pub fn uri_template(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (source, uri) = text.split_once('\n').unwrap_or((&text, ""));
    let template = match UriTemplate::parse(source) {
        Ok(template) => template,
        Err(error) => return assert!(error.position <= source.len(), "{error}"),
    };
    assert_eq!(template.as_str(), source);
    let values = template.variables().map(|name| (name.to_owned(), uri.to_owned()));
    let values = values.fold(Variables::default(), |all, (name, value)| all.with(name, value));
    if let Ok(expanded) = template.expand(&values) {
        assert!(expanded.bytes().all(|byte| byte.is_ascii_graphic()), "{expanded}");
    }
    let Ok(matcher) = template.matcher() else { return };
    let plain = plain_values(&template, uri);
    if let Ok(expanded) = template.expand(&plain) {
        assert!(matcher.matches(&expanded).is_some(), "{expanded} is an expansion");
    }
    let (found, steps) = matcher.matches_counted(uri);
    assert!(steps <= 8 * (source.len() + uri.len()) + 8, "{steps} steps");
    let Some(found) = found else { return };
    // These keep reserved characters, so a value that came encoded expands to another URI.
    if source.contains("{+") || source.contains("{#") {
        return;
    }
    let expanded = template.expand(&found).expect("values that were found fit the template");
    assert_eq!(matcher.matches(&expanded), Some(found), "{expanded}");
}

/// For each variable another value of unreserved characters.
fn plain_values(template: &UriTemplate, text: &str) -> Variables {
    let plain = |c: &char| c.is_ascii_alphanumeric() || "-._~".contains(*c);
    let mut value: Vec<char> = text.chars().filter(plain).take(12).chain(['a']).collect();
    template.variables().fold(Variables::default(), |all, name| {
        value.rotate_left(1);
        all.with(name, value.iter().collect::<String>())
    })
}

/// Values survive encoding, scalars agree with their own headers and with another JSON parser.
///
/// Input: a header value, a JSON value, or a schema.
pub fn headers(input: &[u8]) {
    if let Ok(text) = decode_value(input) {
        assert_eq!(decode_value(encode_value(&text).as_bytes()), Ok(text.clone()), "encoded again");
    }
    if let Ok(text) = str::from_utf8(input) {
        let value = encode_value(text);
        assert!(HeaderValue::from_str(&value).is_ok() && value.trim() == value, "{value}");
        assert_eq!(decode_value(value.as_bytes()).as_deref(), Ok(text), "encoded");
    }

    let json = serde_json::from_slice::<Value>(input);
    let scalar = Scalar::from_json(input);
    if let Ok(json) = &json {
        assert_eq!(scalar.is_some(), !json.is_array() && !json.is_object(), "{json}");
        if let Value::String(text) = json {
            assert_eq!(scalar, Some(Scalar::Text(text.into())));
        }
        if let Ok(found) = annotations(json) {
            assert!(found.iter().all(|annotation| !annotation.path.is_empty()));
        }
    }
    if let Some(header) = scalar.as_ref().and_then(Scalar::to_header) {
        assert_eq!(check_param(Some(header.as_bytes()), Some(input)), Ok(()), "its own header");
    }

    let weighted = input.windows(2).any(|pair| matches!(pair, b"q=" | b"Q="));
    if let Some(media) = MediaType::from_content_type(input)
        && !weighted
    {
        let expected = Accepts {
            json: media == MediaType::Json,
            event_stream: media == MediaType::EventStream,
            prefers_event_stream: media == MediaType::EventStream,
        };
        assert_eq!(Accepts::of([input]), expected, "a type accepts itself");
    }
}

/// Nothing but loopback gets past the default guards, and refusals can be shown.
///
/// Input: the value of a `Host` or `Origin` header.
pub fn origin(input: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(input) else { return };
    let headers = HeaderMap::from_iter([(HOST, value.clone()), (ORIGIN, value)]);
    let host = HostGuard::default().check(&Uri::from_static("/"), &headers);
    let origin = OriginGuard::default().check(&headers);
    let text = String::from_utf8_lossy(input).to_ascii_lowercase();
    if host.is_ok() {
        assert!(is_loopback(&text), "host {text}");
    }
    if origin.is_ok() {
        let (scheme, authority) = text.split_once("://").expect("an origin has a scheme");
        assert!(["http", "https"].contains(&scheme) && is_loopback(authority), "origin {text}");
    }
    for refusal in [host, origin].into_iter().filter_map(Result::err) {
        assert!(refusal.status().is_client_error());
        assert!(refusal.value().chars().all(|c| c == '…' || (' '..='~').contains(&c)));
        assert!(refusal.value().len() <= 128 * "\\u{ff}".len() + '…'.len_utf8());
        let Some(switch) = refusal.switch() else { continue };
        let (_, value) = switch.split_once(' ').expect("a switch has a value");
        let allowed = match refusal.header() == HOST {
            true => HostGuard::default()
                .allow(value)
                .is_ok_and(|guard| guard.check(&Uri::from_static("/"), &headers).is_ok()),
            false => {
                OriginGuard::default().allow(value).is_ok_and(|guard| guard.check(&headers).is_ok())
            }
        };
        assert!(allowed, "{switch} does not let it in");
    }
}

/// A stream, whole and in random pieces.
struct Cuts<'a> {
    limit: usize,
    pieces: Vec<&'a [u8]>,
    stream: &'a [u8],
}

/// Reads the limit, a seed for the cuts, and the stream.
fn cuts(input: &[u8]) -> Option<Cuts<'_>> {
    let [limit, seed, stream @ ..] = input else { return None };
    let mut mutator = Mutator::new(u64::from(*seed));
    let mut pieces = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + mutator.below(rest.len().min(64)));
        pieces.push(piece);
        rest = after;
    }
    Some(Cuts { limit: usize::from(*limit), pieces, stream })
}

fn decode_lines(limit: usize, pieces: &[&[u8]]) -> Vec<ndjson::Event> {
    let mut decoder = ndjson::Decoder::new(limit);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        events.extend(core::iter::from_fn(|| decoder.decode()));
    }
    events.extend(core::iter::from_fn(|| decoder.finish()));
    events
}

fn expected_lines(limit: usize, stream: &[u8]) -> Vec<ndjson::Event> {
    let lines = stream.split(|byte| *byte == b'\n');
    let lines = lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let events = lines.filter(|line| !line.is_empty()).map(|line| {
        if line.len() <= limit {
            return ndjson::Event::Line(Bytes::copy_from_slice(line));
        }
        let prefix = Bytes::copy_from_slice(&line[..limit.min(ndjson::PREFIX)]);
        ndjson::Event::TooLong { prefix }
    });
    events.collect()
}

fn decode_events(limit: usize, pieces: &[&[u8]]) -> Vec<sse::Event> {
    let mut decoder = sse::Decoder::new(limit);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        events.extend(core::iter::from_fn(|| decoder.decode()));
    }
    events
}

/// `stream` with LF for every CR LF and CR.
fn line_feeds(stream: &[u8]) -> Vec<u8> {
    let mut last = 0;
    let bytes = stream.iter().filter(|byte| {
        let second = core::mem::replace(&mut last, **byte) == b'\r' && **byte == b'\n';
        !second
    });
    bytes.map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect()
}

/// Whether `authority`, in lower case, is a loopback host with or without a port; told without the guard's parser.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => authority,
    };
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let v6 = v6.and_then(|host| host.parse::<Ipv6Addr>().ok()).map(|v6| v6.to_canonical());
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|v4| v4.octets()[0] == 127)
        || v6.is_some_and(|address| address.is_loopback())
}
