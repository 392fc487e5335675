//! Typed access to a parsed file, which notes what is wrong instead of stopping.

use super::problem::{Position, Problem};
use super::text::Text;
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::cell::Cell;
use std::collections::HashSet;

/// A file, and what is wrong with it so far.
pub(super) struct Reader<'t> {
    lines: Lines<'t>,
    pub(super) problems: Vec<Problem>,
    /// The server whose entry is being read.
    pub(super) server: Option<String>,
}

/// Parses JSON, with comments, trailing commas, single quotes and names without quotes.
///
/// # Errors
/// When it is none; the first place is named.
pub(super) fn parse(text: &str) -> Result<Value<'_>, Problem> {
    let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    match parse_to_ast(text, &CollectOptions::default(), &options) {
        Ok(parsed) => parsed.value.ok_or_else(|| {
            Problem::error("", "is empty").hint("write {\"mcpServers\": {}} into it")
        }),
        Err(error) => {
            let at = Lines::new(text).position(error.range().start);
            let message = error.kind().to_string();
            let mut letters = message.chars();
            let lower = letters.next().map(|first| first.to_lowercase().chain(letters).collect());
            let message: String = lower.unwrap_or_default();
            Err(Problem::error("", format!("is no JSON: {message}")).at(at))
        }
    }
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { lines: Lines::new(text), problems: Vec::new(), server: None }
    }

    pub(super) fn position(&self, node: &impl Ranged) -> Position {
        self.lines.position(node.start())
    }

    /// Notes a problem at this node.
    pub(super) fn note(&mut self, node: &impl Ranged, problem: Problem) {
        let mut problem = problem.at(self.position(node));
        problem.server.clone_from(&self.server);
        self.problems.push(problem);
    }

    /// The members, each name once, with the paths of their keys.
    pub(super) fn members<'v, 'a>(
        &mut self,
        key: &str,
        value: &'v Value<'a>,
        most: usize,
    ) -> Vec<(&'v str, String, &'v ObjectProp<'a>)> {
        let Value::Object(Object { properties, .. }) = value else {
            self.wrong_type(key, value, "an object");
            return Vec::new();
        };
        if properties.len() > most {
            self.note(value, Problem::error(key, format!("has more than {most} members")));
            return Vec::new();
        }
        let mut names = HashSet::new();
        let mut members = Vec::with_capacity(properties.len());
        for property in properties {
            let name = property.name.as_str();
            let path = join(key, name);
            if names.insert(name) {
                members.push((name, path, property));
            } else {
                let again = Problem::error(path, "is there twice");
                self.note(property, again.hint("remove one of them"));
            }
        }
        members
    }

    /// A text, unexpanded.
    pub(super) fn text(&mut self, key: &str, value: &Value<'_>) -> Option<Text> {
        let Value::StringLit(literal) = value else {
            self.wrong_type(key, value, "text");
            return None;
        };
        if literal.value.len() > LONGEST {
            self.note(value, Problem::error(key, format!("is longer than {} KiB", LONGEST / 1024)));
            return None;
        }
        if literal.value.contains('\0') {
            self.note(value, Problem::error(key, "has a NUL character in it"));
            return None;
        }
        Some(Text::new(literal.value.as_ref(), key, self.position(value)))
    }

    /// A text, or a number, which is its text.
    pub(super) fn text_or_number(&mut self, key: &str, value: &Value<'_>) -> Option<Text> {
        match value {
            Value::NumberLit(number) => Some(Text::new(number.value, key, self.position(value))),
            Value::BooleanLit(_) => {
                let problem = Problem::error(key, "is true or false, and must be text");
                self.note(value, problem.hint("put it in quotes"));
                None
            }
            value => self.text(key, value),
        }
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str, value: &Value<'_>) -> Vec<Text> {
        let Value::Array(array) = value else {
            self.wrong_type(key, value, "a list of texts");
            return Vec::new();
        };
        if array.elements.len() > MOST_ELEMENTS {
            let problem = Problem::error(key, format!("has more than {MOST_ELEMENTS} elements"));
            self.note(value, problem);
            return Vec::new();
        }
        let elements = array.elements.iter().enumerate();
        let texts = elements
            .map(|(index, element)| self.text_or_number(&format!("{key}[{index}]"), element));
        texts.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    /// Names with texts, in their order.
    pub(super) fn pairs(&mut self, key: &str, value: &Value<'_>) -> Vec<(String, Text)> {
        let mut pairs = Vec::new();
        for (name, key, property) in self.members(key, value, MOST_MEMBERS) {
            if let Some(text) = self.text_or_number(&key, &property.value) {
                pairs.push((name.to_owned(), text));
            }
        }
        pairs
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &str, value: &Value<'_>) -> Option<bool> {
        match value {
            Value::BooleanLit(literal) => Some(literal.value),
            value => {
                self.wrong_type(key, value, "true or false");
                None
            }
        }
    }

    pub(super) fn wrong_type(&mut self, key: &str, value: &Value<'_>, wanted: &str) {
        let problem = Problem::error(key, format!("is {}, and must be {wanted}", kind(value)));
        self.note(value, problem);
    }
}

/// A text by its lines.
struct Lines<'t> {
    text: &'t str,
    /// Where the last question was about. Questions go forward mostly, and the whole text is walked once then.
    last: Cell<(usize, Position)>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, last: Cell::new((0, START)) }
    }

    /// The place of the byte at this index.
    fn position(&self, index: usize) -> Position {
        let (mut from, mut position) = self.last.get();
        if index < from {
            (from, position) = (0, START);
        }
        for c in self.text[from..].chars() {
            if from >= index {
                break;
            }
            from += c.len_utf8();
            position = match c {
                '\n' => Position { line: position.line + 1, column: 1 },
                _ => Position { column: position.column + 1, ..position },
            };
        }
        self.last.set((from, position));
        position
    }
}

const START: Position = Position { line: 1, column: 1 };

/// The path of a member; a name that is no plain word is quoted.
pub(super) fn join(key: &str, name: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '$';
    let name = if !name.is_empty() && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        format!("{name:?}")
    };
    if key.is_empty() { name } else { format!("{key}.{name}") }
}

fn kind(value: &Value<'_>) -> &'static str {
    match value {
        Value::StringLit(_) => "text",
        Value::NumberLit(_) => "a number",
        Value::BooleanLit(_) => "true or false",
        Value::Object(_) => "an object",
        Value::Array(_) => "a list",
        Value::NullKeyword(_) => "null",
    }
}

/// Bytes of one text.
const LONGEST: usize = 64 * 1024;

/// Elements of one list.
const MOST_ELEMENTS: usize = 4096;

/// Variables or headers of one server.
const MOST_MEMBERS: usize = 1024;
