//! Changing one member of a file of JSON and not one byte besides.
//!
//! The file is parsed to find places in it; what is changed are pieces of its text. So comments, order, indentation,
//! line ends and trailing commas stay as somebody wrote them, whatever they are.

use super::node::{Node, Style, member};
use jsonc_parser::ast::{Object, ObjectProp, Value};
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::fmt;

/// A file that is no JSON, or in which something stands where servers should: nothing in it is touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit {
    line: usize,
    column: usize,
    message: String,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// What stands below this name in this list of the file.
///
/// # Errors
/// When the file is unfit.
pub(crate) fn entry(
    text: &str,
    list: &str,
    name: &str,
) -> Result<Option<serde_json::Value>, Unfit> {
    let file = File::read(text)?;
    let Some(servers) = file.object(list)? else { return Ok(None) };
    Ok(file.property(servers, name)?.map(|property| json(&property.value)))
}

/// What the entries of this list are called.
///
/// # Errors
/// When the file is unfit.
pub(crate) fn names(text: &str, list: &str) -> Result<Vec<String>, Unfit> {
    let file = File::read(text)?;
    let servers = file.object(list)?.map(|servers| servers.properties.as_slice());
    let names = servers.unwrap_or_default().iter().map(|server| server.name.as_str().to_owned());
    Ok(names.collect())
}

/// The file with this entry in this list, instead of the one of that name if there is one.
///
/// # Errors
/// When the file is unfit.
pub(crate) fn with_entry(
    text: &str,
    list: &str,
    name: &str,
    entry: &Node,
) -> Result<String, Unfit> {
    let file = File::read(text)?;
    let Some(root) = file.root() else {
        let servers = Node::object([(name, entry.clone())]);
        return Ok(file.begun(&Node::object([(list, servers)])));
    };
    let Some(servers) = file.object(list)? else {
        let servers = Node::object([(name, entry.clone())]);
        let splices =
            file.insertion(&Container::of_object(root), |lines| file.member(list, &servers, lines));
        return Ok(file.spliced(splices));
    };
    let splices = match file.property(servers, name)? {
        Some(property) => {
            let value = match file.indent_before(property.range.start) {
                Some(indent) => entry.lines(indent, &file.style),
                None => entry.line(&file.style),
            };
            vec![Splice { at: property.value.range(), text: value }]
        }
        None => {
            file.insertion(&Container::of_object(servers), |lines| file.member(name, entry, lines))
        }
    };
    Ok(file.spliced(splices))
}

/// The file with this input among those that VS Code asks for, unless it has one of that id.
///
/// # Errors
/// When the file is unfit.
pub(crate) fn with_input(text: &str, id: &str, input: &Node) -> Result<String, Unfit> {
    let file = File::read(text)?;
    let inputs = || Node::List(vec![input.clone()]);
    let Some(root) = file.root() else {
        return Ok(file.begun(&Node::object([(INPUTS, inputs())])));
    };
    let Some(known) = file.property(root, INPUTS)? else {
        let splices = file
            .insertion(&Container::of_object(root), |lines| file.member(INPUTS, &inputs(), lines));
        return Ok(file.spliced(splices));
    };
    let Value::Array(array) = &known.value else {
        return Err(file.unfit(known.value.start(), format!("`{INPUTS}` is no list")));
    };
    let is_it = |value: &Value<'_>| json(value).get("id").and_then(|id| id.as_str()) == Some(id);
    if array.elements.iter().any(is_it) {
        return Ok(text.to_owned());
    }
    let children = array.elements.iter().map(Ranged::range).collect();
    let container = Container { range: array.range, children };
    let splices = file.insertion(&container, |lines| match lines {
        Some(indent) => input.lines(indent, &file.style),
        None => input.line(&file.style),
    });
    Ok(file.spliced(splices))
}

/// The file without the entry of this name; `None` when there is none.
///
/// # Errors
/// When the file is unfit.
pub(crate) fn without_entry(text: &str, list: &str, name: &str) -> Result<Option<String>, Unfit> {
    let file = File::read(text)?;
    let Some(servers) = file.object(list)? else { return Ok(None) };
    let Some(property) = file.property(servers, name)? else { return Ok(None) };
    let container = Container::of_object(servers);
    let at = container.children.iter().position(|child| *child == property.range);
    Ok(at.map(|at| file.spliced(file.removal(&container, at))))
}

const INPUTS: &str = "inputs";

/// A text, and where things are in it.
struct File<'t> {
    /// What some editors begin a file with.
    mark: &'t str,
    text: &'t str,
    value: Option<Value<'t>>,
    style: Style,
}

/// An object or a list with what is in it.
struct Container {
    range: Range,
    children: Vec<Range>,
}

/// A piece of a text, and what is to stand there.
struct Splice {
    at: Range,
    text: String,
}

