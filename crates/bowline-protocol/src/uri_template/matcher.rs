//! Matching a URI against a template in one pass.
//!
//! A *soft* unit can be part of the value of `{x}`; every other unit, such as a raw `/`, is *hard*.
//! So a hard unit of the URI belongs to a literal, or to the one *wide* expression that a template may have.
//! What stands before the wide expression is matched from the left with values as short as possible,
//! what stands after it from the right, and the wide expression gets the rest.
//! As all narrow values draw from the same units, no other choice finds a match where this one finds none:
//! nothing is ever tried twice.

mod compile;

use core::error::Error;
use core::fmt;
use core::ops::Range;

pub(super) use self::compile::compile;
use super::unit::{Unit, Units};
use super::{Value, Variables};

/// Matches URIs against one template, in time linear in the URI and the template.
#[derive(Clone, Debug)]
pub struct Matcher {
    names: Vec<String>,
    /// What stands before the wide expression.
    head: Vec<Item>,
    wide: Option<Wide>,
    /// What stands after it, from right to left.
    tail: Vec<Item>,
    query: Option<Query>,
    fragment: Option<usize>,
    uri_bytes: usize,
}

/// Why a template cannot be matched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unmatchable {
    /// What is in the way.
    pub obstacle: Obstacle,
    /// Where the expression is, in bytes from the start of the template.
    pub position: usize,
}

/// What gives some URI more than one reading, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Obstacle {
    /// Nothing tells where the value before this expression ends.
    Adjacent,
    /// A second expression that can match any number of segments.
    SecondWide,
    /// `{x:3}` gives only a part of the value.
    Prefix,
    /// `{.x*}`, `{+x*}` and `{#x*}` do not tell an element from its separator.
    Explode,
    /// The same variable stands in two places.
    Repeated,
    /// Something other than `{#x}` stands after `{?x}` or `{&x}`, or anything after `{#x}`.
    Order,
}

impl Matcher {
    /// The values that expand the template to `uri`, or `None` if there are none.
    ///
    /// Variables that `uri` leaves out have no value: those of a query, of `{;x}`, and of a path at the end.
    #[must_use]
    pub fn matches(&self, uri: &str) -> Option<Variables> {
        self.matches_counted(uri).0
    }

    /// As [`matches`](Self::matches), with the number of steps taken, for tests of the cost.
    #[must_use]
    pub fn matches_counted(&self, uri: &str) -> (Option<Variables>, usize) {
        let mut steps = Steps(0);
        let found = self.search(uri, &mut steps);
        (found, steps.0)
    }

    fn search(&self, uri: &str, steps: &mut Steps) -> Option<Variables> {
        if uri.len() > self.uri_bytes || !self.begins(uri, steps) {
            return None;
        }
        let units: Vec<Unit> = Units::new(uri).collect::<Option<_>>()?;
        steps.add(units.len());
        let mut found = Found { values: vec![None; self.names.len()] };
        let mut path = &units[..];

        if let Some(name) = self.fragment
            && let Some(at) = position(path, b'#', steps)
        {
            found.text(name, &path[at + 1..], steps)?;
            path = &path[..at];
        }
        if let Some(query) = &self.query
            && let Some(at) = query.start(path, steps)
        {
            query.pairs.read(&path[at + 1..], b'&', Unit::is_query_value, &mut found, steps)?;
            path = &path[..at];
        }
        self.path(path, &mut found, steps)?;
        let entries = self.names.iter().zip(found.values);
        let entries = entries.filter_map(|(name, value)| Some((name.clone(), value?))).collect();
        Some(Variables { entries })
    }

    /// Whether `uri` begins with the first literal: most templates are told apart here, before anything is allocated.
    fn begins(&self, uri: &str, steps: &mut Steps) -> bool {
        let Some(Item::Literal(first)) = self.head.first() else { return true };
        steps.add(first.units.len());
        let mut units = Units::new(uri);
        first.units.iter().all(|unit| units.next() == Some(Some(*unit)))
    }

    fn path(&self, path: &[Unit], found: &mut Found, steps: &mut Steps) -> Option<()> {
        let end = match &self.wide {
            None => End::Whole,
            Some(wide) if wide.begins_hard() => End::Run,
            Some(_) => End::Open,
        };
        let head = Side { units: path, reversed: false };
        let head_end = head.block(&self.head, end, found, steps)?;
        let Some(wide) = &self.wide else { return Some(()) };
        let tail = Side { units: &path[head_end..], reversed: true };
        let tail_length = tail.block(&self.tail, End::Open, found, steps)?;
        wide.read(&path[head_end..path.len() - tail_length], found, steps)
    }
}

/// A piece of a template outside the wide expression.
#[derive(Clone, Debug)]
enum Item {
    Literal(Literal),
    /// The variable with this index; at least one soft unit.
    Variable(usize),
}

