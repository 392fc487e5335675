//! Compiling schemas, within bounds and without the network.
//!
//! See [JSON Schema usage](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#json-schema-usage).

use crate::server::json::Path;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, PatternOptions, ValidationError};
use serde_json::{Value, json};

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Validator(jsonschema::Validator);

impl Validator {
    /// Compiles a schema of dialect 2020-12 or draft-07.
    ///
    /// # Errors
    /// When it is of another dialect, too large, no valid schema, or refers to anything outside itself.
    pub(crate) fn compile(schema: &Value) -> Result<Self, String> {
        let size = schema.to_string().len();
        if size > MAX_SIZE {
            return Err(format!("schema of {size} bytes, more than the {MAX_SIZE} allowed"));
        }
        let mut seen = Seen::default();
        seen.value(schema, 1, true)?;
        let draft = match schema.get("$schema").and_then(Value::as_str) {
            Some(dialect) => draft_of(dialect)?,
            None => Draft::Draft202012,
        };
        build(schema, draft).map(Self)
    }

    /// What is wrong with a value: at most `limit` lines.
    pub(crate) fn violations(&self, value: &Value, limit: usize) -> Vec<String> {
        self.0.iter_errors(value).take(limit).map(|error| violation(&error)).collect()
    }
}

/// A compiled regular expression.
#[derive(Debug)]
pub(crate) struct Pattern(jsonschema::Validator);

impl Pattern {
    pub(crate) fn compile(pattern: &str) -> Result<Self, String> {
        build(&json!({ "pattern": pattern }), Draft::Draft202012)
            .map(Self)
            .map_err(|_| format!("`{pattern}` is no regular expression"))
    }

    pub(crate) fn matches(&self, text: &Value) -> bool {
        self.0.is_valid(text)
    }
}

fn build(schema: &Value, draft: Draft) -> Result<jsonschema::Validator, String> {
    // A client chooses what is matched: an engine in linear time goes first, one that goes back only with a bound.
    let options = || jsonschema::options().with_draft(draft).offline();
    options()
        .with_pattern_options(PatternOptions::regex())
        .build(schema)
        .or_else(|_| {
            let bounded = PatternOptions::fancy_regex().backtrack_limit(MAX_BACKTRACKS);
            options().with_pattern_options(bounded).build(schema)
        })
        .map_err(|error| match error.kind() {
            ValidationErrorKind::Referencing(reference) => {
                format!("`$ref` leads out of the schema, and nothing is fetched: {reference}")
            }
            _ => format!("no valid schema at `{}`: {}", error.instance_path(), error.masked()),
        })
}

fn draft_of(dialect: &str) -> Result<Draft, String> {
    match dialect.strip_suffix('#').unwrap_or(dialect) {
        "https://json-schema.org/draft/2020-12/schema" => Ok(Draft::Draft202012),
        "http://json-schema.org/draft-07/schema" => Ok(Draft::Draft7),
        _ => Err(format!(
            "`$schema` names a dialect that is not supported: {dialect}; 2020-12 and draft-07 are"
        )),
    }
}

/// How much of a schema has been seen.
#[derive(Default)]
struct Seen {
    schemas: usize,
}

impl Seen {
    /// Counts a value, which is a schema or holds schemas unless it is what one compares with.
    fn value(&mut self, value: &Value, depth: usize, schemas: bool) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("schema is nested deeper than {MAX_DEPTH} levels"));
        }
        match value {
            Value::Object(members) => {
                self.schemas += 1;
                if self.schemas > MAX_SCHEMAS {
                    return Err(format!("schema has more than {MAX_SCHEMAS} parts"));
                }
                if let (true, Some(Value::String(dialect))) = (schemas, members.get("$schema")) {
                    draft_of(dialect)?;
                }
                members.iter().try_for_each(|(key, value)| {
                    let compared =
                        matches!(key.as_str(), "const" | "enum" | "default" | "examples");
                    self.value(value, depth + 1, schemas && !compared)
                })
            }
            Value::Array(items) => {
                items.iter().try_for_each(|item| self.value(item, depth + 1, schemas))
            }
            _ => Ok(()),
        }
    }
}

/// One line: where, and what to change.
fn violation(error: &ValidationError<'_>) -> String {
    let mut path = Path::default();
    for segment in error.instance_path().segments() {
        match segment {
            LocationSegment::Property(name) => path.member(&name),
            LocationSegment::Index(at) => path.element(at),
        }
    }
    match error.kind() {
        ValidationErrorKind::Required { property: Value::String(name) } => {
            path.member(name);
            path.says("missing, but required")
        }
        ValidationErrorKind::Type { kind: TypeKind::Single(kind) } => {
            path.says(&format!("expected type {kind}"))
        }
        ValidationErrorKind::Enum { options } => path.says(&format!("expected one of {options}")),
        ValidationErrorKind::Constant { expected_value } => {
            path.says(&format!("expected {expected_value}"))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            path.says(&format!("has members that are not allowed: {}", unexpected.join(", ")))
        }
        // The value itself may be long, and whoever sent it has it.
        _ => path.says(&error.masked().to_string()),
    }
}

const MAX_SIZE: usize = 256 * 1024;
const MAX_DEPTH: usize = 64;
const MAX_SCHEMAS: usize = 10_000;
const MAX_BACKTRACKS: usize = 100_000;
