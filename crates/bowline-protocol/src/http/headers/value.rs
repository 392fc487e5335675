//! `Mcp-Name` and `Mcp-Param-*`: encoding, decoding, and agreement with the body.

use core::error::Error;
use core::fmt;
use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Decodes a header value: plain text, or `=?base64?…?=` around the Base64 of UTF-8.
///
/// Base64 is read strictly: the standard alphabet, padded, without stray bits.
/// Only a whole wrapper counts; a value with half of one is plain text.
///
/// # Errors
/// A character that may not stand in a header, or a wrapper around something else.
pub fn decode_value(raw: &[u8]) -> Result<Cow<'_, str>, InvalidValue> {
    if let Some(position) = raw.iter().position(|byte| !is_header_byte(*byte)) {
        return Err(InvalidValue::Character { position });
    }
    let Some(payload) = wrapped(raw) else {
        return str::from_utf8(raw).map(Cow::Borrowed).map_err(|_| InvalidValue::Utf8);
    };
    let bytes = STANDARD.decode(payload).map_err(|_| InvalidValue::Base64)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| InvalidValue::Utf8)
}

/// Encodes `text` as a header value, in Base64 where it cannot be sent plainly:
/// with control characters (tab too), anything beyond ASCII, space at an end, or when it looks encoded already.
#[must_use]
pub fn encode_value(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let plain = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
        && bytes.first() != Some(&b' ')
        && bytes.last() != Some(&b' ')
        && wrapped(bytes).is_none();
    if plain {
        return Cow::Borrowed(text);
    }
    let mut value = String::from(PREFIX);
    STANDARD.encode_string(bytes, &mut value);
    value.push_str(SUFFIX);
    Cow::Owned(value)
}

/// Checks that the value of an `Mcp-Name` header is exactly `name`.
///
/// # Errors
/// The value is invalid or another one.
pub fn check_name(raw: &[u8], name: &str) -> Result<(), Disagreement> {
    let value = decode_value(raw).map_err(Disagreement::Invalid)?;
    if value == name { Ok(()) } else { Err(Disagreement::Different) }
}

/// Checks an `Mcp-Param-*` header against the JSON text of the argument that it mirrors.
///
/// Strings agree exactly, integers as numbers (`42.0` is `42`), booleans as `true` and `false`.
/// `null` counts as no argument.
///
/// # Errors
/// One of the two is missing, or they differ, or one of them is invalid.
pub fn check_param(header: Option<&[u8]>, argument: Option<&[u8]>) -> Result<(), Disagreement> {
    let value = header.map(decode_value).transpose().map_err(Disagreement::Invalid)?;
    let argument = match argument.map(Scalar::from_json) {
        Some(None) if value.is_some() => return Err(Disagreement::Different),
        Some(None) => return Err(Disagreement::NoHeader),
        None | Some(Some(Scalar::Null)) => None,
        Some(Some(scalar)) => Some(scalar),
    };
    match (value, argument) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Disagreement::NoHeader),
        (Some(_), None) => Err(Disagreement::NoArgument),
        (Some(value), Some(argument)) => argument.check(&value),
    }
}

/// An argument that a header can mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scalar<'a> {
    /// `null`, which no header mirrors.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number without a fraction, whatever its spelling; beyond 2⁵³−1 it is `None`.
    Integer(Option<i64>),
    /// A number with a fraction, as written. The schema of a mirrored argument does not allow it.
    Fraction(&'a str),
    /// A string.
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// Reads one JSON value; `None` for an array, an object, or what is not JSON.
    #[must_use]
    pub fn from_json(json: &'a [u8]) -> Option<Self> {
        let text = str::from_utf8(json).ok()?.trim_matches([' ', '\t', '\r', '\n']);
        Some(match text.as_bytes().first()? {
            b'n' if text == "null" => Self::Null,
            b't' if text == "true" => Self::Boolean(true),
            b'f' if text == "false" => Self::Boolean(false),
            b'"' => match plain_string(text) {
                Some(plain) => Self::Text(Cow::Borrowed(plain)),
                None => Self::Text(Cow::Owned(serde_json::from_str(text).ok()?)),
            },
            _ => match Number::parse(text)? {
                Number::Integer(value) => Self::Integer(value),
                Number::Fraction => Self::Fraction(text),
            },
        })
    }

    /// The header value that mirrors it; `None` for `null` and for numbers that no header may carry.
    #[must_use]
    pub fn to_header(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Null | Self::Integer(None) | Self::Fraction(_) => None,
            Self::Boolean(true) => Some(Cow::Borrowed("true")),
            Self::Boolean(false) => Some(Cow::Borrowed("false")),
            Self::Integer(Some(value)) => Some(Cow::Owned(value.to_string())),
            Self::Text(text) => Some(encode_value(text)),
        }
    }

    fn check(&self, value: &str) -> Result<(), Disagreement> {
        let same = match self {
            Self::Null => false,
            Self::Boolean(argument) => value == if *argument { "true" } else { "false" },
            Self::Integer(None) => return Err(Disagreement::Unsafe),
            Self::Integer(Some(argument)) => {
                matches!(Number::parse(value), Some(Number::Integer(Some(n))) if n == *argument)
            }
            Self::Fraction(argument) => value == *argument,
            Self::Text(argument) => value == argument,
        };
        if same { Ok(()) } else { Err(Disagreement::Different) }
    }
}

