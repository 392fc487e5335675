//! The grammar of the keys of `_meta`.

use std::error::Error;
use std::fmt;

/// A key of `_meta`, apart: an optional prefix of labels, and a name.
///
/// Identifiers of extensions follow the same grammar, with the prefix required.
///
/// # Examples
///
/// ```
/// use bowline_types::meta::MetaKey;
///
/// let key = MetaKey::parse("com.example/build-id")?;
/// assert_eq!((key.prefix(), key.name()), (Some("com.example"), "build-id"));
/// assert!(!key.is_reserved());
/// # Ok::<(), bowline_types::meta::InvalidMetaKey>(())
/// ```
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#_meta)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetaKey<'a> {
    prefix: Option<&'a str>,
    name: &'a str,
}

impl<'a> MetaKey<'a> {
    /// Takes a key apart.
    ///
    /// # Errors
    ///
    /// When the key does not follow the grammar.
    pub fn parse(key: &'a str) -> Result<Self, InvalidMetaKey> {
        let (prefix, name) = match key.split_once('/') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, key),
        };
        if !prefix.is_none_or(|prefix| prefix.split('.').all(is_label)) {
            return Err(InvalidMetaKey::Prefix);
        }
        if !is_name(name) {
            return Err(InvalidMetaKey::Name);
        }
        Ok(Self { prefix, name })
    }

    /// What is before the slash.
    pub fn prefix(self) -> Option<&'a str> {
        self.prefix
    }

    /// What is behind the slash; the whole key when there is none.
    pub fn name(self) -> &'a str {
        self.name
    }

    /// Whether the prefix belongs to the protocol: its second label is `modelcontextprotocol` or `mcp`.
    pub fn is_reserved(self) -> bool {
        let second = self.prefix.and_then(|prefix| prefix.split('.').nth(1));
        matches!(second, Some("modelcontextprotocol" | "mcp"))
    }
}

/// A key that does not follow the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidMetaKey {
    /// A label of the prefix does not start with a letter, end with a letter or digit, and have letters,
    /// digits and hyphens between.
    Prefix,
    /// The name does not start and end with a letter or digit and have letters, digits, `-`, `_` and `.`
    /// between.
    Name,
}

impl fmt::Display for InvalidMetaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => {
                "prefix of a `_meta` key is not labels of letters, digits and hyphens apart by dots"
            }
            Self::Name => "name of a `_meta` key does not start and end with a letter or digit",
        })
    }
}

impl Error for InvalidMetaKey {}

fn is_label(label: &str) -> bool {
    match label.as_bytes() {
        [only] => only.is_ascii_alphabetic(),
        [first, inner @ .., last] => {
            first.is_ascii_alphabetic()
                && last.is_ascii_alphanumeric()
                && inner.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        }
        [] => false,
    }
}

fn is_name(name: &str) -> bool {
    match name.as_bytes() {
        [] => true,
        [only] => only.is_ascii_alphanumeric(),
        [first, inner @ .., last] => {
            first.is_ascii_alphanumeric()
                && last.is_ascii_alphanumeric()
                && inner.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
        }
    }
}
