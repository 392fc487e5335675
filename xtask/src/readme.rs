//! `cargo xtask readme`: runs the first-use block of README.md as a newcomer would type it.
//!
//! Three fenced blocks are marked by a comment on the line before: `<!-- first-use: server -->` (a command that keeps
//! running), `<!-- first-use: call -->` (a command that talks to it) and `<!-- first-use: answer -->` (the JSON it
//! prints). The answer may have more members than the README shows, but none of those shown may differ.

use crate::flags::Flags;
use crate::process::{Server, free_port, output};
use crate::workspace::{root, without_ours};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Runs the block, on a free port in place of the one that is written.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    Flags::new(args).end()?;
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read README.md: {error}"))?;
    let port = free_port()?;
    let on_port = |command: &str| command.replace(WRITTEN_PORT, &port.to_string());
    let serve = on_port(block(&text, "server")?);
    let call = on_port(block(&text, "call")?);
    let shown: Value = serde_json::from_str(block(&text, "answer")?)
        .map_err(|error| format!("the answer in README.md: {error}"))?;

    println!("$ {}", serve.trim());
    let mut words = serve.split_whitespace();
    let program = words.next().ok_or("the server command in README.md is empty")?;
    let mut command = Command::new(program);
    without_ours(&mut command);
    command.args(words).current_dir(root()).stdin(Stdio::null()).stdout(Stdio::null());
    // On a fresh clone the command compiles first.
    let mut server = Server::start(&mut command)?;
    server.wait_for_port(port, Duration::from_secs(30 * 60))?;

    println!("$ {}", call.trim());
    let mut command = Command::new("bash");
    without_ours(&mut command);
    let answer = output(command.args(["-euc", &call]).current_dir(root()))?;
    println!("{}", answer.trim());
    server.end(Duration::from_secs(15))?;
    let answer: Value = serde_json::from_str(&answer)
        .map_err(|error| format!("the answer is not JSON: {error}"))?;
    match difference(&shown, &answer, "answer") {
        Some(difference) => Err(format!("README.md promises another answer: {difference}")),
        None => Ok(()),
    }
}

const WRITTEN_PORT: &str = "8080";

/// The fenced block after the comment that names it.
fn block<'a>(text: &'a str, name: &str) -> Result<&'a str, String> {
    let mark = format!("<!-- first-use: {name} -->\n```");
    let (_, after) = text
        .split_once(&mark)
        .ok_or_else(|| format!("README.md has no block `first-use: {name}`"))?;
    let body = after.split_once('\n').and_then(|(_language, body)| body.split_once("\n```"));
    body.map(|(block, _)| block)
        .ok_or_else(|| format!("the block `first-use: {name}` of README.md does not end"))
}

/// Where `actual` misses something of `shown`.
fn difference(shown: &Value, actual: &Value, path: &str) -> Option<String> {
    match (shown, actual) {
        (Value::Object(shown), Value::Object(actual)) => shown.iter().find_map(|(key, value)| {
            let path = format!("{path}.{key}");
            let Some(found) = actual.get(key) else { return Some(format!("{path} is missing")) };
            difference(value, found, &path)
        }),
        (Value::Array(shown), Value::Array(actual)) if shown.len() == actual.len() => {
            let pairs = shown.iter().zip(actual).enumerate();
            pairs
                .filter_map(|(at, (shown, actual))| {
                    difference(shown, actual, &format!("{path}[{at}]"))
                })
                .next()
        }
        _ if shown == actual => None,
        _ => Some(format!("{path} is {actual}, not {shown}")),
    }
}

#[cfg(test)]
mod tests {
    use super::{block, difference};
    use serde_json::json;

    #[test]
    fn the_readme_has_the_three_blocks() {
        let text = include_str!("../../README.md");
        for name in ["server", "call", "answer"] {
            assert!(block(text, name).is_ok_and(|block| !block.trim().is_empty()), "{name}");
        }
        assert!(block(text, "server").unwrap().contains(super::WRITTEN_PORT));
        assert!(block(text, "call").unwrap().contains(super::WRITTEN_PORT));
    }

    #[test]
    fn a_block_is_what_stands_between_the_fences() {
        let text = "x\n<!-- first-use: call -->\n```sh\ncurl \\\n  y\n```\nz";
        assert_eq!(block(text, "call").unwrap(), "curl \\\n  y");
        assert!(block(text, "server").is_err());
    }

    #[test]
    fn more_members_are_allowed_and_other_values_are_not() {
        let shown = json!({"result": {"content": [{"text": "hello"}]}});
        let same = json!({"id": 1, "result": {"content": [{"text": "hello", "type": "text"}]}});
        assert_eq!(difference(&shown, &same, "answer"), None);
        let other = json!({"result": {"content": [{"text": "bye"}]}});
        assert_eq!(
            difference(&shown, &other, "answer").unwrap(),
            r#"answer.result.content[0].text is "bye", not "hello""#
        );
        let longer = json!({"result": {"content": [{"text": "hello"}, 1]}});
        assert!(difference(&shown, &longer, "answer").is_some());
        assert_eq!(difference(&shown, &json!({}), "answer").unwrap(), "answer.result is missing");
    }
}
