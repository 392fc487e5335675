//! A schema file, read.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::node::{self, Node};

pub(super) struct File {
    pub(super) definitions: Vec<(String, Node)>,
    /// Where each property of the schema is written, such as `Tool.annotations`.
    pub(super) members: Vec<String>,
    document: Value,
    keyword: &'static str,
}

impl File {
    pub(super) fn open(name: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/schema").join(name);
        let document: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let keyword = if document.get("$defs").is_some() { "$defs" } else { "definitions" };
        let mut members = Vec::new();
        let schemas = document[keyword].as_object().unwrap();
        let read = |(name, schema): (&String, &Value)| {
            (name.clone(), node::read(&document[keyword], schema, name, &mut members))
        };
        let definitions = schemas.iter().map(read).collect();
        Self { definitions, members, document, keyword }
    }

    pub(super) fn definition(&self, name: &str) -> &Node {
        &self.definitions.iter().find(|(known, _)| known == name).unwrap().1
    }

    pub(super) fn validator(&self, definition: &str) -> Validator {
        let mut schema = json!({"$ref": format!("#/{}/{definition}", self.keyword)});
        schema["$schema"] = self.document["$schema"].clone();
        schema[self.keyword] = self.document[self.keyword].clone();
        jsonschema::validator_for(&schema).unwrap()
    }

    /// The properties that may have any value, so that none is wrong.
    pub(super) fn free_members(&self) -> BTreeSet<usize> {
        let mut free = BTreeSet::new();
        for (_, node) in &self.definitions {
            node.free_members(self, &mut free);
        }
        free
    }
}
