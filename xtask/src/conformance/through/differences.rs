//! What may differ through the host, because the specification does not let it be the same.

use super::compare::Difference;
use super::pair::{By, Era, Pair};

/// A difference that is let through.
struct Listed {
    /// The pairs in which it is seen.
    pairs: &'static [Pair],
    scenario: &'static str,
    /// The beginning of the check, whose id comes first.
    check: &'static str,
    /// The sentence of the specification that forces it, word for word.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the table"))]
    forced_by: &'static str,
    /// Where it stands.
    #[cfg_attr(not(test), expect(dead_code, reason = "for whoever reads the table"))]
    page: &'static str,
}

/// All there are: one check, of whether a tool can have the connection closed under a call. Where the upstream has no way
/// to say that the client should come back for the answer there is nothing to hand on.
const LISTED: &[Listed] = &[
    Listed {
        pairs: &[
            Pair { client: Era::Legacy, upstream: Era::Modern, by: By::Http },
            Pair { client: Era::Legacy, upstream: Era::Modern, by: By::Stdio },
        ],
        scenario: "server-sse-polling",
        check: "server-sse-disconnect-resume",
        forced_by: "Resumable SSE streams via `Last-Event-ID` are not supported.",
        page: "https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http",
    },
    Listed {
        pairs: &[Pair { client: Era::Legacy, upstream: Era::Legacy, by: By::Stdio }],
        scenario: "server-sse-polling",
        check: "server-sse-disconnect-resume",
        forced_by: "The server MUST NOT write anything to its `stdout` that is not a valid MCP message.",
        page: "https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#stdio",
    },
    Listed {
        pairs: &[Pair { client: Era::Legacy, upstream: Era::Legacy, by: By::Sse }],
        scenario: "server-sse-polling",
        check: "server-sse-disconnect-resume",
        forced_by: "Server messages are sent as SSE `message` events, with the message content encoded as JSON in the event data.",
        page: "https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse",
    },
];

/// Which listed difference this is, if any.
pub(super) fn listed(pair: Pair, difference: &Difference) -> Option<usize> {
    LISTED.iter().position(|listed| {
        listed.pairs.contains(&pair)
            && listed.scenario == difference.scenario
            && difference.check.starts_with(listed.check)
    })
}

/// What is listed and was not seen: it has to be taken out of the table.
pub(super) fn stale(run: &[Pair], seen: &[usize]) -> impl Iterator<Item = String> {
    let of_run = |listed: &Listed| listed.pairs.iter().any(|pair| run.contains(pair));
    let gone = LISTED.iter().enumerate();
    let gone = gone.filter(move |(at, listed)| of_run(listed) && !seen.contains(at));
    gone.map(|(_, listed)| {
        format!("{} {} is listed as a difference, but is none", listed.scenario, listed.check)
    })
}

#[cfg(test)]
mod tests {
    use super::LISTED;

    #[test]
    fn there_are_few_differences_and_none_of_what_a_host_is_for() {
        const NEVER: [&str; 7] =
            ["elicit", "sampling", "roots", "progress", "logging", "cancel", "subscri"];
        assert!(LISTED.len() <= 5);
        for listed in LISTED {
            let named =
                |word: &&str| listed.scenario.contains(*word) || listed.check.contains(*word);
            assert!(NEVER.iter().find(|word| named(word)).is_none(), "{}", listed.scenario);
            assert!(listed.forced_by.len() > 20, "{}", listed.scenario);
            assert!(listed.page.starts_with("https://modelcontextprotocol.io/specification/"));
            assert!(!listed.pairs.is_empty());
        }
    }
}
