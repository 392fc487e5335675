//! The part of JSON Schema that a form can ask for: one level of fields, each a string, a number, a boolean
//! or a choice.

use serde_core::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::decode::{DecodeError, Member};
use crate::macros::{deserialize, message, open_enum};

message! {
    /// The fields of a form.
    ///
    /// # Examples
    ///
    /// ```
    /// use bowline_types::input::{BooleanSchema, ElicitSchema, StringFormat, StringSchema};
    ///
    /// let form = ElicitSchema::new()
    ///     .required_property("email", StringSchema::new().format(StringFormat::Email))
    ///     .property("subscribe", BooleanSchema::new().default(false));
    /// assert_eq!(form.required.as_deref(), Some(&["email".to_owned()][..]));
    /// ```
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#requested-schema)
    pub struct ElicitSchema {
        tag "type" = "object";
        with {
            /// The fields by name.
            properties: Properties = "properties",
        }
        optional {
            /// The names of the fields that must be filled in.
            required: Vec<String> = "required",
            /// The dialect; 2020-12 when absent. Since 2025-11-25.
            schema: String = "$schema",
        }
    }
}

impl ElicitSchema {
    /// Adds a field that may be left empty.
    #[must_use]
    pub fn property(
        mut self,
        name: impl Into<String>,
        schema: impl Into<PrimitiveSchemaDefinition>,
    ) -> Self {
        self.properties.0.push((name.into(), schema.into()));
        self
    }

    /// Adds a field that must be filled in.
    #[must_use]
    pub fn required_property(
        mut self,
        name: impl Into<String>,
        schema: impl Into<PrimitiveSchemaDefinition>,
    ) -> Self {
        let name = name.into();
        self.required.get_or_insert_default().push(name.clone());
        self.property(name, schema)
    }
}

/// The fields of a form by name, written in the order in which they were added.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#requested-schema)
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Properties(Vec<(String, PrimitiveSchemaDefinition)>);

impl Properties {
    /// The field `name`.
    pub fn get(&self, name: &str) -> Option<&PrimitiveSchemaDefinition> {
        self.iter().find_map(|(known, schema)| (known == name).then_some(schema))
    }

    /// The fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &PrimitiveSchemaDefinition)> {
        self.0.iter().map(|(name, schema)| (name.as_str(), schema))
    }
}

impl<N: Into<String>, S: Into<PrimitiveSchemaDefinition>> FromIterator<(N, S)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, S)>>(fields: I) -> Self {
        Self(fields.into_iter().map(|(name, schema)| (name.into(), schema.into())).collect())
    }
}

impl Member for Properties {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let mut fields = Vec::new();
        for (name, value) in <Map<String, Value>>::from_value(value)? {
            let schema = PrimitiveSchemaDefinition::from_value(value)
                .map_err(|error| error.in_member(&name))?;
            fields.push((name, schema));
        }
        Ok(Self(fields))
    }
}

impl Serialize for Properties {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (name, schema) in &self.0 {
            object.serialize_entry(name, schema)?;
        }
        object.end()
    }
}

deserialize!(Properties);

/// One field of a form.
///
/// `type` and the keywords beside it tell the kinds apart.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#requested-schema)
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PrimitiveSchemaDefinition {
    /// Text.
    String(StringSchema),
    /// A number.
    Number(NumberSchema),
    /// Yes or no.
    Boolean(BooleanSchema),
    /// One of some strings.
    UntitledSingleSelect(UntitledSingleSelectEnumSchema),
    /// One of some strings that are shown by a title. Since 2025-11-25.
    TitledSingleSelect(TitledSingleSelectEnumSchema),
    /// Any of some strings. Since 2025-11-25.
    UntitledMultiSelect(UntitledMultiSelectEnumSchema),
    /// Any of some strings that are shown by a title. Since 2025-11-25.
    TitledMultiSelect(TitledMultiSelectEnumSchema),
    /// One of some strings that are shown by a name, in the form before JSON Schema 2020-12.
    LegacyTitled(LegacyTitledEnumSchema),
    /// A kind that no protocol version knows, whole.
    Other(Map<String, Value>),
}

