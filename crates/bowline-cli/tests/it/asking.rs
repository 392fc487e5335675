//! Questions to whoever sits at the terminal, and what is shown there meanwhile.

use crate::program::bowline;
use crate::pty::Pty;
use std::fs;
use std::num::NonZero;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// What an emulator of so many columns shows in the end.
fn on_screen(pty: &Pty, columns: u16) -> String {
    let size = |size| NonZero::new(size).unwrap();
    let mut emulator = vt100::Parser::new(size(60), size(columns), 0);
    emulator.process(&pty.bytes);
    let contents = emulator.screen().contents();
    contents.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn missing_arguments_are_asked_for_until_they_fit() {
    let mut pty = Pty::start(&["call", "everything", "add", "b=2"]);
    pty.answer("a: ", "one");
    pty.until("expected a number");
    pty.answer("a: ", "");
    pty.until("expected a number");
    pty.answer("a: ", "40");
    assert_eq!(pty.end(), 0, "{}", pty.text());
    assert!(pty.text().ends_with("{\"sum\":42.0}\n"), "{}", pty.text());

    let mut pty = Pty::start(&["prompt", "everything", "travel"]);
    pty.answer("country: ", "Japan");
    pty.answer("city: ", "Kyoto");
    assert_eq!(pty.end(), 0, "{}", pty.text());
}

#[test]
fn the_end_of_input_calls_nothing() {
    let mut pty = Pty::start(&["call", "everything", "add"]);
    pty.until("a: ");
    pty.end_of_input();
    assert_eq!(pty.end(), 130, "{}", pty.text());
}

/// Answers the form of `ask_form`, wrongly at first.
fn fill_in(pty: &mut Pty) {
    pty.answer("answer? yes, no (decline), cancel [yes]: ", "");
    pty.answer("name: ", "");
    pty.until("expected text, 1 to 40 characters");
    pty.answer("name: ", "Ann");
    pty.answer("age: ", "200");
    pty.until("expected a whole number, 0 to 150");
    pty.answer("age: ", "42");
    pty.answer("birthday: ", "");
    pty.answer("color [green]: ", "1");
    pty.answer("email: ", "ann@example.com");
    pty.answer("extras: ", "Napkin");
    pty.answer("extras: ", "");
    pty.answer("grade: ", "Good");
    pty.answer("height: ", "1.75");
    pty.answer("moment: ", "");
    pty.answer("site: ", "");
    pty.answer("size: ", "2");
    pty.answer("subscribed [true]: ", "");
    pty.answer("toppings: ", "olives");
    pty.answer("toppings: ", "cheese");
}

#[test]
fn a_form_is_filled_in_looked_at_and_sent() {
    let mut pty = Pty::start(&["call", "everything", "ask_form"]);
    pty.until("Please describe yourself.");
    fill_in(&mut pty);
    pty.until("name = Ann");
    pty.answer("send it? yes, again, no (decline), cancel [yes]: ", "maybe");
    pty.until("type one of:");
    pty.answer("send it?", "y");
    assert_eq!(pty.end(), 0, "{}", pty.text());
    let last = pty.text().lines().last().unwrap().to_owned();
    assert_eq!(
        last,
        r#"{"action":"accept","content":{"age":42,"color":"red","email":"ann@example.com","extras":["nap"],"grade":"b","height":1.75,"name":"Ann","size":"l","subscribed":true,"toppings":["olives","cheese"]}}"#
    );
}

#[test]
fn a_form_is_filled_in_again_declined_or_given_up() {
    let mut pty = Pty::start(&["call", "everything", "ask_form"]);
    fill_in(&mut pty);
    pty.answer("send it?", "again");
    pty.answer("name: ", "Bob");
    pty.until("age: ");
    pty.end_of_input();
    assert_eq!(pty.end(), 0, "{}", pty.text());
    assert!(pty.text().ends_with("{\"action\":\"cancel\"}\n"), "{}", pty.text());

    for (typed, action) in [("n", "decline"), ("decline", "decline"), ("c", "cancel")] {
        let mut pty = Pty::start(&["call", "everything", "ask_form"]);
        pty.answer("answer? ", typed);
        assert_eq!(pty.end(), 0, "{}", pty.text());
        assert!(pty.text().ends_with(&format!("{{\"action\":\"{action}\"}}\n")), "{}", pty.text());
    }
}

#[test]
fn what_was_typed_before_a_question_does_not_answer_it() {
    let mut pty = Pty::start(&["call", "everything", "ask_url"]);
    pty.enter("yes");
    pty.answer("open it in a browser? ", "no");
    assert_eq!(pty.end(), 0, "{}", pty.text());
    assert!(pty.text().ends_with("{\"action\":\"decline\"}\n"), "{}", pty.text());
}

#[test]
fn a_page_is_opened_only_by_a_yes_and_without_a_shell() {
    let dir = std::env::temp_dir().join(format!("bowline-open-{}", std::process::id()));
    fs::create_dir(&dir).unwrap();
    let opened = dir.join("opened");
    let opener = dir.join("xdg-open");
    fs::write(&opener, "#!/bin/sh\nprintf '%s\\n' \"$#\" \"$1\" > \"$OPENED.part\"; mv \"$OPENED.part\" \"$OPENED\"\n").unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap());
    let run = |typed: &[&str]| {
        let mut command = bowline(&["call", "everything", "ask_url"]);
        command.env("PATH", &path).env("OPENED", &opened);
        let mut pty = Pty::of(command, (100, 40));
        pty.until("https://");
        pty.until("example.com");
        for typed in typed {
            pty.answer("open it in a browser? yes, no (decline), cancel: ", typed);
        }
        assert_eq!(pty.end(), 0, "{}", pty.text());
        pty.text()
    };
    assert!(run(&["", "perhaps", "no"]).ends_with("{\"action\":\"decline\"}\n"));
    assert!(run(&["cancel"]).ends_with("{\"action\":\"cancel\"}\n"));
    assert!(!opened.exists());
    assert!(run(&["yes"]).ends_with("{\"action\":\"accept\"}\n"));
    let begun = std::time::Instant::now();
    while !opened.exists() {
        assert!(begun.elapsed().as_secs() < 20);
        std::thread::yield_now();
    }
    assert_eq!(fs::read_to_string(&opened).unwrap(), "1\nhttps://example.com/everything/consent\n");
    fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn an_interrupt_while_asked_gives_the_call_up() {
    for line in [&["call", "everything", "ask_form"][..], &["call", "everything", "add"]] {
        let mut pty = Pty::start(line);
        pty.until(": ");
        let begun = std::time::Instant::now();
        pty.signal("INT");
        assert_eq!(pty.end(), 130, "{}", pty.text());
        assert!(begun.elapsed().as_secs_f64() < 2.0, "{:?}", begun.elapsed());
    }
}

#[test]
fn a_bar_shows_how_far_a_call_is_and_makes_room_for_the_result() {
    for columns in [30, 100] {
        let line = ["call", "everything", "progress", "steps=4", "rest_ms=200"];
        let mut pty = Pty::of(bowline(&line), (columns, 20));
        pty.until("#] 100%");
        assert_eq!(pty.end(), 0);
        assert_eq!(on_screen(&pty, columns), "done in 4 steps");
    }
    let mut pty = Pty::start(&["-q", "call", "everything", "progress"]);
    assert_eq!(pty.end(), 0);
    assert_eq!(String::from_utf8(pty.bytes.clone()).unwrap(), "done in 3 steps\r\n");
}

#[test]
fn a_result_is_words_for_people() {
    let mut pty = Pty::start(&["call", "everything", "structured_array", "--json"]);
    assert_eq!(pty.end(), 0);
    assert!(pty.text().contains("  \"structuredContent\": [\n    1,\n"), "{}", pty.text());
}

#[test]
fn a_config_of_a_project_is_approved_once() {
    let home = std::env::temp_dir().join(format!("bowline-approve-{}", std::process::id()));
    let project: PathBuf = home.join("project");
    fs::create_dir_all(&project).unwrap();
    let binary = env!("CARGO_BIN_EXE_bowline");
    let config = |flag: &str| {
        let config = serde_json::json!({ "mcpServers": { "here": {
            "command": binary, "args": ["serve", "everything", flag],
        } } });
        fs::write(project.join(".mcp.json"), config.to_string()).unwrap();
    };
    let run = || {
        let mut command = bowline(&["call", "here", "echo", "message=hello"]);
        command.env("HOME", &home).env_remove("XDG_STATE_HOME").env_remove("XDG_CONFIG_HOME");
        command.env_remove("BOWLINE_CONFIG").current_dir(&project);
        Pty::of(command, (100, 40))
    };
    config("-q");
    let mut pty = run();
    pty.until("serve everything -q");
    pty.answer("[y/N]: ", "");
    assert_eq!(pty.end(), 1, "{}", pty.text());
    let mut pty = run();
    pty.answer("[y/N]: ", "y");
    assert_eq!(pty.end(), 0, "{}", pty.text());
    let mut pty = run();
    assert_eq!(pty.end(), 0, "{}", pty.text());
    assert_eq!(pty.text(), "hello\n");
    config("-v");
    let mut pty = run();
    pty.answer("[y/N]: ", "n");
    assert_eq!(pty.end(), 1, "{}", pty.text());
    fs::remove_dir_all(&home).unwrap();
}