/// Why a header value cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidValue {
    /// A character other than visible ASCII, space and tab.
    Character {
        /// Where it is, in bytes from the start of the value.
        position: usize,
    },
    /// The wrapper holds no strict Base64.
    Base64,
    /// The wrapper holds Base64 of something other than UTF-8.
    Utf8,
}

/// How a header and the body disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disagreement {
    /// The header cannot be read.
    Invalid(InvalidValue),
    /// The body has a value, and there is no header.
    NoHeader,
    /// There is a header, and the body has no value.
    NoArgument,
    /// They differ.
    Different,
    /// The body has an integer beyond ±(2⁵³−1), which intermediaries may round.
    Unsafe,
}

enum Number {
    /// `None` beyond ±(2⁵³−1).
    Integer(Option<i64>),
    Fraction,
}

impl Number {
    /// Reads a JSON number exactly, in time linear in its length whatever its exponent.
    fn parse(text: &str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_value(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((whole, fraction)) if !fraction.is_empty() => (whole, fraction),
            Some(_) => return None,
            None => (mantissa, ""),
        };
        let digits = || whole.bytes().chain(fraction.bytes());
        let valid = !whole.is_empty()
            && digits().all(|digit| digit.is_ascii_digit())
            && (whole == "0" || !whole.starts_with('0'));
        if !valid {
            return None;
        }
        // What counts is from the first to the last digit that is not zero.
        let Some(last) = digits().rposition_of_nonzero() else {
            return Some(Self::Integer(Some(0)));
        };
        let length = whole.len() + fraction.len();
        let zeros = length - 1 - last;
        // The last digit that is not zero counts this power of ten.
        let power = exponent.saturating_sub(fraction.len() as i64).saturating_add(zeros as i64);
        if power < 0 {
            return Some(Self::Fraction);
        }
        let mut value = Some(0_i64);
        for digit in digits().take(last + 1) {
            value = value.and_then(|value| push_digit(value, i64::from(digit - b'0')));
        }
        for _ in 0..power.min(20) {
            value = value.and_then(|value| push_digit(value, 0));
        }
        Some(Self::Integer(value.map(|value| if negative { -value } else { value })))
    }
}

/// `value` with one digit more, while it is within the range of exact doubles.
fn push_digit(value: i64, digit: i64) -> Option<i64> {
    Some(value.checked_mul(10)? + digit).filter(|value| *value <= MAX_SAFE_INTEGER)
}

fn exponent_value(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = digits.iter().fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    Some(if negative { -value } else { value })
}

trait Digits {
    fn rposition_of_nonzero(self) -> Option<usize>;
}

impl<I: Iterator<Item = u8>> Digits for I {
    fn rposition_of_nonzero(self) -> Option<usize> {
        self.enumerate().filter(|(_, digit)| *digit != b'0').last().map(|(at, _)| at)
    }
}

/// The content of a JSON string that needs no unescaping.
fn plain_string(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    inner.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\').then_some(inner)
}

fn wrapped(raw: &[u8]) -> Option<&[u8]> {
    raw.strip_prefix(PREFIX.as_bytes())?.strip_suffix(SUFFIX.as_bytes())
}

/// `field-content` of RFC 9110 without `obs-text`.
fn is_header_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t')
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character { position } => {
                write!(f, "header value holds an invalid character at byte {position}")
            }
            Self::Base64 => f.write_str("header value is not valid Base64 with padding"),
            Self::Utf8 => f.write_str("header value is not UTF-8 once decoded"),
        }
    }
}

impl Error for InvalidValue {}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => invalid.fmt(f),
            Self::NoHeader => f.write_str("header is missing for a value in the body"),
            Self::NoArgument => f.write_str("header has no value in the body"),
            Self::Different => f.write_str("header value differs from the value in the body"),
            Self::Unsafe => f.write_str("integer in the body is beyond 2^53 - 1"),
        }
    }
}

impl Error for Disagreement {}

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";
const MAX_SAFE_INTEGER: i64 = (1 << 53) - 1;
