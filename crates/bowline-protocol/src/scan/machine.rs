//! The walk itself.

use super::keys::{BodyKey, EnvelopeKey, MetaKey, Tables};
use super::message::Message;
use super::raw::Raw;
use super::seen::{Seen, duplicate};
use super::{MAX_DEPTH, ScanError, ScanErrorKind, Scanned, Span, text};
use bowline_types::jsonrpc::Id;
use bytes::Bytes;

/// The objects whose members are looked at; everything else is only checked.
#[derive(Clone, Copy)]
enum Level {
    Envelope,
    Body,
    Meta,
    Arguments,
}

/// A walk over one text.
pub(super) struct Machine<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    max_depth: usize,
    /// Whether a line break or tab stands between tokens.
    broken: bool,
    tables: Tables,
}

/// A walk that reached the end.
pub(super) struct Done {
    broken: bool,
    batch: bool,
    tables: Tables,
}

impl Done {
    pub(super) fn finish(self, bytes: Bytes) -> Scanned {
        let raw = Raw::scanned(bytes, self.broken);
        if self.batch {
            return Scanned::Batch(raw);
        }
        Scanned::Message(Message::new(raw, self.tables))
    }

    pub(super) fn id(&self, text: &[u8]) -> Option<Id> {
        super::message::read_id(self.tables.envelope[EnvelopeKey::Id as usize].of(text))
    }

    pub(super) fn broken(&self) -> bool {
        self.broken
    }
}

/// Boxed, so that each step gives back no more than it has to say when there is no fault.
type Step<T = ()> = Result<T, Box<ScanError>>;

impl<'a> Machine<'a> {
    pub(super) fn new(text: &'a [u8], max_depth: usize) -> Step<Self> {
        let fault = |kind, offset| Err(Box::new(ScanError { kind, offset, id: None }));
        if u32::try_from(text.len()).is_err() {
            return fault(ScanErrorKind::TooLarge, 0);
        }
        // Most messages are ASCII, and to see that costs a fraction of decoding UTF-8.
        if !text.is_ascii()
            && let Err(error) = std::str::from_utf8(text)
        {
            return fault(ScanErrorKind::NotUtf8, error.valid_up_to());
        }
        let max_depth = max_depth.min(MAX_DEPTH);
        Ok(Self { text, at: 0, depth: 0, max_depth, broken: false, tables: Tables::default() })
    }

    /// Walks a message.
    pub(super) fn run(mut self) -> Step<Done> {
        let walked = self.message();
        match walked {
            Ok(batch) => Ok(Done { broken: self.broken, batch, tables: self.tables }),
            Err(mut error) => {
                let id = self.tables.envelope[EnvelopeKey::Id as usize];
                error.id = super::message::read_id(id.of(self.text));
                Err(error)
            }
        }
    }

    /// Walks any value, looking at nothing.
    pub(super) fn run_value(mut self) -> Step<Done> {
        self.space();
        self.value()?;
        self.end()?;
        Ok(Done { broken: self.broken, batch: false, tables: self.tables })
    }

    fn message(&mut self) -> Step<bool> {
        self.space();
        let batch = match self.peek() {
            Some(b'{') => {
                self.object(Level::Envelope)?;
                false
            }
            Some(b'[') => {
                self.value()?;
                true
            }
            _ => {
                // A lone scalar is JSON, but no message; anything else is not JSON.
                self.value()?;
                self.end()?;
                return self.fault(ScanErrorKind::NotAnObject, 0);
            }
        };
        self.end()?;
        Ok(batch)
    }

    fn end(&mut self) -> Step {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { self.expected("the end of the message") }
    }

