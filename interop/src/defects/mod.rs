//! Defects that other SDKs had, as black-box tests over real processes.
//!
//! A test passes on ours and must fail on rmcp 3.9.0 (`interop/rmcp`), which shows that it can fail at all; where it
//! cannot, the entry says why.

mod cases;
mod driven;
mod events;
mod link;
mod peer;
pub(crate) mod script;
mod session;
pub(crate) mod web;

use std::time::Instant;

use crate::cli::Defects;
use crate::defects::peer::Peer;

pub(crate) use peer::rmcp_program;

/// One named test.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) body: fn(&Peer) -> Result<(), String>,
    pub(crate) on_rmcp: OnRmcp,
}

/// What the same test does on rmcp.
#[derive(Clone, Copy)]
pub(crate) enum OnRmcp {
    /// It fails there.
    Fails,
    /// It passes there, for this reason.
    Passes(&'static str),
}

/// Runs the chosen tests against both peers and prints one line per test and peer.
pub(crate) fn run(options: &Defects) -> Result<bool, String> {
    let known: Vec<&Test> = cases::all().collect();
    if let Some(name) =
        options.names.iter().find(|name| known.iter().all(|test| test.name != **name))
    {
        let names: Vec<&str> = known.iter().map(|test| test.name).collect();
        return Err(format!("no defect test is named {name:?}; they are: {}", names.join(" ")));
    }
    let wanted = |peer: &str| options.peer.as_deref().is_none_or(|only| only == peer);
    let mut good = true;
    for (peer, is_rmcp) in [
        wanted("bowline")
            .then(|| Peer::bowline(options.server.as_deref()))
            .map(|peer| (peer, false)),
        wanted("rmcp").then(Peer::rmcp).map(|peer| (peer, true)),
    ]
    .into_iter()
    .flatten()
    {
        let peer = peer?;
        for test in known
            .iter()
            .filter(|test| options.names.is_empty() || options.names.iter().any(|n| n == test.name))
        {
            let start = Instant::now();
            let outcome = (test.body)(&peer);
            let (as_expected, words) = judge(&outcome, is_rmcp.then_some(test.on_rmcp));
            good &= as_expected;
            let mark = if as_expected { "ok  " } else { "FAIL" };
            println!(
                "{mark} {:<8} {:<48} {:>6.2?}  {words}",
                peer.name,
                test.name,
                start.elapsed()
            );
        }
    }
    Ok(good)
}

/// Whether an outcome is the expected one, and what to print about it.
fn judge(outcome: &Result<(), String>, on_rmcp: Option<OnRmcp>) -> (bool, String) {
    match (outcome, on_rmcp) {
        (Ok(()), None) => (true, String::new()),
        (Err(why), None) => (false, why.clone()),
        (Err(why), Some(OnRmcp::Fails)) => (true, format!("fails as it must: {why}")),
        (Ok(()), Some(OnRmcp::Fails)) => (false, "passes, but was said to fail here".to_owned()),
        (Ok(()), Some(OnRmcp::Passes(reason))) => (true, format!("passes: {reason}")),
        (Err(why), Some(OnRmcp::Passes(_))) => {
            (false, format!("fails, but was said to pass here: {why}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{OnRmcp, cases, judge};

    #[test]
    fn names_are_unique() {
        let names: Vec<_> = cases::all().map(|test| test.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }

    #[test]
    fn a_test_that_passes_on_rmcp_unannounced_is_a_failure() {
        assert!(!judge(&Ok(()), Some(OnRmcp::Fails)).0);
        assert!(!judge(&Err(String::new()), Some(OnRmcp::Passes("fixed"))).0);
        assert!(judge(&Err(String::new()), Some(OnRmcp::Fails)).0);
        assert!(!judge(&Err(String::new()), None).0);
    }
}
