//! What the schema of a Rust type says beyond what decoding sees: ranges, lengths, patterns.
//!
//! The schema is compiled once, at registration, into a table of nodes. Where it has no bounds, a call that decodes
//! costs nothing here; the rest of the table (kinds, required members, fixed values) only tells which alternative of a
//! value is meant, and explains why something did not decode.

mod compile;

use super::raw::Pattern;
use crate::server::json::Path;
use crate::server::reworded;
use serde_json::{Number, Value};
use std::cmp::Ordering;
use std::collections::HashSet;

/// A compiled schema of a Rust type.
#[derive(Debug)]
pub(in crate::server) struct Checks {
    nodes: Vec<Node>,
    bounded: bool,
}

/// One schema. Others are named by their place in the table.
#[derive(Debug, Default)]
struct Node {
    kinds: Kinds,
    /// `enum` and `const`.
    allowed: Option<Vec<Value>>,
    required: Vec<Box<str>>,
    members: Vec<(Box<str>, usize)>,
    others: Others,
    prefix: Vec<usize>,
    items: Option<usize>,
    bounds: Vec<Bound>,
    /// All of these hold too.
    all: Vec<usize>,
    /// Of each of these groups, one holds.
    any: Vec<Vec<usize>>,
}

/// Kinds of values, as a set of bits; the default is any.
#[derive(Clone, Copy, Debug)]
struct Kinds(u8);

#[derive(Clone, Copy, Debug, Default)]
enum Others {
    #[default]
    Open,
    Closed,
    Each(usize),
}

#[derive(Debug)]
enum Bound {
    Minimum(Number),
    ExclusiveMinimum(Number),
    Maximum(Number),
    ExclusiveMaximum(Number),
    MultipleOf(Number),
    MinLength(u64),
    MaxLength(u64),
    MinItems(u64),
    MaxItems(u64),
    UniqueItems,
    MinProperties(u64),
    MaxProperties(u64),
    Pattern(Box<str>, Pattern),
}

/// What was found wrong.
#[derive(Debug, Default)]
pub(in crate::server) struct Found {
    /// Broken bounds, which decoding does not see.
    pub(in crate::server) bounds: Vec<String>,
    /// What decoding sees too.
    pub(in crate::server) shape: Vec<String>,
    /// Values that fit none of their alternatives, of which decoding may know more to say.
    pub(in crate::server) unclear: Vec<String>,
}

impl Checks {
    /// Whether there is anything that decoding does not see.
    pub(in crate::server) fn are_bounded(&self) -> bool {
        self.bounded
    }

    /// Looks at a value whose text has so many bytes.
    pub(in crate::server) fn run(&self, value: &Value, length: usize) -> Found {
        // A value has at most as many parts as its text has bytes; alternatives look at one several times.
        let steps = u32::try_from(length).unwrap_or(u32::MAX).saturating_mul(4).max(MIN_STEPS);
        let mut run =
            Run { checks: self, found: Found::default(), path: Path::default(), steps, depth: 0 };
        run.node(0, value);
        if run.steps == 0 {
            run.found.bounds.push(run.path.says("too intricate to be checked; send less"));
        }
        run.found
    }
}

/// How far a value is from its schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Fits,
    OutOfBounds,
    Different,
}

struct Run<'a> {
    checks: &'a Checks,
    found: Found,
    path: Path,
    /// How many more nodes are looked at: alternatives inside alternatives multiply.
    steps: u32,
    /// How deep this is: references that lead to each other may never reach a smaller value.
    depth: u32,
}

