//! The grammar of challenges (RFC 9110 §11.2 to §11.6.1): a list of lists, both with the same comma.

/// A challenge of any scheme.
pub(super) struct Challenge {
    pub(super) scheme: String,
    pub(super) parameters: Vec<(String, String)>,
}

/// The challenges of one header value, up to the first thing that is none.
pub(super) fn challenges(value: &[u8]) -> Vec<Challenge> {
    let mut read = Reader { rest: value.get(..MOST_BYTES).unwrap_or(value) };
    let mut found: Vec<Challenge> = Vec::new();
    loop {
        read.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
        let Some(name) = read.token() else { return found };
        read.spaces();
        match (read.rest.first(), found.last_mut()) {
            (Some(b'='), Some(challenge)) => {
                read.rest = &read.rest[1..];
                read.spaces();
                let Some(text) = read.word() else { return found };
                if challenge.parameters.len() < MOST_PARAMETERS {
                    challenge.parameters.push((name, text));
                }
            }
            (Some(b'='), None) => return found,
            _ => {
                if found.len() == MOST_CHALLENGES {
                    return found;
                }
                found.push(Challenge { scheme: name, parameters: Vec::new() });
                read.token68();
            }
        }
    }
}

const MOST_BYTES: usize = 16 * 1024;
const MOST_CHALLENGES: usize = 16;
const MOST_PARAMETERS: usize = 32;

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn skip(&mut self, what: impl Fn(u8) -> bool) {
        let end = self.rest.iter().position(|&byte| !what(byte)).unwrap_or(self.rest.len());
        self.rest = &self.rest[end..];
    }

    fn spaces(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t'));
    }

    fn token(&mut self) -> Option<String> {
        let end = self.rest.iter().position(|&byte| !is_token(byte)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        // A token is ASCII.
        (!token.is_empty()).then(|| String::from_utf8_lossy(token).into_owned())
    }

    /// A token, or a quoted string that ends.
    fn word(&mut self) -> Option<String> {
        let Some(mut rest) = self.rest.strip_prefix(b"\"") else { return self.value() };
        let mut text = Vec::new();
        loop {
            match rest {
                [b'"', after @ ..] => {
                    self.rest = after;
                    return Some(String::from_utf8_lossy(&text).into_owned());
                }
                [b'\\', escaped, after @ ..] => {
                    text.push(*escaped);
                    rest = after;
                }
                [byte, after @ ..] => {
                    text.push(*byte);
                    rest = after;
                }
                [] => return None,
            }
        }
    }

    /// What stands without quotes. Servers leave them out around URLs too, which are no tokens; up to the next comma or
    /// space it can only be the value.
    fn value(&mut self) -> Option<String> {
        let ends = |byte: &u8| matches!(byte, b' ' | b'\t' | b',' | b'"');
        let end = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let (value, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned())
    }

    /// Leaves out the credentials of schemes like `Negotiate`: one word that ends its challenge and is no parameter.
    fn token68(&mut self) {
        let is_inside = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        };
        let end = self.rest.iter().position(|&byte| !is_inside(byte)).unwrap_or(self.rest.len());
        if end == 0 {
            return;
        }
        let mut after = Self { rest: &self.rest[end..] };
        after.skip(|byte| byte == b'=');
        after.spaces();
        if matches!(after.rest.first(), None | Some(b',')) {
            self.rest = after.rest;
        }
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
