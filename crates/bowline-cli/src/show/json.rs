//! JSON for people: the same tokens in the same order, with lines and indents.

/// Valid JSON, a member or an element a line; empty and small things stay on theirs.
pub(crate) fn pretty(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut chars = json.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push(c);
                let mut escaped = false;
                for c in chars.by_ref() {
                    out.push(c);
                    match c {
                        _ if escaped => escaped = false,
                        '\\' => escaped = true,
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                if let Some(close) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    // Nothing gains from an indent wider than a line.
    for _ in 0..depth.min(64) {
        out.push_str("  ");
    }
}

#[cfg(test)]
mod tests {
    use super::pretty;
    use expect_test::expect;

    #[test]
    fn tokens_and_their_order_stay() {
        let json = r#"{"b":1.0,"a":[1,{},[ ],"x, {\"y\": [\\"],"c":{"d":null , "e":true}}"#;
        let shown = pretty(json);
        expect![[r#"
            {
              "b": 1.0,
              "a": [
                1,
                {},
                [],
                "x, {\"y\": [\\"
              ],
              "c": {
                "d": null,
                "e": true
              }
            }"#]]
        .assert_eq(&shown);
        let value = |json| serde_json::from_str::<serde_json::Value>(json).unwrap();
        assert_eq!(value(json), value(&shown));
        assert_eq!(pretty("\"x\""), "\"x\"");
    }
}
