//! Instances of a schema node: valid ones that vary one thing at a time, and ones with one fault.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::file::File;
use super::node::{Node, Object, Others};

#[derive(Debug, Clone)]
pub(super) struct Instance {
    pub(super) value: Value,
    /// The properties that occur in it.
    pub(super) members: Vec<usize>,
    /// Whether all of its values are ones that the schema knows.
    pub(super) known: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Faulty {
    pub(super) value: Value,
    /// Where the fault is.
    pub(super) path: String,
    pub(super) fault: Fault,
    /// The property that has a wrong value.
    pub(super) members: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fault {
    Missing,
    WrongType,
}

/// Valid instances, and ones with a value that no version knows.
pub(super) fn all(file: &File, node: &Node) -> Vec<Instance> {
    Generator { file, open: Vec::new() }.all(node)
}

/// Instances with one member missing or of a wrong type.
pub(super) fn faulty(file: &File, node: &Node) -> Vec<Faulty> {
    Generator { file, open: Vec::new() }.faulty(node)
}

struct Generator<'a> {
    file: &'a File,
    /// The references that are being followed.
    open: Vec<String>,
}

impl Generator<'_> {
    fn all(&mut self, node: &Node) -> Vec<Instance> {
        match node {
            Node::Object(object) => self.objects(object),
            Node::Array(element) => {
                let elements = self.all(element);
                let of = |values: Vec<Instance>| Instance {
                    known: values.iter().all(|value| value.known),
                    members: values.iter().flat_map(|value| value.members.clone()).collect(),
                    value: values.into_iter().map(|value| value.value).collect(),
                };
                let first = elements[0].clone();
                let mut arrays = vec![of(vec![]), of(vec![first.clone(), first.clone(), first])];
                arrays.extend(elements.into_iter().map(|element| of(vec![element])));
                arrays
            }
            Node::AnyOf(branches) => {
                let mut all: Vec<Instance> =
                    branches.iter().flat_map(|branch| self.all(branch)).collect();
                all.extend(unknown_kind(self.file, branches));
                all
            }
            Node::Enum(values) => {
                let mut all: Vec<Instance> = values.iter().cloned().map(known).collect();
                all.push(Instance { value: json!("x-unknown"), members: vec![], known: false });
                all
            }
            Node::Const(value) => vec![known(value.clone())],
            Node::Reference(name) if self.open.contains(name) => {
                vec![known(minimal(self.file, node))]
            }
            Node::Reference(name) => {
                self.open.push(name.clone());
                let all = self.all(self.file.definition(name));
                self.open.pop();
                all
            }
            Node::String { format: Some(_) } => vec![known(minimal(self.file, node))],
            Node::String { format: None } => {
                vec![known(json!("text")), known(json!("")), known(json!("\u{e9}\n\"\\"))]
            }
            Node::Integer { minimum } if *minimum == Some(0.0) => {
                vec![known(json!(1)), known(json!(0))]
            }
            Node::Integer { .. } => vec![known(json!(1)), known(json!(7_000_000_000_u64))],
            Node::Number { minimum, maximum } => {
                let all = [json!(0.5), json!(1), json!(0), json!(-2.5), json!(50)];
                let fits = |value: &Value| {
                    let number = value.as_f64().unwrap();
                    minimum.is_none_or(|minimum| number >= minimum)
                        && maximum.is_none_or(|maximum| number <= maximum)
                };
                all.into_iter().filter(fits).map(known).collect()
            }
            Node::Boolean => vec![known(json!(true)), known(json!(false))],
            Node::Null => vec![known(Value::Null)],
            Node::Any => {
                let all = [
                    json!("any"),
                    json!(null),
                    json!(true),
                    json!(1),
                    json!(0.5),
                    json!([]),
                    json!({"a": [1]}),
                ];
                all.into_iter().map(known).collect()
            }
        }
    }

