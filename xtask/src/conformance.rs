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
use checks::Row;
use expected::Leg;
use std::process::{Command, Stdio};
use std::time::Duration;
use suite::{Suite, Target};

/// Runs one leg at one version; without flags what CI runs.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut flags = Flags::new(args);
    let leg = flags.value("--leg")?.map_or(Ok(Leg::Server), |name| Leg::named(&name))?;
    let version = flags.value("--version")?.unwrap_or_else(|| "2026-07-28".to_owned());
    let url = flags.value("--url")?;
    let scenario = flags.value("--scenario")?;
    flags.end()?;

    let expected = expected::scenarios(leg, &version, scenario.as_deref())?;
    let suite = Suite::install()?;
    let results = match leg {
        Leg::Client => {
            build_release()?;
            let program = target("release/conformance-client");
            if !program.is_file() {
                return Err(format!("there is no {} to test", program.display()));
            }
            suite.run(
                &Target::Client(program.display().to_string()),
                &version,
                scenario.as_deref(),
                &expected,
            )?
        }
        Leg::Server => {
            let running = if url.is_none() { Some(start()?) } else { None };
            let url =
                url.or_else(|| running.as_ref().map(|(_, url)| url.clone())).unwrap_or_default();
            suite.run(&Target::Server(url), &version, scenario.as_deref(), &expected)?
        }
    };

    let rows = checks::compare(&expected, &results);
    checks::print(leg, &version, &rows);
    let bad = rows.iter().filter(|row| row.problem().is_some()).count();
    println!(
        "conformance, {} leg at {version}: {} scenarios passed, {bad} failed, {} checks",
        leg.word(),
        rows.len() - bad,
        total(&rows)
    );
    if bad == 0 { Ok(()) } else { Err(format!("{bad} of {} scenarios failed", rows.len())) }
}

fn total(rows: &[Row]) -> u32 {
    rows.iter().map(|row| row.counts.checks()).sum()
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
