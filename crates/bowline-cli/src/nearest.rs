//! "Did you mean": the name that was most likely meant.

/// The name that is nearest to what was typed, if any is near.
pub(crate) fn nearest<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let typed = normal(typed);
    let near = names.into_iter().filter_map(|name| {
        let normal = normal(name);
        let distance = strsim::damerau_levenshtein(&typed, &normal);
        let longer = typed.chars().count().max(normal.chars().count());
        // A third of the letters may be wrong; or something was left off at an end.
        let cut_off = typed.len() >= 3 && (normal.starts_with(&typed) || normal.ends_with(&typed));
        (distance * 3 <= longer || cut_off).then_some((distance, name))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Names are written with bars, dashes and capitals in many ways.
fn normal(name: &str) -> String {
    name.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_understood_and_other_words_are_not() {
        let names = ["echo", "add", "structured_array", "read_file", "describe_call", "progress"];
        let table = [
            ("ecko", Some("echo")),
            ("Echo", Some("echo")),
            ("ad", Some("add")),
            ("structuredArray", Some("structured_array")),
            ("readfile", Some("read_file")),
            ("file", Some("read_file")),
            ("desc", Some("describe_call")),
            ("porgress", Some("progress")),
            ("banana", None),
            ("", None),
            ("x", None),
        ];
        for (typed, meant) in table {
            assert_eq!(nearest(typed, names), meant, "{typed}");
        }
        assert_eq!(nearest("echo", []), None);
    }
}