impl<'t> File<'t> {
    fn read(whole: &'t str) -> Result<Self, Unfit> {
        let text = whole.strip_prefix(MARK).unwrap_or(whole);
        let mark = &whole[..whole.len() - text.len()];
        let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
        let parsed = parse_to_ast(text, &CollectOptions::default(), &options).map_err(|error| {
            let message = error.kind().to_string();
            let mut letters = message.chars();
            let first = letters.next().map(char::to_lowercase);
            let lower: String = first.into_iter().flatten().chain(letters).collect();
            unfit(text, error.range().start, format!("it is no JSON: {lower}"))
        })?;
        let style = style(text, parsed.value.as_ref());
        let file = Self { mark, text, value: parsed.value, style };
        match &file.value {
            Some(Value::Object(_)) | None => Ok(file),
            Some(other) => Err(file.unfit(other.start(), "the file is no object".to_owned())),
        }
    }

    fn root(&self) -> Option<&Object<'t>> {
        self.value.as_ref().and_then(Value::as_object)
    }

    /// The object below this name of the root.
    fn object(&self, name: &str) -> Result<Option<&Object<'t>>, Unfit> {
        let Some(root) = self.root() else { return Ok(None) };
        let Some(property) = self.property(root, name)? else { return Ok(None) };
        match &property.value {
            Value::Object(object) => Ok(Some(object)),
            other => Err(self.unfit(other.start(), format!("`{name}` is no object"))),
        }
    }

    /// The member of this name; which one is meant when there are two is not ours to say.
    fn property<'o>(
        &self,
        object: &'o Object<'t>,
        name: &str,
    ) -> Result<Option<&'o ObjectProp<'t>>, Unfit> {
        let mut named = object.properties.iter().filter(|property| property.name.as_str() == name);
        let first = named.next();
        match named.next() {
            None => Ok(first),
            Some(again) => Err(self.unfit(again.start(), format!("`{name}` is there twice"))),
        }
    }

    fn unfit(&self, at: usize, message: String) -> Unfit {
        unfit(self.text, at, message)
    }

    /// What is in a file that had nothing but comments, if that.
    fn begun(&self, root: &Node) -> String {
        let Style { newline, .. } = &self.style;
        let comments = self.text.trim_end();
        let between = if comments.is_empty() { "" } else { newline };
        format!("{}{comments}{between}{}{newline}", self.mark, root.lines("", &self.style))
    }

    fn member(&self, name: &str, node: &Node, lines: Option<&str>) -> String {
        let value = match lines {
            Some(indent) => node.lines(indent, &self.style),
            None => node.line(&self.style),
        };
        member(name, &value, &self.style)
    }

    /// What puts something behind all that is in a container; `write` gets the indent, or `None` on a line with others.
    fn insertion(
        &self,
        container: &Container,
        write: impl Fn(Option<&str>) -> String,
    ) -> Vec<Splice> {
        let inside = container.inside();
        let Style { newline, unit, spaced, one_line } = &self.style;
        let outer = self.line_indent(container.range.start);
        let deeper = format!("{outer}{unit}");
        let Some(last) = container.children.last() else {
            let comments = self.text[inside.start..inside.end].trim_end();
            if comments.is_empty() {
                let text = match one_line {
                    true => write(None),
                    false => {
                        format!("{newline}{deeper}{}{newline}{outer}", write(Some(&deeper)))
                    }
                };
                return vec![Splice { at: inside, text }];
            }
            let at = inside.start + comments.len();
            let is_closed_below = self.text[at..inside.end].contains('\n');
            let close = if is_closed_below { String::new() } else { format!("{newline}{outer}") };
            let text = format!("{newline}{deeper}{}{close}", write(Some(&deeper)));
            return vec![Splice { at: Range { start: at, end: at }, text }];
        };
        let comma = self.comma(last.end, inside.end);
        let own_line = self.indent_before(last.start);
        let is_on_lines = own_line.is_some() || self.container_text(container).contains('\n');
        if !is_on_lines {
            let (between, at) = match comma {
                Some(comma) => ("", comma + 1),
                None => (",", last.end),
            };
            let space = if *spaced { " " } else { "" };
            let end = if comma.is_some() { "," } else { "" };
            let text = format!("{between}{space}{}{end}", write(None));
            return vec![Splice { at: Range { start: at, end: at }, text }];
        }
        let indent = own_line.unwrap_or(&deeper);
        let behind = inside.start + self.text[inside.start..inside.end].trim_end().len();
        let end = if comma.is_some() { "," } else { "" };
        let text = format!("{newline}{indent}{}{end}", write(Some(indent)));
        let new = Splice { at: Range { start: behind, end: behind }, text };
        let separator = Splice { at: Range { start: last.end, end: last.end }, text: ",".into() };
        if comma.is_some() { vec![new] } else { vec![separator, new] }
    }

    /// What takes the child at this index out of a container. Comments stay.
    fn removal(&self, container: &Container, at: usize) -> Vec<Splice> {
        let inside = container.inside();
        let child = container.children[at];
        let comma = self.comma(child.end, inside.end);
        let before = at.checked_sub(1).map(|at| container.children[at]);
        if container.children.len() == 1 {
            let end = comma.map_or(child.end, |comma| comma + 1);
            let around = [inside.start..child.start, child.end..end, end..inside.end];
            let is_bare = around.iter().all(|range| {
                self.text[range.clone()].chars().all(|c| c.is_whitespace() || c == ',')
            });
            if is_bare {
                return vec![Splice::cut(inside.start, inside.end)];
            }
        }
        // Between it and its comma there may be a comment.
        let own_comma = comma.filter(|comma| self.text[child.end..*comma].trim().is_empty());
        let end = own_comma.map_or(child.end, |comma| comma + 1);
        let (start, end) = self.with_white_space(child.start, end, comma.is_some());
        let mut splices = Vec::new();
        let separator = match (comma, own_comma, before) {
            (Some(comma), None, _) => Some(comma),
            // The last one without a comma behind it takes the one before it along.
            (None, _, Some(before)) => self.comma(before.end, child.start),
            _ => None,
        };
        splices.push(Splice::cut(start, end));
        if let Some(separator) = separator.filter(|at| !(start..end).contains(at)) {
            splices.push(Splice::cut(separator, separator + 1));
        }
        splices
    }

    /// The place with the white space that it leaves behind: its whole line if nothing else is on it, else the space
    /// between it and its neighbor.
    fn with_white_space(&self, start: usize, end: usize, has_next: bool) -> (usize, usize) {
        let rest = &self.text[end..];
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
        let ends_line = rest[blank..].starts_with('\n');
        if self.indent_before(start).is_some() && ends_line {
            let line = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
            return (line, end + blank + 1);
        }
        match has_next {
            true if !ends_line => (start, end + blank),
            _ => (self.text[..start].trim_end_matches([' ', '\t']).len(), end),
        }
    }

    /// The comma between here and there, where nothing but comments and white space is besides.
    fn comma(&self, from: usize, to: usize) -> Option<usize> {
        let mut at = from;
        while at < to {
            let rest = &self.text[at..to];
            at += match rest.as_bytes() {
                [b',', ..] => return Some(at),
                [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => rest.find("*/").map_or(rest.len(), |end| end + 2),
                _ => rest.chars().next().map_or(1, char::len_utf8),
            };
        }
        None
    }

    /// The indent of what begins its line.
    fn indent_before(&self, at: usize) -> Option<&'t str> {
        let line = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let before = &self.text[line..at];
        (line > 0 && before.chars().all(char::is_whitespace)).then_some(before)
    }

    /// The indent of the line on which this is.
    fn line_indent(&self, at: usize) -> &'t str {
        let line = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
        let before = &self.text[line..at];
        &before[..before.len() - before.trim_start().len()]
    }

    fn container_text(&self, container: &Container) -> &'t str {
        &self.text[container.range.start..container.range.end]
    }

    fn spliced(&self, mut splices: Vec<Splice>) -> String {
        splices.sort_by_key(|splice| splice.at.start);
        let mut out = self.mark.to_owned();
        let mut done = 0;
        for Splice { at, text } in splices {
            out.push_str(&self.text[done..at.start]);
            out.push_str(&text);
            done = at.end;
        }
        out.push_str(&self.text[done..]);
        out
    }
}

