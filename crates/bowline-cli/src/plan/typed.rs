//! From arguments as they were typed to values of the types that a tool wants.

use super::arguments::{Arguments, Given, Single, Source};
use crate::exit::Fault;
use bowline::config::nearest;
use serde_json::{Map, Number, Value};

/// Reads what arguments take from elsewhere.
pub(crate) trait Sources {
    /// All bytes of a file or of standard input.
    ///
    /// # Errors
    /// When it cannot be read, or is too much.
    fn read(&self, source: &Source) -> Result<Vec<u8>, Fault>;
}

/// The arguments as the schema of a tool's input wants them.
///
/// # Errors
/// When one is unknown, or cannot be of its type.
pub(crate) fn typed(
    arguments: &Arguments,
    schema: &Value,
    sources: &dyn Sources,
) -> Result<Map<String, Value>, Fault> {
    let mut all = whole(arguments, sources)?;
    for (name, values) in grouped(&arguments.singles) {
        let Some(wanted) = property(schema, name) else {
            return Err(unknown(name, &names(schema)));
        };
        let wanted = Wanted::of(wanted, schema);
        all.insert(name.to_owned(), value(name, &values, &wanted, sources)?);
    }
    Ok(all)
}

/// The arguments of a prompt, which are all text; `known` are those it has.
///
/// # Errors
/// When one is unknown, or not text.
pub(crate) fn texts(
    arguments: &Arguments,
    known: &[&str],
    sources: &dyn Sources,
) -> Result<Map<String, Value>, Fault> {
    let mut all = whole(arguments, sources)?;
    for (name, values) in grouped(&arguments.singles) {
        if !known.contains(&name) {
            return Err(unknown(name, known));
        }
        let wanted = Wanted { types: vec!["string"], schema: &Value::Null, root: &Value::Null };
        all.insert(name.to_owned(), value(name, &values, &wanted, sources)?);
    }
    if let Some((name, _)) = all.iter().find(|(_, value)| !value.is_string()) {
        return Err(Fault::new(format!(
            "`{name}` is no text, as every argument of a prompt must be"
        ))
        .hint(format!("write {name}=TEXT, or put its value in quotes")));
    }
    Ok(all)
}

/// What is wanted of one value.
struct Wanted<'a> {
    /// The types it may have; any when there is none.
    types: Vec<&'a str>,
    schema: &'a Value,
    root: &'a Value,
}

impl<'a> Wanted<'a> {
    fn of(schema: &'a Value, root: &'a Value) -> Self {
        let mut types = Vec::new();
        collect(schema, root, &mut types, 0);
        Self { types, schema: followed(schema, root), root }
    }

    fn has(&self, name: &str) -> bool {
        self.types.contains(&name)
    }

    /// Text stays text wherever the schema lets it be; only then is it read as something else.
    fn read(&self, name: &str, text: &str) -> Result<Value, Fault> {
        if let Some(value) = self.choice(text) {
            return Ok(value);
        }
        if !self.choices().is_empty() {
            return Err(self.no_choice(name, text));
        }
        if self.types.is_empty() || self.has("string") {
            return Ok(Value::String(text.to_owned()));
        }
        let integer = || {
            text.parse()
                .ok()
                .map(|n: i64| n.into())
                .or_else(|| text.parse().ok().map(|n: u64| n.into()))
        };
        let read = match text {
            "true" | "false" if self.has("boolean") => Some(Value::Bool(text == "true")),
            "null" if self.has("null") => Some(Value::Null),
            _ if self.has("number") => serde_json::from_str::<Number>(text).ok().map(Value::Number),
            _ if self.has("integer") => integer().map(Value::Number),
            _ => None,
        };
        let read = read.or_else(|| {
            let items = self.has("array").then(|| self.items())?;
            items.read(name, text).ok().map(|item| Value::Array(vec![item]))
        });
        read.ok_or_else(|| self.refusal(name, text))
    }