    /// Required only; everything; each value of each property; more than the schema has.
    fn objects(&mut self, object: &Object) -> Vec<Instance> {
        let mut all = vec![assemble(self.file, object, |required| required)];
        all.push(assemble(self.file, object, |_| true));
        for property in &object.properties {
            for instance in self.all(&property.node) {
                let mut with = all[0].clone();
                with.value[&property.name] = instance.value;
                with.members.extend(&property.members);
                with.members.extend(instance.members);
                with.known = instance.known;
                all.push(with);
            }
        }
        match &object.others {
            Others::None => {}
            Others::Unsaid => {
                for value in [json!("kept"), json!(null), json!({"deep": [1, {"er": true}]})] {
                    let mut with = all[1].clone();
                    with.value["com.example/unknown"] = value;
                    all.push(with);
                }
            }
            Others::Of(node) => {
                let values = self.all(node);
                let mut three = all[0].clone();
                for key in ["first", "second.key", "third/key"] {
                    three.value[key] = values[0].value.clone();
                }
                all.push(three);
                for value in values {
                    let mut with = all[0].clone();
                    with.value["key"] = value.value;
                    with.members.extend(value.members);
                    with.known = value.known;
                    all.push(with);
                }
            }
        }
        all
    }

    fn faulty(&mut self, node: &Node) -> Vec<Faulty> {
        match node {
            Node::Object(object) => self.faulty_objects(object),
            Node::Array(element) => {
                let good = minimal(self.file, element);
                let mut all = self.faulty(element);
                all.extend(self.wrong(element, &[]));
                let within = |faulty: Faulty| Faulty {
                    value: json!([good, faulty.value, good]),
                    path: join("[1]", &faulty.path),
                    ..faulty
                };
                all.into_iter().map(within).collect()
            }
            Node::AnyOf(branches) => {
                branches.iter().flat_map(|branch| self.faulty(branch)).collect()
            }
            Node::Reference(name) if self.open.contains(name) => vec![],
            Node::Reference(name) => {
                self.open.push(name.clone());
                let all = self.faulty(self.file.definition(name));
                self.open.pop();
                all
            }
            _ => vec![],
        }
    }

    fn faulty_objects(&mut self, object: &Object) -> Vec<Faulty> {
        let base = assemble(self.file, object, |required| required).value;
        let mut all = Vec::new();
        for name in &object.required {
            let mut without = base.clone();
            without.as_object_mut().unwrap().remove(name);
            all.push(Faulty {
                value: without,
                path: key(name),
                fault: Fault::Missing,
                members: vec![],
            });
        }
        let mut with = |name: &str, faulty: Faulty| {
            let mut value = base.clone();
            value[name] = faulty.value;
            all.push(Faulty { value, path: join(&key(name), &faulty.path), ..faulty });
        };
        for property in &object.properties {
            self.wrong(&property.node, &property.members)
                .for_each(|wrong| with(&property.name, wrong));
            self.faulty(&property.node).into_iter().for_each(|faulty| with(&property.name, faulty));
        }
        if let Others::Of(node) = &object.others {
            self.wrong(node, &[]).for_each(|wrong| with("key", wrong));
            self.faulty(node).into_iter().for_each(|faulty| with("key", faulty));
        }
        all
    }

    /// Values of another type than any that the node allows.
    fn wrong(&self, node: &Node, members: &[usize]) -> impl Iterator<Item = Faulty> + use<> {
        let members = members.to_vec();
        let mut kinds = Vec::new();
        self.kinds(node, &mut kinds);
        let all =
            [("string", json!("wrong")), ("number", json!(-0.5)), ("object", json!({"wrong": 1}))];
        let all = all.into_iter().chain([("array", json!(["wrong", 1])), ("boolean", json!(true))]);
        let wrong = all.filter(move |(kind, _)| !kinds.contains(kind) && !kinds.contains(&"any"));
        wrong.map(move |(_, value)| {
            let members = members.clone();
            Faulty { value, path: String::new(), fault: Fault::WrongType, members }
        })
    }