impl Container {
    fn of_object(object: &Object<'_>) -> Self {
        let children = object.properties.iter().map(|property| property.range).collect();
        Self { range: object.range, children }
    }

    /// What is between its brackets.
    fn inside(&self) -> Range {
        Range { start: self.range.start + 1, end: self.range.end - 1 }
    }
}

impl Splice {
    fn cut(start: usize, end: usize) -> Self {
        Self { at: Range { start, end }, text: String::new() }
    }
}

const MARK: char = '\u{feff}';

fn unfit(text: &str, at: usize, message: String) -> Unfit {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Unfit { line, column, message }
}

/// How this text is laid out, as far as that can be seen.
fn style(text: &str, root: Option<&Value<'_>>) -> Style {
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let children = root.and_then(Value::as_object).map(|root| root.properties.as_slice());
    let children = children.unwrap_or_default();
    let indents = children.iter().filter_map(|child| {
        let line = text[..child.range.start].rfind('\n')? + 1;
        let before = &text[line..child.range.start];
        let is_indent = !before.is_empty() && before.chars().all(|c| c == ' ' || c == '\t');
        is_indent.then(|| before.to_owned())
    });
    let unit = indents.into_iter().next().unwrap_or_else(|| "  ".to_owned());
    let one_line = !children.is_empty() && !text.trim().contains('\n');
    let spaced = !one_line || text.contains("\": ");
    Style { newline, unit, spaced, one_line }
}

fn json(value: &Value<'_>) -> serde_json::Value {
    match value {
        Value::StringLit(literal) => literal.value.as_ref().into(),
        Value::NumberLit(number) => {
            serde_json::from_str(number.value).unwrap_or_else(|_| number.value.into())
        }
        Value::BooleanLit(literal) => literal.value.into(),
        Value::NullKeyword(_) => serde_json::Value::Null,
        Value::Array(array) => array.elements.iter().map(json).collect(),
        Value::Object(object) => object
            .properties
            .iter()
            .map(|property| (property.name.as_str().to_owned(), json(&property.value)))
            .collect(),
    }
}
