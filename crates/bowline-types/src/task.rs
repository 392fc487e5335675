//! Tasks: requests whose result is fetched later. Two protocols that share little but the name.
//!
//! [`core_2025_11`] was an experiment in the core of 2025-11-25; [`extension`] is the extension
//! `io.modelcontextprotocol/tasks` that followed it.

#[cfg(not(modern_only))]
pub mod core_2025_11;
pub mod extension;

use crate::macros::{message, open_enum};

open_enum! {
    /// Where a task is, in both protocols.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#task-status-lifecycle)
    pub enum TaskStatus {
        /// It runs.
        Working = "working",
        /// It waits for answers.
        InputRequired = "input_required",
        /// It is done and has a result.
        Completed = "completed",
        /// It failed and has an error.
        Failed = "failed",
        /// It was ended before it was done.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Whether it can change no more.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

message! {
    /// Asks for a request to be a task. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#taskmetadata)
    pub struct TaskMetadata {
        optional {
            /// For how many milliseconds to keep it, from its creation.
            ttl: u64 as is = "ttl",
        }
    }
}
