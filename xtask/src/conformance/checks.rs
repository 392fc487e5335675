//! Reading the `checks.json` files that the suite writes, and judging them.

use super::expected;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// The checks of one scenario by status.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    success: u32,
    failure: u32,
    warning: u32,
    skipped: u32,
    /// Skipped as for every other client.
    excused: u32,
    info: u32,
    /// The program under test was started for this scenario alone and exited badly.
    pub(crate) ended_badly: bool,
    /// What the client that was started wrote to its standard error; ours does so when it fails.
    said: Option<String>,
    /// Identifier and message of each check that is red.
    complaints: Vec<String>,
}

impl Counts {
    /// All checks that say something.
    pub(crate) fn checks(&self) -> u32 {
        self.success + self.failure + self.warning + self.skipped + self.excused
    }

    fn of(checks: &Value) -> Result<Self, String> {
        let mut counts = Self::default();
        for check in checks.as_array().ok_or("not an array of checks")? {
            let status = check["status"].as_str().ok_or("a check without status")?;
            let name = check["name"].as_str().unwrap_or_default();
            match status {
                "SKIPPED" if SKIPPED_FOR_ALL.contains(&name) => counts.excused += 1,
                "SUCCESS" => counts.success += 1,
                "FAILURE" => counts.failure += 1,
                "WARNING" => counts.warning += 1,
                "SKIPPED" => counts.skipped += 1,
                "INFO" => counts.info += 1,
                _ => return Err(format!("a check with the unknown status {status}")),
            }
            if matches!(status, "FAILURE" | "WARNING" | "SKIPPED") {
                let message =
                    check["errorMessage"].as_str().or_else(|| check["description"].as_str());
                let id = check["id"].as_str().unwrap_or("?");
                counts.complaints.push(format!("{status} {id}: {}", message.unwrap_or_default()));
            }
        }
        Ok(counts)
    }
}

/// Checks that the suite skips for every client: of two methods that the version they are run at does not have. It says
/// "Client did not send a initialize request; Mcp-Method header was not exercised for this method.", and likewise of
/// the other.
const SKIPPED_FOR_ALL: [&str; 2] =
    ["ClientMcpMethodHeader_initialize", "ClientMcpMethodHeader_notifications_initialized"];

/// One scenario, what it should have and what it had.
pub(crate) struct Row {
    pub(crate) name: String,
    /// `None` for a scenario that the table does not know.
    least: Option<u32>,
    /// The results; all zero if it did not run.
    pub(crate) counts: Counts,
    runs: usize,
}

impl Row {
    /// Why the scenario does not count as passed.
    pub(crate) fn problem(&self) -> Option<String> {
        let Counts { failure, warning, skipped, .. } = self.counts;
        let Some(least) = self.least else { return Some("not in expected.json".to_owned()) };
        match self.runs {
            0 => return Some("did not run".to_owned()),
            1 => {}
            more => return Some(format!("ran {more} times")),
        }
        if failure + warning + skipped > 0 {
            return Some(format!("{failure} failed, {warning} warned, {skipped} skipped"));
        }
        if self.counts.ended_badly {
            return Some("the program exited badly".to_owned());
        }
        match &self.counts.said {
            Some(said) if !expected::refused(&self.name) => {
                return Some(format!("the program said: {said}"));
            }
            None if expected::refused(&self.name) => {
                return Some("the program took what it had to refuse".to_owned());
            }
            _ => {}
        }
        (self.counts.success < least)
            .then(|| format!("only {} of {least} checks", self.counts.success))
    }
}

/// Every result below `out`, by scenario.
pub(crate) fn read(out: &Path, leg: &str) -> Result<Vec<(String, Counts)>, String> {
    written(out, leg, |folder, checks| {
        let mut counts = Counts::of(checks)?;
        // The suite writes one for clients only.
        let said = fs::read_to_string(folder.join("stderr.txt")).unwrap_or_default();
        counts.said = Some(said.trim().to_owned()).filter(|said| !said.is_empty());
        Ok(counts)
    })
}