    /// The value of an enumeration that is written so.
    fn choice(&self, text: &str) -> Option<Value> {
        let choices = self.choices();
        let as_text = choices.iter().find(|choice| choice.as_str() == Some(text));
        let as_json =
            || choices.iter().find(|choice| !choice.is_string() && choice.to_string() == text);
        as_text.or_else(as_json).map(|choice| (*choice).clone())
    }

    fn no_choice(&self, name: &str, text: &str) -> Fault {
        let shown =
            |choice: &&Value| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned);
        let choices: Vec<_> = self.choices().iter().map(shown).collect();
        let fault =
            Fault::new(format!("`{name}` takes one of {}, not \"{text}\"", choices.join(", ")));
        match nearest(text, choices.iter().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean {name}={near}?")),
            None => fault.hint(format!("write {name}=… with one of them")),
        }
    }

    fn choices(&self) -> Vec<&'a Value> {
        let listed = self.schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        listed.chain(self.schema.get("const")).collect()
    }

    fn items(&self) -> Self {
        Wanted::of(self.array().get("items").unwrap_or(&Value::Null), self.root)
    }

    /// The part of the schema that is about arrays.
    fn array(&self) -> &'a Value {
        if self.schema.get("items").is_some() {
            return self.schema;
        }
        let parts = alternatives(self.schema).map(|part| followed(part, self.root));
        parts.into_iter().find(|part| part.get("items").is_some()).unwrap_or(&Value::Null)
    }

    fn refusal(&self, name: &str, text: &str) -> Fault {
        let expected: Vec<_> = self.types.iter().map(|of_type| article(of_type)).collect();
        let fault = Fault::new(format!("`{name}` takes {}, not \"{text}\"", expected.join(" or ")));
        match () {
            () if self.has("object") => {
                fault.hint(format!("write {name}:='{{…}}' or {name}:=@FILE"))
            }
            () if self.has("array") => {
                fault.hint(format!("write {name}:='[…]', or {name}=… once for each element"))
            }
            () if self.has("boolean") => fault.hint(format!("write {name}=true or {name}=false")),
            () => fault.hint(format!("write {name}=… with such a value, or {name}:=JSON")),
        }
    }
}

/// Everything in an object that was given as a whole.
fn whole(arguments: &Arguments, sources: &dyn Sources) -> Result<Map<String, Value>, Fault> {
    let Some(source) = &arguments.whole else { return Ok(Map::new()) };
    match json(source, sources)? {
        Value::Object(object) => Ok(object),
        other => {
            Err(Fault::new(format!("{source} holds {}, not an object", article(kind(&other))))
                .hint("write {\"NAME\": VALUE, …} into it"))
        }
    }
}

/// The values of each name, in the order in which the names first come.
fn grouped(singles: &[Single]) -> Vec<(&str, Vec<&Given>)> {
    let mut groups: Vec<(&str, Vec<&Given>)> = Vec::new();
    for Single { name, value } in singles {
        match groups.iter_mut().find(|(known, _)| known == name) {
            Some((_, values)) => values.push(value),
            None => groups.push((name, vec![value])),
        }
    }
    groups
}

fn value(
    name: &str,
    values: &[&Given],
    wanted: &Wanted<'_>,
    sources: &dyn Sources,
) -> Result<Value, Fault> {
    match values {
        [one] if !wanted.has("array") || wanted.has("string") => given(name, one, wanted, sources),
        [Given::Json(value)] => Ok(value.clone()),
        [Given::JsonOf(source)] => json(source, sources),
        several if wanted.has("array") || wanted.types.is_empty() => {
            let items = wanted.items();
            let each = several.iter().map(|one| given(name, one, &items, sources));
            each.collect::<Result<_, _>>().map(Value::Array)
        }
        several => Err(Fault::new(format!("`{name}` is given {} times", several.len())).hint(
            format!("it takes one value, not a list: {}", {
                let types: Vec<_> = wanted.types.iter().map(|of_type| article(of_type)).collect();
                types.join(" or ")
            }),
        )),
    }
}

