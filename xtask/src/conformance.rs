//! `cargo xtask conformance`: the official suite against our programs, and a post-check of what it wrote.
//!
//! The suite's own verdict is weak: a skipped check, a warning of a server leg or a scenario that checked nothing is
//! green. So each scenario must have at least the number of checks that a full implementation has (`expected.json`),
//! and none of them may be a failure, a warning or skipped.

mod authorization;
mod checks;
mod expected;
pub(crate) mod limited;
mod programs;
mod suite;
mod through;

use crate::flags::Flags;
use crate::process::Server;
use crate::workspace::{build_release, target};
use checks::Row;
use expected::Leg;
use programs::Programs;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use suite::{Mode, Suite, Target};
use through::{Between, Pair, Pairs};

/// Runs one leg at the versions asked for; without flags what CI runs, all legs at every version.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut flags = Flags::new(args);
    let leg = flags.value("--leg")?.map(|name| Leg::named(&name)).transpose()?;
    let version = flags.value("--version")?;
    let url = flags.value("--url")?;
    let program = flags.value("--program")?;
    let scenario = flags.value("--scenario")?;
    let debug = flags.switch("--debug");
    if let Some(between) = flags.value("--through")? {
        let between = Between::named(&between)?;
        let pair = flags.value("--pair")?.map(|name| Pair::named(&name)).transpose()?;
        let all = flags.switch("--all");
        flags.end()?;
        let pairs = match pair {
            Some(pair) => Pairs::One(pair),
            None if all => Pairs::All,
            None => Pairs::ByHttp,
        };
        return through::run(&through::Options { between, pairs, scenario, debug });
    }
    flags.end()?;

    let suite = Suite::install()?;
    let plan = |leg| {
        let runs = runs(leg, version.as_deref(), scenario.as_deref())?;
        Ok::<_, String>(Plan { suite: &suite, runs })
    };
    let mut bad = 0;
    let wanted = |this| leg.is_none_or(|leg| leg == this);
    if wanted(Leg::Server) && program.is_none() {
        bad += server(&plan(Leg::Server)?, url.as_deref())?;
    }
    if wanted(Leg::Client) && url.is_none() {
        bad += client(&plan(Leg::Client)?, program.clone())?;
    }
    if wanted(Leg::Authorization) && url.is_none() && program.is_none() {
        bad += authorization::run(&suite, &plan(Leg::Authorization)?.runs, debug)?;
    }
    match bad {
        0 => Ok(()),
        bad => Err(format!("{bad} runs of scenarios failed")),
    }
}

/// Runs the server leg through the host: what CI runs of it.
pub(crate) fn through_up() -> Result<(), String> {
    run(&["--through".to_owned(), "up".to_owned()])
}

/// What is run of one leg.
struct Plan<'a> {
    suite: &'a Suite,
    runs: Vec<Run>,
}

/// The scenarios that are run at a version in one way, each with its least number of checks.
struct Run {
    version: String,
    mode: Mode,
    expected: BTreeMap<String, u32>,
}

/// A server is driven once. A client is driven twice: once with all scenarios at the same time, and once with each
/// alone, since only then its exit code counts.
fn runs(leg: Leg, version: Option<&str>, scenario: Option<&str>) -> Result<Vec<Run>, String> {
    let versions = match version {
        Some(version) => vec![version.to_owned()],
        None => expected::versions(leg, scenario)?,
    };
    let mut runs = Vec::new();
    for version in versions {
        let expected = expected::scenarios(leg, &version, scenario)?;
        // The scenarios that extensions have for a server belong to no version, so that only their names select them.
        let named = scenario.is_some() || (leg, &*version) == (Leg::Server, expected::EXTENSION);
        let modes: &[Mode] = match leg {
            _ if named => &[Mode::Alone],
            Leg::Server | Leg::Authorization => &[Mode::Together],
            Leg::Client => &[Mode::Together, Mode::Alone],
        };
        runs.extend(modes.iter().map(|mode| {
            let counts = |name: &str| leg != Leg::Client || *mode == Mode::Alone || name != TIMED;
            let mut expected = expected.clone();
            expected.retain(|name, _| counts(name));
            Run { version: version.clone(), mode: *mode, expected }
        }));
    }
    Ok(runs)
}

