//! Finding a member that stands twice, without a hash map that a peer could flood.

use super::{ScanError, ScanErrorKind, Span, text};

/// The member names of one object that no table knows.
///
/// Up to sixteen are compared with each other as they come; more are collected and sorted when the object ends, so
/// that a hostile object costs `n log n` comparisons and not `n²`.
pub(super) struct Seen {
    inline: [Span; INLINE],
    len: usize,
    escaped: bool,
    spill: Vec<Span>,
}

const INLINE: usize = 16;

impl Seen {
    pub(super) fn new() -> Self {
        Self { inline: [Span::default(); INLINE], len: 0, escaped: false, spill: Vec::new() }
    }

    /// Notes a member name (its span without the quotes).
    pub(super) fn add(
        &mut self,
        text: &[u8],
        name: Span,
        escaped: bool,
    ) -> Result<(), Box<ScanError>> {
        self.escaped |= escaped;
        if self.len < INLINE {
            let twin = self.inline[..self.len].iter().any(|&seen| self.same(text, seen, name));
            if twin {
                return Err(duplicate(text, name).into());
            }
            self.inline[self.len] = name;
            self.len += 1;
            return Ok(());
        }
        if self.spill.is_empty() {
            self.spill.extend_from_slice(&self.inline);
        }
        self.spill.push(name);
        Ok(())
    }

    /// Looks for twins among many names.
    pub(super) fn finish(mut self, text: &[u8]) -> Result<(), Box<ScanError>> {
        if self.spill.is_empty() {
            return Ok(());
        }
        if self.escaped {
            self.spill.sort_by_cached_key(|name| text::decode_lossy(name.of(text)).into_owned());
        } else {
            self.spill.sort_unstable_by_key(|name| name.of(text));
        }
        let twin = self.spill.windows(2).find(|pair| self.same(text, pair[0], pair[1]));
        twin.map_or(Ok(()), |pair| Err(duplicate(text, pair[1].max(pair[0])).into()))
    }

    fn same(&self, text: &[u8], a: Span, b: Span) -> bool {
        if self.escaped {
            text::decode_lossy(a.of(text)) == text::decode_lossy(b.of(text))
        } else {
            a.of(text) == b.of(text)
        }
    }
}

impl Span {
    fn max(self, other: Self) -> Self {
        if other.start > self.start { other } else { self }
    }
}

pub(super) fn duplicate(text: &[u8], name: Span) -> ScanError {
    let mut shown = text::decode_lossy(name.of(text)).into_owned();
    // A name is echoed to its sender; sixty-four characters are enough to find it.
    if let Some((cut, _)) = shown.char_indices().nth(64) {
        shown.truncate(cut);
    }
    ScanError { kind: ScanErrorKind::DuplicateMember(shown), offset: name.start as usize, id: None }
}
