//! Which scenarios the pinned suite has, and how many checks each makes of a full implementation.

use serde_json::Value;
use std::collections::BTreeMap;

/// Which of our programs is under test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Leg {
    /// The suite is the client.
    Server,
    /// The suite is the server.
    Client,
}

impl Leg {
    /// The leg of that name.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        match name {
            "server" => Ok(Self::Server),
            "client" => Ok(Self::Client),
            _ => Err(format!("no leg {name}; it is server or client")),
        }
    }

    /// Its name on the command line and in the suite.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// Scenario → least number of checks that are not informative, of one leg at one version.
///
/// The version `extension` stands for the scenarios that belong to no version.
pub(crate) fn scenarios(
    leg: Leg,
    version: &str,
    only: Option<&str>,
) -> Result<BTreeMap<String, u32>, String> {
    let table: Value =
        serde_json::from_str(TABLE).map_err(|error| format!("expected.json: {error}"))?;
    let rows = table[leg.word()].as_object().into_iter().flatten();
    let counted = rows.filter_map(|(name, versions)| {
        let least = u32::try_from(versions.get(version)?.as_u64()?).ok()?;
        Some((name.clone(), least))
    });
    let all: BTreeMap<String, u32> = counted.collect();
    if all.is_empty() {
        return Err(format!("the suite has no {} scenario at {version}", leg.word()));
    }
    let Some(only) = only else { return Ok(all) };
    let least = all
        .get(only)
        .ok_or_else(|| format!("the suite has no {} scenario {only} at {version}", leg.word()))?;
    Ok(BTreeMap::from([(only.to_owned(), *least)]))
}

const TABLE: &str = include_str!("expected.json");

#[cfg(test)]
mod tests {
    use super::{Leg, scenarios};

    /// Scenarios and checks that complete implementations were seen to have.
    #[test]
    fn the_table_adds_up() {
        let sums = [
            (Leg::Server, "2025-03-26", 1, 3),
            (Leg::Server, "2025-06-18", 27, 56),
            (Leg::Server, "2025-11-25", 33, 83),
            (Leg::Server, "2026-07-28", 40, 153),
            (Leg::Server, "extension", 13, 90),
            (Leg::Client, "2025-03-26", 2, 13),
            (Leg::Client, "2025-06-18", 5, 51),
            (Leg::Client, "2025-11-25", 19, 221),
            (Leg::Client, "2026-07-28", 33, 420),
            (Leg::Client, "extension", 10, 38),
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
    fn unknown_versions_and_scenarios_are_refused() {
        assert!(scenarios(Leg::Server, "2024-11-05", None).is_err());
        assert!(scenarios(Leg::Server, "2026-07-28", Some("ping")).is_err());
        assert_eq!(scenarios(Leg::Server, "2026-07-28", Some("caching")).unwrap()["caching"], 8);
    }
}
