//! Expansion, RFC 6570 §3.

use core::error::Error;
use core::fmt;

use super::parse::is_triplet;
use super::{Modifier, Operator, Part, Value, Variable, Variables};

/// Why a template could not be expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpandError {
    /// A prefix such as `{x:3}` met a list or a map.
    Prefix {
        /// The variable.
        name: String,
    },
    /// The URI would be longer than this many bytes.
    TooLong(usize),
}

pub(super) fn expand(
    parts: &[Part],
    values: &Variables,
    limit: usize,
) -> Result<String, ExpandError> {
    let mut uri = String::new();
    for part in parts {
        match part {
            Part::Literal(literal) => encode(literal, Allowed::Reserved, &mut uri),
            Part::Expression { operator, variables, .. } => {
                expression(*operator, variables, values, limit, &mut uri)?;
            }
        }
        if uri.len() > limit {
            return Err(ExpandError::TooLong(limit));
        }
    }
    Ok(uri)
}

fn expression(
    operator: Operator,
    variables: &[Variable],
    values: &Variables,
    limit: usize,
    uri: &mut String,
) -> Result<(), ExpandError> {
    let style = operator.style();
    let mut separator = style.first;
    for variable in variables {
        let Some(value) = values.value(&variable.name).filter(|value| value.is_defined()) else {
            continue;
        };
        uri.push_str(separator);
        separator = style.separator;
        match (value, variable.modifier) {
            (Value::Text(text), Modifier::Prefix(length)) => {
                let end = text.char_indices().nth(length).map_or(text.len(), |(at, _)| at);
                style.pair(&variable.name, &text[..end], uri);
            }
            (_, Modifier::Prefix(_)) => {
                return Err(ExpandError::Prefix { name: variable.name.clone() });
            }
            (Value::Text(text), _) => style.pair(&variable.name, text, uri),
            (Value::List(items), Modifier::Explode) => {
                for (at, item) in items.iter().enumerate() {
                    uri.push_str(if at == 0 { "" } else { style.separator });
                    style.pair(&variable.name, item, uri);
                }
            }
            (Value::Map(entries), Modifier::Explode) => {
                for (at, (key, item)) in entries.iter().enumerate() {
                    uri.push_str(if at == 0 { "" } else { style.separator });
                    encode(key, style.allowed, uri);
                    uri.push_str(if item.is_empty() && style.named { style.if_empty } else { "=" });
                    encode(item, style.allowed, uri);
                }
            }
            (Value::List(items), Modifier::None) => {
                style.name(&variable.name, false, uri);
                for (at, item) in items.iter().enumerate() {
                    uri.push_str(if at == 0 { "" } else { "," });
                    encode(item, style.allowed, uri);
                }
            }
            (Value::Map(entries), Modifier::None) => {
                style.name(&variable.name, false, uri);
                for (at, (key, item)) in entries.iter().enumerate() {
                    uri.push_str(if at == 0 { "" } else { "," });
                    encode(key, style.allowed, uri);
                    uri.push(',');
                    encode(item, style.allowed, uri);
                }
            }
        }
        if uri.len() > limit {
            return Err(ExpandError::TooLong(limit));
        }
    }
    Ok(())
}

impl Value {
    fn is_defined(&self) -> bool {
        match self {
            Self::Text(_) => true,
            Self::List(items) => !items.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
        }
    }
}

/// A row of the table in RFC 6570 appendix A.
struct Style {
    first: &'static str,
    separator: &'static str,
    named: bool,
    if_empty: &'static str,
    allowed: Allowed,
}

#[derive(Clone, Copy)]
enum Allowed {
    Unreserved,
    /// Reserved characters and percent-encoded bytes too.
    Reserved,
}

impl Operator {
    fn style(self) -> Style {
        use Allowed::{Reserved, Unreserved};
        let (first, separator, named, if_empty, allowed) = match self {
            Self::Simple => ("", ",", false, "", Unreserved),
            Self::Reserved => ("", ",", false, "", Reserved),
            Self::Fragment => ("#", ",", false, "", Reserved),
            Self::Label => (".", ".", false, "", Unreserved),
            Self::Path => ("/", "/", false, "", Unreserved),
            Self::Parameters => (";", ";", true, "", Unreserved),
            Self::Query => ("?", "&", true, "=", Unreserved),
            Self::Continuation => ("&", "&", true, "=", Unreserved),
        };
        Style { first, separator, named, if_empty, allowed }
    }
}

impl Style {
    /// Appends one value, with its name where the operator wants it.
    fn pair(&self, name: &str, value: &str, uri: &mut String) {
        self.name(name, value.is_empty(), uri);
        encode(value, self.allowed, uri);
    }

    fn name(&self, name: &str, empty: bool, uri: &mut String) {
        if self.named {
            uri.push_str(name);
            uri.push_str(if empty { self.if_empty } else { "=" });
        }
    }
}

/// Appends `text` with every byte percent-encoded that may not stand for itself.
fn encode(text: &str, allowed: Allowed, uri: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let stands = match allowed {
            _ if is_unreserved(byte) => true,
            Allowed::Unreserved => false,
            Allowed::Reserved => is_reserved(byte) || is_triplet(&bytes[at..]),
        };
        if stands {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.push(char::from(HEX[usize::from(byte >> 4)]));
            uri.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

/// `unreserved` of RFC 3986.
pub(super) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `reserved` of RFC 3986.
pub(super) fn is_reserved(byte: u8) -> bool {
    b":/?#[]@!$&'()*+,;=".contains(&byte)
}

impl fmt::Display for ExpandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix { name } => {
                write!(f, "variable `{name}` has a prefix length, so its value must be a string")
            }
            Self::TooLong(limit) => write!(f, "expanded URI is longer than {limit} bytes"),
        }
    }
}

impl Error for ExpandError {}
