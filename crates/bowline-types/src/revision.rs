//! The published versions of the protocol.

use std::fmt;
use std::str::FromStr;

use crate::decode::DecodeError;

/// A published protocol version that this crate speaks, in the order of publication.
///
/// A version on the wire is any string: one that is not known here is not an error of decoding but a matter
/// of [negotiation](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning#protocol-version-negotiation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// The first one: stdio, and HTTP with Server-Sent Events.
    V2024_11_05,
    /// Streamable HTTP, authorization, audio, tool annotations, batches.
    V2025_03_26,
    /// Elicitation, structured content, resource links, titles; no batches any more.
    V2025_06_18,
    /// Icons, URL elicitation, tools in sampling, tasks in the core.
    V2025_11_25,
    /// No session: each request carries what it needs. Questions are answered by sending the request again.
    V2026_07_28,
}

/// The two ways to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// A session is opened by `initialize`: 2024-11-05 to 2025-11-25.
    Legacy,
    /// Every request carries version, client and capabilities: 2026-07-28 and later.
    Modern,
}

impl Revision {
    /// All of them, the oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The newest.
    pub const LATEST: Self = Self::V2026_07_28;

    /// How an exchange in this version begins.
    pub const fn era(self) -> Era {
        match self {
            Self::V2024_11_05 | Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => {
                Era::Legacy
            }
            Self::V2026_07_28 => Era::Modern,
        }
    }

    /// The version as it is on the wire: its date.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Revision {
    type Err = DecodeError;

    fn from_str(version: &str) -> Result<Self, DecodeError> {
        let known = Self::ALL.into_iter().find(|revision| revision.as_str() == version);
        known.ok_or_else(|| {
            let all = Self::ALL.map(Self::as_str).join(", ");
            DecodeError::new(format!("no protocol version that is known; there are {all}"))
        })
    }
}