#[derive(Clone, Debug)]
struct Literal {
    units: Vec<Unit>,
    /// Where its first hard unit is.
    hard: Option<usize>,
    /// For each length of a partial match the next shorter one (Knuth, Morris and Pratt).
    shorter: Vec<usize>,
}

/// Where the items of a block end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// At the end of the path.
    Whole,
    /// Before a hard unit, or at the end of the path.
    Run,
    /// Anywhere.
    Open,
}

/// The path, read from one of its ends.
struct Side<'a> {
    units: &'a [Unit],
    reversed: bool,
}

impl Side<'_> {
    /// Matches `items` from the start and returns where they end.
    fn block(
        &self,
        items: &[Item],
        end: End,
        found: &mut Found,
        steps: &mut Steps,
    ) -> Option<usize> {
        let mut at = 0;
        let mut run_end = 0;
        let mut items = items.iter().peekable();
        while let Some(item) = items.next() {
            let name = match item {
                Item::Literal(literal) => {
                    at = self.literal(literal, at, steps)?;
                    continue;
                }
                Item::Variable(name) => *name,
            };
            run_end = self.run_end(at.max(run_end), steps);
            let Some(Item::Literal(literal)) = items.next() else {
                found.text(name, self.slice(at..run_end)?, steps)?;
                at = run_end;
                continue;
            };
            let start = match literal.hard {
                Some(hard) => run_end.checked_sub(hard)?,
                None if items.peek().is_none() && end != End::Open => {
                    run_end.checked_sub(literal.units.len())?
                }
                None => self.find(literal, at + 1..run_end, steps)?,
            };
            found.text(name, self.slice(at..start)?, steps)?;
            at = self.literal(literal, start, steps)?;
        }
        (end != End::Whole || at == self.units.len()).then_some(at)
    }

    fn unit(&self, at: usize) -> Option<Unit> {
        let at = if self.reversed { self.units.len().checked_sub(at + 1)? } else { at };
        self.units.get(at).copied()
    }

    /// A value, in reading order; `None` when it would be empty.
    fn slice(&self, range: Range<usize>) -> Option<&[Unit]> {
        let length = self.units.len();
        let range = if self.reversed { length - range.end..length - range.start } else { range };
        self.units.get(range).filter(|value| !value.is_empty())
    }

    /// Where the soft units from `at` on end.
    fn run_end(&self, mut at: usize, steps: &mut Steps) -> usize {
        while self.unit(at).is_some_and(Unit::is_soft) {
            steps.add(1);
            at += 1;
        }
        at
    }

    /// Where `literal` ends if it stands at `at`.
    fn literal(&self, literal: &Literal, at: usize, steps: &mut Steps) -> Option<usize> {
        steps.add(literal.units.len());
        let mut units = literal.units.iter().zip(at..);
        units.all(|(unit, at)| self.unit(at) == Some(*unit)).then(|| at + literal.units.len())
    }

    /// Where `literal` begins first within `range`.
    fn find(&self, literal: &Literal, range: Range<usize>, steps: &mut Steps) -> Option<usize> {
        let mut matched = 0;
        for at in range {
            let unit = self.unit(at)?;
            steps.add(1);
            while matched > 0 && literal.units[matched] != unit {
                steps.add(1);
                matched = literal.shorter[matched - 1];
            }
            if literal.units[matched] == unit {
                matched += 1;
            }
            if matched == literal.units.len() {
                return Some(at + 1 - matched);
            }
        }
        None
    }
}

/// The one expression whose value can hold hard units.
#[derive(Clone, Debug)]
enum Wide {
    /// `{+x}`
    Reserved(usize),
    /// `{x*}`
    List(usize),
    /// `{/x,y*}`
    Segments {
        names: Vec<usize>,
        /// The last name takes all segments that are left.
        explode: bool,
        /// Nothing but a query or fragment comes after it, so names may go without a value.
        optional: bool,
    },
    /// `{;x,y*}`
    Parameters(Pairs),
}

impl Wide {
    /// Whether it is empty or begins with a hard unit.
    fn begins_hard(&self) -> bool {
        matches!(self, Self::Segments { .. } | Self::Parameters(_))
    }

    fn read(&self, units: &[Unit], found: &mut Found, steps: &mut Steps) -> Option<()> {
        steps.add(units.len());
        match self {
            Self::Reserved(_) | Self::List(_) if units.is_empty() => None,
            Self::Reserved(name) => found.text(*name, units, steps),
            Self::List(name) => {
                split(units, b',').try_for_each(|item| found.soft_item(*name, item, steps))
            }
            Self::Segments { optional, .. } if units.is_empty() => optional.then_some(()),
            Self::Segments { names, explode, optional } => {
                let units = units.strip_prefix(&[Unit::raw(b'/')])?;
                let mut count = 0;
                for segment in split(units, b'/') {
                    let last = names.len() - 1;
                    match names.get(count) {
                        Some(name) if !*explode || count < last => {
                            if segment.is_empty() || !segment.iter().all(|unit| unit.is_soft()) {
                                return None;
                            }
                            found.text(*name, segment, steps)?;
                        }
                        _ if *explode => found.soft_item(names[last], segment, steps)?,
                        _ => return None,
                    }
                    count += 1;
                }
                (*optional || count >= names.len()).then_some(())
            }
            Self::Parameters(_) if units.is_empty() => Some(()),
            Self::Parameters(pairs) => {
                let units = units.strip_prefix(&[Unit::raw(b';')])?;
                pairs.read(units, b';', Unit::is_soft, found, steps)
            }
        }
    }
}

