//! The text of a file before and after.

use crate::install::edit::{entry, names, with_entry, with_input, without_entry};
use crate::install::node::Node;
use expect_test::{Expect, expect};

fn server() -> Node {
    Node::object([("command", Node::text("x")), ("args", Node::texts(["a", "b\n\"c\""]))])
}

/// Adds a server, compares, and takes it out again: a list that was there is as it was.
fn adds(before: &str, after: Expect) {
    let added = with_entry(before, "mcpServers", "new", &server()).unwrap();
    after.assert_eq(&added.replace('\r', "␍").replace('\t', "␉"));
    assert_eq!(entry(&added, "mcpServers", "new").unwrap(), Some(server().json()));
    let removed = without_entry(&added, "mcpServers", "new").unwrap().unwrap();
    if before.contains("mcpServers") {
        assert_eq!(removed, before);
    }
    assert_eq!(entry(&removed, "mcpServers", "new").unwrap(), None);
}

#[test]
fn a_file_that_was_not_there_or_empty_gets_two_spaces() {
    adds(
        "",
        expect![[r#"
            {
              "mcpServers": {
                "new": {
                  "command": "x",
                  "args": ["a", "b\n\"c\""]
                }
              }
            }
        "#]],
    );
    assert_eq!(
        with_entry(" \r\n", "servers", "new", &Node::object([("a", Node::text("b"))])).unwrap(),
        "{\r\n  \"servers\": {\r\n    \"new\": {\r\n      \"a\": \"b\"\r\n    }\r\n  }\r\n}\r\n"
    );
}

#[test]
fn comments_before_nothing_stay() {
    adds(
        "// what is this?\n",
        expect![[r#"
            // what is this?
            {
              "mcpServers": {
                "new": {
                  "command": "x",
                  "args": ["a", "b\n\"c\""]
                }
              }
            }
        "#]],
    );
}

#[test]
fn settings_without_servers_get_a_list_at_their_end() {
    adds(
        "{\n    \"theme\": \"dark\", // mine\n    /* old */ \"n\": 1\n    // end\n}\n",
        expect![[r#"
            {
                "theme": "dark", // mine
                /* old */ "n": 1,
                // end
                "mcpServers": {
                    "new": {
                        "command": "x",
                        "args": ["a", "b\n\"c\""]
                    }
                }
            }
        "#]],
    );
    adds(
        "{}",
        expect![[r#"
        {
          "mcpServers": {
            "new": {
              "command": "x",
              "args": ["a", "b\n\"c\""]
            }
          }
        }"#]],
    );
}

#[test]
fn a_list_without_servers_is_filled() {
    adds(
        "{\n\t\"mcpServers\": {},\n\t\"z\": [1, 2]\n}",
        expect![[r#"
            {
            ␉"mcpServers": {
            ␉␉"new": {
            ␉␉␉"command": "x",
            ␉␉␉"args": ["a", "b\n\"c\""]
            ␉␉}
            ␉},
            ␉"z": [1, 2]
            }"#]],
    );
    adds(
        "{\n  \"mcpServers\": {\n    // \"off\": {}\n  }\n}\n",
        expect![[r#"
            {
              "mcpServers": {
                // "off": {}
                "new": {
                  "command": "x",
                  "args": ["a", "b\n\"c\""]
                }
              }
            }
        "#]],
    );
}

#[test]
fn servers_that_are_there_stay_with_their_comments_and_their_order() {
    adds(
        r#"{
  "z": null,
  "mcpServers": {
    "b": { "command": "b" }, // the best

    /* and */ "a": {
        "url":   "https://a/", // comma
    } /* behind */
    // last words, with "new": { and a comma,
  },
  "y": 0x10
}
"#,
        expect![[r#"
            {
              "z": null,
              "mcpServers": {
                "b": { "command": "b" }, // the best

                /* and */ "a": {
                    "url":   "https://a/", // comma
                }, /* behind */
                // last words, with "new": { and a comma,
                "new": {
                  "command": "x",
                  "args": ["a", "b\n\"c\""]
                }
              },
              "y": 0x10
            }
        "#]],
    );
}

#[test]
fn trailing_commas_stay_and_are_taken_up() {
    adds(
        "{\n  \"mcpServers\": {\n    \"a\": {}, // here\n  },\n}\n",
        expect![[r#"
            {
              "mcpServers": {
                "a": {}, // here
                "new": {
                  "command": "x",
                  "args": ["a", "b\n\"c\""]
                },
              },
            }
        "#]],
    );
}

#[test]
fn line_ends_and_tabs_are_those_of_the_file() {
    adds(
        "{\r\n\t\"mcpServers\": {\r\n\t\t\"a\": {\r\n\t\t\t\"command\": \"a\"\r\n\t\t}\r\n\t}\r\n}\r\n",
        expect![[r#"
            {␍
            ␉"mcpServers": {␍
            ␉␉"a": {␍
            ␉␉␉"command": "a"␍
            ␉␉},␍
            ␉␉"new": {␍
            ␉␉␉"command": "x",␍
            ␉␉␉"args": ["a", "b\n\"c\""]␍
            ␉␉}␍
            ␉}␍
            }␍
        "#]],
    );
}

#[test]
fn what_is_in_one_line_stays_so() {
    adds(
        r#"{"mcpServers":{"a":{"command":"a"}},"other":true}"#,
        expect![[
            r#"{"mcpServers":{"a":{"command":"a"},"new":{"command":"x","args":["a","b\n\"c\""]}},"other":true}"#
        ]],
    );
    adds(
        r#"{"mcpServers": {}, "other": true}"#,
        expect![[
            r#"{"mcpServers": {"new": {"command": "x", "args": ["a", "b\n\"c\""]}}, "other": true}"#
        ]],
    );
    adds(
        "{\n  \"mcpServers\": { \"a\": {}, }\n}",
        expect![[r#"
            {
              "mcpServers": { "a": {}, "new": {"command": "x", "args": ["a", "b\n\"c\""]}, }
            }"#]],
    );
    adds(
        r#"{"other":1}"#,
        expect![[r#"{"other":1,"mcpServers":{"new":{"command":"x","args":["a","b\n\"c\""]}}}"#]],
    );
}

#[test]
fn odd_json_of_people_is_kept() {
    adds(
        "\u{feff}{\n  mcpServers: {\n    'a': {command: 'it''s'.x}\n  }\n}"
            .replace("''s'.x", "'")
            .as_str(),
        expect![[r#"
            ﻿{
              mcpServers: {
                'a': {command: 'it'},
                "new": {
                  "command": "x",
                  "args": ["a", "b\n\"c\""]
                }
              }
            }"#]],
    );
}

#[test]
fn servers_that_share_lines_get_a_neighbor() {
    let before = "{ \"mcpServers\": { \"a\": {\n  \"command\": \"a\"\n}, \"b\": {\n} } }\n";
    let after = with_entry(before, "mcpServers", "new", &server()).unwrap();
    expect![[r#"
        { "mcpServers": { "a": {
          "command": "a"
        }, "b": {
        },
          "new": {
            "command": "x",
            "args": ["a", "b\n\"c\""]
          } } }
    "#]]
    .assert_eq(&after);
}

#[test]
fn one_that_is_there_is_replaced_where_it_stands() {
    let before = "{\n  \"mcpServers\": {\n    \"a\": {}, // one\n    \"new\": { // old\n      \"x\": 1 }, // two\n    \"b\": {}\n  }\n}\n";
    expect![[r#"
        {
          "mcpServers": {
            "a": {}, // one
            "new": {
              "command": "x",
              "args": ["a", "b\n\"c\""]
            }, // two
            "b": {}
          }
        }
    "#]]
    .assert_eq(&with_entry(before, "mcpServers", "new", &server()).unwrap());
}

#[test]
fn taking_one_out_leaves_the_others_and_all_comments() {
    let table = [
        (
            "{\n  \"s\": {\n    \"x\": {}, // of x\n    \"a\": {}\n  }\n}",
            "{\n  \"s\": {\n    // of x\n    \"a\": {}\n  }\n}",
        ),
        (
            "{\n  \"s\": {\n    \"a\": {}, // of a\n    \"x\": {}\n  }\n}",
            "{\n  \"s\": {\n    \"a\": {} // of a\n  }\n}",
        ),
        (
            "{\n  \"s\": {\n    \"a\": {}\n    , \"x\": {}\n  }\n}",
            "{\n  \"s\": {\n    \"a\": {}\n    \n  }\n}",
        ),
        (
            "{\n  \"s\": {\n    \"x\": {} /* , */ ,\n    \"a\": {}\n  }\n}",
            "{\n  \"s\": {\n    /* , */ \n    \"a\": {}\n  }\n}",
        ),
        ("{\"s\": {\"x\": {}}}", "{\"s\": {}}"),
        ("{\"s\": {\"x\": {}, \"a\": {}}}", "{\"s\": {\"a\": {}}}"),
        ("{\"s\": {\"a\": {}, \"x\": {}, \"b\": {}}}", "{\"s\": {\"a\": {}, \"b\": {}}}"),
        ("{\"s\": { \"a\": {}, \"x\": {} }}", "{\"s\": { \"a\": {} }}"),
        ("{\n  \"s\": {\n    // why\n    \"x\": {}\n  }\n}", "{\n  \"s\": {\n    // why\n  }\n}"),
        ("{\n  \"s\": {\n    \"x\": {\n    },\n  },\n}", "{\n  \"s\": {},\n}"),
    ];
    for (before, after) in table {
        let removed = without_entry(before, "s", "x").unwrap().unwrap();
        assert_eq!(removed, after, "{before}");
        assert_eq!(entry(&removed, "s", "x").unwrap(), None);
    }
    assert_eq!(without_entry("{\"s\": {}}", "s", "x").unwrap(), None);
    assert_eq!(without_entry("{}", "s", "x").unwrap(), None);
    assert_eq!(without_entry("", "s", "x").unwrap(), None);
}

/// Files of every combination of layouts, and what must hold for each.
#[test]
fn whatever_the_layout_the_others_stay_and_the_way_back_is_exact() {
    let mut count = 0;
    for newline in ["\n", "\r\n"] {
        for unit in ["  ", "\t", "    "] {
            for others in 1..4 {
                for comment in ["", " // c , }", " /* c */"] {
                    for trailing in ["", ","] {
                        for mark in ["", "\u{feff}"] {
                            let servers: Vec<_> = (0..others)
                                .map(|n| {
                                    format!("{unit}{unit}\"s{n}\": {{ \"command\": \"c{n}\" }}")
                                })
                                .collect();
                            let between = format!(",{comment}{newline}");
                            let servers = servers.join(&between);
                            let text = format!(
                                "{mark}{{{newline}{unit}\"a\": [1,  2],{newline}{unit}\"mcpServers\": {{{newline}{servers}{trailing}{comment}{newline}{unit}}}{trailing}{newline}}}{newline}"
                            );
                            let added = with_entry(&text, "mcpServers", "new", &server()).unwrap();
                            let mut lines = added.lines();
                            let kept = text.lines().all(|line| {
                                lines.any(|new| new == line || new.replacen("},", "}", 1) == line)
                            });
                            assert!(kept, "{text:?}\n{added:?}");
                            assert_eq!(added.contains("\r\n"), newline == "\r\n");
                            assert_eq!(added.replace("\r\n", "").contains('\n'), newline == "\n");
                            let all = names(&added, "mcpServers").unwrap();
                            assert_eq!(all.len(), others + 1);
                            let removed = without_entry(&added, "mcpServers", "new").unwrap();
                            assert_eq!(removed.as_deref(), Some(text.as_str()));
                            count += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(count, 2 * 3 * 3 * 3 * 2 * 2);
}

#[test]
fn files_that_are_unfit_are_named_with_the_place() {
    let table = [
        ("{\n  \"mcpServers\": {,}\n}", "2:18: it is no JSON: "),
        ("{\"mcpServers\": {\"a\": {} \"b\": {}}}", "1:24: it is no JSON: "),
        ("{\"mcpServers\": ", "1:16: it is no JSON: "),
        ("[]", "1:1: the file is no object"),
        ("{\"mcpServers\": []}", "1:16: `mcpServers` is no object"),
        ("{\"mcpServers\": {}, \"mcpServers\": {}}", "1:20: `mcpServers` is there twice"),
        ("{\n\"mcpServers\": {\"new\": 1,\n \"new\": 2}}", "3:2: `new` is there twice"),
    ];
    for (text, message) in table {
        let unfit = with_entry(text, "mcpServers", "new", &server()).unwrap_err();
        assert!(unfit.to_string().starts_with(message), "{text}: {unfit}");
        assert_eq!(without_entry(text, "mcpServers", "new").unwrap_err(), unfit, "{text}");
    }
}

#[test]
fn inputs_are_added_once() {
    let input = Node::object([("type", Node::text("promptString")), ("id", Node::text("key"))]);
    let before =
        "{\n  \"inputs\": [\n    { \"id\": \"other\" } // mine\n  ],\n  \"servers\": {}\n}\n";
    let after = with_input(before, "key", &input).unwrap();
    expect![[r#"
        {
          "inputs": [
            { "id": "other" }, // mine
            {
              "type": "promptString",
              "id": "key"
            }
          ],
          "servers": {}
        }
    "#]]
    .assert_eq(&after);
    assert_eq!(with_input(&after, "key", &input).unwrap(), after);
    assert_eq!(
        with_input("{\"servers\":{}}", "key", &input).unwrap(),
        "{\"servers\":{},\"inputs\":[{\"type\":\"promptString\",\"id\":\"key\"}]}"
    );
    let wrong = with_input("{\"inputs\": {}}", "key", &input).unwrap_err();
    assert_eq!(wrong.to_string(), "1:12: `inputs` is no list");
}

#[test]
fn long_lists_have_a_line_for_each() {
    let args = (0..12).map(|n| format!("--argument-{n}"));
    let node = Node::object([("args", Node::texts(args))]);
    let after = with_entry("", "mcpServers", "n", &node).unwrap();
    assert!(after.contains("\n        \"--argument-3\",\n"), "{after}");
    assert_eq!(entry(&after, "mcpServers", "n").unwrap(), Some(node.json()));
}
