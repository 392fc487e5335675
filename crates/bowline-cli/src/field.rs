//! Members of an object that people fill in: arguments of a tool or a prompt, fields of a form.
//!
//! Of a JSON Schema this reads what tells a person, and the words on a command line, what to write. Whether the whole
//! fits the schema the peer says.

use bowline::ask::fits;
use bowline::config::nearest;
use bowline::types::input::StringFormat;
use serde_json::{Map, Number, Value};

/// A member of an object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) required: bool,
    pub(crate) default: Option<Value>,
    pub(crate) kind: Kind,
}

/// What a member may be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Text {
        least: Option<u64>,
        most: Option<u64>,
        format: Option<String>,
    },
    Number {
        whole: bool,
        least: Option<f64>,
        most: Option<f64>,
    },
    Boolean,
    Choice(Vec<Choice>),
    List {
        of: Box<Self>,
        least: Option<u64>,
        most: Option<u64>,
    },
    /// Several kinds; text, if it is among them, is the last.
    Either(Vec<Self>),
    /// Anything that is written as JSON, such as an object.
    Json,
}

/// One of the values of a member that has only a few.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) value: Value,
    pub(crate) title: Option<String>,
}

/// The members that the schema of an object names: those that are required first, in the order it lists them.
pub(crate) fn fields(schema: &Map<String, Value>) -> Vec<Field> {
    let required: Vec<&str> = strings(schema.get("required")).collect();
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let optional = properties.keys().map(String::as_str).filter(|name| !required.contains(name));
    let names = required.iter().copied().chain(optional);
    let field = |name: &str| {
        let member = properties.get(name).unwrap_or(&Value::Bool(true));
        Field::of(name, member, schema, required.contains(&name))
    };
    names.map(field).collect()
}

impl Field {
    fn of(name: &str, schema: &Value, root: &Map<String, Value>, required: bool) -> Self {
        let target = resolved(schema, root);
        let text = |keyword: &str| {
            // What stands beside a reference is about this member, and comes first.
            let own = schema.get(keyword).or_else(|| target.get(keyword));
            own.and_then(Value::as_str).map(str::to_owned)
        };
        Self {
            name: name.to_owned(),
            title: text("title"),
            description: text("description"),
            required,
            default: schema.get("default").or_else(|| target.get("default")).cloned(),
            kind: Kind::of(schema, root, DEPTH),
        }
    }

    /// A member that is a text.
    pub(crate) fn text(name: &str, description: Option<&str>, required: bool) -> Self {
        Self {
            name: name.to_owned(),
            title: None,
            description: description.map(str::to_owned),
            required,
            default: None,
            kind: Kind::TEXT,
        }
    }
}

impl Kind {
    pub(crate) const TEXT: Self = Self::Text { least: None, most: None, format: None };

