//! `cargo xtask conformance --through up`: the server leg of the suite through the host.
//!
//! Behind `bowline up --naming flat` stand our fixture server, limited to the older or to the newer protocol versions,
//! and two other servers. For each pair of client and upstream the suite is run against the host's endpoint, and every
//! single check is compared with the same run straight at a fixture server of all versions.
//!
//! Then the same again with a recorder on either side of the host, see [`recorder`], and behind it what the suite does
//! not try, see [`talk`].

mod compare;
mod differences;
mod http;
mod pair;
mod recorder;
mod talk;
mod way;

use super::checks;
use super::ended_well;
use super::expected::{self, Leg};
use super::programs::{OTHERS, Programs};
use super::suite::Suite;
use compare::{Difference, Results};
use std::collections::BTreeMap;
use std::time::Instant;
use way::Way;

pub(crate) use pair::{Era, Pair};

/// What is run of it.
pub(crate) struct Options {
    /// Stands between the suite and the servers.
    pub(crate) between: Between,
    /// The pairs to run.
    pub(crate) pairs: Pairs,
    /// One scenario; all of them where it is not told.
    pub(crate) scenario: Option<String>,
    /// Whether to run the debug build.
    pub(crate) debug: bool,
}

/// Which pairs are run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pairs {
    /// One.
    One(Pair),
    /// The four, by HTTP.
    ByHttp,
    /// The four by HTTP, and all by other transports.
    All,
}

/// What stands between the suite and the servers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Between {
    /// `bowline up`.
    Up,
    /// Nothing: what must fail wherever versions differ, and what recorders must find then.
    Nothing,
}

/// Runs it and prints a table; anything that is not as it should be is an error.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    let suite = Suite::install()?;
    let programs = if options.debug { Programs::debug()? } else { Programs::released()? };
    let run = Run { suite, programs, options, straight: BTreeMap::new() };
    run.run()
}

struct Run<'a> {
    suite: Suite,
    programs: Programs,
    options: &'a Options,
    /// By version, what came of the run straight at a server of all versions.
    straight: BTreeMap<String, Results>,
}