    /// An object whose members matter. Recursion ends after three levels.
    fn object(&mut self, level: Level) -> Step {
        self.enter()?;
        self.at += 1;
        let mut seen = Seen::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            self.depth -= 1;
            return Ok(());
        }
        loop {
            let (name, escaped) = self.member_name()?;
            self.space();
            self.byte(b':', "`:`")?;
            self.space();
            match level {
                Level::Envelope => self.envelope_member(name, escaped, &mut seen)?,
                Level::Body => self.body_member(name, escaped, &mut seen)?,
                Level::Meta => self.meta_member(name, escaped, &mut seen)?,
                Level::Arguments => {
                    seen.add(self.text, name, escaped)?;
                    self.value()?;
                }
            }
            self.space();
            match self.peek() {
                Some(b',') => {
                    self.at += 1;
                    self.space();
                }
                Some(b'}') => {
                    self.at += 1;
                    self.depth -= 1;
                    return seen.finish(self.text);
                }
                _ => return self.expected("`,` or `}`"),
            }
        }
    }

    fn envelope_member(&mut self, name: Span, escaped: bool, seen: &mut Seen) -> Step {
        let Some(key) = self.known(name, escaped, EnvelopeKey::find)? else {
            seen.add(self.text, name, escaped)?;
            return self.value();
        };
        self.unseen(self.tables.envelope[key as usize], name).inspect_err(|_| {
            if key == EnvelopeKey::Id {
                // Of two ids neither can be believed.
                self.tables.envelope[key as usize] = Span::default();
            }
        })?;
        let start = self.at;
        let looked_at =
            matches!(key, EnvelopeKey::Params | EnvelopeKey::Result | EnvelopeKey::Error);
        if looked_at && self.peek() == Some(b'{') {
            // A valid message has one of the three; with two of them the second is not looked into, and the message
            // is refused for having both.
            if self.tables.body.iter().all(|span| span.is_empty()) {
                self.object(Level::Body)?;
            } else {
                self.value()?;
            }
        } else {
            self.value()?;
        }
        self.tables.envelope[key as usize] = Span::new(start, self.at);
        Ok(())
    }

    fn body_member(&mut self, name: Span, escaped: bool, seen: &mut Seen) -> Step {
        let Some(key) = self.known(name, escaped, BodyKey::find)? else {
            seen.add(self.text, name, escaped)?;
            return self.value();
        };
        self.unseen(self.tables.body[key as usize], name)?;
        let start = self.at;
        match (key, self.peek()) {
            (BodyKey::Meta, Some(b'{')) => self.object(Level::Meta)?,
            (BodyKey::Arguments, Some(b'{')) => self.object(Level::Arguments)?,
            _ => self.value()?,
        }
        self.tables.body[key as usize] = Span::new(start, self.at);
        Ok(())
    }

    fn meta_member(&mut self, name: Span, escaped: bool, seen: &mut Seen) -> Step {
        let Some(key) = self.known(name, escaped, MetaKey::find)? else {
            seen.add(self.text, name, escaped)?;
            return self.value();
        };
        self.unseen(self.tables.meta[key as usize], name)?;
        let start = self.at;
        self.value()?;
        self.tables.meta[key as usize] = Span::new(start, self.at);
        Ok(())
    }

    fn known<K>(&self, name: Span, escaped: bool, find: fn(&[u8]) -> Option<K>) -> Step<Option<K>> {
        if !escaped {
            return Ok(find(name.of(self.text)));
        }
        match text::decode_text(name.of(self.text)) {
            Ok(decoded) => Ok(find(decoded.as_bytes())),
            Err(_) => self.fault(ScanErrorKind::BadMemberName, name.start as usize),
        }
    }

    fn unseen(&self, slot: Span, name: Span) -> Step {
        if slot.is_empty() { Ok(()) } else { Err(duplicate(self.text, name).into()) }
    }

    /// A member name; the span leaves the quotes out.
    fn member_name(&mut self) -> Step<(Span, bool)> {
        if self.peek() != Some(b'"') {
            return self.expected("a member name");
        }
        let start = self.at + 1;
        let escaped = self.string()?;
        Ok((Span::new(start, self.at - 1), escaped))
    }

    /// Any value, iteratively: one bit per open bracket tells objects from arrays.
    fn value(&mut self) -> Step {
        let floor = self.depth;
        let mut objects: u128 = 0;
        loop {
            // A value is due here.
            match self.peek() {
                Some(b'"') => {
                    self.string()?;
                }
                Some(open @ (b'{' | b'[')) => {
                    self.enter()?;
                    self.at += 1;
                    self.space();
                    objects = objects << 1 | u128::from(open == b'{');
                    let close = if open == b'{' { b'}' } else { b']' };
                    if self.peek() == Some(close) {
                        self.at += 1;
                        self.depth -= 1;
                        objects >>= 1;
                    } else {
                        if open == b'{' {
                            self.name_and_colon()?;
                        }
                        continue;
                    }
                }
                Some(b't') => self.word(b"true")?,
                Some(b'f') => self.word(b"false")?,
                Some(b'n') => self.word(b"null")?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                _ => return self.expected("a value"),
            }
            // A value has ended: close what ends with it, or go on behind a comma.
            loop {
                if self.depth == floor {
                    return Ok(());
                }
                self.space();
                let in_object = objects & 1 == 1;
                match (self.peek(), in_object) {
                    (Some(b','), _) => {
                        self.at += 1;
                        self.space();
                        if in_object {
                            self.name_and_colon()?;
                        }
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => {
                        self.at += 1;
                        self.depth -= 1;
                        objects >>= 1;
                    }
                    (_, true) => return self.expected("`,` or `}`"),
                    (_, false) => return self.expected("`,` or `]`"),
                }
            }
        }
    }

    fn name_and_colon(&mut self) -> Step {
        self.member_name()?;
        self.space();
        self.byte(b':', "`:`")?;
        self.space();
        Ok(())
    }

    fn enter(&mut self) -> Step {
        self.depth += 1;
        if self.depth > self.max_depth {
            return self.fault(ScanErrorKind::TooDeep, self.at);
        }
        Ok(())
    }

    /// A string, quotes included; tells whether it holds an escape.
    fn string(&mut self) -> Step<bool> {
        let mut escaped = false;
        let mut at = self.at + 1;
        loop {
            at = skip_plain(self.text, at);
            match self.text.get(at) {
                Some(b'"') => {
                    self.at = at + 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    at = match self.text.get(at + 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => at + 2,
                        Some(b'u') if self.text.get(at + 2..at + 6).is_some_and(all_hex) => at + 6,
                        _ => {
                            self.at = at;
                            return self.expected("a valid escape");
                        }
                    };
                }
                Some(_) => {
                    self.at = at;
                    return self.expected("no control character in a string");
                }
                None => {
                    self.at = at;
                    return self.expected("`\"`");
                }
            }
        }
    }

    fn number(&mut self) -> Step {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.expected("a digit"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.some_digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.some_digits()?;
        }
        Ok(())
    }

    fn some_digits(&mut self) -> Step {
        let start = self.at;
        self.digits();
        if self.at == start { self.expected("a digit") } else { Ok(()) }
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &'static [u8]) -> Step {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.expected("a value")
    }

    fn byte(&mut self, byte: u8, name: &'static str) -> Step {
        if self.peek() == Some(byte) {
            self.at += 1;
            return Ok(());
        }
        self.expected(name)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(byte @ (b' ' | b'\n' | b'\r' | b'\t')) = self.peek() {
            self.broken |= byte != b' ';
            self.at += 1;
        }
    }

    #[cold]
    fn expected<T>(&self, what: &'static str) -> Step<T> {
        self.fault(ScanErrorKind::Syntax(what), self.at)
    }

    #[cold]
    fn fault<T>(&self, kind: ScanErrorKind, offset: usize) -> Step<T> {
        Err(Box::new(ScanError { kind, offset, id: None }))
    }
}

