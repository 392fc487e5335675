//! The leg of authorization servers: the suite logs in to our `dev-auth`, and this is the person who clicks.

use super::suite::{Login, Suite};
use super::{Run, checks};
use crate::process::{Server, free_port, must, output};
use crate::workspace::{build_release, cargo, target};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Builds the program and runs every scenario; then each with nobody who answers, which must fail. The number of
/// scenarios that failed.
pub(crate) fn run(suite: &Suite, runs: &[Run], debug: bool) -> Result<usize, String> {
    let program = built(debug)?;
    let port = free_port()?;
    let clients = target("conformance/clients.json");
    let client = format!(
        r#"[{{"client_id": "{CLIENT}", "redirect_uris": ["http://127.0.0.1:{port}/callback"]}}]"#
    );
    std::fs::write(&clients, client)
        .map_err(|error| format!("cannot write {}: {error}", clients.display()))?;
    let mut command = Command::new(program);
    command.args(["--listen", "127.0.0.1:0", "--auto", "alice", "--clients"]).arg(&clients);
    let server = Server::start(command.stdin(Stdio::null()).stdout(Stdio::null()))?;
    let issuer = server.wait_for_line(Duration::from_secs(20), issuer)?;

    let mut bad = 0;
    for run in runs {
        bad += at(suite, run, &Login { issuer: &issuer, id: CLIENT, port })?;
    }
    server.end(Duration::from_secs(10))?;
    control(suite, runs, &Login { issuer: &issuer, id: CLIENT, port })?;
    Ok(bad)
}

const CLIENT: &str = "conformance";

fn built(debug: bool) -> Result<PathBuf, String> {
    if debug {
        must(&mut cargo(["build", "--locked", "-p", "bowline-dev-auth"]))?;
        return Ok(target("debug/dev-auth"));
    }
    build_release()?;
    Ok(target("release/dev-auth"))
}

/// The scenarios at one version.
fn at(suite: &Suite, run: &Run, login: &Login<'_>) -> Result<usize, String> {
    let start = Instant::now();
    let results = suite.authorize(login, &run.version, only(run), follow)?;
    let rows = checks::compare(&run.expected, &results);
    checks::print("authorization", &run.version, &rows);
    let bad = rows.iter().filter(|row| row.problem().is_some()).count();
    let checks: u32 = rows.iter().map(|row| row.counts.checks()).sum();
    println!(
        "conformance, authorization leg at {}: {} scenarios passed, {bad} failed, {checks} checks, {:.1} s\n",
        run.version,
        rows.len() - bad,
        start.elapsed().as_secs_f64(),
    );
    Ok(bad)
}

/// A server that is not there must fail everything.
fn control(suite: &Suite, runs: &[Run], login: &Login<'_>) -> Result<(), String> {
    let Some(run) = runs.last() else { return Ok(()) };
    let results = suite.authorize(login, &run.version, only(run), follow)?;
    let rows = checks::compare(&run.expected, &results);
    match rows.iter().find(|row| row.problem().is_none()) {
        Some(row) => Err(format!("{} passes with no server at all", row.name)),
        None => {
            println!(
                "conformance, control: no server at all fails {0} of {0} scenarios",
                rows.len()
            );
            Ok(())
        }
    }
}

/// The name of the only scenario that is wanted, if it is one.
fn only(run: &Run) -> Option<&str> {
    match run.expected.len() {
        1 => run.expected.keys().next().map(String::as_str),
        _ => None,
    }
}

/// Goes where a browser would, to the end.
fn follow(url: &str) -> Result<(), String> {
    let limits = ["--silent", "--show-error", "--fail", "--location", "--max-redirs", "3"];
    output(Command::new("curl").args(limits).args(["--max-time", "20", url])).map(drop)
}

fn issuer(line: &str) -> Option<String> {
    line.strip_prefix("dev-auth listening on ").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::issuer;

    #[test]
    fn the_issuer_is_read_from_the_line_that_names_it() {
        let line = "dev-auth listening on http://127.0.0.1:4312";
        assert_eq!(issuer(line).as_deref(), Some("http://127.0.0.1:4312"));
        assert_eq!(issuer("error: cannot listen on 127.0.0.1:4312"), None);
    }
}
