use super::support::{build, empty, prompts, resources, shown, tools};
use crate::host::catalogue::offer::Item;
use crate::host::catalogue::{Catalogue, Globs, Offer, Selection, Told};
use crate::host::settings::Naming;
use crate::server::ItemKind;
use bowline_protocol::outcome::CacheHint;
use bowline_protocol::scan::Raw;
use expect_test::expect;
use serde_json::{Map, Value, json};
use std::sync::Arc;

#[test]
fn tools_and_prompts_stand_behind_the_names_of_their_servers_even_of_one() {
    let one = build(Naming::Prefix, &[("a", tools(&["t", "u"]))]);
    expect![[r#"
        {"name":"a__t"} -> a t
        {"name":"a__u"} -> a u
    "#]]
    .assert_eq(&shown(&one.merged().tools));
    let two = build(Naming::Prefix, &[("b", prompts(&["p"])), ("a", prompts(&["p"]))]);
    expect![[r#"
        {"name":"b__p"} -> b p
        {"name":"a__p"} -> a p
    "#]]
    .assert_eq(&shown(&two.merged().prompts));
}

#[test]
fn nothing_of_an_item_changes_but_its_name() {
    let text = r#"{ "x": 1.0, "inputSchema" : {"name":"t"}, "name" : "t" , "big":123456789012345678901, "é":"\/" }"#;
    let item = Item::new("t", Raw::parse(text).unwrap());
    let offer = Offer { tools: vec![item], ..empty() };
    let catalogue = build(Naming::Prefix, &[("a", offer)]);
    let entry = catalogue.merged().tools.find("a__t").unwrap();
    assert_eq!(
        entry.definition.as_str(),
        text.replace(r#""name" : "t" ,"#, r#""name" : "a__t" ,"#)
    );
    let own = catalogue.select(&Selection::Server("a".into()));
    assert_eq!(own.tools.find("t").unwrap().definition.as_str(), text);
}

#[test]
fn flat_names_stay_and_two_of_one_name_are_an_error_that_says_all() {
    let offers = [("a", tools(&["t"])), ("b", tools(&["u"]))];
    let catalogue = build(Naming::Flat, &offers);
    expect![[r#"
        {"name":"t"} -> a t
        {"name":"u"} -> b u
    "#]]
    .assert_eq(&shown(&catalogue.merged().tools));
    let mut errors = String::new();
    for offer in [tools as fn(&[&str]) -> Offer, prompts] {
        let (first, second) = (offer(&["s", "t"]), offer(&["t"]));
        let offers = [("a", &first), ("b\n", &second)];
        for collision in Catalogue::settle(Naming::Flat, offers).1 {
            errors += &format!("{collision}\n");
        }
    }
    expect![[r#"
        tool `t` is of both `a` and `b\n`; leave it out of the `tools` of one of them, or use `naming: prefix`
        prompt `t` is of both `a` and `b\n`; use `naming: prefix`
    "#]].assert_eq(&errors);
    // Where servers run already, the first stays.
    let (first, second) = (tools(&["t"]), tools(&["t", "u"]));
    let (catalogue, collisions) = Catalogue::settle(Naming::Flat, [("a", &first), ("b", &second)]);
    expect![[r#"
        {"name":"t"} -> a t
        {"name":"u"} -> b u
    "#]]
    .assert_eq(&shown(&catalogue.merged().tools));
    assert_eq!(collisions.len(), 1);
    assert_eq!(collisions[0].kind, ItemKind::Tool);
    assert_eq!(collisions[0].servers, [Arc::from("a"), Arc::from("b")]);
}

#[test]
fn uris_stay_and_those_that_collide_are_namespaced() {
    let catalogue = build(
        Naming::Prefix,
        &[
            ("a", resources(&["x:1", "x:2"], &["y:{v}"])),
            ("b c", resources(&["x:2", "x:3", "bowline://a/x:1"], &["y:{v}", "z:{w}"])),
        ],
    );
    let merged = catalogue.merged();
    expect![[r#"
        {"uri":"x:1"} -> a x:1
        {"uri":"x:2"} -> a x:2
        {"uri":"bowline://b%20c/x:2"} -> b c x:2
        {"uri":"x:3"} -> b c x:3
        {"uri":"bowline://b%20c/bowline://a/x:1"} -> b c bowline://a/x:1
        {"uriTemplate":"y:{v}"} -> a y:{v}
        {"uriTemplate":"bowline://b%20c/y:{v}"} -> b c y:{v}
        {"uriTemplate":"z:{w}"} -> b c z:{w}
    "#]]
    .assert_eq(&(shown(&merged.resources) + &shown(&merged.templates)));
    let own = catalogue.select(&Selection::Server("b c".into()));
    expect![[r#"
        {"uri":"x:2"} -> b c x:2
        {"uri":"x:3"} -> b c x:3
        {"uri":"bowline://a/x:1"} -> b c bowline://a/x:1
        {"uriTemplate":"y:{v}"} -> b c y:{v}
        {"uriTemplate":"z:{w}"} -> b c z:{w}
    "#]]
    .assert_eq(&(shown(&own.resources) + &shown(&own.templates)));
}

#[test]
fn an_allow_list_is_applied_before_anything_is_merged() {
    let offer = tools(&["read", "write", "write_all"]).with_tools(&Globs::new(["read", "w*_all"]));
    let catalogue = build(Naming::Flat, &[("a", offer), ("b", tools(&["write"]))]);
    expect![[r#"
        {"name":"read"} -> a read
        {"name":"write_all"} -> a write_all
        {"name":"write"} -> b write
    "#]]
    .assert_eq(&shown(&catalogue.merged().tools));
    assert!(catalogue.select(&Selection::Server("a".into())).is_restricted());
    assert!(!catalogue.select(&Selection::Server("b".into())).is_restricted());
}

#[test]
fn a_profile_has_what_its_globs_select() {
    let mut both = resources(&["x:1", "y:1"], &["x:{v}"]);
    both.tools = tools(&["get", "put"]).tools;
    both.instructions = Some("of a".to_owned());
    let mut other = tools(&["get"]);
    other.instructions = Some("of b".to_owned());
    let catalogue = build(Naming::Prefix, &[("a", both), ("b", other)]);
    let mut table = String::new();
    for globs in [&["*__get"][..], &["a__*"], &["x:*", "b__get"], &["nothing"]] {
        let part = catalogue.select(&Selection::Profile(Globs::new(globs)));
        table += &format!("{globs:?}\n");
        for shelf in [&part.tools, &part.resources, &part.templates] {
            table += &shown(shelf);
        }
        let capabilities = serde_json::to_string(&part.capabilities).unwrap();
        table += &format!("{capabilities} {:?}\n", part.instructions);
    }
    expect![[r###"
        ["*__get"]
        {"name":"a__get"} -> a get
        {"name":"b__get"} -> b get
        {"tools":{"listChanged":true}} Some("## a\n\nof a\n\n## b\n\nof b")
        ["a__*"]
        {"name":"a__get"} -> a get
        {"name":"a__put"} -> a put
        {"uri":"x:1"} -> a x:1
        {"uri":"y:1"} -> a y:1
        {"uriTemplate":"x:{v}"} -> a x:{v}
        {"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true}} Some("## a\n\nof a")
        ["x:*", "b__get"]
        {"name":"b__get"} -> b get
        {"uri":"x:1"} -> a x:1
        {"uriTemplate":"x:{v}"} -> a x:{v}
        {"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true}} Some("## a\n\nof a\n\n## b\n\nof b")
        ["nothing"]
        {"tools":{"listChanged":true}} None
    "###]].assert_eq(&table);
}

#[test]
fn what_is_declared_is_what_one_of_them_declares() {
    let mut one = resources(&[], &[]);
    one.capabilities.resources.as_mut().unwrap().subscribe = None;
    one.capabilities.completions = Some(Map::new());
    one.capabilities.extensions = Some(
        [
            ("com.example/a".to_owned(), json!({ "v": 1 }).as_object().unwrap().clone()),
            ("io.modelcontextprotocol/tasks".to_owned(), Map::new()),
        ]
        .into(),
    );
    one.instructions = Some("Read first.\n".to_owned());
    let mut two = prompts(&[]);
    two.capabilities.logging = Some(Map::new());
    two.capabilities.extensions =
        Some([("com.example/a".to_owned(), json!({ "v": 2 }).as_object().unwrap().clone())].into());
    two.instructions = Some("  ".to_owned());
    let mut three = resources(&[], &[]);
    three.instructions = Some("Write last.".to_owned());
    let offers = [("one", one), ("two", two), ("three", three), ("four", Offer::unknown())];
    let mut table = String::new();
    for count in 1..=offers.len() {
        let catalogue = build(Naming::Prefix, &offers[..count]);
        let merged = catalogue.merged();
        table += &format!("{}\n", serde_json::to_string(&merged.capabilities).unwrap());
        table += &format!("{:?}\n", merged.instructions);
        let own = catalogue.select(&Selection::Server(offers[count - 1].0.into()));
        table += &format!("    {}\n", serde_json::to_string(&own.capabilities).unwrap());
        table += &format!("    {:?}\n", own.instructions);
    }
    expect![[r###"
        {"extensions":{"com.example/a":{"v":1}},"tools":{"listChanged":true},"resources":{"listChanged":true},"completions":{}}
        Some("## one\n\nRead first.")
            {"extensions":{"com.example/a":{"v":1}},"resources":{"listChanged":true},"completions":{}}
            Some("Read first.\n")
        {"extensions":{"com.example/a":{"v":1}},"tools":{"listChanged":true},"resources":{"listChanged":true},"prompts":{"listChanged":true},"completions":{},"logging":{}}
        Some("## one\n\nRead first.")
            {"extensions":{"com.example/a":{"v":2}},"prompts":{"listChanged":true},"logging":{}}
            Some("  ")
        {"extensions":{"com.example/a":{"v":1}},"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"prompts":{"listChanged":true},"completions":{},"logging":{}}
        Some("## one\n\nRead first.\n\n## three\n\nWrite last.")
            {"resources":{"subscribe":true,"listChanged":true}}
            Some("Write last.")
        {"extensions":{"com.example/a":{"v":1}},"tools":{"listChanged":true},"resources":{"subscribe":true,"listChanged":true},"prompts":{"listChanged":true},"completions":{},"logging":{}}
        Some("## one\n\nRead first.\n\n## three\n\nWrite last.")
            {"tools":{"listChanged":true},"resources":{"listChanged":true},"prompts":{"listChanged":true}}
            None
    "###]].assert_eq(&table);
}

#[test]
fn a_list_is_kept_as_short_as_its_shortest_part_and_by_nobody_else_if_one_is_private() {
    let with = |cache| Offer { cache, ..empty() };
    let rows = [
        (vec![], CacheHint::private(0)),
        (vec![CacheHint::public(5)], CacheHint::public(5)),
        (vec![CacheHint::public(5), CacheHint::public(3)], CacheHint::public(3)),
        (vec![CacheHint::public(5), CacheHint::private(9)], CacheHint::private(5)),
        (vec![CacheHint::public(5), CacheHint::private(0)], CacheHint::private(0)),
    ];
    for (parts, expected) in rows {
        let offers: Vec<_> = ["a", "b"].into_iter().zip(parts.into_iter().map(with)).collect();
        assert_eq!(build(Naming::Prefix, &offers).merged().cache, expected);
    }
}

#[test]
fn a_list_has_changed_when_it_is_another_or_its_server_says_so() {
    let before = build(Naming::Prefix, &[("a", tools(&["t"])), ("b", resources(&["x:1"], &[]))]);
    let mut told = tools(&["t"]);
    told.told = Told { prompts: 1, ..Told::default() };
    let rows = [
        (vec![("a", tools(&["t"])), ("b", resources(&["x:1"], &[]))], [false, false, false]),
        (vec![("a", tools(&["u"])), ("b", resources(&["x:1"], &[]))], [true, false, false]),
        (vec![("a", tools(&["t"])), ("b", resources(&["x:1"], &["y:{v}"]))], [false, false, true]),
        (vec![("a", told), ("b", resources(&["x:1"], &[]))], [false, true, false]),
        (vec![("a", tools(&["t"]))], [false, false, true]),
        (vec![("c", tools(&["t"])), ("b", resources(&["x:1"], &[]))], [true, false, false]),
    ];
    for (offers, expected) in rows {
        let now = build(Naming::Prefix, &offers);
        let changed = now.merged().changes_since(before.merged());
        assert_eq!([changed.tools, changed.prompts, changed.resources], expected);
    }
}

#[test]
fn a_tool_whose_header_annotations_break_the_rules_is_listed_and_mirrors_nothing() {
    let tool = |name: &str, header: Value| {
        let properties = json!({
            "a": { "type": "string", "x-mcp-header": "Same" },
            "b": { "type": "string", "x-mcp-header": header },
        });
        let schema = json!({ "type": "object", "properties": properties });
        let text = json!({ "name": name, "inputSchema": schema }).to_string();
        Item::new(name, Raw::parse(text).unwrap())
    };
    let mut offer = tools(&["plain"]);
    offer.tools.push(tool("twice", json!("same")));
    offer.tools.push(tool("number", json!(7)));
    offer.tools.push(tool("right", json!("Other")));
    let catalogue = build(Naming::Prefix, &[("s", offer)]);
    let listed: Vec<_> = catalogue.merged().tools.entries().iter().collect();
    let listed: Vec<_> =
        listed.iter().map(|entry| (&*entry.key, entry.mirrored.is_some())).collect();
    assert_eq!(
        listed,
        [("s__plain", false), ("s__twice", false), ("s__number", false), ("s__right", true)]
    );
}
