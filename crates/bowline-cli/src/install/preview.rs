//! What a change of somebody's file looks like, with nothing shown that is secret.

use crate::diff::unified;
use crate::plan::secrets::is_secret;
use jsonc_parser::ast::Value;
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

/// The change of the file at this path.
pub(crate) fn preview(path: &str, before: &str, after: &str) -> String {
    let (before, after) = (hidden(before), hidden(after));
    let is_long = |text: &str| text.lines().any(|line| line.len() > LONGEST_LINE);
    match is_long(&before) || is_long(&after) {
        true => piece(path, &before, &after),
        false => unified(path, &before, &after),
    }
}

/// The one piece that changes, for files with lines that are too long to be read.
fn piece(path: &str, before: &str, after: &str) -> String {
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let begin = before.chars().zip(after.chars()).take_while(same);
    let begin: usize = begin.map(|(c, _)| c.len_utf8()).sum();
    let (old, new) = (&before[begin..], &after[begin..]);
    let end = old.chars().rev().zip(new.chars().rev()).take_while(same);
    let end: usize = end.map(|(c, _)| c.len_utf8()).sum();
    let line = before[..begin].matches('\n').count() + 1;
    let column = before[..begin].rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let mut text = format!("--- {path}\n+++ {path}\n@@ line {line}, column {column} @@\n");
    for (sign, piece) in [('-', &old[..old.len() - end]), ('+', &new[..new.len() - end])] {
        for line in piece.lines() {
            text.push(sign);
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// Columns of a line that somebody reads.
const LONGEST_LINE: usize = 400;

/// The text of a file of JSON without the values that look secret, which are no business of who looks on.
fn hidden(text: &str) -> String {
    let options = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Ok(parsed) = parse_to_ast(body, &CollectOptions::default(), &options) else {
        return String::new();
    };
    let mut secrets = Vec::new();
    if let Some(value) = &parsed.value {
        collect(value, &mut secrets);
    }
    let mut out = String::new();
    let mut done = 0;
    for Range { start, end } in secrets {
        out.push_str(&body[done..start]);
        out.push_str("\"(hidden)\"");
        done = end;
    }
    out.push_str(&body[done..]);
    out
}

/// The places of texts that look secret, in order.
fn collect(value: &Value<'_>, secrets: &mut Vec<Range>) {
    match value {
        Value::Object(object) => {
            for property in &object.properties {
                let name = property.name.as_str();
                match &property.value {
                    Value::StringLit(text) => {
                        let is_query = text.value.contains("://") && text.value.contains('?');
                        let is_plain = !text.value.contains("${") && !text.value.is_empty();
                        if is_query || is_plain && is_secret(&name.to_ascii_lowercase()) {
                            secrets.push(text.range());
                        }
                    }
                    value => collect(value, secrets),
                }
            }
        }
        Value::Array(array) => {
            let mut flag = String::new();
            for element in &array.elements {
                let Value::StringLit(text) = element else {
                    collect(element, secrets);
                    continue;
                };
                let (name, own) = text.value.split_once('=').unwrap_or((&text.value, ""));
                let names_secret =
                    |name: &str| name.starts_with('-') && is_secret(&name.to_ascii_lowercase());
                if names_secret(&flag) && !text.value.starts_with('-')
                    || names_secret(name) && !own.is_empty() && !own.contains("${")
                    || has_scheme_of_secret(&text.value)
                {
                    secrets.push(text.range());
                }
                flag = text.value.to_string();
            }
        }
        _ => {}
    }
}

/// Whether it is a header with a value that is secret, as an argument of a program.
fn has_scheme_of_secret(text: &str) -> bool {
    let Some((name, value)) = text.split_once(':') else { return false };
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    is_name
        && is_secret(&name.to_ascii_lowercase())
        && !value.contains("${")
        && !value.trim_start().starts_with('@')
}

#[cfg(test)]
mod tests {
    use super::preview;
    use expect_test::expect;

    #[test]
    fn secrets_of_others_are_not_shown() {
        let before = r#"{
  "mcpServers": {
    "old": {
      "command": "npx",
      "args": ["x", "--api-key", "sk-1", "--token=sk-2", "-H", "Authorization: Bearer sk-3", "--verbose", "on"],
      "env": { "GITHUB_TOKEN": "sk-4", "OTHER_TOKEN": "${TOKEN}", "LANG": "C" },
      "url": "https://host/mcp?key=sk-5"
    }
  }
}
"#;
        let after = before.replace("    }\n  }", "    },\n    \"new\": {}\n  }");
        let shown = preview("f.json", before, &after);
        assert!(!shown.contains("sk-"), "{shown}");
        expect![[r#"
            --- f.json
            +++ f.json
            @@ -5,6 +5,7 @@
                   "args": ["x", "--api-key", "(hidden)", "(hidden)", "-H", "(hidden)", "--verbose", "on"],
                   "env": { "GITHUB_TOKEN": "(hidden)", "OTHER_TOKEN": "${TOKEN}", "LANG": "C" },
                   "url": "(hidden)"
            -    }
            +    },
            +    "new": {}
               }
             }
        "#]]
        .assert_eq(&shown);
    }

    #[test]
    fn of_a_file_in_one_line_only_what_changes_is_shown() {
        let before = format!(r#"{{"other":"{}","mcpServers":{{"a":{{}}}}}}"#, "x".repeat(500));
        let after = before.replace(r#""a":{}"#, r#""a":{},"ü":{"command":"x"}"#);
        expect![[r#"
            --- f.json
            +++ f.json
            @@ line 1, column 533 @@
            +,"ü":{"command":"x"}
        "#]]
        .assert_eq(&preview("f.json", &before, &after));
    }
}
