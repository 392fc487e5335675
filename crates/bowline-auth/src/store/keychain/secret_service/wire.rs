//! Values as they go over the bus ([D-Bus](https://dbus.freedesktop.org/doc/dbus-specification.html), Marshaling).
//!
//! Each value is aligned to its size, counted from the beginning of the body.

use super::bus::Fault;
use zeroize::Zeroizing;

/// What a call carries, little end first.
pub(super) struct Body {
    pub(super) types: &'static str,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

impl Body {
    /// With room for what is sent, so that no copy of a secret stays behind when it grows.
    pub(super) fn new(types: &'static str) -> Self {
        Self { types, bytes: Zeroizing::new(Vec::with_capacity(1024)) }
    }

    pub(super) fn aligned(mut self, to: usize) -> Self {
        let length = self.bytes.len().next_multiple_of(to);
        self.bytes.resize(length, 0);
        self
    }

    /// `u`.
    pub(super) fn number(mut self, number: u32) -> Self {
        self = self.aligned(4);
        self.bytes.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// `b`.
    pub(super) fn boolean(self, value: bool) -> Self {
        self.number(value.into())
    }

    /// `s` and `o`.
    pub(super) fn text(mut self, text: &str) -> Self {
        self = self.number(text.len() as u32);
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
        self
    }

    /// `g`, which stands before the value of a variant.
    pub(super) fn signature(mut self, types: &str) -> Self {
        self.bytes.push(types.len() as u8);
        self.bytes.extend_from_slice(types.as_bytes());
        self.bytes.push(0);
        self
    }

    /// `ay`.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self = self.number(bytes.len() as u32);
        self.bytes.extend_from_slice(bytes);
        self
    }

    /// The name of a pair in a dictionary; its value follows.
    pub(super) fn pair(self, name: &str) -> Self {
        self.aligned(8).text(name)
    }

    /// `a`, of values that are aligned to so much. Its length does not count what aligns the first of them.
    pub(super) fn array(mut self, to: usize, items: impl FnOnce(Self) -> Self) -> Self {
        self = self.number(0);
        let at = self.bytes.len() - 4;
        self = self.aligned(to);
        let begin = self.bytes.len();
        self = items(self);
        let length = (self.bytes.len() - begin) as u32;
        self.bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        self
    }
}

/// What an answer carries, in the order of whoever sent it.
pub(super) struct Values<'a> {
    bytes: &'a [u8],
    at: usize,
    big_end_first: bool,
}

impl<'a> Values<'a> {
    pub(super) fn new(bytes: &'a [u8], big_end_first: bool) -> Self {
        Self { bytes, at: 0, big_end_first }
    }

    /// How many bytes were read.
    pub(super) fn read(&self) -> usize {
        self.at
    }

    pub(super) fn align(&mut self, to: usize) -> Result<(), Fault> {
        let over = self.at.next_multiple_of(to) - self.at;
        self.take(over).map(|_| ())
    }

    pub(super) fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.take(1)?[0])
    }

    /// `u`.
    pub(super) fn number(&mut self) -> Result<u32, Fault> {
        self.align(4)?;
        let bytes = self.take(4)?.try_into().map_err(|_| Fault::Odd)?;
        Ok(if self.big_end_first { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// `s` and `o`.
    pub(super) fn text(&mut self) -> Result<&'a str, Fault> {
        let length = self.number()? as usize;
        self.terminated(length)
    }

    /// `g`.
    pub(super) fn any_signature(&mut self) -> Result<&'a str, Fault> {
        let length = self.byte()?.into();
        self.terminated(length)
    }

    /// `g`, of these types.
    pub(super) fn signature(&mut self, types: &str) -> Result<(), Fault> {
        if self.any_signature()? == types { Ok(()) } else { Err(Fault::Odd) }
    }

    /// `ay`.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Fault> {
        let length = self.number()? as usize;
        self.take(length)
    }

    /// `ao` and `as`.
    pub(super) fn texts(&mut self) -> Result<Vec<String>, Fault> {
        let length = self.number()? as usize;
        let end =
            self.at.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or(Fault::Odd)?;
        let mut texts = Vec::new();
        while self.at < end {
            texts.push(self.text()?.to_owned());
        }
        Ok(texts)
    }

    fn terminated(&mut self, length: usize) -> Result<&'a str, Fault> {
        let text = self.take(length)?;
        match self.byte()? {
            0 => std::str::from_utf8(text).map_err(|_| Fault::Odd),
            _ => Err(Fault::Odd),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let taken =
            self.bytes.get(self.at..).and_then(|rest| rest.get(..length)).ok_or(Fault::Odd)?;
        self.at += length;
        Ok(taken)
    }
}
