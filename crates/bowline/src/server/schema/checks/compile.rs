//! From the schema of a Rust type to its checks.

use super::{Bound, Checks, Kinds, Node, Others, Pattern};
use bowline_types::tool::Schema;
use serde_json::{Map, Value};
use std::collections::HashMap;

impl Checks {
    /// Compiles a schema that `schemars` generated.
    ///
    /// # Errors
    /// When a `pattern` is no regular expression, or cannot be checked in this build.
    pub(in crate::server) fn compile(schema: &Schema) -> Result<Self, String> {
        let mut compiler = Compiler {
            root: schema.as_map(),
            nodes: Vec::new(),
            named: HashMap::new(),
            bounded: false,
        };
        compiler.named.insert("#", 0);
        compiler.schema(schema.as_map())?;
        Ok(Self { nodes: compiler.nodes, bounded: compiler.bounded })
    }
}

struct Compiler<'a> {
    root: &'a Map<String, Value>,
    nodes: Vec<Node>,
    /// Where references lead.
    named: HashMap<&'a str, usize>,
    bounded: bool,
}

impl<'a> Compiler<'a> {
    /// The place of a schema in the table; `None` when it allows everything.
    fn value(&mut self, schema: &'a Value) -> Result<Option<usize>, String> {
        schema.as_object().map(|keywords| self.schema(keywords)).transpose()
    }

    fn schema(&mut self, keywords: &'a Map<String, Value>) -> Result<usize, String> {
        let at = self.nodes.len();
        self.nodes.push(Node::default());
        let node = self.node(keywords)?;
        self.bounded |= !node.bounds.is_empty();
        self.nodes[at] = node;
        Ok(at)
    }

    fn node(&mut self, keywords: &'a Map<String, Value>) -> Result<Node, String> {
        let mut node = Node {
            kinds: keywords.get("type").map_or(Kinds::ANY, kinds),
            allowed: match (keywords.get("const"), keywords.get("enum")) {
                (Some(value), _) => Some(vec![value.clone()]),
                (None, Some(Value::Array(values))) => Some(values.clone()),
                _ => None,
            },
            required: texts(keywords.get("required")).map(Into::into).collect(),
            bounds: bounds(keywords)?,
            ..Node::default()
        };
        for (name, schema) in members(keywords.get("properties")) {
            if let Some(at) = self.value(schema)? {
                node.members.push((name.as_str().into(), at));
            } else {
                // Known, and anything: it must not count as one of the others.
                node.members.push((name.as_str().into(), self.anything()));
            }
        }
        node.others = match keywords.get("additionalProperties") {
            // Names that match a pattern are none of the others; decoding checks both.
            _ if keywords.contains_key("patternProperties") => Others::Open,
            Some(Value::Bool(false)) => Others::Closed,
            Some(schema) => self.value(schema)?.map_or(Others::Open, Others::Each),
            None => Others::Open,
        };
        for schema in elements(keywords.get("prefixItems")) {
            let at = match self.value(schema)? {
                Some(at) => at,
                None => self.anything(),
            };
            node.prefix.push(at);
        }
        if let Some(schema) = keywords.get("items") {
            node.items = self.value(schema)?;
        }
        if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
            node.all.extend(self.reference(reference)?);
        }
        for schema in elements(keywords.get("allOf")) {
            node.all.extend(self.value(schema)?);
        }
        for key in ["anyOf", "oneOf"] {
            let mut group = Vec::new();
            for schema in elements(keywords.get(key)) {
                let at = match self.value(schema)? {
                    Some(at) => at,
                    None => self.anything(),
                };
                group.push(at);
            }
            if !group.is_empty() {
                node.any.push(group);
            }
        }
        Ok(node)
    }

    fn anything(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    fn reference(&mut self, reference: &'a str) -> Result<Option<usize>, String> {
        if let Some(&at) = self.named.get(reference) {
            return Ok(Some(at));
        }
        let definitions = self.root.get("$defs").and_then(Value::as_object);
        let name = reference.strip_prefix("#/$defs/");
        let Some(Value::Object(keywords)) =
            name.zip(definitions).and_then(|(name, definitions)| definitions.get(name))
        else {
            return Ok(None);
        };
        // Named before it is compiled, since it may lead back to itself.
        self.named.insert(reference, self.nodes.len());
        self.schema(keywords).map(Some)
    }
}

fn bounds(keywords: &Map<String, Value>) -> Result<Vec<Bound>, String> {
    let mut bounds = Vec::new();
    for (key, value) in keywords {
        let limit = value.as_u64();
        let bound = match (key.as_str(), value) {
            ("minimum" | "maximum", Value::Number(_)) if is_of_the_type(keywords, key) => None,
            ("minimum", Value::Number(limit)) => Some(Bound::Minimum(limit.clone())),
            ("maximum", Value::Number(limit)) => Some(Bound::Maximum(limit.clone())),
            ("exclusiveMinimum", Value::Number(limit)) => {
                Some(Bound::ExclusiveMinimum(limit.clone()))
            }
            ("exclusiveMaximum", Value::Number(limit)) => {
                Some(Bound::ExclusiveMaximum(limit.clone()))
            }
            ("multipleOf", Value::Number(unit)) => Some(Bound::MultipleOf(unit.clone())),
            ("minLength", _) => limit.map(Bound::MinLength),
            ("maxLength", _) => limit.map(Bound::MaxLength),
            ("minItems", _) => limit.map(Bound::MinItems),
            ("maxItems", _) => limit.map(Bound::MaxItems),
            ("minProperties", _) => limit.map(Bound::MinProperties),
            ("maxProperties", _) => limit.map(Bound::MaxProperties),
            ("uniqueItems", Value::Bool(true)) => Some(Bound::UniqueItems),
            ("pattern", Value::String(text)) => {
                Some(Bound::Pattern(text.as_str().into(), Pattern::compile(text)?))
            }
            _ => None,
        };
        bounds.extend(bound);
    }
    Ok(bounds)
}

/// Whether a bound is that of the Rust type itself, which decoding sees.
fn is_of_the_type(keywords: &Map<String, Value>, key: &str) -> bool {
    let (least, most): (i128, i128) = match keywords.get("format").and_then(Value::as_str) {
        Some("uint8") => (0, u8::MAX.into()),
        Some("uint16") => (0, u16::MAX.into()),
        Some("uint32" | "uint64" | "uint" | "uint128") => (0, i128::MAX),
        Some("int8") => (i8::MIN.into(), i8::MAX.into()),
        Some("int16") => (i16::MIN.into(), i16::MAX.into()),
        _ => return false,
    };
    let own = if key == "minimum" { least } else { most };
    keywords.get(key).and_then(Value::as_number).and_then(serde_json::Number::as_i128) == Some(own)
}

fn kinds(value: &Value) -> Kinds {
    let bit = |name: &str| match name {
        "null" => 1,
        "boolean" => 1 << 1,
        "integer" => 1 << 2,
        "number" => 1 << 3,
        "string" => 1 << 4,
        "array" => 1 << 5,
        "object" => 1 << 6,
        _ => Kinds::ANY.0,
    };
    match value {
        Value::String(name) => Kinds(bit(name)),
        several => Kinds(texts(Some(several)).fold(0, |bits, name| bits | bit(name))),
    }
}

fn elements(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn texts(value: Option<&Value>) -> impl Iterator<Item = &str> {
    elements(value).iter().filter_map(Value::as_str)
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}
