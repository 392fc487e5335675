//! `cargo xtask layout`: writes down which functions of the binary lie together.
//!
//! Those that run between the start and the end of `serve everything` under a few calls over standard input and output,
//! as callgrind sees them, and behind them those that run besides when `up` hands on a few calls over HTTP, become
//! `crates/bowline-cli/layout.ld`, a script for the linker. Only what is resident depends on it, so it need not be
//! written for every change: when the gate of `cargo xtask cost` comes near its limit, or with another compiler.

use crate::cost::proxy::{UP_ECHO, up_config};
use crate::cost::valgrind::install;
use crate::flags::Flags;
use crate::load::calls::{Caller, echo_line};
use crate::load::idle::called;
use crate::load::wire::Connection;
use crate::process::{Server, free_port, must};
use crate::workspace::{cargo, root, target};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Builds the binary with its symbols, watches it run, and writes the script.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    Flags::new(args).end()?;
    install()?;
    let mut build = cargo(["rustc", "--locked", "--release", "--package", "bowline-cli"]);
    must(build.args(["--bin", "bowline", "--", "-C", "strip=none"]))?;
    let start = used(&watch_start()?);
    let onward = used(&watch_onward()?).difference(&start).cloned().collect();
    let script = script(&[("used", &start), ("onward", &onward)]);
    let path = root().join("crates/bowline-cli/layout.ld");
    fs::write(&path, script).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// What callgrind writes about a server of standard input and output.
fn watch_start() -> Result<String, String> {
    let mut server = watched(&["serve", "everything"], Stdio::piped())?;
    let input = server.child().stdin.take();
    let lines: String = (0..CALLS).map(|number| echo_line(number) + "\n").collect();
    // The end of the input, which comes with the end of this line, ends the server.
    let written = input.map(|mut input| input.write_all(lines.as_bytes()));
    written.transpose().map_err(|error| format!("cannot write requests: {error}"))?;
    server.wait(PATIENCE)?;
    seen()
}

/// What callgrind writes about a host in front of a server.
fn watch_onward() -> Result<String, String> {
    let (upstream_port, port) = (free_port()?, free_port()?);
    let mut upstream = Command::new(target("release/bowline"));
    upstream.args(["serve", "everything", "--listen", &format!("127.0.0.1:{upstream_port}")]);
    let mut upstream = Server::start(upstream.stdin(Stdio::null()).stdout(Stdio::null()))?;
    upstream.wait_for_port(upstream_port, PATIENCE)?;
    let config = up_config(upstream_port)?;
    let listen = format!("127.0.0.1:{port}");
    let mut host = watched(&["up", "--config", &config, "--listen", &listen], Stdio::null())?;
    host.wait_for_port(port, PATIENCE)?;
    let mut connection = Connection::open(port)?;
    for number in 0..CALLS {
        called(&mut connection, &Caller::Modern, port, number, UP_ECHO)?;
    }
    host.end(PATIENCE)?;
    upstream.end(PATIENCE)?;
    seen()
}

const CALLS: u32 = 500;
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under callgrind.
fn watched(args: &[&str], input: Stdio) -> Result<Server, String> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--demangle=no"]);
    valgrind.arg(format!("--callgrind-out-file={}", target(SEEN).display()));
    valgrind.arg(target("release/bowline")).args(args);
    Server::start(valgrind.stdin(input).stdout(Stdio::null()))
}

/// What it wrote.
fn seen() -> Result<String, String> {
    let path = target(SEEN);
    let seen = fs::read_to_string(&path);
    seen.map_err(|error| format!("callgrind wrote no {}: {error}", path.display()))
}

const SEEN: &str = "layout.callgrind";

/// The functions of Rust in a file of callgrind's, without what changes with each build.
fn used(seen: &str) -> BTreeSet<String> {
    let names = seen.lines().filter_map(|line| {
        let name = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="))?;
        // The name stands where its number is met first: `fn=(12) _ZN4core…`.
        name.split_once(") ").map(|(_, name)| name)
    });
    names.filter_map(lasting).collect()
}

/// A pattern for the symbol, whatever its hash; `None` when it is not one of Rust.
fn lasting(symbol: &str) -> Option<String> {
    // `'2` behind a name says that the function called itself.
    let symbol = symbol.split('\'').next().unwrap_or(symbol);
    if let Some(start) = symbol.strip_prefix("_ZN").and_then(|_| symbol.rfind("17h")) {
        return Some(format!("{}17h*", &symbol[..start]));
    }
    let path = symbol.strip_prefix("_R")?;
    let mut pattern = String::from("_R");
    let mut rest = path;
    // `Cs…_` is the hash of a crate, in base 62.
    while let Some(at) = rest.find("Cs") {
        let hash = &rest[at + 2..];
        let end = hash.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(hash.len());
        pattern.push_str(&rest[..at]);
        rest = if hash[end..].starts_with('_') {
            pattern.push_str("Cs*");
            &hash[end..]
        } else {
            pattern.push_str("Cs");
            hash
        };
    }
    Some(pattern + rest)
}

/// The script: sections before that of all other code. The compiler may have put a word before the name of a function,
/// `unlikely` for what is cold in the eyes of its author.
fn script(sections: &[(&str, &BTreeSet<String>)]) -> String {
    let mut script = String::from(HEAD);
    for (name, patterns) in sections {
        let _ = writeln!(script, "  .text.{name} : {{ *(");
        for pattern in *patterns {
            let _ = writeln!(script, "    .text.*{pattern}");
        }
        script.push_str("  ) }\n");
    }
    script + "} INSERT BEFORE .text;\n"
}

const HEAD: &str = "\
/* The functions on the way to a first answer. Written by `cargo xtask layout`; read by build.rs. */
SECTIONS {
";

#[cfg(test)]
mod tests {
    use super::{HEAD, lasting, script, used};

    #[test]
    fn functions_of_rust_are_named_without_their_hashes() {
        let seen = "\
ob=(3) /usr/lib/libc.so.6
fn=(12) memcpy
fn=(13) _ZN4core3ptr42drop_in_place17h0123456789abcdefE
cfn=(14) _RNvNtCs4fqI2P2rA04_4core3fmt5write
calls=1 0
fn=(13)
fn=(15) _ZN5tokio4poll17h0123456789abcdefE.llvm.123'2
";
        let sections = "  .text.used : { *(
    .text.*_RNvNtCs*_4core3fmt5write
    .text.*_ZN4core3ptr42drop_in_place17h*
    .text.*_ZN5tokio4poll17h*
  ) }
} INSERT BEFORE .text;
";
        assert_eq!(script(&[("used", &used(seen))]), format!("{HEAD}{sections}"));
    }

    #[test]
    fn words_that_look_like_a_hash_are_kept() {
        assert_eq!(lasting("_RNvCs1a_3DoCs").as_deref(), Some("_RNvCs*_3DoCs"));
        assert_eq!(lasting("malloc"), None);
    }
}