impl Run<'_> {
    fn node(&mut self, at: usize, value: &Value) -> Verdict {
        if self.depth == MAX_DEPTH {
            self.steps = 0;
        }
        let Some(steps) = self.steps.checked_sub(1) else { return Verdict::Different };
        self.steps = steps;
        self.depth += 1;
        let verdict = self.look(at, value);
        self.depth -= 1;
        verdict
    }

    fn look(&mut self, at: usize, value: &Value) -> Verdict {
        let checks = self.checks;
        let node = &checks.nodes[at];
        if !node.kinds.contain(value) {
            return self.differs(&format!("expected {}, found {}", node.kinds, kind_of(value)));
        }
        let mut verdict = Verdict::Fits;
        if let Some(allowed) = &node.allowed
            && !allowed.contains(value)
        {
            let allowed: Vec<String> = allowed.iter().map(ToString::to_string).collect();
            verdict = verdict.max(self.differs(&format!("expected {}", one_of(&allowed))));
        }
        for bound in &node.bounds {
            if let Some(wrong) = bound.broken_by(value) {
                self.found.bounds.push(self.path.says(&wrong));
                verdict = verdict.max(Verdict::OutOfBounds);
            }
        }
        match value {
            Value::Object(members) => {
                for name in &node.required {
                    if !members.contains_key(&**name) {
                        let wrong = |run: &mut Self| run.differs("missing, but required");
                        verdict = verdict.max(self.inside(|path| path.member(name), wrong));
                    }
                }
                for (name, value) in members {
                    let named = node
                        .members
                        .iter()
                        .find(|(known, _)| **known == **name)
                        .map(|named| named.1);
                    let check = |run: &mut Self| match (named, node.others) {
                        (Some(at), _) | (None, Others::Each(at)) => run.node(at, value),
                        (None, Others::Open) => Verdict::Fits,
                        (None, Others::Closed) => run.differs(&node.unknown()),
                    };
                    verdict = verdict.max(self.inside(|path| path.member(name), check));
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(&at) = node.prefix.get(index).or(node.items.as_ref()) {
                        let check = |run: &mut Self| run.node(at, item);
                        verdict = verdict.max(self.inside(|path| path.element(index), check));
                    }
                }
            }
            _ => {}
        }
        for &at in &node.all {
            verdict = verdict.max(self.node(at, value));
        }
        for group in &node.any {
            verdict = verdict.max(self.any(group, value));
        }
        verdict
    }

    /// Takes the best of several alternatives, and of what it finds only what is certain.
    fn any(&mut self, group: &[usize], value: &Value) -> Verdict {
        let checks = self.checks;
        let mut meant = group.iter().filter(|at| checks.nodes[**at].kinds.0 != Kinds::NULL.0);
        if let (false, Some(&only), None) = (value.is_null(), meant.next(), meant.next()) {
            return self.node(only, value);
        }
        let before = std::mem::take(&mut self.found);
        let mut best: Option<Found> = None;
        for &at in group {
            let verdict = self.node(at, value);
            let found = std::mem::take(&mut self.found);
            match verdict {
                Verdict::Fits => {
                    self.found = before;
                    return Verdict::Fits;
                }
                Verdict::OutOfBounds => best = best.or(Some(found)),
                Verdict::Different => {}
            }
        }
        self.found = before;
        match best {
            Some(found) => {
                self.found.bounds.extend(found.bounds);
                Verdict::OutOfBounds
            }
            None => {
                self.found.unclear.push(self.path.says(reworded::NO_FORM));
                Verdict::Different
            }
        }
    }

    fn inside(
        &mut self,
        step: impl FnOnce(&mut Path),
        check: impl FnOnce(&mut Self) -> Verdict,
    ) -> Verdict {
        let length = self.path.len();
        step(&mut self.path);
        let verdict = check(self);
        self.path.back_to(length);
        verdict
    }

    fn differs(&mut self, what: &str) -> Verdict {
        self.found.shape.push(self.path.says(what));
        Verdict::Different
    }
}

impl Node {
    fn unknown(&self) -> String {
        let known: Vec<String> = self.members.iter().map(|(name, _)| format!("`{name}`")).collect();
        match known.as_slice() {
            [] => "not a known member; there are none".to_owned(),
            known => format!("not a known member; expected {}", one_of(known)),
        }
    }
}

