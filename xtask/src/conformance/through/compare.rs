//! Two runs of the same scenarios, check by check.

use crate::conformance::checks::written;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

/// The checks of each scenario.
pub(super) type Results = BTreeMap<String, Vec<Check>>;

/// One check, as the suite wrote it.
#[derive(Clone, Debug)]
pub(super) struct Check {
    id: String,
    name: String,
    status: String,
    message: String,
    /// What the suite has seen, of a shape that depends on the check.
    pub(super) details: Value,
}

/// A check that is not the same in both runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) version: String,
    pub(super) scenario: String,
    /// `id (name)` of the check.
    pub(super) check: String,
    straight: Option<String>,
    through: Option<String>,
    message: String,
}

/// The results in a folder of the suite.
pub(super) fn read(out: &Path) -> Result<Results, String> {
    let mut results = Results::new();
    for (scenario, checks) in written(out, "server", |_, checks| Check::all(checks))? {
        results.entry(scenario).or_default().extend(checks);
    }
    Ok(results)
}

/// Every check that one of them lacks, or that ended otherwise.
pub(super) fn differences(version: &str, straight: &Results, through: &Results) -> Vec<Difference> {
    let scenarios: BTreeSet<&String> = straight.keys().chain(through.keys()).collect();
    let mut all = Vec::new();
    for scenario in scenarios {
        let (straight, through) =
            (numbered(straight.get(scenario)), numbered(through.get(scenario)));
        let keys: BTreeSet<_> = straight.keys().chain(through.keys()).collect();
        for key in keys {
            let (one, other) = (straight.get(key), through.get(key));
            let status = |check: Option<&&Check>| check.map(|check| check.status.clone());
            if status(one) != status(other) {
                let (id, name, _) = key;
                all.push(Difference {
                    version: version.to_owned(),
                    scenario: scenario.clone(),
                    check: format!("{id} ({name})"),
                    straight: status(one),
                    through: status(other),
                    message: other.map(|check| check.message.clone()).unwrap_or_default(),
                });
            }
        }
    }
    all
}

/// The checks of a scenario by id, name, and how many of the same came before.
fn numbered(checks: Option<&Vec<Check>>) -> BTreeMap<(&str, &str, usize), &Check> {
    let mut numbered = BTreeMap::new();
    for check in checks.into_iter().flatten() {
        let same =
            |n: &usize| !numbered.contains_key(&(check.id.as_str(), check.name.as_str(), *n));
        let nth = (0..).find(same).unwrap_or_default();
        numbered.insert((check.id.as_str(), check.name.as_str(), nth), check);
    }
    numbered
}

impl Check {
    fn all(checks: &Value) -> Result<Vec<Self>, String> {
        let checks = checks.as_array().ok_or("not an array of checks")?;
        let text = |check: &Value, key: &str| check[key].as_str().unwrap_or_default().to_owned();
        let checks =
            checks.iter().filter(|check| !TRACES.iter().any(|trace| check["id"] == *trace));
        let each = checks.map(|check| Self {
            id: text(check, "id"),
            name: text(check, "name"),
            status: text(check, "status"),
            message: text(check, "errorMessage"),
            details: check["details"].clone(),
        });
        Ok(each.collect())
    }
}

/// What the suite writes among the checks, and is none: which messages there were.
const TRACES: [&str; 4] =
    ["outgoing-request", "incoming-response", "incoming-sse-event", "stream-closed"];

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, scenario, check, straight, through, message } = self;
        let word =
            |status: &Option<String>| status.clone().unwrap_or_else(|| "not made".to_owned());
        write!(f, "{version} {scenario} {check}: {} ", word(straight))?;
        write!(f, "straight, {} through: {message}", word(through))
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Results, differences};
    use serde_json::json;

    fn results(checks: &[(&str, &str)]) -> Results {
        let checks: Vec<_> = checks
            .iter()
            .map(|(id, status)| json!({"id": id, "name": "N", "status": status}))
            .collect();
        Results::from([("ping".to_owned(), Check::all(&json!(checks)).unwrap())])
    }

    fn told(straight: &Results, through: &Results) -> Vec<String> {
        differences("v", straight, through).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_kind_of_difference_is_told() {
        let straight = results(&[("a", "SUCCESS"), ("a", "SUCCESS"), ("b", "SUCCESS")]);
        assert!(told(&straight, &straight).is_empty());
        let worse = results(&[("a", "SUCCESS"), ("a", "FAILURE"), ("b", "SUCCESS")]);
        assert_eq!(told(&straight, &worse), ["v ping a (N): SUCCESS straight, FAILURE through: "]);
        let fewer = results(&[("a", "SUCCESS"), ("b", "SUCCESS")]);
        assert_eq!(told(&straight, &fewer), ["v ping a (N): SUCCESS straight, not made through: "]);
        assert_eq!(told(&fewer, &straight).len(), 1);
        assert_eq!(told(&straight, &Results::new()).len(), 3);
    }
}
