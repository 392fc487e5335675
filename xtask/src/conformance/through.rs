//! `cargo xtask conformance --through up`: the server leg of the suite through the host.
//!
//! Behind `bowline up --naming flat` stand our fixture server, limited to the older or to the newer protocol versions,
//! and two other servers. For each pair of client and upstream the suite is run against the host's endpoint, and every
//! single check is compared with the same run straight at a fixture server of all versions.
//!
//! Then the same again with a recorder on either side of the host, see [`recorder`].

mod compare;
mod differences;
mod recorder;

use super::checks;
use super::ended_well;
use super::expected::{self, Leg};
use super::programs::{OTHERS, Programs};
use super::suite::Suite;
use crate::process::Server;
use crate::workspace::target;
use compare::{Difference, Results};
use recorder::Recorded;
use std::collections::BTreeMap;
use std::time::Instant;

/// What is run of it.
pub(crate) struct Options {
    /// Stands between the suite and the servers.
    pub(crate) between: Between,
    /// One pair; all of them where it is not told.
    pub(crate) pair: Option<Pair>,
    /// One scenario; all of them where it is not told.
    pub(crate) scenario: Option<String>,
    /// Whether to run the debug build.
    pub(crate) debug: bool,
}

/// What stands between the suite and the servers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Between {
    /// `bowline up`.
    Up,
    /// Nothing: what must fail wherever versions differ, and what recorders must find then.
    Nothing,
}

/// A kind of protocol versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Era {
    /// Those with a session.
    Legacy,
    /// Those without.
    Modern,
}

/// Who talks to whom through the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) client: Era,
    pub(crate) upstream: Era,
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
        let pairs = self.options.pair.map_or_else(|| Pair::ALL.to_vec(), |pair| vec![pair]);
        self.straighten(&pairs)?;
        let (mut problems, mut seen) = (Vec::new(), Vec::new());
        println!("{HEADING}");
        for (pair, recorded) in pairs.iter().flat_map(|pair| [(*pair, false), (*pair, true)]) {
            let Outcome { differences, leaks } = self.pair(pair, recorded)?;
            for difference in differences {
                match differences::listed(pair, &difference) {
                    Some(at) => seen.push(at),
                    None => problems.push(format!("{}: {difference}", pair.words())),
                }
            }
            problems.extend(leaks.iter().map(|leak| format!("{}: {leak}", pair.words())));
        }
        if self.options.pair.is_none() && self.options.scenario.is_none() {
            problems.extend(differences::stale(&seen));
        }
        problems.sort();
        problems.dedup();
        problems.iter().for_each(|problem| println!("    {problem}"));
        match problems.len() {
            0 => Ok(()),
            more => Err(format!("{more} things are not through the host what they are without it")),
        }
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
    fn pair(&self, pair: Pair, recorded: bool) -> Result<Outcome, String> {
        let way = Way::build(self, pair, recorded)?;
        let mut all = Vec::new();
        for version in self.versions(pair.client)? {
            let start = Instant::now();
            let (client, upstream) = (pair.client.word(), pair.upstream.word());
            let kind = if recorded { "recorded" } else { "bare" };
            let folder = format!("through-{client}-{upstream}-{version}-{kind}");
            let scenario = self.options.scenario.as_deref();
            let out = self.suite.drive(&way.url, &version, scenario, &folder)?;
            let through = compare::read(&out)?;
            let straight = self.straight.get(&version).ok_or("it was not run straight")?;
            if self.options.between == Between::Up {
                merged(&through)?;
            }
            let differences = compare::differences(&version, straight, &through);
            let listed = |difference: &&Difference| differences::listed(pair, difference).is_some();
            let listed = differences.iter().filter(listed).count();
            let checks: usize = straight.values().map(Vec::len).sum();
            println!(
                "{client:<8} {upstream:<8} {version:<12} {kind:<9} {:>9} {checks:>7} {listed:>7} {:>8} {:>6.1} s",
                straight.len(),
                differences.len() - listed,
                start.elapsed().as_secs_f64(),
            );
            all.extend(differences);
        }
        Ok(Outcome { differences: all, leaks: way.end(pair)? })
    }

    /// The versions of this kind at which the scenarios are run.
    fn versions(&self, era: Era) -> Result<Vec<String>, String> {
        let all = expected::versions(Leg::Server, self.options.scenario.as_deref())?;
        Ok(all.into_iter().filter(|version| Era::of(version) == era).collect())
    }
}

const HEADING: &str =
    "client   upstream version      way       scenarios  checks  listed  differ   time";

/// What came of a pair.
struct Outcome {
    differences: Vec<Difference>,
    /// What the recorders found.
    leaks: Vec<String>,
}

/// Everything between the suite and the fixture server, which is at its end.
struct Way {
    url: String,
    recorded: Option<Recorded>,
    host: Option<Server>,
    upstream: Server,
}

impl Way {
    fn build(run: &Run<'_>, pair: Pair, recorded: bool) -> Result<Self, String> {
        let mut flags = vec!["--era", pair.upstream.word()];
        if run.options.between == Between::Up {
            // The host has to turn pages, which the suite does not.
            flags.extend(["--page-size", "7"]);
        }
        let (upstream, mut url) = run.programs.conformance_server(&flags)?;
        let mut recorded = recorded.then(|| Recorded::behind(&mut url)).transpose()?;
        let host = match run.options.between {
            Between::Nothing => None,
            Between::Up => {
                let home = format!("home-{}-{}", pair.client.word(), pair.upstream.word());
                let (host, of_host) = run.programs.up(&url, &target("conformance").join(home))?;
                url = of_host;
                Some(host)
            }
        };
        if let Some(recorded) = &mut recorded {
            recorded.before(&mut url)?;
        }
        Ok(Self { url, recorded, host, upstream })
    }

    /// Ends all of it; what the recorders found.
    fn end(self, pair: Pair) -> Result<Vec<String>, String> {
        if let Some(host) = self.host {
            ended_well(host).map_err(|error| format!("{}, up: {error}", pair.words()))?;
        }
        ended_well(self.upstream)?;
        let Some(recorded) = self.recorded else { return Ok(Vec::new()) };
        println!("    {}", recorded.summary());
        Ok(recorded.judge(pair))
    }
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

impl Pair {
    const ALL: [Self; 4] = [
        Self { client: Era::Legacy, upstream: Era::Legacy },
        Self { client: Era::Legacy, upstream: Era::Modern },
        Self { client: Era::Modern, upstream: Era::Legacy },
        Self { client: Era::Modern, upstream: Era::Modern },
    ];

    /// The pair that is written `client/upstream`.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let named = |pair: &Self| pair.words() == name;
        let pair = Self::ALL.into_iter().find(named);
        pair.ok_or_else(|| format!("no pair {name}; one is legacy/modern"))
    }

    fn words(self) -> String {
        format!("{}/{}", self.client.word(), self.upstream.word())
    }
}

impl Era {
    fn of(version: &str) -> Self {
        if version < "2026-07-28" { Self::Legacy } else { Self::Modern }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }
}
