//! A URI as the matcher sees it: one unit per character, whether it came raw or percent-encoded.
//!
//! Equal URIs (RFC 3986 §6.2.2) have equal units: the case of hexadecimal digits does not count,
//! an unreserved character is the same encoded or not, and a byte that no URI may hold raw is taken as encoded.

use super::expand::{is_reserved, is_unreserved};
use super::parse::is_triplet;

/// A byte, and whether it was percent-encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unit(u16);

impl Unit {
    /// The unit of a character that stands for itself.
    pub(super) const fn raw(byte: u8) -> Self {
        Self(byte as u16)
    }

    const fn encoded(byte: u8) -> Self {
        Self(ENCODED | byte as u16)
    }

    pub(super) const fn byte(self) -> u8 {
        (self.0 & 0xff) as u8
    }

    /// Whether it can be part of the value of `{x}`.
    ///
    /// Expansion would encode a slash in it as well, but a value that must name one segment must not hold one.
    pub(super) fn is_soft(self) -> bool {
        if self.0 & ENCODED == 0 { is_unreserved(self.byte()) } else { self.byte() != b'/' }
    }

    /// Whether it can be part of the value of `{?x}`.
    pub(super) fn is_query_value(self) -> bool {
        self.0 & ENCODED != 0 || is_unreserved(self.byte())
    }
}

/// Reads units from a URI.
///
/// Yields `None` inside for what makes it no URI: a control character, or a `%` that encodes nothing.
pub(super) struct Units<'a> {
    bytes: &'a [u8],
}

impl<'a> Units<'a> {
    pub(super) fn new(uri: &'a str) -> Self {
        Self { bytes: uri.as_bytes() }
    }
}

impl Iterator for Units<'_> {
    type Item = Option<Unit>;

    fn next(&mut self) -> Option<Option<Unit>> {
        let (&first, rest) = self.bytes.split_first()?;
        if first == b'%' {
            if !is_triplet(self.bytes) {
                return Some(None);
            }
            let byte = digit(self.bytes[1]) << 4 | digit(self.bytes[2]);
            self.bytes = &self.bytes[3..];
            let unit = if is_unreserved(byte) { Unit::raw(byte) } else { Unit::encoded(byte) };
            return Some(Some(unit));
        }
        self.bytes = rest;
        Some(match first {
            _ if is_unreserved(first) || is_reserved(first) => Some(Unit::raw(first)),
            _ if first.is_ascii_control() => None,
            _ => Some(Unit::encoded(first)),
        })
    }
}

fn digit(hex: u8) -> u8 {
    match hex {
        b'0'..=b'9' => hex - b'0',
        b'a'..=b'f' => hex - b'a' + 10,
        _ => hex - b'A' + 10,
    }
}

const ENCODED: u16 = 0x100;