/// Every file of checks below `out`, read by `of`, by scenario.
pub(crate) fn written<T>(
    out: &Path,
    leg: &str,
    of: impl Fn(&Path, &Value) -> Result<T, String>,
) -> Result<Vec<(String, T)>, String> {
    let mut results = Vec::new();
    let mut folders = vec![out.to_path_buf()];
    while let Some(folder) = folders.pop() {
        // The suite makes no folder at all when nothing ran; then every row says so.
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("checks.json") {
                let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
                let text = fs::read_to_string(&path).map_err(|error| wrong(&error))?;
                let checks: Value = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
                let read = of(&folder, &checks).map_err(|error| wrong(&error))?;
                let inside =
                    folder.strip_prefix(out).unwrap_or(&folder).to_string_lossy().into_owned();
                results.push((scenario(&inside, leg), read));
            }
        }
    }
    results.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(results)
}

/// Joins the table with the results; a row for each scenario of either.
pub(crate) fn compare(expected: &BTreeMap<String, u32>, results: &[(String, Counts)]) -> Vec<Row> {
    let row = |name: &String, least: Option<u32>| {
        let mut found =
            results.iter().filter(|(scenario, _)| scenario == name).map(|(_, counts)| counts);
        let counts = found.next().cloned().unwrap_or_default();
        let ran = usize::from(results.iter().any(|(scenario, _)| scenario == name));
        Row { name: name.clone(), least, counts, runs: ran + found.count() }
    };
    let known = expected.iter().map(|(name, least)| row(name, Some(*least)));
    let unknown = results
        .iter()
        .filter(|(name, _)| !expected.contains_key(name))
        .map(|(name, _)| row(name, None));
    known.chain(unknown).collect()
}

/// The table, then every complaint of the suite.
pub(crate) fn print(leg: &str, version: &str, rows: &[Row]) {
    let title = format!("{leg} scenarios at {version}");
    println!(
        "{title:<48} {:>5} {:>5} {:>5} {:>5} {:>5}  verdict",
        "least", "ok", "fail", "warn", "skip"
    );
    for row in rows {
        let Counts { success, failure, warning, skipped, .. } = row.counts;
        let least = row.least.map_or_else(|| "-".to_owned(), |least| least.to_string());
        let verdict = row.problem().unwrap_or_else(|| "ok".to_owned());
        println!(
            "{:<48} {least:>5} {success:>5} {failure:>5} {warning:>5} {skipped:>5}  {verdict}",
            row.name
        );
        row.counts.complaints.iter().for_each(|complaint| println!("    {complaint}"));
    }
}