/// It measures when a client comes back, which it can only do while nothing else runs.
const TIMED: &str = "sse-retry";

/// All versions of a server leg are run against one process and one URL: it must tell clients apart, not be configured
/// for one kind of them.
fn server(plan: &Plan<'_>, url: Option<&str>) -> Result<usize, String> {
    if let Some(url) = url {
        return plan.run(&Target::Server(url.to_owned()));
    }
    let (server, url) = Programs::released()?.conformance_server(&[])?;
    let bad = plan.run(&Target::Server(url))?;
    ended_well(server)?;
    Ok(bad)
}

/// Our client, or another program; and, when it is ours, one that does nothing at all, which must fail everywhere.
fn client(plan: &Plan<'_>, program: Option<String>) -> Result<usize, String> {
    if let Some(program) = program {
        return plan.run(&Target::Client(program));
    }
    build_release()?;
    let program = target("release/conformance-client");
    if !program.is_file() {
        return Err(format!("there is no {} to test", program.display()));
    }
    let bad = plan.run(&Target::Client(program.display().to_string()))?;
    plan.control()?;
    Ok(bad)
}

impl Plan<'_> {
    /// Runs everything one after the other, prints each, and counts the scenarios that failed.
    fn run(&self, target: &Target) -> Result<usize, String> {
        let mut all_bad = 0;
        for run in &self.runs {
            let start = Instant::now();
            let rows = self.rows(target, run)?;
            let Run { version, mode, .. } = run;
            let (leg, mode) = (target.word(), mode.word());
            checks::print(leg, version, &rows);
            let bad = rows.iter().filter(|row| row.problem().is_some()).count();
            let checks: u32 = rows.iter().map(|row| row.counts.checks()).sum();
            println!(
                "conformance, {leg} leg at {version}, {mode}: {} scenarios passed, {bad} failed, {checks} checks, {:.1} s\n",
                rows.len() - bad,
                start.elapsed().as_secs_f64(),
            );
            all_bad += bad;
        }
        Ok(all_bad)
    }

    /// The suite gives green ticks to a client that does nothing; we must not.
    fn control(&self) -> Result<(), String> {
        let start = Instant::now();
        let mut red = 0;
        for run in &self.runs {
            for row in self.rows(&Target::Client("true".to_owned()), run)? {
                if row.problem().is_none() {
                    let Run { version, .. } = run;
                    return Err(format!("{} at {version} passes with no client at all", row.name));
                }
                red += 1;
            }
        }
        println!(
            "conformance, control: a client that does nothing fails {red} of {red} scenarios, {:.1} s",
            start.elapsed().as_secs_f64()
        );
        Ok(())
    }

    fn rows(&self, target: &Target, run: &Run) -> Result<Vec<Row>, String> {
        let Run { version, mode, expected } = run;
        let mut results = self.suite.run(target, version, *mode, expected)?;
        if let Target::Client(_) = target {
            // Together, everything runs; what is not selected here is not judged.
            let judged = |name: &str| expected::selected(Leg::Client, name) && name != TIMED;
            results.retain(|(name, _)| *mode == Mode::Alone || judged(name));
        }
        Ok(checks::compare(expected, &results))
    }
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
    use super::{Leg, Mode, TIMED, listening, runs};

    #[test]
    fn a_client_is_driven_in_both_ways_and_timed_only_alone() {
        let runs = runs(Leg::Client, Some("2025-11-25"), None).unwrap();
        let timed = |mode| {
            let run = runs.iter().find(|run| run.mode == mode).unwrap();
            (run.expected.len(), run.expected.contains_key(TIMED))
        };
        assert_eq!(timed(Mode::Together), (18, false));
        assert_eq!(timed(Mode::Alone), (19, true));
    }

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
