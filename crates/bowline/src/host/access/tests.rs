use super::{Access, Proof, Rules, Who};
use crate::host::settings::{Naming, ServerSettings, Settings};
use crate::principal::Principal;
use crate::server::ItemKind;
use expect_test::expect;
use serde_json::json;

fn settings(all: Option<Vec<Access>>, servers: Vec<(&str, Vec<Access>)>) -> Settings {
    let mut settings = Settings { access: all, ..Settings::default() };
    for (name, access) in servers {
        let server = ServerSettings { access: Some(access), ..ServerSettings::default() };
        settings.servers.insert(name.to_owned(), server);
    }
    settings
}

fn claimed(claims: serde_json::Value) -> Principal {
    let serde_json::Value::Object(claims) = claims else { panic!("no object") };
    Principal::claimed("https://login.example.com", claims).unwrap()
}

fn people() -> [(&'static str, Principal); 5] {
    [
        ("anonymous", Principal::anonymous()),
        ("stdio", Principal::process("stdio")),
        ("alice", Principal::token("alice", ["notes.read", "notes.write"])),
        ("bob", Principal::token("bob", ["notes.read"])),
        // A name does not make anybody what he has not proved to be.
        ("`anonymous`", Principal::token("anonymous", [])),
    ]
}

/// Who may use what: a line for each, `?` for a server of which even what nobody lists may be used.
fn table(settings: &Settings, things: &[(ItemKind, &str, &str)]) -> String {
    let Some(rules) = Rules::of(settings) else {
        return "no rules\n".to_owned();
    };
    let mut table = String::new();
    for (name, principal) in people() {
        let sight = rules.sight(&principal);
        let may = things.iter().filter(|(kind, server, own)| sight.permits(*kind, server, own));
        let may: Vec<_> = may.map(|(_, server, own)| format!("{server}:{own}")).collect();
        let servers = ["git", "notes"];
        let full: Vec<_> = servers.iter().filter(|server| sight.is_full(server)).collect();
        let blind: Vec<_> = servers.iter().filter(|server| sight.is_blind(server)).collect();
        table += &format!("{name}: {} | all of {full:?} | none of {blind:?}\n", may.join(" "));
    }
    table
}

const THINGS: &[(ItemKind, &str, &str)] = &[
    (ItemKind::Tool, "git", "log"),
    (ItemKind::Tool, "git", "push"),
    (ItemKind::Prompt, "git", "review"),
    (ItemKind::Resource, "git", "git://head"),
    (ItemKind::ResourceTemplate, "git", "git://{ref}"),
    (ItemKind::Tool, "notes", "get"),
    (ItemKind::Tool, "notes", "delete"),
    (ItemKind::Resource, "notes", "note:1"),
];

#[test]
fn without_rules_everybody_may_use_everything() {
    expect![[r#"
        no rules
    "#]]
    .assert_eq(&table(&settings(None, vec![]), THINGS));
}

#[test]
fn whom_no_rule_is_about_may_use_nothing() {
    expect![[r#"
        anonymous:  | all of [] | none of ["git", "notes"]
        stdio:  | all of [] | none of ["git", "notes"]
        alice:  | all of [] | none of ["git", "notes"]
        bob:  | all of [] | none of ["git", "notes"]
        `anonymous`:  | all of [] | none of ["git", "notes"]
    "#]]
    .assert_eq(&table(&settings(Some(vec![]), vec![]), THINGS));
    expect![[r#"
        anonymous:  | all of [] | none of ["git", "notes"]
        stdio:  | all of [] | none of ["git", "notes"]
        alice: git:log git:push git:review git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of ["git", "notes"] | none of []
        bob:  | all of [] | none of ["git", "notes"]
        `anonymous`:  | all of [] | none of ["git", "notes"]
    "#]]
    .assert_eq(&table(&settings(Some(vec![Access::of([Who::of("ali*")])]), vec![]), THINGS));
}

#[test]
fn everybody_anonymous_names_scopes_and_proofs_are_told_apart() {
    let one = |who| settings(Some(vec![Access::of([who]).allow(["git__log"])]), vec![]);
    let about = |who| {
        let rules = Rules::of(&one(who)).unwrap();
        let is = |person: &&(&str, Principal)| {
            rules.sight(&person.1).permits(ItemKind::Tool, "git", "log")
        };
        let people = people();
        people.iter().filter(is).map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
    };
    let rows = [
        ("*", Who::of("*")),
        ("anonymous", Who::of("anonymous")),
        ("anonym*", Who::of("anonym*")),
        ("a*", Who::of("a*")),
        ("proved", Who::Proved(Proof::default())),
        ("notes.read", Who::Proved(Proof::default().scope("notes.read"))),
        ("both scopes", Who::Proved(Proof::default().scope("notes.read").scope("notes.write"))),
        ("b* with a scope", Who::Proved(Proof::default().name("b*").scope("notes.write"))),
        ("a claim nobody has", Who::Proved(Proof::default().claim("group", "*"))),
    ];
    let table: String =
        rows.into_iter().map(|(what, who)| format!("{what}: {}\n", about(who))).collect();
    expect![[r#"
        *: anonymous stdio alice bob `anonymous`
        anonymous: anonymous
        anonym*: `anonymous`
        a*: alice `anonymous`
        proved: stdio alice bob `anonymous`
        notes.read: alice bob
        both scopes: alice
        b* with a scope:
        a claim nobody has:
    "#]]
    .assert_eq(&without_trailing_space(&table));
}

#[test]
fn a_claim_is_a_text_a_number_or_one_of_a_list() {
    let carol = claimed(json!({
        "sub": "carol", "scope": "notes.read", "groups": ["staff", "ops-eu"], "level": 3, "admin": true,
        "address": { "country": "DE" }, "nothing": null,
    }));
    let rows = [
        ("groups", "staff", true),
        ("groups", "ops-*", true),
        ("groups", "ops", false),
        ("level", "3", true),
        ("level", "*", true),
        ("admin", "true", true),
        ("admin", "false", false),
        ("address", "*", false),
        ("nothing", "*", false),
        ("missing", "*", false),
        ("sub", "carol", true),
    ];
    for (name, glob, is) in rows {
        let who = Who::Proved(Proof::default().claim(name, glob));
        assert_eq!(who.is(&carol), is, "{name} {glob}");
        assert!(!who.is(&Principal::token("carol", ["staff"])), "{name} {glob}");
    }
    // Whoever vouches for somebody is a part of his name.
    let other = Principal::claimed(
        "https://other.example.com",
        json!({ "sub": "carol" }).as_object().unwrap().clone(),
    );
    let who = Who::of("https://login.example.com sub:*");
    assert!(who.is(&carol) && !who.is(&other.unwrap()));
    assert!(Who::Proved(Proof::default().scope("notes.read").claim("groups", "staff")).is(&carol));
    assert!(
        !Who::Proved(Proof::default().scope("notes.write").claim("groups", "staff")).is(&carol)
    );
}

#[test]
fn a_denial_wins_whatever_the_order() {
    let allow = || Access::of([Who::of("*")]);
    let deny = || Access::of([Who::of("bob")]).allow(["git__log"]).deny(["*push", "git://*"]);
    let expected = expect![[r#"
        anonymous: git:log git:push git:review git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of ["git", "notes"] | none of []
        stdio: git:log git:push git:review git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of ["git", "notes"] | none of []
        alice: git:log git:push git:review git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of ["git", "notes"] | none of []
        bob: git:log git:review notes:get notes:delete notes:note:1 | all of [] | none of []
        `anonymous`: git:log git:push git:review git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of ["git", "notes"] | none of []
    "#]];
    expected.assert_eq(&table(&settings(Some(vec![allow(), deny()]), vec![]), THINGS));
    expected.assert_eq(&table(&settings(Some(vec![deny(), allow()]), vec![]), THINGS));
}

#[test]
fn what_a_server_allows_is_of_what_is_allowed_at_all() {
    let all = Some(vec![
        Access::of([Who::of("alice")]).allow(["git__*", "git:*", "notes__get"]),
        Access::of([Who::of("bob")]),
    ]);
    let git = vec![
        Access::of([Who::of("alice"), Who::of("bob")]).allow(["log", "review", "git://*"]),
        Access::of([Who::Proved(Proof::default().scope("notes.write"))]).allow(["push", "get"]),
    ];
    expect![[r#"
        anonymous:  | all of [] | none of ["git", "notes"]
        stdio:  | all of [] | none of ["git", "notes"]
        alice: git:log git:push git:review git:git://head git:git://{ref} notes:get | all of [] | none of []
        bob: git:log git:review git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of ["notes"] | none of []
        `anonymous`:  | all of [] | none of ["git", "notes"]
    "#]]
    .assert_eq(&table(&settings(all, vec![("git", git.clone())]), THINGS));
    // Without rules for all, those of one server say nothing of another.
    expect![[r#"
        anonymous: notes:get notes:delete notes:note:1 | all of ["notes"] | none of ["git"]
        stdio: notes:get notes:delete notes:note:1 | all of ["notes"] | none of ["git"]
        alice: git:log git:push git:review git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of ["notes"] | none of []
        bob: git:log git:review git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of ["notes"] | none of []
        `anonymous`: notes:get notes:delete notes:note:1 | all of ["notes"] | none of ["git"]
    "#]]
    .assert_eq(&table(&settings(None, vec![("git", git)]), THINGS));
}

#[test]
fn own_names_of_tools_count_for_all_only_where_they_are_shown_so() {
    let rules = |naming| {
        let access = Some(vec![Access::default().allow(["log", "git://*", "notes__*"])]);
        Settings { naming, ..settings(access, vec![]) }
    };
    let anonymous =
        |settings: &Settings| table(settings, THINGS).lines().next().unwrap().to_owned();
    expect!["anonymous: git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of [\"notes\"] | none of []"]
        .assert_eq(&anonymous(&rules(Naming::Prefix)));
    expect!["anonymous: git:log git:git://head git:git://{ref} notes:get notes:delete notes:note:1 | all of [\"notes\"] | none of []"]
        .assert_eq(&anonymous(&rules(Naming::Flat)));
}

#[test]
fn allowing_no_name_at_all_allows_nothing() {
    let nothing = Access::default().allow(Vec::<String>::new());
    let table = table(&settings(None, vec![("git", vec![nothing])]), THINGS);
    assert!(table.lines().all(|line| !line.contains("git:")), "{table}");
    assert!(table.lines().all(|line| line.ends_with(r#"none of ["git"]"#)), "{table}");
}

fn without_trailing_space(table: &str) -> String {
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
