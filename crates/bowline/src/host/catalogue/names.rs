//! How tools, prompts and resources of several servers are called.

use ring::digest::{Context, SHA256};
use std::fmt::Write as _;

/// The longest name that clients are known to take for a tool.
const LONGEST: usize = 64;

/// Characters of the hash in a short name: 50 bits.
const HASH: usize = 10;

/// The merged name, `server__name`, unless clients could not use it or it could be that of another server too.
///
/// As no server in front of the first `__` has one in it or a `_` at its end, only one server can have made the name.
pub(super) fn plain(server: &str, name: &str) -> Option<String> {
    let telling = !server.contains("__") && !server.ends_with('_');
    let merged = format!("{server}__{name}");
    let usable = merged.len() <= LONGEST && merged.chars().all(is_usable);
    (telling && usable).then_some(merged)
}

/// The short form of a merged name: as much of it as has room, and a hash that is the same after every start. One that
/// is taken has a longer hash.
pub(super) fn short(server: &str, name: &str, taken: impl Fn(&str) -> bool) -> String {
    let hash = hash(server, name);
    let readable = || server.chars().chain("__".chars()).chain(name.chars());
    let form = |digits: usize| {
        let mut form: String = readable()
            .map(|char| if is_usable(char) { char } else { '_' })
            .take(LONGEST - digits - 1)
            .collect();
        form.push('_');
        form.push_str(&hash[..digits]);
        form
    };
    // Two whole hashes are never equal, so that the last form is free but for somebody who computed it beforehand.
    let lengths = [HASH, 2 * HASH, 4 * HASH];
    lengths.into_iter().map(form).find(|form| !taken(form)).unwrap_or_else(|| form(hash.len()))
}

fn is_usable(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '-')
}

/// A hash of both names, in characters that a name may have.
fn hash(server: &str, name: &str) -> String {
    let mut context = Context::new(&SHA256);
    // With its length in front no server's name can continue into the other one.
    context.update(&(server.len() as u64).to_le_bytes());
    context.update(server.as_bytes());
    context.update(name.as_bytes());
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    context
        .finish()
        .as_ref()
        .iter()
        .map(|byte| char::from(DIGITS[usize::from(byte & 31)]))
        .collect()
}

/// The scheme of namespaced URIs.
pub(super) const SCHEME: &str = "bowline://";

/// What stands in front of a server's URI where it is not the first to have it: `bowline://server/`, then the URI as it
/// is.
///
/// The rest of it is a URI or a template as before, so that a template expands to what is namespaced too, and taking the
/// prefix off is the way back.
pub(super) fn namespace(server: &str) -> String {
    let mut prefix = SCHEME.to_owned();
    for byte in server.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            prefix.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(prefix, "%{byte:02X}");
        }
    }
    prefix.push('/');
    prefix
}

/// The scheme of a URI or template, in small letters; `None` where it has none before its first expression.
pub(super) fn scheme(uri: &str) -> Option<String> {
    let (scheme, _) = uri.split_once(':')?;
    let valid = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.');
    (!scheme.is_empty() && scheme.chars().all(valid)).then(|| scheme.to_ascii_lowercase())
}