/// `{?x}` and `{&x}`
#[derive(Clone, Debug)]
struct Query {
    /// Begins after this many `&`, or with the first `?` when there is no number.
    continues: Option<usize>,
    pairs: Pairs,
}

impl Query {
    fn start(&self, units: &[Unit], steps: &mut Steps) -> Option<usize> {
        let Some(skipped) = self.continues else { return position(units, b'?', steps) };
        steps.add(units.len());
        let mut ampersands = units.iter().enumerate().filter(|(_, unit)| **unit == Unit::raw(b'&'));
        ampersands.nth(skipped).map(|(at, _)| at)
    }
}

/// Names with values, in any order, each optional.
#[derive(Clone, Debug, Default)]
struct Pairs {
    /// Sorted by name: its units, its index, and whether it can come again.
    names: Vec<(Vec<Unit>, usize, bool)>,
}

impl Pairs {
    fn read(
        &self,
        units: &[Unit],
        separator: u8,
        allowed: fn(Unit) -> bool,
        found: &mut Found,
        steps: &mut Steps,
    ) -> Option<()> {
        steps.add(units.len());
        for pair in split(units, separator) {
            let equals = pair.iter().position(|unit| *unit == Unit::raw(b'='));
            let (key, value) = match equals {
                Some(at) => (&pair[..at], &pair[at + 1..]),
                None => (pair, &[][..]),
            };
            steps.add(pair.len() + 1);
            let at = self.names.binary_search_by(|(name, ..)| name[..].cmp(key)).ok()?;
            let (_, name, repeats) = self.names[at];
            if !value.iter().all(|unit| allowed(*unit)) {
                return None;
            }
            match repeats {
                true => found.item(name, value, steps)?,
                false if found.values[name].is_some() => return None,
                false => found.text(name, value, steps)?,
            }
        }
        Some(())
    }
}

/// The values found so far, by index of the variable.
struct Found {
    values: Vec<Option<Value>>,
}

impl Found {
    fn text(&mut self, name: usize, units: &[Unit], steps: &mut Steps) -> Option<()> {
        self.values[name] = Some(Value::Text(decode(units, steps)?));
        Some(())
    }

    fn soft_item(&mut self, name: usize, units: &[Unit], steps: &mut Steps) -> Option<()> {
        if units.iter().all(|unit| unit.is_soft()) { self.item(name, units, steps) } else { None }
    }

    fn item(&mut self, name: usize, units: &[Unit], steps: &mut Steps) -> Option<()> {
        let item = decode(units, steps)?;
        match &mut self.values[name] {
            Some(Value::List(list)) => list.push(item),
            value => *value = Some(Value::List(vec![item])),
        }
        Some(())
    }
}

/// How much was done; what is counted is every look at a unit.
struct Steps(usize);

impl Steps {
    fn add(&mut self, count: usize) {
        self.0 += count;
    }
}

fn decode(units: &[Unit], steps: &mut Steps) -> Option<String> {
    steps.add(units.len());
    String::from_utf8(units.iter().map(|unit| unit.byte()).collect()).ok()
}

fn position(units: &[Unit], byte: u8, steps: &mut Steps) -> Option<usize> {
    let at = units.iter().position(|unit| *unit == Unit::raw(byte));
    steps.add(at.unwrap_or(units.len()));
    at
}

fn split(units: &[Unit], separator: u8) -> impl Iterator<Item = &[Unit]> {
    units.split(move |unit| *unit == Unit::raw(separator))
}

impl fmt::Display for Unmatchable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.obstacle {
            Obstacle::Adjacent => "expression needs a literal between it and the one before it",
            Obstacle::SecondWide => {
                "template has a second expression that matches any number of segments"
            }
            Obstacle::Prefix => "a prefix length cannot be matched",
            Obstacle::Explode => "`*` cannot be matched with this operator; use `{/x*}` or `{x*}`",
            Obstacle::Repeated => "variable stands in two places",
            Obstacle::Order => "only `{#x}` can come after a query, and nothing after `{#x}`; write `{?x,y}` for more",
        })?;
        write!(f, " at byte {}", self.position)
    }
}

impl Error for Unmatchable {}
