//! The protocol versions, and the transports of their time.

use crate::server::Transport;

/// A protocol version that clients speak.
#[derive(PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) name: &'static str,
    /// What its clients connect over.
    pub(crate) transports: &'static [Transport],
}

/// The newest first.
pub(crate) static VERSIONS: [Version; 5] = [
    Version { name: "2026-07-28", transports: &[Transport::Stdio, Transport::Http] },
    Version { name: "2025-11-25", transports: &[Transport::Stdio, Transport::Http] },
    Version { name: "2025-06-18", transports: &[Transport::Stdio, Transport::Http] },
    Version {
        name: "2025-03-26",
        transports: &[Transport::Stdio, Transport::Http, Transport::Sse],
    },
    Version { name: "2024-11-05", transports: &[Transport::Stdio, Transport::Sse] },
];

impl Version {
    pub(crate) fn named(name: &str) -> Result<&'static Self, String> {
        VERSIONS.iter().find(|version| version.name == name).ok_or_else(|| {
            let known = VERSIONS.each_ref().map(|version| version.name).join(" ");
            format!("unknown protocol version {name:?}; give one of {known}")
        })
    }

    /// Whether requests stand alone in it, rather than in a session.
    pub(crate) fn is_newest(&self) -> bool {
        self == &VERSIONS[0]
    }
}

#[cfg(test)]
mod tests {
    use super::VERSIONS;

    #[test]
    fn every_older_version_has_its_sdks() {
        for version in &VERSIONS[1..] {
            let python = include_str!("../drivers/py/sdks.txt");
            assert!(python.lines().any(|line| line.starts_with(version.name)), "{}", version.name);
            let typescript = format!("\"sdk-{}\"", version.name);
            assert!(include_str!("../drivers/ts/package.json").contains(&typescript));
        }
    }
}
