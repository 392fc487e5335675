//! `application/x-www-form-urlencoded`, as queries have it.

/// What a query may not have more of.
const MOST: usize = 64;

/// Writes a query, one member after the other.
#[derive(Debug, Default)]
pub(crate) struct Query(String);

impl Query {
    /// Adds a member.
    pub(crate) fn add(&mut self, name: &str, value: &str) -> &mut Self {
        if !self.0.is_empty() {
            self.0.push('&');
        }
        encode(&mut self.0, name);
        self.0.push('=');
        encode(&mut self.0, value);
        self
    }

    /// What was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Everything but letters, digits and `-._~` as `%XX`, a space too: `+` means a space only to those who decode forms.
fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
                out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
            }
        }
    }
}

/// Reads a query; none if it has too many members, or one that is no UTF-8 or has an escape that is none.
pub(crate) fn members(query: &str) -> Option<Vec<(String, String)>> {
    let mut members = Vec::new();
    for member in query.split('&').filter(|member| !member.is_empty()) {
        if members.len() == MOST {
            return None;
        }
        let (name, value) = member.split_once('=').unwrap_or((member, ""));
        members.push((decode(name)?, decode(value)?));
    }
    Some(members)
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::{MOST, Query, members};

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["", "a b", "a+b", "ü&=%?#/", "\r\n\0", "https://h/p?q=1&r=2#f", "'\"`$(x)"] {
            let mut query = Query::default();
            query.add("first", text).add(text, "2");
            assert!(query.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(!query.as_str().contains(['\'', '"', '`', '$', '(', '#', '?', '+']));
            let expected = [("first", text), (text, "2")];
            assert_eq!(
                members(query.as_str()).unwrap(),
                expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
            );
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for query in ["a=%", "a=%2", "a=%zz", "a=%+1", "a=%ff", "%c3=1"] {
            assert_eq!(members(query), None, "{query}");
        }
        assert_eq!(members("&&a&=b&").unwrap().len(), 2);
        assert!(members(&"a=1&".repeat(MOST)).is_some());
        assert!(members(&"a=1&".repeat(MOST + 1)).is_none());
    }
}