    fn of(schema: &Value, root: &Map<String, Value>, depth: usize) -> Self {
        let schema = resolved(schema, root);
        let Some(deeper) = depth.checked_sub(1) else {
            return Self::Json;
        };
        if let Some(choices) = choices(schema) {
            return choices.map_or(Self::Json, Self::Choice);
        }
        let either = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(keyword)?.as_array());
        if let Some(either) = either {
            return Self::either(either.iter().filter_map(|schema| {
                let is_null = resolved(schema, root).get("type").is_some_and(|kind| kind == "null");
                (!is_null).then(|| Self::of(schema, root, deeper))
            }));
        }
        if let Some([only]) = schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
            return Self::of(only, root, deeper);
        }
        match schema.get("type") {
            Some(Value::String(name)) => Self::named(name, schema, root, deeper),
            Some(Value::Array(names)) => {
                let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
                Self::either(names.map(|name| Self::named(name, schema, root, deeper)))
            }
            _ if schema.get("properties").is_some() => Self::Json,
            _ => Self::TEXT,
        }
    }

    fn named(name: &str, schema: &Value, root: &Map<String, Value>, depth: usize) -> Self {
        let count = |keyword: &str| schema.get(keyword).and_then(Value::as_u64);
        let bound = |keyword: &str| schema.get(keyword).and_then(Value::as_f64);
        match name {
            "string" => Self::Text {
                least: count("minLength"),
                most: count("maxLength"),
                format: schema.get("format").and_then(Value::as_str).map(str::to_owned),
            },
            "integer" | "number" => Self::Number {
                whole: name == "integer",
                least: bound("minimum"),
                most: bound("maximum"),
            },
            "boolean" => Self::Boolean,
            "array" => {
                let items = schema.get("items").unwrap_or(&Value::Bool(true));
                Self::List {
                    of: Box::new(Self::of(items, root, depth)),
                    least: count("minItems"),
                    most: count("maxItems"),
                }
            }
            _ => Self::Json,
        }
    }

    fn either(kinds: impl Iterator<Item = Self>) -> Self {
        let mut kinds: Vec<Self> = kinds.collect();
        // Every value can be read as a text, so that is tried last.
        kinds.sort_by_key(|kind| matches!(kind, Self::Text { .. }));
        match kinds.len() {
            0 => Self::Json,
            1 => kinds.remove(0),
            _ => Self::Either(kinds),
        }
    }

    /// What stands for a value in a line to type.
    pub(crate) fn word(&self) -> String {
        match self {
            Self::Text { format: Some(format), .. } => format.to_uppercase(),
            Self::Text { .. } => "TEXT".to_owned(),
            Self::Number { whole: true, .. } => "INTEGER".to_owned(),
            Self::Number { whole: false, .. } => "NUMBER".to_owned(),
            Self::Boolean => "true|false".to_owned(),
            Self::Choice(choices) if choices.len() <= FEW => {
                choices.iter().map(|choice| plain(&choice.value)).collect::<Vec<_>>().join("|")
            }
            Self::Choice(_) => "CHOICE".to_owned(),
            Self::List { of, .. } => of.word(),
            Self::Either(kinds) => {
                let mut words: Vec<_> = kinds.iter().map(Self::word).collect();
                words.dedup();
                words.join("|")
            }
            Self::Json => "JSON".to_owned(),
        }
    }

    /// What may be written, in words.
    pub(crate) fn expectation(&self) -> String {
        match self {
            Self::Text { least, most, format } => {
                let what = format.as_deref().map_or_else(|| "text".to_owned(), in_words);
                what + &range(*least, *most, " characters")
            }
            Self::Number { whole, least, most } => {
                let what = if *whole { "a whole number" } else { "a number" };
                what.to_owned() + &range(*least, *most, "")
            }
            Self::Boolean => "true or false".to_owned(),
            Self::Choice(choices) if choices.len() <= MANY => {
                let names: Vec<_> = choices.iter().map(|choice| plain(&choice.value)).collect();
                format!("one of {}", names.join(", "))
            }
            Self::Choice(choices) => format!("one of {} values", choices.len()),
            Self::List { of, least, most } => {
                format!("a list, each {}{}", of.expectation(), range(*least, *most, " of them"))
            }
            Self::Either(kinds) => {
                kinds.iter().map(Self::expectation).collect::<Vec<_>>().join(", or ")
            }
            Self::Json => "JSON".to_owned(),
        }
    }

    /// Reads what somebody wrote as a single value; of a list, as one element of it.
    ///
    /// # Errors
    /// What was expected instead.
    pub(crate) fn read(&self, text: &str) -> Result<Value, String> {
        match self {
            Self::Text { least, most, format } => {
                let length = text.chars().count() as u64;
                let fits = least.is_none_or(|least| length >= least)
                    && most.is_none_or(|most| length <= most)
                    && format.as_deref().is_none_or(|format| is_of_format(format, text));
                if fits { Ok(text.into()) } else { Err(self.expectation()) }
            }
            Self::Number { whole, least, most } => {
                let number = number(text, *whole).ok_or_else(|| self.expectation())?;
                let value = number.as_f64().unwrap_or(f64::NAN);
                let fits = least.is_none_or(|least| value >= least)
                    && most.is_none_or(|most| value <= most);
                if fits { Ok(number.into()) } else { Err(self.expectation()) }
            }
            Self::Boolean => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "y" | "on" => Ok(true.into()),
                "false" | "no" | "n" | "off" => Ok(false.into()),
                _ => Err(self.expectation()),
            },
            Self::Choice(choices) => choose(choices, text).map_or_else(
                || {
                    let names: Vec<_> = choices.iter().map(|choice| plain(&choice.value)).collect();
                    let meant = nearest(text, names.iter().map(String::as_str));
                    let meant = meant.map(|name| format!("; did you mean `{name}`?"));
                    Err(self.expectation() + &meant.unwrap_or_default())
                },
                |choice| Ok(choice.value.clone()),
            ),
            Self::List { of, .. } => of.read(text),
            Self::Either(kinds) => {
                let read = kinds.iter().find_map(|kind| kind.read(text).ok());
                read.ok_or_else(|| self.expectation())
            }
            Self::Json => serde_json::from_str(text).map_err(|_| self.expectation()),
        }
    }

    /// The kind of the elements, of a list.
    pub(crate) fn elements(&self) -> Option<&Self> {
        match self {
            Self::List { of, .. } => Some(of),
            Self::Either(kinds) => kinds.iter().find_map(Self::elements),
            _ => None,
        }
    }
}

