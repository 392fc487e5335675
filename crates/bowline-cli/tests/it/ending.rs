//! Being told to end, with a call in flight.

use crate::program::{Program, bowline, call};
use serde_json::{Value, json};

/// A server with a call of `slow` that has begun.
fn with_a_call(seconds: f64) -> Program {
    let mut program = Program::start(&mut bowline(&["serve", "everything"]));
    program.stderr.find("listening on stdio");
    program.send(&call(1, "slow", json!({ "seconds": seconds })));
    assert!(program.stdout.next().unwrap().contains("started"));
    program
}

fn text(line: &str) -> Value {
    let mut message: Value = serde_json::from_str(line).unwrap();
    message["result"]["content"][0]["text"].take()
}

#[test]
fn a_terminated_server_finishes_its_calls_first() {
    let program = with_a_call(0.5);
    program.signal("TERM");
    assert_eq!(text(&program.stdout.next().unwrap()), "waited");
    assert_eq!(program.stdout.next(), None);
    assert_eq!(program.end(), 0);
}

#[test]
fn an_interrupted_server_finishes_its_calls_and_says_that_it_was_interrupted() {
    let program = with_a_call(0.5);
    program.signal("INT");
    assert_eq!(text(&program.stdout.next().unwrap()), "waited");
    assert_eq!(program.end(), 130);
}

#[test]
fn a_second_signal_ends_at_once() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let program = with_a_call(60.0);
        program.signal(name);
        program.stderr.find("a second signal ends at once");
        program.signal(name);
        assert_eq!(program.stdout.next(), None);
        assert_eq!(program.end(), code);
    }
}

#[test]
fn the_end_of_input_lets_calls_finish() {
    let mut program = with_a_call(0.5);
    program.stdin = None;
    assert_eq!(text(&program.stdout.next().unwrap()), "waited");
    assert_eq!(program.end(), 0);
}
