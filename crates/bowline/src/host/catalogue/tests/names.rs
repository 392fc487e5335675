use super::support::{build, shown, tools};
use crate::host::catalogue::names;
use crate::host::settings::Naming;
use expect_test::expect;

#[test]
fn a_name_that_clients_cannot_use_becomes_a_short_one() {
    let long = "x".repeat(80);
    let just = "x".repeat(64 - "git__".len());
    let rows = [
        ("git", "log"),
        ("git", "log-all_now"),
        ("git", "read file"),
        ("git", "größe"),
        ("git", "a.b/c"),
        ("git", &just),
        ("git", &long),
        ("my server", "log"),
        ("a__b", "c"),
        ("a_", "b"),
        ("a", "_b"),
        ("a", "b__c"),
        (&long, "log"),
    ];
    let mut table = String::new();
    for (server, name) in rows {
        let merged =
            names::plain(server, name).unwrap_or_else(|| names::short(server, name, |_| false));
        assert!(merged.len() <= 64, "{merged}");
        assert!(merged.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)), "{merged}");
        table += &format!("{merged}\n");
    }
    // Nothing of this may ever change: clients remember what they were allowed to call.
    expect![[r#"
        git__log
        git__log-all_now
        git__read_file_f6jsl65quy
        git__gr__e_fd3tl5bx7o
        git__a_b_c_ujap4fbprh
        git__xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
        git__xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_2zret6xep3
        my_server__log_hbgf74fpah
        a__b__c_em3l4yybhx
        a___b_xhoa5ktbp3
        a___b
        a__b__c
        xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx_ccr5jfvwct
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_short_name_that_is_taken_has_a_longer_hash() {
    let first = names::short("s", "é", |_| false);
    let second = names::short("s", "é", |name| name == first);
    assert_ne!(first, second);
    assert!(second.starts_with("s____") && second.len() > first.len(), "{second}");
}

#[test]
fn no_two_servers_can_make_the_same_name() {
    let catalogue = build(
        Naming::Prefix,
        &[
            ("a", tools(&["b__c", "_b", "b"])),
            ("a__b", tools(&["c"])),
            ("a_", tools(&["b"])),
            ("my server", tools(&["t"])),
            ("my_server", tools(&["t"])),
        ],
    );
    expect![[r#"
        {"name":"a__b__c"} -> a b__c
        {"name":"a___b"} -> a _b
        {"name":"a__b"} -> a b
        {"name":"a__b__c_em3l4yybhx"} -> a__b c
        {"name":"a___b_xhoa5ktbp3"} -> a_ b
        {"name":"my_server__t_fu6n532cai"} -> my server t
        {"name":"my_server__t"} -> my_server t
    "#]]
    .assert_eq(&shown(&catalogue.merged().tools));
}

#[test]
fn the_name_of_a_tool_does_not_depend_on_who_else_is_there() {
    let offers = [("a", tools(&["b__c"])), ("a__b", tools(&["c"])), ("my server", tools(&["t"]))];
    let all = build(Naming::Prefix, &offers);
    for offer in &offers {
        let alone = build(Naming::Prefix, std::slice::from_ref(offer));
        let entry = &alone.merged().tools.entries()[0];
        assert_eq!(all.merged().tools.find(&entry.key), Some(entry));
    }
}

#[test]
fn a_namespace_is_a_uri_whatever_the_server_is_called() {
    let rows = [
        ("files", "bowline://files/"),
        ("my server/é", "bowline://my%20server%2F%C3%A9/"),
        ("a%b@c:1", "bowline://a%25b%40c%3A1/"),
    ];
    for (server, namespace) in rows {
        assert_eq!(names::namespace(server), namespace);
    }
}
