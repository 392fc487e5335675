//! Times as tokens write them: seconds since 1970 (RFC 7519 §2, `NumericDate`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Whole seconds; a time before 1970 is 0.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// None for a time that no clock will show.
pub(crate) fn time(seconds: u64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}
