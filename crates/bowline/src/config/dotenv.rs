//! Files of environment variables: `NAME=VALUE`, one a line.

use super::problem::{Position, Problem};
use super::text::is_name;

/// Reads one; what is wrong is noted with its line.
///
/// A line may begin with `export`. In double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\$` are what they are elsewhere,
/// in single quotes nothing is; without quotes a comment begins at ` #`. Values are taken as they are: nothing in them
/// is expanded.
pub(super) fn parse(text: &str, problems: &mut Vec<Problem>) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match variable(line) {
            Ok(variable) => variables.push(variable),
            Err(message) => {
                let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
                let problem = Problem::error("", message).hint("write NAME=VALUE");
                problems.push(problem.at(Position { line, column: 1 }));
            }
        }
    }
    variables
}

fn variable(line: &str) -> Result<(String, String), &'static str> {
    let line = line.strip_prefix("export ").map_or(line, str::trim_start);
    let (name, value) = line.split_once('=').ok_or("has a line without `=`")?;
    let name = name.trim_end();
    if !is_name(name) {
        return Err("has a line that names no variable");
    }
    let value = value.trim_start();
    let value = match value.chars().next() {
        Some('\'') => single_quoted(&value[1..])?,
        Some('"') => double_quoted(&value[1..])?,
        _ => unquoted(value),
    };
    if value.contains('\0') {
        return Err("has a NUL character in a value");
    }
    Ok((name.to_owned(), value))
}

fn unquoted(value: &str) -> String {
    let end = value.char_indices().zip(value.chars().skip(1));
    let comment = end
        .filter(|((_, c), next)| c.is_whitespace() && *next == '#')
        .map(|((at, _), _)| at)
        .next();
    value[..comment.unwrap_or(value.len())].trim_end().to_owned()
}

fn single_quoted(value: &str) -> Result<String, &'static str> {
    let (inner, rest) = value.split_once('\'').ok_or(OPEN)?;
    after(rest)?;
    Ok(inner.to_owned())
}

fn double_quoted(value: &str) -> Result<String, &'static str> {
    let mut out = String::new();
    let mut chars = value.chars();
    loop {
        match chars.next().ok_or(OPEN)? {
            '"' => break,
            '\\' => match chars.next().ok_or(OPEN)? {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                c @ ('"' | '\\' | '$') => out.push(c),
                c => out.extend(['\\', c]),
            },
            c => out.push(c),
        }
    }
    after(chars.as_str())?;
    Ok(out)
}

/// Behind a closing quote only a comment may stand.
fn after(rest: &str) -> Result<(), &'static str> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        Ok(())
    } else {
        Err("has text behind a closing quote")
    }
}

const OPEN: &str = "has a quote that nothing closes";
