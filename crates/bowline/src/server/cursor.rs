//! Cursors: the number and name of the last item of a page, opaque to clients.

use super::visible::ItemKind;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The first byte of every cursor, so that another form of cursor can be told from this one.
const VERSION: u8 = 1;

/// Writes a cursor.
pub(super) fn encode(kind: ItemKind, number: u64, name: &str) -> String {
    let mut bytes = Vec::with_capacity(name.len() + 10);
    bytes.extend([VERSION, code(kind)]);
    bytes.extend(number.to_be_bytes());
    bytes.extend(name.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of this kind of list; `None` when it is none.
pub(super) fn decode(kind: ItemKind, cursor: &str) -> Option<(u64, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    if *head != [VERSION, code(kind)] {
        return None;
    }
    let (number, name) = rest.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), String::from_utf8(name.to_vec()).ok()?))
}

fn code(kind: ItemKind) -> u8 {
    match kind {
        ItemKind::Tool => b't',
        ItemKind::Prompt => b'p',
        ItemKind::Resource => b'r',
        ItemKind::ResourceTemplate => b'm',
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use crate::server::visible::ItemKind::{Prompt, Tool};

    #[test]
    fn a_cursor_reads_as_what_it_was_written_from() {
        for (number, name) in [(0, ""), (7, "add"), (u64::MAX, "grüße 🪢")] {
            let cursor = encode(Tool, number, name);
            assert_eq!(decode(Tool, &cursor), Some((number, name.to_owned())));
            assert_eq!(decode(Prompt, &cursor), None, "a cursor of another list");
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let cursor = encode(Tool, 7, "add");
        let short = &cursor[..12];
        let version = format!("Ag{}", &cursor[2..]);
        let padded = format!("{cursor}=");
        for text in ["", "AQ", "!", "AXQ", "ünicode", short, &version, &padded] {
            assert_eq!(decode(Tool, text), None, "{text:?}");
        }
    }
}
