//! From the parts of a template to a matcher, or to what stands in the way.

use super::{Item, Literal, Matcher, Obstacle, Pairs, Query, Unmatchable, Wide};
use crate::uri_template::unit::{Unit, Units};
use crate::uri_template::{Modifier, Operator, Part, Variable};

pub(in crate::uri_template) fn compile(
    parts: &[Part],
    uri_bytes: usize,
) -> Result<Matcher, Unmatchable> {
    let (path, rest) = parts.split_at(path_length(parts));
    let mut compiler = Compiler { wide_ahead: path.iter().any(is_wide), ..Compiler::default() };
    for (at, part) in path.iter().enumerate() {
        match part {
            Part::Literal(text) => compiler.literal(text),
            Part::Expression { operator, variables, position } => {
                let last = at + 1 == path.len();
                compiler.path(*operator, variables, last).map_err(|o| o.at(*position))?;
            }
        }
    }
    let path_position = path.iter().rev().find_map(Part::position).unwrap_or(0);
    for (at, part) in rest.iter().enumerate() {
        let (Some(position), last) = (part.position(), at + 1 == rest.len()) else {
            let position = rest.first().and_then(Part::position).unwrap_or(0);
            return Err(Obstacle::Order.at(position));
        };
        let Part::Expression { operator, variables, .. } = part else { continue };
        compiler.after_path(*operator, variables, last).map_err(|o| o.at(position))?;
    }
    compiler.finish(uri_bytes).map_err(|o| o.at(path_position))
}

/// How many parts come before the first query or fragment.
fn path_length(parts: &[Part]) -> usize {
    use Operator::{Continuation, Fragment, Query};
    let ends_path = |part: &Part| {
        matches!(part, Part::Expression { operator: Query | Continuation | Fragment, .. })
    };
    parts.iter().position(ends_path).unwrap_or(parts.len())
}

/// Whether a part of the path can match hard units wherever it stands.
fn is_wide(part: &Part) -> bool {
    let Part::Expression { operator, variables, .. } = part else { return false };
    matches!(operator, Operator::Reserved | Operator::Parameters)
        || variables.iter().any(|variable| variable.modifier == Modifier::Explode)
}

#[derive(Default)]
struct Compiler {
    names: Vec<String>,
    head: Vec<Piece>,
    wide: Option<Wide>,
    tail: Vec<Piece>,
    query: Option<Query>,
    fragment: Option<usize>,
    /// Some expression of the path is wide in itself, so a last `{/x}` must not be.
    wide_ahead: bool,
}

enum Piece {
    Literal(Vec<Unit>),
    Variable(usize),
}

impl Compiler {
    fn literal(&mut self, text: &str) {
        // The parser left only what a URI can hold; the rest is encoded as expansion would.
        let units = Units::new(text).flatten();
        let side = self.side();
        match side.last_mut() {
            Some(Piece::Literal(last)) => last.extend(units),
            _ => side.push(Piece::Literal(units.collect())),
        }
    }

    fn path(
        &mut self,
        operator: Operator,
        variables: &[Variable],
        last: bool,
    ) -> Result<(), Obstacle> {
        let explode = variables.iter().any(|variable| variable.modifier == Modifier::Explode);
        match operator {
            Operator::Parameters => {
                let pairs = self.pairs(variables)?;
                self.wide(Wide::Parameters(pairs))
            }
            Operator::Path if explode || (last && !self.wide_ahead) => {
                let (_, inner) = variables.split_last().ok_or(Obstacle::Adjacent)?;
                if inner.iter().any(|variable| variable.modifier == Modifier::Explode) {
                    return Err(Obstacle::SecondWide);
                }
                let names = variables.iter().map(|v| self.name(v)).collect::<Result<_, _>>()?;
                self.wide(Wide::Segments { names, explode, optional: last })
            }
            Operator::Reserved | Operator::Label if explode => Err(Obstacle::Explode),
            _ => {
                let (first, separator) = match operator {
                    Operator::Path => ("/", "/"),
                    Operator::Label => (".", "."),
                    _ => ("", ","),
                };
                for (at, variable) in variables.iter().enumerate() {
                    let before = if at == 0 { first } else { separator };
                    if !before.is_empty() {
                        self.literal(before);
                    }
                    let name = self.name(variable)?;
                    match variable.modifier {
                        _ if operator == Operator::Reserved => self.wide(Wide::Reserved(name))?,
                        Modifier::Explode => self.wide(Wide::List(name))?,
                        _ => self.narrow(name)?,
                    }
                }
                Ok(())
            }
        }
    }

