//! Forms: which schemas the specification allows, and which content fits one.
//!
//! See [Requested schema](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#requested-schema).

use super::{canonical, format};
use bowline_types::input::{
    ElicitSchema, NumberSchema, NumberType, PrimitiveSchemaDefinition as Field, StringFormat,
    StringSchema,
};
use serde_json::{Map, Value};

/// Whether the specification allows a schema; tells which member it does not.
pub(super) fn check_schema(schema: &ElicitSchema) -> Result<(), String> {
    let required = schema.required.iter().flatten();
    for name in required {
        if schema.properties.get(name).is_none() {
            return Err(format!("form: required member `{name}` is not among the properties"));
        }
    }
    for (name, field) in schema.properties.iter() {
        let allowed = match field {
            Field::String(text) => !matches!(text.format, Some(StringFormat::Other(_))),
            Field::Number(number) => !matches!(number.number_type, NumberType::Other(_)),
            Field::Boolean(_) => true,
            _ => options(field).is_some_and(|options| !options.is_empty()),
        };
        if !allowed {
            return Err(format!(
                "form: member `{name}` is none of string, number, boolean, and choices of strings"
            ));
        }
    }
    Ok(())
}

/// The content as far as the schema knows it; tells what does not fit.
pub(super) fn check(
    schema: &ElicitSchema,
    mut content: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    let mut checked = Map::new();
    for (name, field) in schema.properties.iter() {
        // An empty field is one that was left out, whichever way a client writes it.
        match content.remove(name).filter(|value| !value.is_null()) {
            Some(value) => {
                let value = check_field(field, value)
                    .map_err(|why| format!("content.{name}: expected {why}"))?;
                checked.insert(name.to_owned(), value);
            }
            None if schema.required.iter().flatten().any(|required| required == name) => {
                return Err(format!("content.{name}: missing"));
            }
            None => {}
        }
    }
    Ok(checked)
}

/// The content with the schema's defaults for what was left out; tells what does not fit.
#[cfg(feature = "client")]
pub(crate) fn complete(
    schema: &ElicitSchema,
    mut content: Map<String, Value>,
) -> Result<Map<String, Value>, String> {
    for (name, field) in schema.properties.iter() {
        let left_out = content.get(name).is_none_or(Value::is_null);
        if left_out
            && let Some(default) =
                serde_json::to_value(field).ok().as_ref().and_then(|field| field.get("default"))
        {
            content.insert(name.to_owned(), default.clone());
        }
    }
    check(schema, content)
}

/// The value; an error says what was expected.
fn check_field(field: &Field, value: Value) -> Result<Value, String> {
    match (field, value) {
        (Field::String(schema), Value::String(text)) => {
            check_text(schema, &text)?;
            Ok(Value::String(text))
        }
        (Field::Number(schema), Value::Number(number)) => {
            // A whole number may come as `3.0`, which no integer type would take.
            let number = match schema.number_type {
                NumberType::Integer => canonical::plain(&number),
                _ => number,
            };
            check_number(schema, &number)?;
            Ok(Value::Number(number))
        }
        (Field::Boolean(_), value @ Value::Bool(_)) => Ok(value),
        (Field::String(_), _) => Err("a string".to_owned()),
        (Field::Number(_), _) => Err("a number".to_owned()),
        (Field::Boolean(_), _) => Err("a boolean".to_owned()),
        (Field::UntitledMultiSelect(schema), value) => {
            check_choices(field, schema.min_items, schema.max_items, value)
        }
        (Field::TitledMultiSelect(schema), value) => {
            check_choices(field, schema.min_items, schema.max_items, value)
        }
        (_, value) => {
            let options = options(field).unwrap_or_default();
            match value.as_str() {
                Some(text) if options.contains(&text) => Ok(value),
                _ => Err(format!("one of {options:?}")),
            }
        }
    }
}

fn check_text(schema: &StringSchema, text: &str) -> Result<(), String> {
    let length = text.chars().count() as u64;
    match (schema.min_length, schema.max_length, &schema.format) {
        (Some(least), _, _) if length < least => Err(format!("at least {least} characters")),
        (_, Some(most), _) if length > most => Err(format!("at most {most} characters")),
        (_, _, Some(kind)) if !format::fits(kind, text) => Err(format!("text of format {kind}")),
        _ => Ok(()),
    }
}

fn check_number(schema: &NumberSchema, number: &serde_json::Number) -> Result<(), String> {
    let value = number.as_f64().unwrap_or(f64::NAN);
    match (schema.minimum, schema.maximum) {
        _ if schema.number_type == NumberType::Integer && value.fract() != 0.0 => {
            Err("a whole number".to_owned())
        }
        (Some(least), _) if value < least => Err(format!("at least {least}")),
        (_, Some(most)) if value > most => Err(format!("at most {most}")),
        _ => Ok(()),
    }
}

fn check_choices(
    field: &Field,
    least: Option<u64>,
    most: Option<u64>,
    value: Value,
) -> Result<Value, String> {
    let options = options(field).unwrap_or_default();
    let Value::Array(chosen) = &value else {
        return Err("an array".to_owned());
    };
    let count = chosen.len() as u64;
    if chosen.iter().any(|choice| !choice.as_str().is_some_and(|text| options.contains(&text))) {
        return Err(format!("some of {options:?}"));
    }
    match (least, most) {
        (Some(least), _) if count < least => Err(format!("at least {least} choices")),
        (_, Some(most)) if count > most => Err(format!("at most {most} choices")),
        _ => Ok(value),
    }
}

/// What can be chosen; `None` for a field that is no choice.
fn options(field: &Field) -> Option<Vec<&str>> {
    match field {
        Field::UntitledSingleSelect(schema) => Some(plain(&schema.values)),
        Field::LegacyTitled(schema) => Some(plain(&schema.values)),
        Field::UntitledMultiSelect(schema) => Some(plain(&schema.items.values)),
        Field::TitledSingleSelect(schema) => {
            Some(schema.one_of.iter().map(|option| option.value.as_str()).collect())
        }
        Field::TitledMultiSelect(schema) => {
            Some(schema.items.any_of.iter().map(|option| option.value.as_str()).collect())
        }
        _ => None,
    }
}

fn plain(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}