impl Bound {
    /// What is wrong with a value that breaks the bound. Bounds of other kinds of values do not count.
    fn broken_by(&self, value: &Value) -> Option<String> {
        let against = |limit: &Number| value.as_number().and_then(|number| compare(number, limit));
        let items = || value.as_array().map(|items| items.len() as u64);
        let members = || value.as_object().map(|members| members.len() as u64);
        // Counting characters is linear, and the text is not longer than the message.
        let length = || value.as_str().map(|text| text.chars().count() as u64);
        let number = || value.as_number().map(ToString::to_string).unwrap_or_default();
        let (broken, wrong) = match self {
            Self::Minimum(limit) => (
                against(limit) == Some(Ordering::Less),
                format!("must be at least {limit}, is {}", number()),
            ),
            Self::ExclusiveMinimum(limit) => (
                matches!(against(limit), Some(Ordering::Less | Ordering::Equal)),
                format!("must be more than {limit}, is {}", number()),
            ),
            Self::Maximum(limit) => (
                against(limit) == Some(Ordering::Greater),
                format!("must be at most {limit}, is {}", number()),
            ),
            Self::ExclusiveMaximum(limit) => (
                matches!(against(limit), Some(Ordering::Greater | Ordering::Equal)),
                format!("must be less than {limit}, is {}", number()),
            ),
            Self::MultipleOf(unit) => (
                value.as_number().is_some_and(|number| !is_multiple(number, unit)),
                format!("must be a multiple of {unit}, is {}", number()),
            ),
            Self::MinLength(limit) => {
                let length = length()?;
                (length < *limit, format!("must have at least {limit} characters, has {length}"))
            }
            Self::MaxLength(limit) => {
                let length = length()?;
                (length > *limit, format!("must have at most {limit} characters, has {length}"))
            }
            Self::MinItems(limit) => {
                let items = items()?;
                (items < *limit, format!("must have at least {limit} items, has {items}"))
            }
            Self::MaxItems(limit) => {
                let items = items()?;
                (items > *limit, format!("must have at most {limit} items, has {items}"))
            }
            Self::UniqueItems => (
                value.as_array().is_some_and(|items| !are_unique(items)),
                "must not have the same item twice".to_owned(),
            ),
            Self::MinProperties(limit) => {
                let members = members()?;
                (members < *limit, format!("must have at least {limit} members, has {members}"))
            }
            Self::MaxProperties(limit) => {
                let members = members()?;
                (members > *limit, format!("must have at most {limit} members, has {members}"))
            }
            Self::Pattern(text, pattern) => (
                value.is_string() && !pattern.matches(value),
                format!("must match the regular expression {text}"),
            ),
        };
        broken.then_some(wrong)
    }
}

impl Kinds {
    const NAMES: [&str; 7] =
        ["null", "a boolean", "an integer", "a number", "a string", "an array", "an object"];
    const ANY: Self = Self(0x7f);
    const NULL: Self = Self(1);

    fn contain(self, value: &Value) -> bool {
        let bits: u8 = match value {
            Value::Null => 1,
            Value::Bool(_) => 1 << 1,
            Value::Number(number) if is_integer(number) => 1 << 2 | 1 << 3,
            Value::Number(_) => 1 << 3,
            Value::String(_) => 1 << 4,
            Value::Array(_) => 1 << 5,
            Value::Object(_) => 1 << 6,
        };
        self.0 & bits != 0
    }
}

impl Default for Kinds {
    fn default() -> Self {
        Self::ANY
    }
}

impl std::fmt::Display for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = Self::NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0);
        let names: Vec<&str> = names.map(|(_, name)| *name).collect();
        f.write_str(&names.join(" or "))
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn one_of(allowed: &[String]) -> String {
    match allowed {
        [one] => one.clone(),
        several => format!("one of {}", several.join(", ")),
    }
}

/// Compares numbers exactly while both are integers.
fn compare(one: &Number, other: &Number) -> Option<Ordering> {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        _ => one.as_f64()?.partial_cmp(&other.as_f64()?),
    }
}

fn is_integer(number: &Number) -> bool {
    number.as_i128().is_some() || number.as_f64().is_some_and(|number| number.fract() == 0.0)
}

fn is_multiple(number: &Number, unit: &Number) -> bool {
    match (number.as_i128(), unit.as_i128()) {
        (Some(number), Some(unit)) => unit == 0 || number % unit == 0,
        _ => {
            let (Some(number), Some(unit)) = (number.as_f64(), unit.as_f64()) else { return true };
            let times = number / unit;
            // 0.3 is a multiple of 0.1, although no double is exactly either.
            (times - times.round()).abs() <= 1e-9 * times.abs().max(1.0)
        }
    }
}

fn are_unique(items: &[Value]) -> bool {
    let mut seen = HashSet::new();
    items.iter().all(|item| seen.insert(item.to_string()))
}

const MIN_STEPS: u32 = 10_000;
const MAX_DEPTH: u32 = 400;
