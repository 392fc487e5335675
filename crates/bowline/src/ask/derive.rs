//! Forms out of Rust types.

use crate::error::{Error, Result};
use bowline_types::input::{
    ElicitSchema, EnumOption, PrimitiveSchemaDefinition as Field, StringFormat,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// The form with the fields of `T`.
pub(super) fn form_of<T: JsonSchema>() -> Result<ElicitSchema> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let schema = Value::from(settings.into_generator().into_root_schema_for::<T>());
    let name = T::schema_name();
    form(schema).map_err(|why| Error::invalid(format!("`{name}` makes no form: {why}")))
}

fn form(schema: Value) -> Result<ElicitSchema, String> {
    let Value::Object(mut schema) = schema else {
        return Err("it is not a struct".to_owned());
    };
    if schema.get("type") != Some(&json!("object")) {
        return Err("it is not a struct with named fields".to_owned());
    }
    let odd = ["oneOf", "anyOf", "allOf", "$ref", "patternProperties"];
    if let Some(keyword) = odd.iter().find(|keyword| schema.contains_key(**keyword)) {
        return Err(format!("its schema uses `{keyword}`"));
    }
    if schema.get("additionalProperties").is_some_and(Value::is_object) {
        return Err("it is a map; a form has fixed members".to_owned());
    }
    let mut form = ElicitSchema::new();
    let required = schema.remove("required").unwrap_or_default();
    let Value::Object(members) = schema.remove("properties").unwrap_or_else(|| json!({})) else {
        return Err("its properties are no object".to_owned());
    };
    for (name, member) in members {
        let field = field(member).map_err(|why| format!("member `{name}` {why}"))?;
        let is_required = required.as_array().is_some_and(|names| names.contains(&json!(name)));
        form = if is_required {
            form.required_property(name, field)
        } else {
            form.property(name, field)
        };
    }
    Ok(form)
}

/// One member; an error says what is wrong with it.
fn field(schema: Value) -> Result<Field, String> {
    let Value::Object(schema) = schema else {
        return Err("may be anything; give it a type".to_owned());
    };
    let mut schema = without_null(schema);
    if let Some(keyword) =
        ["$ref", "allOf", "not", "if"].iter().find(|key| schema.contains_key(**key))
    {
        return Err(format!("has a schema with `{keyword}`"));
    }
    let options = options(&mut schema)?;
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut kept = kept(&mut schema, &["title", "description", "default"]);
    match (kind.as_str(), options) {
        (_, Some(options)) => choice(&mut kept, options),
        ("string", None) => {
            kept.append(&mut self::kept(&mut schema, &["minLength", "maxLength"]));
            // Formats that forms do not have are checked when the answer is decoded.
            if let Some(Value::String(format)) = schema.remove("format")
                && !matches!(StringFormat::from(format.as_str()), StringFormat::Other(_))
            {
                kept.insert("format".to_owned(), json!(format));
            }
        }
        ("integer" | "number", None) => {
            kept.append(&mut self::kept(&mut schema, &["minimum", "maximum"]));
            schema.remove("format");
        }
        ("boolean", None) => {}
        ("array", None) => {
            let Some(Value::Object(mut items)) = schema.remove("items") else {
                return Err("is a list of anything; a form has lists of choices".to_owned());
            };
            let Some(options) = self::options(&mut items)? else {
                return Err("is a list of no enum; a form has lists of choices".to_owned());
            };
            kept.append(&mut self::kept(&mut schema, &["minItems", "maxItems"]));
            let mut chosen = Map::new();
            multiple(&mut chosen, options);
            kept.insert("items".to_owned(), chosen.into());
            schema.remove("uniqueItems");
        }
        _ => {
            return Err(
                "is none of string, number, boolean, enum without data, list of such enums"
                    .to_owned(),
            );
        }
    }
    let silent = ["type", "examples", "deprecated", "readOnly", "writeOnly", "$comment"];
    if let Some(keyword) = schema.keys().find(|keyword| !silent.contains(&keyword.as_str())) {
        return Err(format!("has a schema with `{keyword}`, which forms do not have"));
    }
    kept.entry("type").or_insert_with(|| json!(kind));
    if kept.get("default").is_some_and(Value::is_null) {
        kept.remove("default");
    }
    bowline_types::decode_value(kept.into()).map_err(|error| format!("makes no field: {error}"))
}

/// An optional member is the same member, left out.
fn without_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|choice| choice.get("type") != Some(&json!("null")));
        if let [Value::Object(one)] = choices.as_slice() {
            let mut one = one.clone();
            schema.remove("anyOf");
            // What is said of the member goes before what is said of its type.
            for (keyword, value) in schema {
                one.insert(keyword, value);
            }
            return one;
        }
    }
    schema
}

/// Takes out the choices, if the schema is one of strings.
fn options(schema: &mut Map<String, Value>) -> Result<Option<Vec<EnumOption>>, String> {
    let mut options = Vec::new();
    let mut add = |part: &Map<String, Value>| {
        let title = |value: &str| {
            let said = part.get("title").or_else(|| part.get("description"));
            said.and_then(Value::as_str).unwrap_or(value).to_owned()
        };
        if let Some(value) = part.get("const").and_then(Value::as_str) {
            options.push(EnumOption::new(value, title(value)));
            return true;
        }
        let Some(values) = part.get("enum").and_then(Value::as_array) else {
            return false;
        };
        let texts: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        options.extend(texts.iter().map(|value| EnumOption::new(*value, *value)));
        texts.len() == values.len()
    };
    let parts = schema.remove("oneOf").or_else(|| schema.remove("anyOf"));
    let all = match &parts {
        Some(parts) => parts
            .as_array()
            .is_some_and(|parts| parts.iter().all(|part| part.as_object().is_some_and(&mut add))),
        None if schema.contains_key("enum") || schema.contains_key("const") => {
            let own = Map::from_iter(
                ["enum", "const"]
                    .into_iter()
                    .filter_map(|key| Some((key.to_owned(), schema.remove(key)?))),
            );
            add(&own)
        }
        None => return Ok(None),
    };
    if all { Ok(Some(options)) } else { Err("is an enum with data".to_owned()) }
}

/// A choice of one.
fn choice(schema: &mut Map<String, Value>, options: Vec<EnumOption>) {
    schema.insert("type".to_owned(), json!("string"));
    if options.iter().all(|option| option.title == option.value) {
        schema.insert("enum".to_owned(), options.into_iter().map(|option| option.value).collect());
    } else {
        schema.insert("oneOf".to_owned(), json!(options));
    }
}

/// The elements of a choice of several.
fn multiple(items: &mut Map<String, Value>, options: Vec<EnumOption>) {
    if options.iter().all(|option| option.title == option.value) {
        choice(items, options);
    } else {
        items.insert("anyOf".to_owned(), json!(options));
    }
}

fn kept(schema: &mut Map<String, Value>, keywords: &[&str]) -> Map<String, Value> {
    keywords
        .iter()
        .filter_map(|keyword| Some(((*keyword).to_owned(), schema.remove(*keyword)?)))
        .collect()
}