/// The first place at or behind `at` with a quote, a backslash or a control character: eight bytes at a time.
pub(super) fn skip_plain(text: &[u8], mut at: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    while let Some(chunk) = text.get(at..at + 8) {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        // A zero byte in `x` borrows into its high bit; bytes ≥ 0x80 are masked out and are plain.
        let zero = |x: u64| x.wrapping_sub(ONES) & !x;
        let control = word.wrapping_sub(ONES * 0x20) & !word;
        let quote = zero(word ^ (ONES * u64::from(b'"')));
        let slash = zero(word ^ (ONES * u64::from(b'\\')));
        let found = (control | quote | slash) & HIGH;
        if found != 0 {
            // The lowest hit is exact: a borrow only spreads upwards.
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while let Some(&byte) = text.get(at) {
        if byte < 0x20 || byte == b'"' || byte == b'\\' {
            break;
        }
        at += 1;
    }
    at
}

fn all_hex(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

/// Where line breaks and tabs stand between tokens, a space is put instead.
pub(super) fn flatten(text: &mut [u8]) {
    let mut inside = false;
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' => inside = !inside,
            b'\\' if inside => at += 1,
            b'\n' | b'\r' | b'\t' if !inside => text[at] = b' ',
            _ => {}
        }
        at += 1;
    }
}
