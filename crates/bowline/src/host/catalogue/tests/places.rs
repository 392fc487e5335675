use super::support::{build, resources, tools};
use crate::host::catalogue::{Globs, Located, Selection, Shelves};
use crate::host::settings::Naming;
use expect_test::expect;

/// Where URIs lead to, and behind them those that lead nowhere.
fn located(shelves: &Shelves, uris: &[&str]) -> String {
    let (mut led, mut lost) = (String::new(), Vec::new());
    for uri in uris {
        match shelves.locate(uri) {
            None => lost.push(*uri),
            Some(Located { server, uri: own, namespace }) => {
                let namespace = namespace.as_deref().unwrap_or("-");
                led += &format!("{uri} -> {server} {own} {namespace}\n");
            }
        }
    }
    match lost.as_slice() {
        [] => led,
        lost if lost.len() == URIS.len() => "nowhere: all\n".to_owned(),
        lost => format!("{led}nowhere: {lost:?}\n"),
    }
}

const URIS: &[&str] = &[
    "x:1",
    "x:2",
    "bowline://b/x:2",
    "bowline://b/x:other",
    "bowline://c/x:1",
    "bowline://nobody/x:1",
    "y:anything",
    "bowline://b/y:anything",
    "z:1/2",
    "z:unlisted",
    "x:unlisted",
    "only-b:unlisted",
    "w:unlisted",
    "",
    ":",
];

fn offers() -> [(&'static str, crate::host::catalogue::Offer); 3] {
    [
        ("a", resources(&["x:1", "x:2"], &["y:{v}"])),
        ("b", resources(&["x:2", "only-b:1"], &["y:{v}", "z:{v}/{w}", "{bad"])),
        ("c", tools(&["t"])),
    ]
}

#[test]
fn a_uri_leads_to_its_server() {
    let catalogue = build(Naming::Prefix, &offers());
    expect![[r#"
        x:1 -> a x:1 -
        x:2 -> a x:2 -
        bowline://b/x:2 -> b x:2 bowline://b/
        bowline://b/x:other -> b x:other bowline://b/
        y:anything -> a y:anything -
        bowline://b/y:anything -> b y:anything bowline://b/
        z:1/2 -> b z:1/2 -
        z:unlisted -> b z:unlisted -
        only-b:unlisted -> b only-b:unlisted -
        nowhere: ["bowline://c/x:1", "bowline://nobody/x:1", "x:unlisted", "w:unlisted", "", ":"]
    "#]]
    .assert_eq(&located(catalogue.merged(), URIS));
}

#[test]
fn what_nobody_lists_is_with_the_only_one_who_could_have_it() {
    let [_, b, c] = offers();
    let catalogue = build(Naming::Prefix, &[b, c]);
    expect![[r#"
        w:unlisted -> b w:unlisted -
        bowline://c/x:1 -> b bowline://c/x:1 -
    "#]]
    .assert_eq(&located(catalogue.merged(), &["w:unlisted", "bowline://c/x:1"]));
    let own = build(Naming::Prefix, &offers());
    let own = own.select(&Selection::Server("b".into()));
    expect![[r#"
        x:1 -> b x:1 -
        x:2 -> b x:2 -
        bowline://b/x:2 -> b bowline://b/x:2 -
        bowline://b/x:other -> b bowline://b/x:other -
        bowline://c/x:1 -> b bowline://c/x:1 -
        bowline://nobody/x:1 -> b bowline://nobody/x:1 -
        y:anything -> b y:anything -
        bowline://b/y:anything -> b bowline://b/y:anything -
        z:1/2 -> b z:1/2 -
        z:unlisted -> b z:unlisted -
        x:unlisted -> b x:unlisted -
        only-b:unlisted -> b only-b:unlisted -
        w:unlisted -> b w:unlisted -
         -> b  -
        : -> b : -
    "#]]
    .assert_eq(&located(&own, URIS));
}

#[test]
fn a_profile_reads_nothing_that_it_does_not_show() {
    let catalogue = build(Naming::Prefix, &offers());
    let mut table = String::new();
    for globs in [&["x:*"][..], &["b__*"], &["z:{v}/{w}"], &["c__*"]] {
        let part = catalogue.select(&Selection::Profile(Globs::new(globs)));
        table += &format!("{globs:?}\n{}", located(&part, URIS));
    }
    expect![[r#"
        ["x:*"]
        x:1 -> a x:1 -
        x:2 -> a x:2 -
        x:unlisted -> a x:unlisted -
        nowhere: ["bowline://b/x:2", "bowline://b/x:other", "bowline://c/x:1", "bowline://nobody/x:1", "y:anything", "bowline://b/y:anything", "z:1/2", "z:unlisted", "only-b:unlisted", "w:unlisted", "", ":"]
        ["b__*"]
        x:1 -> b x:1 -
        x:2 -> b x:2 -
        bowline://b/x:2 -> b x:2 bowline://b/
        bowline://b/x:other -> b x:other bowline://b/
        bowline://c/x:1 -> b bowline://c/x:1 -
        bowline://nobody/x:1 -> b bowline://nobody/x:1 -
        y:anything -> b y:anything -
        bowline://b/y:anything -> b y:anything bowline://b/
        z:1/2 -> b z:1/2 -
        z:unlisted -> b z:unlisted -
        x:unlisted -> b x:unlisted -
        only-b:unlisted -> b only-b:unlisted -
        w:unlisted -> b w:unlisted -
         -> b  -
        : -> b : -
        ["z:{v}/{w}"]
        z:1/2 -> b z:1/2 -
        nowhere: ["x:1", "x:2", "bowline://b/x:2", "bowline://b/x:other", "bowline://c/x:1", "bowline://nobody/x:1", "y:anything", "bowline://b/y:anything", "z:unlisted", "x:unlisted", "only-b:unlisted", "w:unlisted", "", ":"]
        ["c__*"]
        nowhere: all
    "#]]
    .assert_eq(&table);
}
