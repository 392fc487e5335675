//! `cargo xtask conformance`: the official suite against our programs, and a post-check of what it wrote.
//!
//! The suite's own verdict is weak: a skipped check, a warning of a server leg or a scenario that checked nothing is
//! green. So each scenario must have at least the number of checks that a full implementation has (`expected.json`),
//! and none of them may be a failure, a warning or skipped.

mod checks;
mod expected;
mod suite;

use crate::flags::Flags;
use crate::process::Server;
use crate::workspace::{build_release, target};
use expected::Leg;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use suite::{Suite, Target};

/// Runs one leg at the versions asked for; without flags what CI runs, the server leg at every version.
///
/// All versions of a server leg are run against one process and one URL: it must tell clients apart, not be configured
/// for one kind of them.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut flags = Flags::new(args);
    let leg = flags.value("--leg")?.map_or(Ok(Leg::Server), |name| Leg::named(&name))?;
    let version = flags.value("--version")?;
    let url = flags.value("--url")?;
    let scenario = flags.value("--scenario")?;
    flags.end()?;

    let legs = legs(leg, version.as_deref(), scenario.as_deref())?;
    let suite = Suite::install()?;
    let bad = match (leg, url) {
        (Leg::Client, _) => run_all(&suite, &client()?, scenario.as_deref(), &legs)?,
        (Leg::Server, Some(url)) => {
            run_all(&suite, &Target::Server(url), scenario.as_deref(), &legs)?
        }
        (Leg::Server, None) => {
            let (server, url) = start()?;
            let bad = run_all(&suite, &Target::Server(url), scenario.as_deref(), &legs)?;
            ended_well(server)?;
            bad
        }
    };
    match bad {
        0 => Ok(()),
        bad => Err(format!("{bad} scenarios of {} versions failed", legs.len())),
    }
}

/// Version → the scenarios that are run at it, each with its least number of checks.
type Legs = Vec<(String, BTreeMap<String, u32>)>;

fn legs(leg: Leg, version: Option<&str>, scenario: Option<&str>) -> Result<Legs, String> {
    let versions = match version {
        Some(version) => vec![version.to_owned()],
        None => expected::versions(leg, scenario)?,
    };
    let legs = versions.into_iter().map(|version| {
        let expected = expected::scenarios(leg, &version, scenario)?;
        Ok((version, expected))
    });
    legs.collect()
}

/// Runs the legs one after the other, prints each, and counts the scenarios that failed.
fn run_all(
    suite: &Suite,
    target: &Target,
    scenario: Option<&str>,
    legs: &Legs,
) -> Result<usize, String> {
    let mut all_bad = 0;
    for (version, expected) in legs {
        let start = Instant::now();
        let results = suite.run(target, version, scenario, expected)?;
        let rows = checks::compare(expected, &results);
        checks::print(target.word(), version, &rows);
        let bad = rows.iter().filter(|row| row.problem().is_some()).count();
        let checks: u32 = rows.iter().map(|row| row.counts.checks()).sum();
        println!(
            "conformance, {} leg at {version}: {} scenarios passed, {bad} failed, {checks} checks, {:.1} s\n",
            target.word(),
            rows.len() - bad,
            start.elapsed().as_secs_f64(),
        );
        all_bad += bad;
    }
    Ok(all_bad)
}

fn client() -> Result<Target, String> {
    build_release()?;
    let program = target("release/conformance-client");
    if !program.is_file() {
        return Err(format!("there is no {} to test", program.display()));
    }
    Ok(Target::Client(program.display().to_string()))
}

/// Our fixture server on a port of its choice, and the URL that it printed.
fn start() -> Result<(Server, String), String> {
    build_release()?;
    let mut command = Command::new(target("release/conformance-server"));
    command.args(["--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::null());
    let server = Server::start(&mut command)?;
    let url = server.wait_for_line(Duration::from_secs(10), listening)?;
    Ok((server, url))
}

/// Whether the one process that served every leg still runs, and none of its handlers panicked.
fn ended_well(mut server: Server) -> Result<(), String> {
    if !server.runs()? {
        return Err("the server ended before its last client left".to_owned());
    }
    let said = server.end(Duration::from_secs(10))?;
    match said.lines().find(|line| line.contains("panicked at")) {
        Some(line) => Err(format!("the server panicked: {line}")),
        None => Ok(()),
    }
}

/// The URL in a line `… listening on http://127.0.0.1:4312/mcp …`.
fn listening(line: &str) -> Option<String> {
    let (_, after) = line.split_once("listening on ")?;
    let url = after.split(|c: char| c.is_whitespace() || c == '"' || c == ',').next()?;
    let (_, authority) = url.split_once("http://")?;
    Some(if authority.contains('/') { url.to_owned() } else { format!("{url}/mcp") })
}

#[cfg(test)]
mod tests {
    use super::listening;

    #[test]
    fn the_url_is_read_from_the_line_that_names_it() {
        let url = Some("http://127.0.0.1:4312/mcp".to_owned());
        assert_eq!(listening("listening on http://127.0.0.1:4312/mcp"), url);
        assert_eq!(listening("listening on http://127.0.0.1:4312"), url);
        assert_eq!(
            listening(r#"{"message":"listening on http://127.0.0.1:4312/mcp","level":"info"}"#),
            url
        );
        assert_eq!(listening("starting"), None);
    }
}
