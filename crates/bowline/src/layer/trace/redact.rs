//! Leaving out what looks secret.

/// What stands in place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// Whether the value of a member or header with this name is a secret.
pub(crate) fn is_secret(name: &str) -> bool {
    const PARTS: &[&str] = &[
        "authorization",
        "cookie",
        "password",
        "passwd",
        "passphrase",
        "secret",
        "credential",
        "apikey",
        "privatekey",
        "accesskey",
        "bearer",
    ];
    let plain: String =
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if plain == "progresstoken" {
        return false;
    }
    plain.ends_with("token") || PARTS.iter().any(|part| plain.contains(part))
}

/// Copies a JSON text that is known to be valid, with secrets replaced.
pub(super) fn redact(text: &str, out: &mut String) {
    /// An open object or array, and whether secrets are looked for in it.
    struct Open {
        object: bool,
        watched: bool,
    }
    let bytes = text.as_bytes();
    let mut stack: Vec<Open> = Vec::new();
    let mut at = 0;
    let mut copied = 0;
    // Whether the next string of an object is a member's name, and whether its value is watched.
    let mut name_next = false;
    let mut watched = false;
    while at < bytes.len() {
        match bytes[at] {
            open @ (b'{' | b'[') => {
                let inherited = stack.last().is_some_and(|open| open.watched);
                stack.push(Open { object: open == b'{', watched: watched || inherited });
                watched = false;
                name_next = open == b'{';
                at += 1;
            }
            b'}' | b']' => {
                stack.pop();
                name_next = false;
                at += 1;
            }
            b',' => {
                name_next = stack.last().is_some_and(|open| open.object);
                watched = false;
                at += 1;
            }
            b'"' if name_next => {
                let end = string_end(bytes, at);
                let name: String = serde_json::from_str(&text[at..end]).unwrap_or_default();
                name_next = false;
                watched = matches!(
                    name.as_str(),
                    "arguments" | "_meta" | "inputResponses" | "structuredContent"
                );
                at = end;
                if stack.last().is_some_and(|open| open.watched) && is_secret(&name) {
                    while matches!(bytes.get(at), Some(b' ' | b':')) {
                        at += 1;
                    }
                    out.push_str(&text[copied..at]);
                    out.push('"');
                    out.push_str(REDACTED);
                    out.push('"');
                    at = value_end(bytes, at);
                    copied = at;
                }
            }
            b'"' => at = string_end(bytes, at),
            _ => at += 1,
        }
    }
    out.push_str(&text[copied..]);
}

/// Behind the string that begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Behind the value that begins at `at`.
fn value_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end(bytes, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            b'}' | b']' | b',' if depth == 0 => return at,
            _ => {
                at += 1;
                continue;
            }
        }
        if depth == 0 && matches!(bytes.get(at - 1), Some(b'"' | b'}' | b']')) {
            return at;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::redact;
    use expect_test::expect;

    #[test]
    fn secrets_are_replaced_where_they_may_stand_and_nothing_else_changes() {
        let table = [
            r#"{"params":{"arguments":{"password":"x","user":"me"}}}"#,
            r#"{"params":{"arguments":{"a":[{"API-Key":{"k":["v",{"w":"}"}]}},1]},"token":"kept"}}"#,
            r#"{"params":{"_meta":{"progressToken":"p","x/accessToken" : "a\"b" ,"n":1}}}"#,
            r#"{"params":{"arguments":{"secret":12e3,"client_secret":null,"maxTokens":5}}}"#,
            r#"{"result":{"tools":[{"inputSchema":{"properties":{"password":{"type":"string"}}}}]}}"#,
            r#"{"result":{"structuredContent":{"Set-Cookie":true},"content":[{"password":"kept"}]}}"#,
            r#"{"params":{"arguments":{"pass\u0077ord":"x"}}}"#,
            r#"{"params":{"arguments":{"x":"password","y":"\"password\":\"z\""}}}"#,
            r#"{"params":{"arguments":"a,b","password":1}}"#,
        ];
        let mut text = String::new();
        for row in table {
            let before = text.len();
            redact(row, &mut text);
            serde_json::from_str::<serde_json::Value>(&text[before..]).unwrap();
            text.push('\n');
        }
        expect![[r#"
            {"params":{"arguments":{"password":"[redacted]","user":"me"}}}
            {"params":{"arguments":{"a":[{"API-Key":"[redacted]"},1]},"token":"kept"}}
            {"params":{"_meta":{"progressToken":"p","x/accessToken" : "[redacted]" ,"n":1}}}
            {"params":{"arguments":{"secret":"[redacted]","client_secret":"[redacted]","maxTokens":5}}}
            {"result":{"tools":[{"inputSchema":{"properties":{"password":{"type":"string"}}}}]}}
            {"result":{"structuredContent":{"Set-Cookie":"[redacted]"},"content":[{"password":"kept"}]}}
            {"params":{"arguments":{"pass\u0077ord":"[redacted]"}}}
            {"params":{"arguments":{"x":"password","y":"\"password\":\"z\""}}}
            {"params":{"arguments":"a,b","password":1}}
        "#]].assert_eq(&text);
    }
}
