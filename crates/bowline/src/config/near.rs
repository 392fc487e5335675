//! "Did you mean …?"

use strsim::osa_distance;

/// The name that is most likely meant, if one is near enough: a different case, or one typing mistake for every three
/// characters.
///
/// ```
/// use bowline::config::nearest;
///
/// assert_eq!(nearest("comand", ["command", "args"].into_iter()), Some("command"));
/// assert_eq!(nearest("icon", ["command", "args"].into_iter()), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = bounded(name).to_lowercase();
    let allowed = match lower.chars().count() {
        // One mistake in one character leaves nothing of it.
        0 | 1 => 0,
        length => (length / 3).clamp(1, 4),
    };
    let near = known.map(|known| (osa_distance(&lower, &bounded(known).to_lowercase()), known));
    near.filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// The beginning of a name, since comparing takes time by the square of the length and names come from elsewhere.
fn bounded(name: &str) -> &str {
    let end = name.char_indices().nth(LONGEST).map_or(name.len(), |(at, _)| at);
    &name[..end]
}

const LONGEST: usize = 128;
