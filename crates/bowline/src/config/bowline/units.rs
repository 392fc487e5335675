//! Numbers with a unit.

use std::time::Duration;

/// `500ms`, `30s`, `10m`, `2h`: from a millisecond to a day.
pub(super) fn time(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60 * 1000,
        "h" => 3600 * 1000,
        _ => return None,
    };
    let ms = number.parse::<u64>().ok()?.checked_mul(scale)?;
    (1..=DAY).contains(&ms).then(|| Duration::from_millis(ms))
}

/// `512MiB`, `2GB`: bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(split);
    let scale: u64 = match unit.trim_start() {
        "kB" | "KB" => 1000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

/// Milliseconds of a day.
const DAY: u64 = 24 * 3600 * 1000;
