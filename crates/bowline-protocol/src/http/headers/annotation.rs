//! `x-mcp-header`, which makes a header of an argument.

use core::error::Error;
use core::fmt;

use serde_json::{Map, Value};

use super::media::is_token;

/// An argument that a header mirrors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Annotation {
    /// What follows `Mcp-Param-` in the name of the header, as the schema spells it.
    pub name: String,
    /// The keys that lead from the arguments to the value; never empty.
    pub path: Vec<String>,
}

impl Annotation {
    /// The value in `arguments`; `null` counts as none.
    #[must_use]
    pub fn value_in<'a>(&self, arguments: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.path.split_first()?;
        let value = rest.iter().try_fold(arguments.get(first)?, |value, key| value.get(key))?;
        (!value.is_null()).then_some(value)
    }
}

/// The annotations of an input schema, in the order in which `schema` holds its properties.
///
/// # Errors
/// An annotation breaks a rule of the [specification]; a client then leaves the tool out of its list.
///
/// [specification]: https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#schema-extension
pub fn annotations(schema: &Value) -> Result<Vec<Annotation>, InvalidAnnotation> {
    let mut walk = Walk::default();
    if let Some(root) = schema.as_object()
        && root.contains_key(KEYWORD)
    {
        return Err(InvalidAnnotation::Unreachable { pointer: String::new() });
    }
    walk.schema(schema, true)?;
    Ok(walk.found)
}

/// Which rule an annotation breaks, and where: a JSON pointer into the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidAnnotation {
    /// It is not a string.
    NotText {
        /// Where the annotated schema is.
        pointer: String,
    },
    /// It is empty or not a token, so no header can have that name.
    Name {
        /// Where the annotated schema is.
        pointer: String,
        /// The name.
        name: String,
    },
    /// Another annotation has the same name, upper and lower case not told apart.
    Repeated {
        /// Where the annotated schema is.
        pointer: String,
        /// The name.
        name: String,
    },
    /// The annotated schema is not of type string, integer or boolean.
    Type {
        /// Where the annotated schema is.
        pointer: String,
    },
    /// The annotated schema is not reached from the root by `properties` alone.
    Unreachable {
        /// Where the annotated schema is.
        pointer: String,
    },
}

#[derive(Default)]
struct Walk {
    found: Vec<Annotation>,
    /// The JSON pointer to the current schema, and the property names that lead there.
    pointer: Vec<String>,
    path: Vec<String>,
}

impl Walk {
    /// Walks a schema; `reachable` says that only `properties` lead to it.
    ///
    /// It recurses as deep as the schema nests, which the depth limit of messages bounds.
    fn schema(&mut self, schema: &Value, reachable: bool) -> Result<(), InvalidAnnotation> {
        match schema {
            Value::Object(members) => {
                if let Some(annotation) = members.get(KEYWORD) {
                    self.annotation(annotation, members, reachable)?;
                }
                members.iter().try_for_each(|(key, value)| {
                    self.step(key, |walk| walk.member(key, value, reachable))
                })
            }
            Value::Array(items) => items.iter().enumerate().try_for_each(|(at, item)| {
                self.step(&at.to_string(), |walk| walk.schema(item, false))
            }),
            _ => Ok(()),
        }
    }

    fn member(
        &mut self,
        key: &str,
        value: &Value,
        reachable: bool,
    ) -> Result<(), InvalidAnnotation> {
        match (key, value) {
            // What these hold are instances, not schemas.
            ("default" | "const" | "enum" | "examples", _) => Ok(()),
            // The keys in these are names, not keywords.
            (
                "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas",
                Value::Object(named),
            ) => {
                let reachable = reachable && key == "properties";
                named.iter().try_for_each(|(name, schema)| {
                    self.path.push(name.clone());
                    let result = self.step(name, |walk| walk.schema(schema, reachable));
                    self.path.pop();
                    result
                })
            }
            _ => self.schema(value, false),
        }
    }

    fn annotation(
        &mut self,
        annotation: &Value,
        schema: &Map<String, Value>,
        reachable: bool,
    ) -> Result<(), InvalidAnnotation> {
        let pointer = || pointer(&self.pointer);
        if !reachable || self.path.is_empty() {
            return Err(InvalidAnnotation::Unreachable { pointer: pointer() });
        }
        let Value::String(name) = annotation else {
            return Err(InvalidAnnotation::NotText { pointer: pointer() });
        };
        if !is_token(name.as_bytes()) {
            return Err(InvalidAnnotation::Name { pointer: pointer(), name: name.clone() });
        }
        if !schema.get("type").is_some_and(is_primitive) {
            return Err(InvalidAnnotation::Type { pointer: pointer() });
        }
        if self.found.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
            return Err(InvalidAnnotation::Repeated { pointer: pointer(), name: name.clone() });
        }
        self.found.push(Annotation { name: name.clone(), path: self.path.clone() });
        Ok(())
    }

    fn step<T>(&mut self, key: &str, walk: impl FnOnce(&mut Self) -> T) -> T {
        self.pointer.push(key.to_owned());
        let result = walk(self);
        self.pointer.pop();
        result
    }
}

/// A primitive type, which may be nullable: for `null` a client sends no header.
fn is_primitive(kind: &Value) -> bool {
    let primitive = |kind: &Value| matches!(kind.as_str(), Some("string" | "integer" | "boolean"));
    match kind.as_array().map(Vec::as_slice) {
        None => primitive(kind),
        Some([one]) => primitive(one),
        Some([one, other] | [other, one]) if other == "null" => primitive(one),
        Some(_) => false,
    }
}

fn pointer(keys: &[String]) -> String {
    keys.iter().map(|key| format!("/{}", key.replace('~', "~0").replace('/', "~1"))).collect()
}

impl fmt::Display for InvalidAnnotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText { pointer } => write!(f, "x-mcp-header at `{pointer}` is not a string"),
            Self::Name { pointer, name } => {
                write!(f, "x-mcp-header {name:?} at `{pointer}` is not a header name")
            }
            Self::Repeated { pointer, name } => {
                write!(f, "x-mcp-header {name:?} at `{pointer}` is taken by another property")
            }
            Self::Type { pointer } => {
                write!(f, "x-mcp-header at `{pointer}` needs type string, integer or boolean")
            }
            Self::Unreachable { pointer } => write!(
                f,
                "x-mcp-header at `{pointer}` is not on a property reached by `properties` alone"
            ),
        }
    }
}

impl Error for InvalidAnnotation {}

const KEYWORD: &str = "x-mcp-header";
