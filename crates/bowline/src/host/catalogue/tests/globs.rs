use crate::host::catalogue::Globs;

#[test]
fn a_star_stands_for_any_text() {
    let rows = [
        ("", "", true),
        ("", "a", false),
        ("a", "a", true),
        ("a", "ab", false),
        ("*", "", true),
        ("*", "anything", true),
        ("a*", "a", true),
        ("a*", "ba", false),
        ("*a", "ba", true),
        ("*a", "ab", false),
        ("a*c", "abc", true),
        ("a*c", "ac", true),
        ("a*a", "a", false),
        ("a*b*c", "a-b-c", true),
        ("a*b*c", "acb", false),
        ("*b*b*", "ab", false),
        ("*b*b*", "bb", true),
        ("a**c", "ac", true),
        ("git__*_list", "git__branch_list", true),
        ("A", "a", false),
        ("a?c", "abc", false),
        ("[ab]", "a", false),
        ("é*", "éa", true),
    ];
    for (glob, name, matches) in rows {
        assert_eq!(Globs::new([glob]).match_any(name), matches, "{glob} {name}");
    }
}

#[test]
fn one_glob_of_many_is_enough() {
    let globs = Globs::new(["a", "b*"]);
    assert!(globs.match_any("a") && globs.match_any("bc") && !globs.match_any("c"));
    assert!(!Globs::default().match_any(""));
}

#[test]
fn a_server_is_selected_with_all_it_has() {
    let globs = Globs::new(["git__*"]);
    assert!(globs.select("git", "log", "git__log"));
    assert!(globs.select("git", "file:///a", "file:///a"));
    assert!(globs.select("git", "a tool", "git__a_tool_abcdefghij"));
    assert!(!globs.select("gitlab", "log", "gitlab__log"));
}

#[test]
fn many_stars_take_no_more_time_than_few() {
    // By trying again at each star this would take longer than there is time.
    let glob = "a*".repeat(5_000) + "b";
    let name = "a".repeat(100_000);
    assert!(!Globs::new([glob]).match_any(&name));
}
