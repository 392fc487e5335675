//! What a decoder says, in words for a model that wrote JSON and has never heard of Rust.

use super::json::Path;

/// A line that tells what to change, made of the decoder's message about the value at `path`.
pub(super) fn line(mut path: Path, said: &str) -> String {
    if let Some(name) = quoted_after(said, "missing field ") {
        path.member(name);
        return path.says("missing, but required");
    }
    if let Some(name) = quoted_after(said, "duplicate field ") {
        path.member(name);
        return path.says("stands twice");
    }
    if let Some(name) = quoted_after(said, "unknown field ") {
        path.member(name);
        return match said.split_once(", expected ") {
            Some((_, known)) => path.says(&format!("not a known member; expected {known}")),
            None => path.says("not a known member; there are none"),
        };
    }
    if let Some(rest) = said.strip_prefix("unknown variant ")
        && let Some((found, expected)) = rest.split_once(", expected ")
    {
        return path.says(&format!("expected {expected}, found {}", short(found)));
    }
    if said.starts_with("data did not match any variant of untagged enum") {
        return path.says(NO_FORM);
    }
    if said.ends_with("hex escape") {
        return path.says("not text: an escape stands for half a character; escape both halves");
    }
    if let Some((found, expected)) = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|prefix| said.strip_prefix(prefix))
        // What was found comes first and may hold anything; what is expected is ours.
        .and_then(|rest| rest.rsplit_once(", expected "))
    {
        return path.says(&format!("expected {}, found {}", expectation(expected), finding(found)));
    }
    path.says(said)
}

fn quoted_after<'a>(said: &'a str, prefix: &str) -> Option<&'a str> {
    let (name, _) = said.strip_prefix(prefix)?.strip_prefix('`')?.split_once('`')?;
    Some(name)
}

fn expectation(expected: &str) -> &str {
    match expected {
        "u8" => "an integer from 0 to 255",
        "u16" => "an integer from 0 to 65535",
        "u32" => "an integer from 0 to 4294967295",
        "u64" | "usize" | "u128" => "an integer, not negative",
        "i8" => "an integer from -128 to 127",
        "i16" => "an integer from -32768 to 32767",
        "i32" => "an integer from -2147483648 to 2147483647",
        "i64" | "isize" | "i128" => "an integer",
        "f32" | "f64" => "a number",
        "a sequence" => "an array",
        "a map" | "map" => "an object",
        "unit" => "null",
        "string or map" => "a string or an object",
        _ if expected.starts_with("a nonzero ") => "an integer other than 0, in range",
        _ if expected.starts_with("struct ") && !expected.contains(" with ") => "an object",
        _ if expected.starts_with("enum ") => "one of the values that the schema names",
        _ => expected,
    }
}

fn finding(found: &str) -> String {
    match found {
        "map" => "an object".to_owned(),
        "sequence" => "an array".to_owned(),
        _ => short(&found.replace('`', "")),
    }
}

/// What the caller sent, no more of it than is needed to recognise it.
fn short(found: &str) -> String {
    let mut text: String = found.chars().take(80).collect();
    if text.len() < found.len() {
        text.push('…');
    }
    text
}

pub(super) const NO_FORM: &str = "fits none of the forms that the schema allows";

#[cfg(test)]
mod tests;
