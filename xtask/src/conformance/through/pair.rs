//! Who talks to whom through the host, and how.

use std::fmt;

/// Who talks to whom through the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    /// What the suite speaks.
    pub(crate) client: Era,
    /// What the fixture server speaks.
    pub(crate) upstream: Era,
    /// How it is reached.
    pub(crate) by: By,
}

/// A kind of protocol versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Era {
    /// Those with a session.
    Legacy,
    /// Those without.
    Modern,
}

/// How the host reaches the fixture server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// By Streamable HTTP.
    Http,
    /// By the two endpoints of the oldest protocol version.
    Sse,
    /// As a child process.
    Stdio,
}

impl Pair {
    /// The four pairs.
    pub(super) const ALL: [Self; 4] = [
        Self { client: Era::Legacy, upstream: Era::Legacy, by: By::Http },
        Self { client: Era::Legacy, upstream: Era::Modern, by: By::Http },
        Self { client: Era::Modern, upstream: Era::Legacy, by: By::Http },
        Self { client: Era::Modern, upstream: Era::Modern, by: By::Http },
    ];

    /// The same by other transports.
    pub(super) const OTHERWISE: [Self; 6] = [
        Self { client: Era::Modern, upstream: Era::Legacy, by: By::Stdio },
        Self { client: Era::Legacy, upstream: Era::Legacy, by: By::Stdio },
        Self { client: Era::Modern, upstream: Era::Legacy, by: By::Sse },
        Self { client: Era::Legacy, upstream: Era::Legacy, by: By::Sse },
        Self { client: Era::Modern, upstream: Era::Modern, by: By::Stdio },
        Self { client: Era::Legacy, upstream: Era::Modern, by: By::Stdio },
    ];

    /// The pair that is written `client/upstream`, with the transport behind it where that is not HTTP.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let mut all = Self::ALL.into_iter().chain(Self::OTHERWISE);
        let pair = all.find(|pair| pair.to_string() == name);
        pair.ok_or_else(|| {
            format!("no pair {name}; one is legacy/modern, another modern/legacy+stdio")
        })
    }

    /// Whether the upstream can be recorded.
    pub(super) fn has_url(self) -> bool {
        self.by != By::Stdio
    }

    /// The upstream and how it is reached, in a word.
    pub(super) fn behind(self) -> String {
        let by = match self.by {
            By::Http => "",
            By::Sse => "+sse",
            By::Stdio => "+stdio",
        };
        format!("{}{by}", self.upstream.word())
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.client.word(), self.behind())
    }
}

impl Era {
    /// The kind of that name.
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let named = |era: &Self| era.word() == name;
        let era = [Self::Legacy, Self::Modern].into_iter().find(named);
        era.ok_or_else(|| format!("no era {name}; it is legacy or modern"))
    }

    /// The kind of a version.
    pub(super) fn of(version: &str) -> Self {
        if version < "2026-07-28" { Self::Legacy } else { Self::Modern }
    }

    /// Its name.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Modern => "modern",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{By, Era, Pair};

    #[test]
    fn pairs_are_found_by_their_names() {
        let pair = Pair::named("modern/legacy+sse").unwrap();
        assert_eq!(pair, Pair { client: Era::Modern, upstream: Era::Legacy, by: By::Sse });
        assert_eq!(Pair::named("legacy/modern").unwrap().by, By::Http);
        assert!(Pair::named("legacy").is_err());
    }
}