impl Member for PrimitiveSchemaDefinition {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        let has = |keyword| value.get(keyword).is_some();
        match crate::decode::tag_of(&value, "type")? {
            "string" if has("oneOf") => Member::from_value(value).map(Self::TitledSingleSelect),
            "string" if has("enumNames") => Member::from_value(value).map(Self::LegacyTitled),
            "string" if has("enum") => Member::from_value(value).map(Self::UntitledSingleSelect),
            "string" => Member::from_value(value).map(Self::String),
            "number" | "integer" => Member::from_value(value).map(Self::Number),
            "boolean" => Member::from_value(value).map(Self::Boolean),
            "array" if value.get("items").is_some_and(|items| items.get("anyOf").is_some()) => {
                Member::from_value(value).map(Self::TitledMultiSelect)
            }
            "array" => Member::from_value(value).map(Self::UntitledMultiSelect),
            _ => Member::from_value(value).map(Self::Other),
        }
    }
}

impl Serialize for PrimitiveSchemaDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(schema) => schema.serialize(serializer),
            Self::Number(schema) => schema.serialize(serializer),
            Self::Boolean(schema) => schema.serialize(serializer),
            Self::UntitledSingleSelect(schema) => schema.serialize(serializer),
            Self::TitledSingleSelect(schema) => schema.serialize(serializer),
            Self::UntitledMultiSelect(schema) => schema.serialize(serializer),
            Self::TitledMultiSelect(schema) => schema.serialize(serializer),
            Self::LegacyTitled(schema) => schema.serialize(serializer),
            Self::Other(schema) => schema.serialize(serializer),
        }
    }
}

deserialize!(PrimitiveSchemaDefinition);

/// A table of conversions into a field of a form.
macro_rules! fields {
    ($($variant:ident($type:ident),)+) => {
        $(
            impl From<$type> for PrimitiveSchemaDefinition {
                fn from(schema: $type) -> Self {
                    Self::$variant(schema)
                }
            }
        )+
    };
}

fields! {
    String(StringSchema),
    Number(NumberSchema),
    Boolean(BooleanSchema),
    UntitledSingleSelect(UntitledSingleSelectEnumSchema),
    TitledSingleSelect(TitledSingleSelectEnumSchema),
    UntitledMultiSelect(UntitledMultiSelectEnumSchema),
    TitledMultiSelect(TitledMultiSelectEnumSchema),
    LegacyTitled(LegacyTitledEnumSchema),
}

message! {
    /// A field for text.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#stringschema)
    pub struct StringSchema {
        tag "type" = "string";
        optional {
            /// A name for people.
            title: String = "title",
            /// What to fill in.
            description: String = "description",
            /// The fewest characters.
            min_length: u64 as is = "minLength",
            /// The most characters.
            max_length: u64 as is = "maxLength",
            /// What kind of text.
            format: StringFormat = "format",
            /// What it starts with. Since 2025-11-25.
            default: String = "default",
        }
    }
}

open_enum! {
    /// A kind of text.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#stringschema)
    pub enum StringFormat {
        /// An address for mail.
        Email = "email",
        /// A URI.
        Uri = "uri",
        /// A day, such as `2026-07-28`.
        Date = "date",
        /// A moment, such as `2026-07-28T12:00:00Z`.
        DateTime = "date-time",
    }
}

message! {
    /// A field for a number.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#numberschema)
    pub struct NumberSchema {
        new {
            /// Any number or only whole ones. The member is `type`.
            number_type: NumberType = "type",
        }
        optional {
            /// A name for people.
            title: String = "title",
            /// What to fill in.
            description: String = "description",
            /// The smallest.
            minimum: f64 = "minimum",
            /// The largest.
            maximum: f64 = "maximum",
            /// What it starts with. Since 2025-11-25.
            default: f64 = "default",
        }
    }
}

impl NumberSchema {
    /// A field for any number.
    pub fn number() -> Self {
        Self::new(NumberType::Number)
    }

    /// A field for a whole number.
    pub fn integer() -> Self {
        Self::new(NumberType::Integer)
    }
}

open_enum! {
    /// Any number or only whole ones.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#numberschema)
    pub enum NumberType {
        /// Any number.
        Number = "number",
        /// Whole ones.
        Integer = "integer",
    }
}

