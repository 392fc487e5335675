//! Kinds of children that others have lost.

use crate::census::{MARK, prefix};
use bowline::transport::child::{Command, Ending};
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    script: &'static str,
}

/// Each says when it is ready.
pub(crate) const KINDS: [Kind; 5] = [
    Kind { name: "ignores the end of its input", script: "echo ready; exec sleep 1000" },
    Kind {
        name: "ignores the signal to terminate",
        script: "trap '' TERM; echo ready; while :; do sleep 1000; done",
    },
    Kind { name: "leaves one behind who holds its output", script: "sleep 1000 & echo ready; cat" },
    Kind {
        name: "forks twice, as package runners do",
        script: "sh -c 'sh -c \"sleep 1000; true\" & echo ready; wait; true'; true",
    },
    Kind { name: ESCAPES, script: "setsid sleep 1000 & echo ready; cat" },
];

/// The kind that no group holds.
pub(crate) const ESCAPES: &str = "leaves its session";

/// Long enough for those that heed it, short enough for a thousand that do not.
pub(crate) const QUICK: Ending =
    Ending { eof: Duration::from_millis(30), term: Duration::from_millis(30) };

impl Kind {
    pub(crate) fn command(self) -> Command {
        Command::new("sh")
            .args(["-c", self.script])
            .env(MARK, format!("{}{}", prefix(), self.name))
            .ending(QUICK)
    }
}