    fn after_path(
        &mut self,
        operator: Operator,
        variables: &[Variable],
        last: bool,
    ) -> Result<(), Obstacle> {
        if operator == Operator::Fragment {
            let [variable] = variables else { return Err(Obstacle::SecondWide) };
            if variable.modifier == Modifier::Explode {
                return Err(Obstacle::Explode);
            }
            if !last || self.count(b'#') > 0 {
                return Err(Obstacle::Order);
            }
            self.fragment = Some(self.name(variable)?);
            return Ok(());
        }
        if !matches!(operator, Operator::Query | Operator::Continuation) {
            return Err(Obstacle::Order);
        }
        // After `{?x}`, `{&y}` alone expands without the question mark: `{?x,y}` says what is meant.
        if self.query.is_some() {
            return Err(Obstacle::Order);
        }
        let pairs = self.pairs(variables)?;
        let continues = if operator == Operator::Query {
            if self.count(b'?') > 0 {
                return Err(Obstacle::Order);
            }
            None
        } else {
            // A value that can hold `&` hides where the query goes on.
            if matches!(self.wide, Some(Wide::Reserved(_))) {
                return Err(Obstacle::SecondWide);
            }
            Some(self.count(b'&'))
        };
        self.query = Some(Query { continues, pairs });
        Ok(())
    }

    fn finish(self, uri_bytes: usize) -> Result<Matcher, Obstacle> {
        let open_run = match &self.head[..] {
            [.., Piece::Variable(_)] => true,
            [.., Piece::Variable(_), Piece::Literal(literal)] => {
                literal.iter().all(|unit| unit.is_soft())
            }
            _ => false,
        };
        if open_run
            && self.wide.as_ref().is_some_and(Wide::begins_hard)
            && let Some(Piece::Literal(first)) = self.tail.first()
            && first.first().is_some_and(|unit| unit.is_soft())
        {
            return Err(Obstacle::Adjacent);
        }
        let tail = self.tail.into_iter().rev().map(Piece::reversed).map(Piece::into_item).collect();
        Ok(Matcher {
            names: self.names,
            head: self.head.into_iter().map(Piece::into_item).collect(),
            wide: self.wide,
            tail,
            query: self.query,
            fragment: self.fragment,
            uri_bytes,
        })
    }

    fn narrow(&mut self, name: usize) -> Result<(), Obstacle> {
        let beside_wide = self.wide.is_some() && self.tail.is_empty();
        let side = self.side();
        if beside_wide || matches!(side.last(), Some(Piece::Variable(_))) {
            return Err(Obstacle::Adjacent);
        }
        side.push(Piece::Variable(name));
        Ok(())
    }

    fn wide(&mut self, wide: Wide) -> Result<(), Obstacle> {
        if self.wide.is_some() {
            return Err(Obstacle::SecondWide);
        }
        if !wide.begins_hard() && matches!(self.head.last(), Some(Piece::Variable(_))) {
            return Err(Obstacle::Adjacent);
        }
        self.wide = Some(wide);
        Ok(())
    }

    fn pairs(&mut self, variables: &[Variable]) -> Result<Pairs, Obstacle> {
        let mut pairs = Pairs::default();
        for variable in variables {
            let units = Units::new(&variable.name).flatten().collect();
            let repeats = variable.modifier == Modifier::Explode;
            pairs.names.push((units, self.name(variable)?, repeats));
        }
        pairs.names.sort();
        Ok(pairs)
    }

    fn name(&mut self, variable: &Variable) -> Result<usize, Obstacle> {
        if matches!(variable.modifier, Modifier::Prefix(_)) {
            return Err(Obstacle::Prefix);
        }
        if self.names.contains(&variable.name) {
            return Err(Obstacle::Repeated);
        }
        self.names.push(variable.name.clone());
        Ok(self.names.len() - 1)
    }

    fn side(&mut self) -> &mut Vec<Piece> {
        if self.wide.is_some() { &mut self.tail } else { &mut self.head }
    }

    /// How often `byte` stands raw in the literals of the path.
    fn count(&self, byte: u8) -> usize {
        let units = self.head.iter().chain(&self.tail).flat_map(|piece| match piece {
            Piece::Literal(units) => &units[..],
            Piece::Variable(_) => &[],
        });
        units.filter(|unit| **unit == Unit::raw(byte)).count()
    }
}

impl Piece {
    fn reversed(mut self) -> Self {
        if let Self::Literal(units) = &mut self {
            units.reverse();
        }
        self
    }

    fn into_item(self) -> Item {
        let units = match self {
            Self::Variable(name) => return Item::Variable(name),
            Self::Literal(units) => units,
        };
        let hard = units.iter().position(|unit| !unit.is_soft());
        let mut shorter = vec![0; units.len()];
        for at in 1..units.len() {
            let mut length = shorter[at - 1];
            while length > 0 && units[at] != units[length] {
                length = shorter[length - 1];
            }
            shorter[at] = length + usize::from(units[at] == units[length]);
        }
        Item::Literal(Literal { units, hard, shorter })
    }
}

impl Part {
    fn position(&self) -> Option<usize> {
        match self {
            Self::Literal(_) => None,
            Self::Expression { position, .. } => Some(*position),
        }
    }
}

impl Obstacle {
    fn at(self, position: usize) -> Unmatchable {
        Unmatchable { obstacle: self, position }
    }
}
