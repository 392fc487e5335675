//! The part of JSON Schema that the files use, as a tree.

use std::collections::BTreeSet;

use serde_json::Value;

use super::file::File;

#[derive(Debug, Clone)]
pub(super) enum Node {
    Object(Object),
    Array(Box<Self>),
    AnyOf(Vec<Self>),
    Enum(Vec<Value>),
    Const(Value),
    Reference(String),
    String { format: Option<String> },
    Integer { minimum: Option<f64> },
    Number { minimum: Option<f64>, maximum: Option<f64> },
    Boolean,
    Null,
    Any,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Object {
    pub(super) properties: Vec<Property>,
    pub(super) required: BTreeSet<String>,
    pub(super) others: Others,
}

#[derive(Debug, Clone)]
pub(super) struct Property {
    pub(super) name: String,
    /// Its numbers in the list of the file's members; several after a merge.
    pub(super) members: Vec<usize>,
    pub(super) node: Node,
}

/// What properties without a name in the schema may be.
#[derive(Debug, Clone, Default)]
pub(super) enum Others {
    #[default]
    Unsaid,
    Of(Box<Node>),
    None,
}

pub(super) fn read(
    definitions: &Value,
    schema: &Value,
    at: &str,
    members: &mut Vec<String>,
) -> Node {
    if let Some(reference) = schema.get("$ref") {
        return Node::Reference(reference.as_str().unwrap().rsplit('/').next().unwrap().to_owned());
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let parts =
            parts.iter().map(|part| read(definitions, part, at, members)).collect::<Vec<_>>();
        return parts.into_iter().reduce(|left, right| merge(definitions, left, right)).unwrap();
    }
    if let Some(branches) = schema.get("anyOf").and_then(Value::as_array) {
        let branch = |(index, branch)| read(definitions, branch, &format!("{at}/{index}"), members);
        let branches: Vec<Node> = branches.iter().enumerate().map(branch).collect();
        let constant = |branch: &Node| {
            if let Node::Const(value) = branch { Some(value.clone()) } else { None }
        };
        return match branches.iter().map(constant).collect() {
            Some(values) => Node::Enum(values),
            None => Node::AnyOf(branches),
        };
    }
    if let Some(value) = schema.get("const") {
        return Node::Const(value.clone());
    }
    if let Some(values) = schema.get("enum") {
        return Node::Enum(values.as_array().unwrap().clone());
    }
    let bound = |keyword| schema.get(keyword).and_then(Value::as_f64);
    match schema.get("type") {
        None if schema.get("properties").is_some() => object(definitions, schema, at, members),
        None => Node::Any,
        Some(Value::Array(kinds)) => {
            let kind = |kind: &Value| {
                let mut schema = schema.clone();
                schema["type"] = kind.clone();
                read(definitions, &schema, at, members)
            };
            Node::AnyOf(kinds.iter().map(kind).collect())
        }
        Some(kind) => match kind.as_str().unwrap() {
            "object" => object(definitions, schema, at, members),
            "array" => Node::Array(Box::new(read(
                definitions,
                &schema["items"],
                &format!("{at}[]"),
                members,
            ))),
            "string" => Node::String {
                format: schema.get("format").map(|format| format.as_str().unwrap().to_owned()),
            },
            "integer" => Node::Integer { minimum: bound("minimum") },
            "number" => Node::Number { minimum: bound("minimum"), maximum: bound("maximum") },
            "boolean" => Node::Boolean,
            "null" => Node::Null,
            other => panic!("{at}: unknown type {other}"),
        },
    }
}

fn object(definitions: &Value, schema: &Value, at: &str, members: &mut Vec<String>) -> Node {
    let mut object = Object::default();
    for (name, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        let place = format!("{at}.{name}");
        // The parts of an `allOf` are read at the same place: one property, said twice, counts once.
        let member = members.iter().position(|known| *known == place).unwrap_or_else(|| {
            members.push(place.clone());
            members.len() - 1
        });
        let node = read(definitions, schema, &place, members);
        object.properties.push(Property { name: name.clone(), members: vec![member], node });
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    object.required = required.map(|name| name.as_str().unwrap().to_owned()).collect();
    object.others = match schema.get("additionalProperties") {
        None | Some(Value::Bool(true)) => Others::Unsaid,
        Some(Value::Bool(false)) => Others::None,
        Some(none) if none.get("not").is_some() => Others::None,
        Some(any)
            if any.as_object().is_some_and(|keywords| keywords.is_empty())
                && !object.properties.is_empty() =>
        {
            Others::Unsaid
        }
        Some(of) => Others::Of(Box::new(read(definitions, of, &format!("{at}.*"), members))),
    };
    Node::Object(object)
}

/// `allOf` of two.
fn merge(definitions: &Value, left: Node, right: Node) -> Node {
    match (left, right) {
        (Node::Reference(name), right) => {
            // The members of the other definition are counted there.
            let node = read(definitions, &definitions[&name], &name, &mut Vec::new());
            merge(definitions, forget_members(node), right)
        }
        (left, Node::Reference(name)) => {
            let node = read(definitions, &definitions[&name], &name, &mut Vec::new());
            merge(definitions, left, forget_members(node))
        }
        (Node::AnyOf(branches), right) => {
            let branch = |branch| merge(definitions, branch, right.clone());
            Node::AnyOf(branches.into_iter().map(branch).collect())
        }
        (left, Node::AnyOf(branches)) => {
            let branch = |branch| merge(definitions, left.clone(), branch);
            Node::AnyOf(branches.into_iter().map(branch).collect())
        }
        (Node::Object(mut left), Node::Object(right)) => {
            for property in right.properties {
                match left.properties.iter_mut().find(|known| known.name == property.name) {
                    None => left.properties.push(property),
                    Some(known) => {
                        known.members.extend(property.members);
                        if !matches!(known.node, Node::Const(_)) {
                            known.node = property.node;
                        }
                    }
                }
            }
            left.required.extend(right.required);
            Node::Object(left)
        }
        (left, right) => panic!("allOf of {left:?} and {right:?}"),
    }
}

fn forget_members(node: Node) -> Node {
    let Node::Object(mut object) = node else { return node };
    for property in &mut object.properties {
        property.members.clear();
        property.node = forget_members(property.node.clone());
    }
    Node::Object(object)
}

impl Node {
    pub(super) fn free_members(&self, file: &File, free: &mut BTreeSet<usize>) {
        match self {
            Self::Object(object) => {
                for property in &object.properties {
                    if property.node.is_any(file, 0) {
                        free.extend(&property.members);
                    }
                    property.node.free_members(file, free);
                }
                if let Others::Of(node) = &object.others {
                    node.free_members(file, free);
                }
            }
            Self::Array(node) => node.free_members(file, free),
            Self::AnyOf(nodes) => nodes.iter().for_each(|node| node.free_members(file, free)),
            _ => {}
        }
    }

    fn is_any(&self, file: &File, depth: usize) -> bool {
        match self {
            Self::Any => true,
            Self::Reference(name) if depth < 4 => file.definition(name).is_any(file, depth + 1),
            _ => false,
        }
    }
}
