//! The servers of `interop/servers`: which of them there are, and what each can be asked.

use super::rows::SDK;
use super::{Reached, Tour, Visit};
use crate::peer::{Driver, Sdk};
use crate::table::Column;
use crate::version::Version;

/// How a server of an SDK is reached.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Stdio,
    /// With sessions and streams, where the version has them.
    Http,
    /// Without sessions, and with JSON for an answer.
    Stateless,
    Sse,
}

impl Way {
    const ALL: [Self; 4] = [Self::Stdio, Self::Http, Self::Stateless, Self::Sse];

    fn name(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Stateless => "stateless",
            Self::Sse => "sse",
        }
    }
}

/// A column for each SDK and each transport that it offers.
pub(super) fn columns<'a>(
    tour: &Tour<'_>,
    version: &Version,
    drivers: impl Iterator<Item = &'a Driver>,
) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for driver in drivers {
        // The newest SDKs offer HTTP+SSE to older clients only.
        let ways = Way::ALL.into_iter().filter(|way| !version.is_newest() || *way != Way::Sse);
        for way in ways {
            let mut command = driver.server(version);
            command.push(way.name().to_owned());
            let reached = match way {
                Way::Stdio => Reached::Stdio(command),
                Way::Sse => Reached::Listening { command, path: "/sse" },
                Way::Http | Way::Stateless => Reached::Listening { command, path: "/mcp" },
            };
            columns.push(tour.visit(&Visit {
                title: format!("{} {} {}", driver.sdk.name(), version.name, way.name()),
                server: "sdk",
                protocol: Some(version.name),
                pin: dies_of_questions(driver.sdk, version, way),
                rows: rows(driver.sdk, version, way),
                reached,
            })?);
        }
    }
    Ok(columns)
}

/// Python 1.8.1 without sessions ends for good when it is asked anything that it does not know, so that its version has
/// to be known.
fn dies_of_questions(sdk: Sdk, version: &Version, way: Way) -> bool {
    sdk == Sdk::Python && version.name == "2024-11-05" && way == Way::Stateless
}

/// What a server can be asked.
fn rows(sdk: Sdk, version: &Version, way: Way) -> Vec<&'static str> {
    let since = |other: &str| version.name >= other;
    let stateless = way == Way::Stateless;
    // Without a session, an older server has nobody to tell or to ask anything but the answer.
    let mute = stateless && !version.is_newest();
    // Up to 1.9.4 the whole server ends with a call that is cancelled, and over HTTP with the first session.
    let fragile = sdk == Sdk::Python && !since("2025-06-18");
    let session = matches!(way, Way::Http | Way::Sse) && !version.is_newest();
    let counted = session && !(fragile && way == Way::Http);
    let possible = |row: &&&str| match **row {
        "progress" | "logs" => !stateless,
        // What answers with one JSON text does not look whether somebody still waits for it.
        "cancel" | "timeout" => !stateless && !fragile,
        "ask_form" | "ask_all" | "ask_declined" => !mute && since("2025-06-18"),
        "ask_url" | "ask_sample_tools" => !mute && since("2025-11-25"),
        "roots_changed" => !mute && !version.is_newest(),
        "close" => !counted,
        "close_session" => counted,
        row => {
            !mute
                || !(row.starts_with("ask")
                    || row.starts_with("listen")
                    || row == "resource_updated")
        }
    };
    SDK.iter().filter(possible).copied().collect()
}