/// Whether a text has a format; what forms cannot have is for the peer to judge.
fn is_of_format(format: &str, text: &str) -> bool {
    match StringFormat::from(format) {
        StringFormat::Other(_) => true,
        known => fits(&known, text),
    }
}

/// The choice of that value, else the one of that title.
fn choose<'a>(choices: &'a [Choice], text: &str) -> Option<&'a Choice> {
    let by_value = choices.iter().find(|choice| plain(&choice.value) == text);
    by_value.or_else(|| choices.iter().find(|choice| choice.title.as_deref() == Some(text)))
}

/// How deep a schema is looked into.
const DEPTH: usize = 8;
/// How many choices a word names.
const FEW: usize = 4;
/// How many choices a sentence names.
const MANY: usize = 30;

/// The schema that a reference within the same document stands for.
fn resolved<'a>(schema: &'a Value, root: &'a Map<String, Value>) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else {
            return schema;
        };
        let found = reference.strip_prefix("#/").and_then(|path| {
            let mut steps = path.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
            let first = root.get(&steps.next()?)?;
            steps.try_fold(first, |at, step| at.get(&step))
        });
        match found {
            Some(found) => schema = found,
            None => return schema,
        }
    }
    schema
}

/// The few values that a schema allows, if it does so; `Some(None)` when they cannot be typed as words.
fn choices(schema: &Value) -> Option<Option<Vec<Choice>>> {
    if let Some(only) = schema.get("const") {
        let title = schema.get("title").and_then(Value::as_str).map(str::to_owned);
        return Some(is_word(only).then(|| vec![Choice { value: only.clone(), title }]));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let titles: Vec<_> = strings(schema.get("enumNames")).map(str::to_owned).collect();
        let values = values.iter().filter(|value| !value.is_null()).enumerate();
        return Some(
            values
                .map(|(at, value)| {
                    let title = titles.get(at).cloned();
                    is_word(value).then(|| Choice { value: value.clone(), title })
                })
                .collect(),
        );
    }
    let options = ["oneOf", "anyOf"].iter().find_map(|keyword| schema.get(keyword)?.as_array())?;
    let option = |option: &Value| {
        let value = option.get("const").filter(|value| is_word(value))?.clone();
        let title = option.get("title").and_then(Value::as_str).map(str::to_owned);
        Some(Choice { value, title })
    };
    let options: Option<Vec<_>> = options.iter().map(option).collect();
    options.filter(|options| !options.is_empty()).map(Some)
}

fn is_word(value: &Value) -> bool {
    !(value.is_array() || value.is_object() || value.is_null())
}

/// A value as one types it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number(text: &str, whole: bool) -> Option<Number> {
    let number: Number = serde_json::from_str(text.trim()).ok()?;
    if !whole || number.is_i64() || number.is_u64() {
        return Some(number);
    }
    // `3.0` and `1e3` are whole too, as far as a float can tell.
    let value = number.as_f64()?;
    (value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0).then(|| (value as i64).into())
}

fn range<N: std::fmt::Display>(least: Option<N>, most: Option<N>, unit: &str) -> String {
    match (least, most) {
        (Some(least), Some(most)) => format!(", {least} to {most}{unit}"),
        (Some(least), None) => format!(", at least {least}{unit}"),
        (None, Some(most)) => format!(", at most {most}{unit}"),
        (None, None) => String::new(),
    }
}

fn in_words(format: &str) -> String {
    match format {
        "email" => "an email address",
        "uri" => "a URI, such as https://example.com/",
        "date" => "a date, such as 2026-01-31",
        "date-time" => "a time, such as 2026-01-31T12:00:00Z",
        other => return format!("text of format {other}"),
    }
    .to_owned()
}

fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests;
