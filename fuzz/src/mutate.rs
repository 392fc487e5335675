//! Small random changes to inputs.

/// Draws inputs from a corpus and changes them; the same seed draws the same inputs.
#[derive(Clone, Debug)]
pub struct Mutator {
    state: u64,
}

impl Mutator {
    /// A mutator for `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        // Nearby seeds would start alike, and a state of 0 never changes.
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    /// A changed copy of an element of `corpus`, at most 4 KiB.
    pub fn input(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.pick(corpus).cloned().unwrap_or_default();
        for _ in 0..=self.below(6) {
            self.change(&mut input, corpus);
        }
        input.truncate(LONGEST);
        input
    }

    /// A number below `bound`, or 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        // The high bits are the better ones.
        ((u128::from(self.state) * bound as u128) >> 64) as usize
    }

    fn change(&mut self, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let end = at + self.below((input.len() - at).min(16) + 1);
        match self.below(8) {
            0 => {
                let bit = 1 << self.below(8);
                input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= bit);
            }
            1 => {
                let byte = self.below(256) as u8;
                input.iter_mut().skip(at).take(1).for_each(|old| *old = byte);
            }
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            4 => {
                let piece = input[at..end].repeat(1 + self.below(32));
                input.splice(at..at, piece);
            }
            5 => {
                let other = self.pick(corpus).map(Vec::as_slice).unwrap_or_default();
                let from = self.below(other.len() + 1);
                let piece = other[from..].to_vec();
                let end = if self.below(2) == 0 { at } else { input.len() };
                input.splice(at..end, piece);
            }
            _ => {
                let token = TOKENS[self.below(TOKENS.len())];
                let end = if self.below(2) == 0 { at } else { end };
                input.splice(at..end, token.iter().copied());
            }
        }
        input.truncate(LONGEST);
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// The longest input, in bytes.
const LONGEST: usize = 4 * 1024;

/// What the parsers look for.
const TOKENS: &[&[u8]] = &[
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"data: ",
    b"event: ",
    b"id: ",
    b"retry: 1",
    b"\xEF\xBB\xBF",
    b"\xff",
    b"\xC3\xA9",
    b"\xE2\x80\xA8",
    b"{",
    b"}",
    b"{a}",
    b"{b}",
    b"{+c}",
    b"{/d*}",
    b"{;e,f*}",
    b"{?g,h*}",
    b"{&i}",
    b"{#j}",
    b"{.k}",
    b"{l:3}",
    b"/",
    b".",
    b"..",
    b"-",
    b",",
    b";",
    b"=",
    b"?",
    b"&",
    b"#",
    b"%",
    b"%2F",
    b"%2e",
    b"%25",
    b"%C3%A9",
    b"=?base64?",
    b"?=",
    b"SGVsbG8=",
    b"true",
    b"null",
    b"42.0",
    b"1e9",
    b"-",
    b"0",
    b"\"",
    b"\\",
    b"\\u0041",
    b"x-mcp-header",
    b"properties",
    b"type",
    b"string",
    b"[",
    b"]",
    b"q=0",
    b"charset=",
    b"utf-8",
    b"*/*",
    b"application/json",
    b"text/event-stream",
    b"localhost",
    b"127.0.0.1",
    b"[::1]",
    b":8080",
    b"@",
    b"http://",
    b".evil.com",
];
