//! Stores that end with the process.

mod events;
mod sessions;

pub use events::MemoryEvents;
pub use sessions::MemorySessions;
