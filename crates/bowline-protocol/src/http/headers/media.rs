//! `Content-Type` and `Accept`, RFC 9110 §8.3 and §12.5.1, read without allocation.

/// The media types that MCP messages come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/json`
    Json,
    /// `text/event-stream`
    EventStream,
}

impl MediaType {
    /// Reads a `Content-Type` value.
    ///
    /// `None` is any other type, a malformed value, or a `charset` other than UTF-8.
    #[must_use]
    pub fn from_content_type(value: &[u8]) -> Option<Self> {
        // What nearly everybody sends.
        if value == b"application/json" {
            return Some(Self::Json);
        }
        let mut parts = Parts { rest: value, separator: b';' };
        let essence = parts.next()?;
        let media = [Self::Json, Self::EventStream]
            .into_iter()
            .find(|media| essence.eq_ignore_ascii_case(media.as_str().as_bytes()))?;
        for parameter in parts {
            if parameter.is_empty() {
                continue;
            }
            let (name, value) = split_once(parameter, b'=')?;
            if !is_token(name) || !is_parameter_value(value) {
                return None;
            }
            if name.eq_ignore_ascii_case(b"charset")
                && !unquoted(value).eq_ignore_ascii_case(b"utf-8")
            {
                return None;
            }
        }
        Some(media)
    }

    /// The type as it is written in a header.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::EventStream => "text/event-stream",
        }
    }
}

/// What the sender of a request can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepts {
    /// `application/json`
    pub json: bool,
    /// `text/event-stream`
    pub event_stream: bool,
    /// Whether it would rather have `text/event-stream`: by a higher weight, or, where the weights are equal, by
    /// naming it first, which is how the common negotiation libraries break ties.
    pub prefers_event_stream: bool,
}

impl Accepts {
    /// Reads the values of all `Accept` headers of a request. Without one, everything is accepted.
    ///
    /// For each type the most specific range counts; weight 0 refuses it. Malformed ranges are skipped.
    #[must_use]
    pub fn of<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut any = false;
        let mut best = [Best::default(); 2];
        let mut place = 0;
        for value in values {
            // What nearly every client sends, as the specification writes it.
            if !any && value == b"application/json, text/event-stream" {
                return Self { json: true, event_stream: true, prefers_event_stream: false };
            }
            any = true;
            for range in (Parts { rest: value, separator: b',' }) {
                let mut parts = Parts { rest: range, separator: b';' };
                let Some(essence) = parts.next() else { continue };
                let Some(weight) = weight(parts) else { continue };
                place += 1;
                for (media, best) in [MediaType::Json, MediaType::EventStream].iter().zip(&mut best)
                {
                    best.offer(Best { specific: specificity(essence, *media), weight, place });
                }
            }
        }
        let [json, event_stream] = best;
        Self {
            json: !any || json.weight > 0,
            event_stream: !any || event_stream.weight > 0,
            prefers_event_stream: event_stream.is_preferred_to(json),
        }
    }
}

/// The range that counts for one type.
#[derive(Clone, Copy, Default)]
struct Best {
    /// As [`specificity`] has it; 0 while there is none.
    specific: u8,
    /// In thousandths.
    weight: u16,
    /// Its place among all ranges, from 1 on.
    place: u32,
}

impl Best {
    fn offer(&mut self, other: Self) {
        let better = (other.specific, other.weight) > (self.specific, self.weight);
        if other.specific > 0 && better {
            *self = other;
        }
    }

    fn is_preferred_to(self, other: Self) -> bool {
        self.weight > other.weight || (self.weight == other.weight && self.place < other.place)
    }
}

/// 3 for the type itself, 2 for `type/*`, 1 for `*/*`, 0 for another one.
fn specificity(range: &[u8], media: MediaType) -> u8 {
    let media = media.as_str().as_bytes();
    if range.eq_ignore_ascii_case(media) {
        return 3;
    }
    let kind = range.strip_suffix(b"/*").unwrap_or_default();
    match split_once(media, b'/') {
        Some((of_media, _)) if kind.eq_ignore_ascii_case(of_media) => 2,
        _ => u8::from(kind == b"*"),
    }
}

/// The weight that the parameters of a range give it, in thousandths; `None` when they are malformed.
fn weight(parameters: Parts<'_>) -> Option<u16> {
    let mut weight = 1_000;
    for parameter in parameters {
        if parameter.is_empty() {
            continue;
        }
        let (name, value) = split_once(parameter, b'=')?;
        if name.eq_ignore_ascii_case(b"q") {
            weight = qvalue(value)?;
        } else if !is_token(name) || !is_parameter_value(value) {
            return None;
        }
    }
    Some(weight)
}

/// A `qvalue` in thousandths.
fn qvalue(value: &[u8]) -> Option<u16> {
    let (whole, fraction) = split_once(value, b'.').unwrap_or((value, b""));
    if fraction.len() > 3 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |at: usize| fraction.get(at).map_or(0, |digit| u16::from(digit - b'0'));
    let thousandths = 100 * digit(0) + 10 * digit(1) + digit(2);
    match whole {
        b"0" => Some(thousandths),
        b"1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}

/// The pieces between separators outside quotes, without the space around them.
#[derive(Clone, Copy)]
struct Parts<'a> {
    rest: &'a [u8],
    separator: u8,
}

impl<'a> Iterator for Parts<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let mut quoted = false;
        let mut escaped = false;
        let end = self.rest.iter().position(|&byte| {
            if core::mem::take(&mut escaped) {
                return false;
            }
            match byte {
                b'"' => quoted = !quoted,
                b'\\' if quoted => escaped = true,
                _ => return byte == self.separator && !quoted,
            }
            false
        });
        let (part, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        Some(trim(part))
    }
}

fn trim(mut part: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = part {
        part = rest;
    }
    part
}

fn split_once(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(byte, text)?;
    Some((&text[..at], &text[at + 1..]))
}

/// A token or a quoted string.
fn is_parameter_value(value: &[u8]) -> bool {
    let Some(inner) = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) else {
        return is_token(value);
    };
    let mut escaped = false;
    let quoted = inner.iter().all(|byte| {
        let special = !core::mem::take(&mut escaped);
        escaped = special && *byte == b'\\';
        !(special && *byte == b'"')
    });
    quoted && !escaped
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        _ => value,
    }
}

/// `token` of RFC 9110 §5.6.2.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}
