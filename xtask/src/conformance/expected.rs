//! Which scenarios the pinned suite has, and how many checks each makes of a full implementation.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Which of our programs is under test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Leg {
    /// The suite is the client.
    Server,
    /// The suite is the server.
    Client,
    /// The suite is a client that logs in.
    Authorization,
}

impl Leg {
    /// The leg of that name.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        match name {
            "server" => Ok(Self::Server),
            "client" => Ok(Self::Client),
            "authorization" => Ok(Self::Authorization),
            _ => Err(format!("no leg {name}; it is server, client or authorization")),
        }
    }

    /// Its name on the command line and in the suite.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
            Self::Authorization => "authorization",
        }
    }
}

/// Every version at which the suite has a scenario of this leg (or the named one), the oldest first.
pub(crate) fn versions(leg: Leg, only: Option<&str>) -> Result<Vec<String>, String> {
    let table = table()?;
    let rows = table[leg.word()].as_object().into_iter().flatten();
    let wanted = rows.filter(|(name, _)| match only {
        Some(only) => only == name.as_str(),
        None => selected(leg, name),
    });
    let named = wanted.flat_map(|(_, versions)| versions.as_object().into_iter().flatten());
    // Of extensions the server has none that are run without being named.
    let run = |version: &String| leg == Leg::Client || version != EXTENSION;
    let versions: BTreeSet<String> =
        named.map(|(version, _)| version.clone()).filter(run).collect();
    match versions.is_empty() {
        true => {
            Err(format!("no version has a {} scenario {}", leg.word(), only.unwrap_or_default()))
        }
        false => Ok(versions.into_iter().collect()),
    }
}

/// What stands for the scenarios that belong to no version.
pub(crate) const EXTENSION: &str = "extension";

/// Whether a scenario is run without being named. What the client cannot do yet is not: skills.
pub(crate) fn selected(leg: Leg, name: &str) -> bool {
    leg != Leg::Client || !name.starts_with("sep-2640-")
}

/// Whether a client has to refuse what is offered to it, and so to fail: the suite is content with one that goes on in
/// some way that it does not see.
pub(crate) fn refused(name: &str) -> bool {
    REFUSED.contains(&name)
}

const REFUSED: [&str; 7] = [
    "auth/iss-normalized",
    "auth/iss-supported-missing",
    "auth/iss-unexpected",
    "auth/iss-wrong-issuer",
    "auth/metadata-issuer-mismatch",
    "auth/resource-mismatch",
    "auth/scope-retry-limit",
];

/// Scenario → least number of checks that are not informative, of one leg at one version.
///
/// The version `extension` selects the scenarios that belong to no version.
pub(crate) fn scenarios(
    leg: Leg,
    version: &str,
    only: Option<&str>,
) -> Result<BTreeMap<String, u32>, String> {
    let table = table()?;
    let rows = table[leg.word()].as_object().into_iter().flatten();
    let counted = rows.filter_map(|(name, versions)| {
        let least = u32::try_from(versions.get(version)?.as_u64()?).ok()?;
        Some((name.clone(), least))
    });
    let all: BTreeMap<String, u32> = counted.collect();
    if all.is_empty() {
        return Err(format!("the suite has no {} scenario at {version}", leg.word()));
    }
    let Some(only) = only else {
        return Ok(all.into_iter().filter(|(name, _)| selected(leg, name)).collect());
    };
    let least = all
        .get(only)
        .ok_or_else(|| format!("the suite has no {} scenario {only} at {version}", leg.word()))?;
    Ok(BTreeMap::from([(only.to_owned(), *least)]))
}

fn table() -> Result<Value, String> {
    serde_json::from_str(TABLE).map_err(|error| format!("expected.json: {error}"))
}

const TABLE: &str = include_str!("expected.json");

#[cfg(test)]
mod tests {
    use super::{Leg, scenarios, versions};

    /// Scenarios and checks that complete implementations were seen to have.
    #[test]
    fn the_table_adds_up() {
        let sums = [
            (Leg::Server, "2025-03-26", 1, 3),
            (Leg::Server, "2025-06-18", 27, 56),
            (Leg::Server, "2025-11-25", 33, 84),
            (Leg::Server, "2026-07-28", 40, 153),
            (Leg::Server, "extension", 13, 90),
            (Leg::Client, "2025-03-26", 2, 21),
            (Leg::Client, "2025-06-18", 5, 63),
            (Leg::Client, "2025-11-25", 19, 261),
            (Leg::Client, "2026-07-28", 33, 416),
            (Leg::Client, "extension", 6, 63),
            (Leg::Authorization, "2025-03-26", 2, 2),
            (Leg::Authorization, "2025-06-18", 2, 2),
            (Leg::Authorization, "2025-11-25", 2, 3),
            (Leg::Authorization, "2026-07-28", 2, 3),
        ];
        for (leg, version, count, checks) in sums {
            let table = scenarios(leg, version, None).unwrap();
            assert_eq!(
                (table.len(), table.values().sum::<u32>()),
                (count, checks),
                "{leg:?} {version}"
            );
        }
    }

    #[test]
    fn the_versions_of_a_leg_and_of_a_scenario() {
        let all = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];
        assert_eq!(versions(Leg::Server, None).unwrap(), all);
        assert_eq!(versions(Leg::Client, None).unwrap(), [&all[..], &["extension"]].concat());
        assert_eq!(versions(Leg::Authorization, None).unwrap(), all);
        assert_eq!(versions(Leg::Server, Some("ping")).unwrap(), ["2025-06-18", "2025-11-25"]);
        assert!(versions(Leg::Server, Some("tasks-lifecycle")).is_err());
        assert!(versions(Leg::Client, Some("ping")).is_err());
    }

    #[test]
    fn unknown_versions_and_scenarios_are_refused() {
        assert!(scenarios(Leg::Server, "2024-11-05", None).is_err());
        assert!(scenarios(Leg::Server, "2026-07-28", Some("ping")).is_err());
        assert_eq!(scenarios(Leg::Server, "2026-07-28", Some("caching")).unwrap()["caching"], 8);
    }

    #[test]
    fn a_scenario_that_is_not_selected_can_be_named() {
        let name = "sep-2640-client-no-prefetch";
        assert_eq!(scenarios(Leg::Client, "extension", Some(name)).unwrap()[name], 1);
    }
}
