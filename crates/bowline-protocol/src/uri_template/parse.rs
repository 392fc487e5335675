//! The grammar of RFC 6570 §2.

use core::error::Error;
use core::fmt;

use super::{Modifier, Operator, Part, Variable};
use crate::limits::Limits;

/// Why a text is not a URI template.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateError {
    /// What is wrong.
    pub kind: TemplateErrorKind,
    /// Where, in bytes from the start of the template.
    pub position: usize,
}

/// What is wrong with a URI template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateErrorKind {
    /// The template is longer than this many bytes.
    TooLong(usize),
    /// The template has more than this many variables.
    TooManyVariables(usize),
    /// A `{` without its `}`.
    Unclosed,
    /// A `}` without its `{`.
    Unopened,
    /// A character that no URI can hold; write it percent-encoded.
    Character(char),
    /// A `%` without two hexadecimal digits after it.
    Percent,
    /// An operator that RFC 6570 keeps for later.
    Operator(char),
    /// A variable without a name, or with a character that a name cannot hold.
    Name,
    /// A `:` without a length from 1 to 9999, or something after the modifier.
    Modifier,
}

pub(super) fn parse(source: &str, limits: &Limits) -> Result<Vec<Part>, TemplateError> {
    if source.len() > limits.template_bytes {
        let position = limits.template_bytes;
        return Err(TemplateError { kind: TemplateErrorKind::TooLong(position), position });
    }
    let mut parts = Vec::new();
    let mut room = limits.template_variables;
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        if !rest.starts_with('{') {
            let length = rest.find('{').unwrap_or(rest.len());
            check_literal(&rest[..length], at)?;
            parts.push(Part::Literal(rest[..length].to_owned()));
            at += length;
            continue;
        }
        let length = rest.find('}').ok_or_else(|| TemplateErrorKind::Unclosed.at(at))?;
        let (operator, variables) = expression(&rest[1..length], at + 1)?;
        let Some(left) = room.checked_sub(variables.len()) else {
            return Err(TemplateErrorKind::TooManyVariables(limits.template_variables).at(at));
        };
        room = left;
        parts.push(Part::Expression { operator, variables, position: at });
        at += length + 1;
    }
    Ok(parts)
}

fn check_literal(literal: &str, start: usize) -> Result<(), TemplateError> {
    for (at, c) in literal.char_indices() {
        let kind = match c {
            '}' => TemplateErrorKind::Unopened,
            '%' if !is_triplet(&literal.as_bytes()[at..]) => TemplateErrorKind::Percent,
            ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '|' => TemplateErrorKind::Character(c),
            c if c.is_control() => TemplateErrorKind::Character(c),
            _ => continue,
        };
        return Err(kind.at(start + at));
    }
    Ok(())
}

fn expression(body: &str, start: usize) -> Result<(Operator, Vec<Variable>), TemplateError> {
    let (operator, skipped) = match body.chars().next() {
        Some('+') => (Operator::Reserved, 1),
        Some('#') => (Operator::Fragment, 1),
        Some('.') => (Operator::Label, 1),
        Some('/') => (Operator::Path, 1),
        Some(';') => (Operator::Parameters, 1),
        Some('?') => (Operator::Query, 1),
        Some('&') => (Operator::Continuation, 1),
        Some(c @ ('=' | ',' | '!' | '@' | '|')) => {
            return Err(TemplateErrorKind::Operator(c).at(start));
        }
        _ => (Operator::Simple, 0),
    };
    let mut at = start + skipped;
    let mut variables = Vec::new();
    for text in body[skipped..].split(',') {
        variables.push(variable(text, at)?);
        at += text.len() + 1;
    }
    Ok((operator, variables))
}

fn variable(text: &str, start: usize) -> Result<Variable, TemplateError> {
    let length = text.find([':', '*']).unwrap_or(text.len());
    let (name, modifier) = text.split_at(length);
    if let Some(at) = bad_name(name) {
        return Err(TemplateErrorKind::Name.at(start + at));
    }
    let modifier = match modifier {
        "" => Modifier::None,
        "*" => Modifier::Explode,
        _ => prefix(modifier).ok_or_else(|| TemplateErrorKind::Modifier.at(start + length))?,
    };
    Ok(Variable { name: name.to_owned(), modifier })
}

/// Where `name` breaks `varname = varchar *( ["."] varchar )`.
fn bad_name(name: &str) -> Option<usize> {
    let bytes = name.as_bytes();
    let mut at = 0;
    // A dot stands only between two other characters.
    let mut dot_allowed = false;
    while at < bytes.len() {
        match bytes[at] {
            b'.' if dot_allowed && at + 1 < bytes.len() => dot_allowed = false,
            b'%' if is_triplet(&bytes[at..]) => {
                at += 2;
                dot_allowed = true;
            }
            b'_' => dot_allowed = true,
            byte if byte.is_ascii_alphanumeric() => dot_allowed = true,
            _ => return Some(at),
        }
        at += 1;
    }
    name.is_empty().then_some(0)
}

fn prefix(modifier: &str) -> Option<Modifier> {
    let digits = modifier.strip_prefix(':')?;
    let valid = (1..=4).contains(&digits.len())
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && !digits.starts_with('0');
    valid.then(|| digits.parse().ok()).flatten().map(Modifier::Prefix)
}

/// Whether `bytes` begin with a percent-encoded byte.
pub(super) fn is_triplet(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

impl TemplateErrorKind {
    fn at(self, position: usize) -> TemplateError {
        TemplateError { kind: self, position }
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TemplateErrorKind::TooLong(limit) => {
                return write!(f, "URI template is longer than {limit} bytes");
            }
            TemplateErrorKind::TooManyVariables(limit) => {
                write!(f, "URI template has more than {limit} variables")
            }
            TemplateErrorKind::Unclosed => f.write_str("`{` without `}`"),
            TemplateErrorKind::Unopened => f.write_str("`}` without `{`"),
            TemplateErrorKind::Character(c) => {
                write!(f, "character {c:?} must be percent-encoded")
            }
            TemplateErrorKind::Percent => f.write_str("`%` without two hexadecimal digits"),
            TemplateErrorKind::Operator(c) => {
                write!(f, "operator `{c}` is reserved; use one of `+ # . / ; ? &`")
            }
            TemplateErrorKind::Name => f.write_str(
                "variable name is empty or holds more than letters, digits, `_` and `.`",
            ),
            TemplateErrorKind::Modifier => {
                f.write_str("modifier is neither `*` nor `:` with a length from 1 to 9999")
            }
        }?;
        write!(f, " at byte {}", self.position)
    }
}

impl Error for TemplateError {}