    fn kinds(&self, node: &Node, kinds: &mut Vec<&'static str>) {
        match node {
            Node::Object(_) => kinds.push("object"),
            Node::Array(_) => kinds.push("array"),
            Node::AnyOf(branches) => branches.iter().for_each(|branch| self.kinds(branch, kinds)),
            Node::Enum(_) | Node::String { .. } => kinds.push("string"),
            Node::Const(value) => kinds.push(if value.is_string() { "string" } else { "number" }),
            // A fraction is wrong for an integer, so it stays among the wrong ones.
            Node::Integer { .. } | Node::Null => {}
            Node::Reference(name) => match name.as_str() {
                "JSONValue" => kinds.push("any"),
                _ => self.kinds(self.file.definition(name), kinds),
            },
            Node::Number { .. } => kinds.push("number"),
            Node::Boolean => kinds.push("boolean"),
            Node::Any => kinds.push("any"),
        }
    }
}

/// The smallest instance.
fn minimal(file: &File, node: &Node) -> Value {
    match node {
        Node::Object(object) => assemble(file, object, |required| required).value,
        Node::Array(_) => json!([]),
        Node::AnyOf(branches) => minimal(file, &branches[0]),
        Node::Enum(values) => values[0].clone(),
        Node::Const(value) => value.clone(),
        Node::Reference(name) => minimal(file, file.definition(name)),
        Node::String { format } => json!(match format.as_deref() {
            None => "text",
            Some("uri") => "file:///text",
            Some("uri-template") => "file:///{name}",
            Some("byte") => "dGV4dA==",
            Some(other) => panic!("unknown format {other}"),
        }),
        Node::Integer { .. } => json!(1),
        Node::Number { .. } => json!(0.5),
        Node::Boolean => json!(true),
        Node::Null => Value::Null,
        Node::Any => json!("any"),
    }
}

/// An object with the smallest value of each chosen property.
fn assemble(file: &File, object: &Object, choose: impl Fn(bool) -> bool) -> Instance {
    let chosen = object
        .properties
        .iter()
        .filter(|property| choose(object.required.contains(&property.name)));
    let mut value = Map::new();
    let mut members = Vec::new();
    for property in chosen {
        value.insert(property.name.clone(), minimal(file, &property.node));
        members.extend(&property.members);
    }
    Instance { value: value.into(), members, known: true }
}

/// An object whose tag no branch has, when one member tells the branches apart.
fn unknown_kind(file: &File, branches: &[Node]) -> Option<Instance> {
    fn object<'a>(file: &'a File, branch: &'a Node) -> Option<&'a Object> {
        match branch {
            Node::Reference(name) => object(file, file.definition(name)),
            Node::Object(object) => Some(object),
            _ => None,
        }
    }
    let objects: Vec<&Object> = branches.iter().filter_map(|branch| object(file, branch)).collect();
    let value_of = |object: &Object, tag: &str| {
        let property = object.properties.iter().find(|property| property.name == tag)?;
        if let Node::Const(value) = &property.node { Some(value.to_string()) } else { None }
    };
    let names = objects.first()?.properties.iter().map(|property| property.name.clone());
    let is_tag = |name: &String| {
        let values: Option<BTreeSet<String>> =
            objects.iter().map(|object| value_of(object, name)).collect();
        objects.len() > 1 && values.is_some_and(|values| values.len() == objects.len())
    };
    let tag = names.into_iter().find(is_tag)?;
    let value = json!({(tag): "x-unknown", "payload": {"a": [1, null]}});
    Some(Instance { value, members: vec![], known: false })
}

fn known(value: Value) -> Instance {
    Instance { value, members: vec![], known: true }
}

fn key(name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_$-".contains(&b));
    if plain { name.to_owned() } else { format!("[{name:?}]") }
}

fn join(before: &str, after: &str) -> String {
    match after.chars().next() {
        None => before.to_owned(),
        Some('[') => format!("{before}{after}"),
        Some(_) => format!("{before}.{after}"),
    }
}