message! {
    /// A field for yes or no.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#booleanschema)
    pub struct BooleanSchema {
        tag "type" = "boolean";
        optional {
            /// A name for people.
            title: String = "title",
            /// What to decide.
            description: String = "description",
            /// What it starts with.
            default: bool = "default",
        }
    }
}

message! {
    /// A choice of one string.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#untitledsingleselectenumschema)
    pub struct UntitledSingleSelectEnumSchema {
        tag "type" = "string";
        new {
            /// The strings. The member is `enum`.
            values: Vec<String> = "enum",
        }
        optional {
            /// A name for people.
            title: String = "title",
            /// What to choose.
            description: String = "description",
            /// What it starts with. Since 2025-11-25.
            default: String = "default",
        }
    }
}

message! {
    /// A choice of one string, shown by titles. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#titledsingleselectenumschema)
    pub struct TitledSingleSelectEnumSchema {
        tag "type" = "string";
        new {
            /// The strings and their titles.
            one_of: Vec<EnumOption> = "oneOf",
        }
        optional {
            /// A name for people.
            title: String = "title",
            /// What to choose.
            description: String = "description",
            /// What it starts with.
            default: String = "default",
        }
    }
}

message! {
    /// A string to choose, and its title.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#titledsingleselectenumschema)
    pub struct EnumOption {
        new {
            /// The string. The member is `const`.
            value: String = "const",
            /// What is shown.
            title: String = "title",
        }
    }
}

message! {
    /// A choice of any number of strings. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#untitledmultiselectenumschema)
    pub struct UntitledMultiSelectEnumSchema {
        tag "type" = "array";
        new {
            /// The strings.
            items: UntitledEnumItems = "items",
        }
        optional {
            /// A name for people.
            title: String = "title",
            /// What to choose.
            description: String = "description",
            /// The fewest to choose.
            min_items: u64 as is = "minItems",
            /// The most to choose.
            max_items: u64 as is = "maxItems",
            /// What it starts with.
            default: Vec<String> = "default",
        }
    }
}

message! {
    /// The strings of a choice. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#untitledmultiselectenumschema)
    pub struct UntitledEnumItems {
        tag "type" = "string";
        new {
            /// The strings. The member is `enum`.
            values: Vec<String> = "enum",
        }
    }
}

impl From<Vec<String>> for UntitledEnumItems {
    fn from(values: Vec<String>) -> Self {
        Self::new(values)
    }
}

message! {
    /// A choice of any number of strings, shown by titles. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#titledmultiselectenumschema)
    pub struct TitledMultiSelectEnumSchema {
        tag "type" = "array";
        new {
            /// The strings and their titles.
            items: TitledEnumItems = "items",
        }
        optional {
            /// A name for people.
            title: String = "title",
            /// What to choose.
            description: String = "description",
            /// The fewest to choose.
            min_items: u64 as is = "minItems",
            /// The most to choose.
            max_items: u64 as is = "maxItems",
            /// What it starts with.
            default: Vec<String> = "default",
        }
    }
}

message! {
    /// The strings and titles of a choice. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#titledmultiselectenumschema)
    pub struct TitledEnumItems {
        new {
            /// The strings and their titles.
            any_of: Vec<EnumOption> = "anyOf",
        }
    }
}

impl From<Vec<EnumOption>> for TitledEnumItems {
    fn from(options: Vec<EnumOption>) -> Self {
        Self::new(options)
    }
}

message! {
    /// A choice of one string, shown by names in a list of their own: the form before JSON Schema 2020-12.
    /// Use [`TitledSingleSelectEnumSchema`] where the peer knows it.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#legacytitledenumschema)
    pub struct LegacyTitledEnumSchema {
        tag "type" = "string";
        new {
            /// The strings. The member is `enum`.
            values: Vec<String> = "enum",
        }
        optional {
            /// What is shown, in the order of the strings.
            enum_names: Vec<String> = "enumNames",
            /// A name for people.
            title: String = "title",
            /// What to choose.
            description: String = "description",
            /// What it starts with. Since 2025-11-25.
            default: String = "default",
        }
    }
}