/// The scenario in a folder name such as `server-tools-list-2026-11-21T01-44-29-781Z`.
fn scenario(folder: &str, leg: &str) -> String {
    let name =
        folder.len().checked_sub(STAMP.len()).and_then(|end| folder.get(..end)).unwrap_or(folder);
    let prefix = match leg {
        "server" => "server-",
        "authorization" => "authorization-server-",
        _ => "",
    };
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

const STAMP: &str = "-2026-11-21T01-44-29-781Z";

#[cfg(test)]
mod tests {
    use super::{Counts, compare, scenario};
    use serde_json::json;
    use std::collections::BTreeMap;

    fn counts(statuses: &[&str]) -> Counts {
        let checks: Vec<_> =
            statuses.iter().map(|status| json!({"id": "x", "status": status})).collect();
        Counts::of(&json!(checks)).unwrap()
    }

    fn problem(least: u32, results: &[(String, Counts)]) -> Option<String> {
        let rows = compare(&BTreeMap::from([("caching".to_owned(), least)]), results);
        rows.iter().find_map(super::Row::problem)
    }

    #[test]
    fn each_way_to_be_red() {
        let ran = |statuses: &[&str]| vec![("caching".to_owned(), counts(statuses))];
        assert_eq!(problem(2, &ran(&["SUCCESS", "SUCCESS", "INFO"])), None);
        assert_eq!(
            problem(3, &ran(&["SUCCESS", "SUCCESS", "INFO"])).unwrap(),
            "only 2 of 3 checks"
        );
        assert_eq!(
            problem(1, &ran(&["SUCCESS", "FAILURE"])).unwrap(),
            "1 failed, 0 warned, 0 skipped"
        );
        assert_eq!(
            problem(1, &ran(&["SUCCESS", "WARNING"])).unwrap(),
            "0 failed, 1 warned, 0 skipped"
        );
        assert_eq!(
            problem(1, &ran(&["SUCCESS", "SKIPPED"])).unwrap(),
            "0 failed, 0 warned, 1 skipped"
        );
        assert_eq!(problem(1, &[]).unwrap(), "did not run");
        assert_eq!(
            problem(1, &[ran(&["SUCCESS"]), ran(&["SUCCESS"])].concat()).unwrap(),
            "ran 2 times"
        );
        let stray = [ran(&["SUCCESS"]), vec![("ping".to_owned(), counts(&["SUCCESS"]))]].concat();
        assert_eq!(problem(1, &stray).unwrap(), "not in expected.json");
        let mut bad = ran(&["SUCCESS"]);
        bad[0].1.ended_badly = true;
        assert_eq!(problem(1, &bad).unwrap(), "the program exited badly");
        let mut loud = ran(&["SUCCESS"]);
        loud[0].1.said = Some("error: no answer".to_owned());
        assert_eq!(problem(1, &loud).unwrap(), "the program said: error: no answer");
    }

    #[test]
    fn a_client_that_had_to_refuse_must_say_so() {
        let name = "auth/iss-wrong-issuer".to_owned();
        let problem = |said: Option<&str>| {
            let mut counts = counts(&["SUCCESS"]);
            counts.said = said.map(str::to_owned);
            let rows = compare(&BTreeMap::from([(name.clone(), 1)]), &[(name.clone(), counts)]);
            rows[0].problem()
        };
        assert_eq!(problem(Some("error: it is from another issuer")), None);
        assert_eq!(problem(None).unwrap(), "the program took what it had to refuse");
    }

    #[test]
    fn only_named_checks_may_be_skipped() {
        let skipped = |name: &str| {
            let checks = json!([{"id": "x", "status": "SUCCESS"}, {"id": "x", "status": "SKIPPED", "name": name}]);
            vec![("caching".to_owned(), Counts::of(&checks).unwrap())]
        };
        assert_eq!(problem(1, &skipped("ClientMcpMethodHeader_initialize")), None);
        assert!(problem(1, &skipped("ClientMcpMethodHeader_tools_list")).is_some());
        assert!(problem(2, &skipped("ClientMcpMethodHeader_initialize")).is_some());
    }

    #[test]
    fn unknown_statuses_are_not_swallowed() {
        assert!(Counts::of(&json!([{"status": "MAYBE"}])).is_err());
        assert!(Counts::of(&json!({})).is_err());
    }

    #[test]
    fn scenarios_are_read_from_folder_names() {
        assert_eq!(scenario("server-tools-list-2026-11-21T01-44-29-781Z", "server"), "tools-list");
        assert_eq!(
            scenario("server-server-stateless-2026-11-21T01-44-27-693Z", "server"),
            "server-stateless"
        );
        assert_eq!(scenario("auth/dpop-2026-11-21T01-44-27-693Z", "client"), "auth/dpop");
        let folder = "authorization-server-authorization-code-grant-2026-11-21T01-44-27-693Z";
        assert_eq!(scenario(folder, "authorization"), "authorization-code-grant");
        assert_eq!(scenario("short", "client"), "short");
    }
}
