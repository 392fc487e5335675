//! `cargo xtask readme`: runs the first-use block of README.md as a newcomer would type it.
//!
//! Three fenced blocks are marked by a comment on the line before: `<!-- first-use: server -->` (a command that keeps
//! running), `<!-- first-use: call -->` (a command that talks to it) and `<!-- first-use: answer -->` (the JSON it
//! prints). The answer may have more members than the README shows, but none of those shown may differ.

use crate::flags::Flags;
use crate::process::{Server, free_port, output};
use crate::workspace::{build_release, root, target};
use serde_json::Value;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs the blocks in an empty home, on a free port in place of the usual one, with the binary as it is released or the
/// one that `--bowline FILE` names. From the first command to the answer it may take [`PATIENCE`].
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut flags = Flags::new(args);
    let named = flags.value("--bowline")?;
    flags.end()?;
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("cannot read README.md: {error}"))?;
    let (serve, call) = (block(&text, "server")?, block(&text, "call")?);
    let shown: Value = serde_json::from_str(block(&text, "answer")?)
        .map_err(|error| format!("the answer in README.md: {error}"))?;
    let binary = match named {
        Some(file) => PathBuf::from(file),
        None => {
            build_release()?;
            target("release/bowline")
        }
    };
    let binary = std::fs::canonicalize(&binary)
        .map_err(|error| format!("cannot find {}: {error}", binary.display()))?;
    let home = Home::new(&binary)?;
    let port = free_port()?;
    let begun = Instant::now();

    println!("$ {}", serve.trim());
    let words = serve.split_whitespace().skip(1);
    if serve.split_whitespace().next() != Some("bowline") {
        return Err("the server command in README.md does not start with `bowline`".to_owned());
    }
    let mut command = home.command(&binary);
    command.args(words).args(["--listen", &format!("127.0.0.1:{port}")]);
    command.stdin(Stdio::null()).stdout(Stdio::null());
    let mut server = Server::start(&mut command)?;
    server.wait_for_port(port, PATIENCE)?;

    println!("$ {}", call.trim());
    let call = call.replace(USUAL_PORT, &port.to_string());
    let answer = output(home.command("bash").args(["-euc", &call]))?;
    let took = begun.elapsed();
    println!("{}", answer.trim());
    server.end(Duration::from_secs(15))?;
    let answer: Value = serde_json::from_str(&answer)
        .map_err(|error| format!("the answer is not JSON: {error}"))?;
    if let Some(difference) = difference(&shown, &answer, "answer") {
        return Err(format!("README.md promises another answer: {difference}"));
    }
    if took > PATIENCE {
        return Err(format!("the first use took {took:.1?}, which is more than {PATIENCE:?}"));
    }
    println!("the first use took {took:.1?}");
    Ok(())
}

/// How long the first use may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The home of somebody who has nothing yet, and the binary where a shell finds it; gone with this value.
struct Home {
    path: PathBuf,
    programs: OsString,
}

impl Home {
    fn new(binary: &Path) -> Result<Self, String> {
        let folder = binary.parent().map(Path::to_owned).unwrap_or_default();
        let others = std::env::var_os("PATH").unwrap_or_default();
        let programs =
            std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&others)))
                .map_err(|error| format!("the binary cannot be put into PATH: {error}"))?;
        let path = std::env::temp_dir().join(format!("bowline-readme-{}", std::process::id()));
        std::fs::create_dir(&path)
            .map_err(|error| format!("cannot make {}: {error}", path.display()))?;
        Ok(Self { path, programs })
    }

    /// A program with nothing of this machine but its programs.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("HOME", &self.path).env("PATH", &self.programs);
        command.current_dir(&self.path);
        command
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Where `bowline up` listens when nothing else is said.
const USUAL_PORT: &str = "8080";

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
        assert_eq!(block(text, "server").unwrap(), "bowline up");
        assert!(block(text, "call").unwrap().contains(super::USUAL_PORT));
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
