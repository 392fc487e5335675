//! JSON that is written into somebody's file, in the form that the file has already.

use serde_json::Value;

/// A value; the members of an object stand in the order in which they are to be written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Text(String),
    Flag(bool),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// How a file is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// What ends a line.
    pub(super) newline: &'static str,
    /// What a level of indentation is.
    pub(super) unit: String,
    /// Whether there is a space behind a colon and a comma.
    pub(super) spaced: bool,
    /// Whether the whole file is one line.
    pub(super) one_line: bool,
}

impl Node {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    pub(crate) fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(members.into_iter().map(|(name, node)| (name.into(), node)).collect())
    }

    /// The same as serde's.
    pub(crate) fn json(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Flag(flag) => Value::from(*flag),
            Self::List(nodes) => nodes.iter().map(Self::json).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, node)| (name.clone(), node.json())).collect()
            }
        }
    }

    /// On several lines, of which all but the first begin with this indent; lists that are short stay on one.
    pub(super) fn lines(&self, indent: &str, style: &Style) -> String {
        let (open, close, inner) = match self {
            Self::List(nodes) if self.line(style).len() > LONGEST_LINE => {
                let inner = |indent: &str| {
                    nodes.iter().map(|node| node.lines(indent, style)).collect::<Vec<_>>()
                };
                ('[', ']', inner(&format!("{indent}{}", style.unit)))
            }
            Self::Object(members) if !members.is_empty() => {
                let deeper = format!("{indent}{}", style.unit);
                let member = |(name, node): &(String, Self)| {
                    member(name, &node.lines(&deeper, style), style)
                };
                ('{', '}', members.iter().map(member).collect())
            }
            _ => return self.line(style),
        };
        let newline = style.newline;
        let between = format!(",{newline}{indent}{}", style.unit);
        let inner = inner.join(&between);
        format!("{open}{newline}{indent}{}{inner}{newline}{indent}{close}", style.unit)
    }

    /// On one line.
    pub(super) fn line(&self, style: &Style) -> String {
        let between = if style.spaced { ", " } else { "," };
        match self {
            Self::Text(text) => quoted(text),
            Self::Flag(flag) => flag.to_string(),
            Self::List(nodes) => {
                let nodes: Vec<_> = nodes.iter().map(|node| node.line(style)).collect();
                format!("[{}]", nodes.join(between))
            }
            Self::Object(members) => {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, node)| member(name, &node.line(style), style))
                    .collect();
                format!("{{{}}}", members.join(between))
            }
        }
    }
}

/// A member with its value as it is to be written.
pub(super) fn member(name: &str, value: &str, style: &Style) -> String {
    format!("{}:{}{value}", quoted(name), if style.spaced { " " } else { "" })
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// Columns of a list that stays on one line.
const LONGEST_LINE: usize = 90;