fn given(
    name: &str,
    given: &Given,
    wanted: &Wanted<'_>,
    sources: &dyn Sources,
) -> Result<Value, Fault> {
    match given {
        Given::Json(value) => Ok(value.clone()),
        Given::JsonOf(source) => json(source, sources),
        Given::Text(text) => wanted.read(name, text),
        Given::Literal(text) => verbatim(name, text.clone(), wanted),
        Given::TextOf(source) => {
            let text = String::from_utf8(sources.read(source)?).map_err(|_| {
                Fault::new(format!("{source} is no UTF-8 text, which `{name}` takes"))
                    .hint("encode it first, such as with base64, if the tool wants that")
            })?;
            verbatim(name, text, wanted)
        }
    }
}

/// Text that must stay text.
fn verbatim(name: &str, text: String, wanted: &Wanted<'_>) -> Result<Value, Fault> {
    if wanted.types.is_empty()
        || wanted.has("string")
        || wanted.choices().iter().any(|c| c.as_str() == Some(&text))
    {
        return Ok(Value::String(text));
    }
    let types: Vec<_> = wanted.types.iter().map(|of_type| article(of_type)).collect();
    Err(Fault::new(format!("`{name}` takes {}, not text", types.join(" or ")))
        .hint(format!("write {name}:=JSON or {name}:=@FILE")))
}

fn json(source: &Source, sources: &dyn Sources) -> Result<Value, Fault> {
    let bytes = sources.read(source)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Fault::new(format!("{source} is no JSON: {error}")))
}

/// The schema of a property; one that allows everything where the names are left open.
fn property<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let properties = schema.get("properties").and_then(Value::as_object);
    if let Some(found) = properties.and_then(|properties| properties.get(name)) {
        return Some(found);
    }
    match schema.get("additionalProperties") {
        Some(Value::Bool(false)) => None,
        Some(more) => Some(more),
        None => {
            let is_open =
                properties.is_none_or(Map::is_empty) || schema.get("patternProperties").is_some();
            is_open.then_some(&Value::Null)
        }
    }
}

fn names(schema: &Value) -> Vec<&str> {
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
}

fn unknown(name: &str, known: &[&str]) -> Fault {
    let fault = Fault::new(format!("there is no argument `{name}`"));
    match (nearest(name, known.iter().copied()), known) {
        (Some(near), _) => fault.hint(format!("did you mean `{near}`?")),
        (None, []) => fault.hint("it takes none"),
        (None, known) => fault.hint(format!("it takes {}", known.join(", "))),
    }
}

/// The types that a schema allows, through references and alternatives.
fn collect<'a>(schema: &'a Value, root: &'a Value, types: &mut Vec<&'a str>, depth: usize) {
    // A schema comes from the server and may refer to itself.
    if depth > DEEPEST {
        return;
    }
    let schema = followed(schema, root);
    let mut add = |name: &'a str| {
        if !types.contains(&name) {
            types.push(name);
        }
    };
    match schema.get("type") {
        Some(Value::String(name)) => add(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).for_each(add),
        _ => {
            let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
            for value in listed.chain(schema.get("const")) {
                add(kind(value));
            }
            for part in alternatives(schema) {
                collect(part, root, types, depth + 1);
            }
        }
    }
}

fn alternatives<'a>(schema: &'a Value) -> impl Iterator<Item = &'a Value> + use<'a> {
    let lists = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|key| schema.get(key));
    lists.filter_map(Value::as_array).flatten()
}

/// What a reference into the same schema refers to.
fn followed<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEEPEST {
        let pointer =
            schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        match pointer.and_then(|pointer| root.pointer(pointer)) {
            Some(found) => schema = found,
            None => break,
        }
    }
    schema
}

/// How many references and alternatives are followed into each other.
const DEEPEST: usize = 16;

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn article(of_type: &str) -> String {
    match of_type {
        "null" => "null".to_owned(),
        "string" => "text".to_owned(),
        "array" => "a list".to_owned(),
        "integer" => "a whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "object" => "an object".to_owned(),
        other => format!("a {other}"),
    }
}

#[cfg(test)]
mod tests;
