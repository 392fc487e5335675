//! URI templates of [RFC 6570]: parsing, expansion, and the matching that [resource templates] need.
//!
//! Expansion covers all four levels.
//! Matching goes the other way and answers in one pass, in time linear in the URI and the template, whatever they hold:
//!
//! ```
//! use bowline_protocol::uri_template::UriTemplate;
//!
//! let matcher = UriTemplate::parse("repo://{owner}/{name}/contents{/path*}{?ref}")?.matcher()?;
//! let found = matcher.matches("repo://rust/book/contents/src/ch%2001.md?ref=main").unwrap();
//! assert_eq!(found.text("owner"), Some("rust"));
//! assert_eq!(found.list("path"), Some(&["src".to_owned(), "ch 01.md".to_owned()][..]));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! # What a matched value can hold
//!
//! Values are percent-decoded and valid UTF-8.
//! The value of `{x}`, and each element of `{/x*}`, never holds a `/`, raw or encoded.
//! The value of `{+x}` and `{#x}` can hold anything, and that of `{?x}` and `{&x}` anything that came encoded.
//! **Every value can be `.` or `..`, or hold a backslash, a colon or NUL**:
//! who makes a file path of a value checks the decoded value, not the URI.
//!
//! [RFC 6570]: https://www.rfc-editor.org/rfc/rfc6570
//! [resource templates]: https://modelcontextprotocol.io/specification/2026-07-28/server/resources#resource-templates

mod expand;
mod matcher;
mod parse;
mod unit;

use core::fmt;
use core::str::FromStr;

pub use expand::ExpandError;
pub use matcher::{Matcher, Obstacle, Unmatchable};
pub use parse::{TemplateError, TemplateErrorKind};

use crate::limits::Limits;

/// A parsed URI template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UriTemplate {
    source: String,
    parts: Vec<Part>,
    uri_bytes: usize,
}

impl UriTemplate {
    /// Parses a template within the default [`Limits`].
    ///
    /// # Errors
    /// The first place where `source` breaks the grammar, or the limit it exceeds.
    pub fn parse(source: &str) -> Result<Self, TemplateError> {
        Self::parse_within(source, &Limits::default())
    }

    /// Parses a template of at most `template_bytes` with at most `template_variables` variables,
    /// for URIs of at most `uri_bytes`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_within(source: &str, limits: &Limits) -> Result<Self, TemplateError> {
        let parts = parse::parse(source, limits)?;
        Ok(Self { source: source.to_owned(), parts, uri_bytes: limits.uri_bytes })
    }

    /// The template as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The names of the variables in the order of the template, each once.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let all = || self.parts.iter().flat_map(Part::variables).map(|variable| &*variable.name);
        all()
            .enumerate()
            .filter(move |(at, name)| !all().take(*at).any(|n| n == *name))
            .map(|(_, name)| name)
    }

    /// The URI with `values` in place of the variables; a variable without a value is left out.
    ///
    /// # Errors
    /// A prefix such as `{x:3}` meets a list or map, or the URI is over its limit.
    pub fn expand(&self, values: &Variables) -> Result<String, ExpandError> {
        expand::expand(&self.parts, values, self.uri_bytes)
    }

    /// What matches URIs against this template.
    ///
    /// # Errors
    /// The template has more than one reading for some URI; see [`Obstacle`].
    pub fn matcher(&self) -> Result<Matcher, Unmatchable> {
        matcher::compile(&self.parts, self.uri_bytes)
    }
}

impl FromStr for UriTemplate {
    type Err = TemplateError;

    fn from_str(source: &str) -> Result<Self, TemplateError> {
        Self::parse(source)
    }
}

impl fmt::Display for UriTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

/// Values by variable name, to expand a template with or found by a match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Variables {
    entries: Vec<(String, Value)>,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One string.
    Text(String),
    /// Strings in order; an empty list counts as no value.
    List(Vec<String>),
    /// Names and strings in order; an empty map counts as no value.
    Map(Vec<(String, String)>),
}

impl Variables {
    /// Sets a value, in place of one set before.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.entries.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.entries.push((name, value)),
        }
        self
    }

    /// The value of `name`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The value of `name` if it is one string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The value of `name` if it is a list.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<&[String]> {
        match self.value(name) {
            Some(Value::List(list)) => Some(list),
            _ => None,
        }
    }

    /// All values: those of a match in the order of the template.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries.iter().map(|(name, value)| (&**name, value))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<String>> From<Vec<T>> for Value {
    fn from(list: Vec<T>) -> Self {
        Self::List(list.into_iter().map(Into::into).collect())
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Expression {
        operator: Operator,
        variables: Vec<Variable>,
        /// Where its brace is, in bytes from the start of the template.
        position: usize,
    },
}

impl Part {
    fn variables(&self) -> &[Variable] {
        match self {
            Self::Literal(_) => &[],
            Self::Expression { variables, .. } => variables,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    name: String,
    modifier: Modifier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Modifier {
    None,
    /// `{x:3}`: the first characters of a string.
    Prefix(usize),
    /// `{x*}`: each element on its own.
    Explode,
}

/// The first character of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Simple,
    Reserved,
    Fragment,
    Label,
    Path,
    Parameters,
    Query,
    Continuation,
}

#[cfg(test)]
mod tests;