impl Run<'_> {
    fn run(mut self) -> Result<(), String> {
        let pairs = self.options.pairs.list();
        self.straighten(&pairs)?;
        let (mut problems, mut seen) = (Vec::new(), Vec::new());
        println!("{HEADING}");
        for pair in &pairs {
            let ways: &[bool] = if pair.has_url() { &[false, true] } else { &[false] };
            for recorded in ways {
                let between = self.options.between;
                let Outcome { differences, faults } = self.pair(between, *pair, *recorded)?;
                for difference in differences {
                    match differences::listed(*pair, &difference) {
                        Some(at) => seen.push(at),
                        None => problems.push(format!("{pair}: {difference}")),
                    }
                }
                problems.extend(faults.iter().map(|fault| format!("{pair}: {fault}")));
            }
        }
        if pairs.len() > 1 && self.options.scenario.is_none() {
            problems.extend(differences::stale(&pairs, &seen));
            self.control()?;
        }
        problems.sort();
        problems.dedup();
        problems.iter().for_each(|problem| println!("    {problem}"));
        match problems.len() {
            0 => Ok(()),
            more => Err(format!("{more} things are not through the host what they are without it")),
        }
    }

    /// With nothing between, versions that differ must show, and the recorders must find everything.
    fn control(&self) -> Result<(), String> {
        let [_, _, different, same] = Pair::ALL;
        let differing = self.pair(Between::Nothing, different, false)?.differences.len();
        if differing == 0 {
            return Err(format!("with nothing between, {different} is as good as straight"));
        }
        let outcome = self.pair(Between::Nothing, same, true)?;
        for side in ["the client", "the upstream"] {
            let leak = format!("something that {side} made up came through");
            if !outcome.faults.iter().any(|fault| fault.starts_with(&leak)) {
                return Err(format!("the recorders did not find out that {leak}"));
            }
        }
        println!(
            "control: with nothing between, {differing} checks differ where versions do, and recorders find what comes through"
        );
        Ok(())
    }

    /// Runs the suite straight at one server of all versions, which must be without a fault.
    fn straighten(&mut self, pairs: &[Pair]) -> Result<(), String> {
        let (server, url) = self.programs.conformance_server(&[])?;
        let scenario = self.options.scenario.as_deref();
        for era in [Era::Legacy, Era::Modern] {
            if pairs.iter().all(|pair| pair.client != era) {
                continue;
            }
            for version in self.versions(era)? {
                let out =
                    self.suite.drive(&url, &version, scenario, &format!("straight-{version}"))?;
                let least = expected::scenarios(Leg::Server, &version, scenario)?;
                let rows = checks::compare(&least, &checks::read(&out, "server")?);
                for row in rows {
                    if let Some(problem) = row.problem() {
                        return Err(format!("straight, at {version}, {}: {problem}", row.name));
                    }
                }
                self.straight.insert(version, compare::read(&out)?);
            }
        }
        ended_well(server)
    }

    /// Runs all versions of a pair and prints a line for each.
    fn pair(&self, between: Between, pair: Pair, recorded: bool) -> Result<Outcome, String> {
        let way = Way::build(&self.programs, between, pair, recorded)?;
        let mut all = Vec::new();
        for version in self.versions(pair.client)? {
            let start = Instant::now();
            let (client, upstream) = (pair.client.word(), pair.behind());
            let kind = match (between, recorded) {
                (Between::Nothing, _) => "nothing",
                (Between::Up, false) => "up",
                (Between::Up, true) => "recorded",
            };
            let folder = format!("through-{client}-{upstream}-{version}-{kind}");
            let scenario = self.options.scenario.as_deref();
            let out = self.suite.drive(&way.url, &version, scenario, &folder)?;
            let through = compare::read(&out)?;
            let straight = self.straight.get(&version).ok_or("it was not run straight")?;
            if between == Between::Up {
                merged(&through)?;
            }
            let differences = compare::differences(&version, straight, &through);
            let listed = |difference: &&Difference| differences::listed(pair, difference).is_some();
            let listed = differences.iter().filter(listed).count();
            let checks: usize = straight.values().map(Vec::len).sum();
            println!(
                "{client:<8} {upstream:<13} {version:<12} {kind:<9} {:>9} {checks:>7} {listed:>7} {:>8} {:>6.1} s",
                straight.len(),
                differences.len() - listed,
                start.elapsed().as_secs_f64(),
            );
            all.extend(differences);
        }
        let mut faults = match &way.recorded {
            Some(recorded) if self.options.scenario.is_none() => {
                talk::run(&way.url, pair, recorded)?
            }
            _ => Vec::new(),
        };
        faults.extend(way.end(pair)?);
        Ok(Outcome { differences: all, faults })
    }

    /// The versions of this kind at which the scenarios are run.
    fn versions(&self, era: Era) -> Result<Vec<String>, String> {
        let all = expected::versions(Leg::Server, self.options.scenario.as_deref())?;
        Ok(all.into_iter().filter(|version| Era::of(version) == era).collect())
    }
}

const HEADING: &str =
    "client   upstream      version      way       scenarios  checks  listed  differ   time";

/// What came of a pair.
struct Outcome {
    differences: Vec<Difference>,
    /// What the recorders found, and what went wrong besides the suite.
    faults: Vec<String>,
}

/// Whether the tools of the other servers stand in the list too.
fn merged(through: &Results) -> Result<(), String> {
    let Some(checks) = through.get("tools-list") else { return Ok(()) };
    let lists = |name: &str| {
        let tools = checks.iter().filter_map(|check| check.details["tools"].as_array()).flatten();
        tools.into_iter().any(|tool| tool == name)
    };
    match OTHERS.iter().find(|name| !lists(name)) {
        Some(name) => Err(format!("the merged list has no tool {name}")),
        None => Ok(()),
    }
}

impl Between {
    /// What is named so.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        match name {
            "up" => Ok(Self::Up),
            "nothing" => Ok(Self::Nothing),
            _ => Err(format!("nothing goes through {name}; it is up or nothing")),
        }
    }
}

impl Pairs {
    fn list(self) -> Vec<Pair> {
        match self {
            Self::One(pair) => vec![pair],
            Self::ByHttp => Pair::ALL.to_vec(),
            Self::All => Pair::ALL.into_iter().chain(Pair::OTHERWISE).collect(),
        }
    }
}
