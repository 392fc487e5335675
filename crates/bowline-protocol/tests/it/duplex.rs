//! What can cross on a wire, in every order.

use crate::pair::Side::{A, B};
use crate::pair::{Pair, request};
use expect_test::{Expect, expect};

fn check(pair: &mut Pair, expected: &Expect) {
    expected.assert_eq(&pair.events());
}

fn ignored(pair: &Pair) -> String {
    let ignored = pair.a.asking().ignored();
    format!(
        "late {} double {} unknown {} foreign {} progress {}",
        ignored.late, ignored.double, ignored.unknown, ignored.foreign, ignored.progress
    )
}

#[test]
fn a_cancellation_that_arrives_first_silences_the_answer() {
    let mut pair = Pair::new(10);
    pair.call(A, &request("tools/call"), "one");
    pair.run_until(20);
    pair.cancel(A, 1);
    pair.run_until(30);
    pair.answer(B, 1, "too late");
    pair.run_until(100);
    check(
        &mut pair,
        &expect![[r#"
            10    b is asked 1 tools/call
            20    a cancels 1: Some("one")
            30    b is told to stop tools/call
            30    b answers 1: None
        "#]],
    );
    assert!(pair.a.asking().is_empty() && pair.b.answering().is_empty());
}

#[test]
fn an_answer_that_crosses_a_cancellation_is_ignored() {
    let mut pair = Pair::new(10);
    pair.call(A, &request("tools/call"), "one");
    pair.run_until(20);
    pair.answer(B, 1, "in time");
    pair.cancel(A, 1);
    pair.run_until(100);
    check(
        &mut pair,
        &expect![[r#"
            10    b is asked 1 tools/call
            20    b answers 1: Some("tools/call")
            20    a cancels 1: Some("one")
            30    a ignores a line
            30    b ignores a line
        "#]],
    );
    expect!["late 1 double 0 unknown 0 foreign 0 progress 0"].assert_eq(&ignored(&pair));
}

#[test]
fn a_cancellation_behind_the_answer_changes_nothing() {
    let mut pair = Pair::new(10);
    pair.call(A, &request("tools/call"), "one");
    pair.run_until(10);
    pair.answer(B, 1, "done");
    pair.run_until(20);
    pair.cancel(A, 1);
    pair.inject(
        A,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
    );
    pair.run_until(100);
    check(
        &mut pair,
        &expect![[r#"
            10    b is asked 1 tools/call
            10    b answers 1: Some("tools/call")
            20    a is answered 1 one: result {"text":"done","resultType":"complete"}
            20    a cancels 1: None
            30    b ignores a line
        "#]],
    );
}

#[test]
fn a_cancellation_sent_with_its_request_arrives_behind_it() {
    let mut pair = Pair::new(10);
    pair.call(A, &request("tools/call"), "one");
    pair.cancel(A, 1);
    pair.run_until(100);
    pair.answer(B, 1, "nobody hears it");
    check(
        &mut pair,
        &expect![[r#"
            0     a cancels 1: Some("one")
            10    b is asked 1 tools/call
            10    b is told to stop tools/call
            100   b answers 1: None
        "#]],
    );
}

#[test]
fn a_malformed_or_unknown_cancellation_stops_nothing() {
    let mut pair = Pair::new(0);
    pair.call(A, &request("tools/call"), "one");
    for id in ["\"1\"", "1.0", "null", "{}", "2", "-1"] {
        let method = "notifications/cancelled";
        pair.inject(
            A,
            &format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"requestId":{id}}}}}"#),
        );
    }
    pair.inject(A, r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#);
    pair.run_until(1);
    pair.answer(B, 1, "still here");
    pair.run_until(2);
    check(
        &mut pair,
        &expect![[r#"
            0     b is asked 1 tools/call
            0     b ignores a line
            0     b ignores a line
            0     b ignores a line
            0     b ignores a line
            0     b ignores a line
            0     b ignores a line
            0     b ignores a line
            1     b answers 1: Some("tools/call")
            1     a is answered 1 one: result {"text":"still here","resultType":"complete"}
        "#]],
    );
}

#[test]
fn progress_that_was_not_wanted_or_names_nothing_is_counted() {
    let mut pair = Pair::new(0);
    pair.call(A, &request("tools/call"), "one");
    pair.run_until(900);
    for token in ["1", "\"1\"", "7", "null"] {
        let method = "notifications/progress";
        let params = format!(r#"{{"progressToken":{token},"progress":1}}"#);
        pair.inject(B, &format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#));
    }
    pair.run_until(1100);
    check(
        &mut pair,
        &expect![[r#"
            0     b is asked 1 tools/call
            900   a ignores a line
            900   a ignores a line
            900   a ignores a line
            900   a ignores a line
        "#]],
    );
    expect!["late 0 double 0 unknown 0 foreign 0 progress 4"].assert_eq(&ignored(&pair));
}

#[test]
fn answers_that_belong_to_nothing_are_ignored_and_counted_by_kind() {
    let mut pair = Pair::new(0);
    pair.call(A, &request("tools/call"), "one");
    pair.call(A, &request("tools/call"), "two");
    pair.cancel(A, 2);
    for id in ["1", "1", "2", "2", "3", "-1", "\"1\""] {
        pair.inject(B, &format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#));
    }
    pair.run_until(1);
    check(
        &mut pair,
        &expect![[r#"
            0     a cancels 2: Some("two")
            0     b is asked 1 tools/call
            0     b is asked 2 tools/call
            0     b is told to stop tools/call
            0     a is answered 1 one: result {}
            0     a ignores a line
            0     a ignores a line
            0     a ignores a line
            0     a ignores a line
            0     a ignores a line
            0     a ignores a line
        "#]],
    );
    expect!["late 1 double 2 unknown 2 foreign 1 progress 0"].assert_eq(&ignored(&pair));
}

#[test]
fn a_broken_answer_fails_its_request_instead_of_leaving_it_hanging() {
    let mut pair = Pair::new(0);
    for name in ["one", "two", "three", "four"] {
        pair.call(A, &request("tools/call"), name);
    }
    for line in [
        r#"{"jsonrpc":"2.0","id":1,"result":[]}"#,
        r#"{"jsonrpc":"2.0","id":2,"result":{},"error":{"code":1,"message":""}}"#,
        r#"{"jsonrpc":"2.0","id":3,"error":{"message":"no code"}}"#,
        r#"{"id":4,"result":{}}"#,
    ] {
        pair.inject(B, line);
    }
    pair.run_until(1);
    check(
        &mut pair,
        &expect![[r#"
            0     b is asked 1 tools/call
            0     b is asked 2 tools/call
            0     b is asked 3 tools/call
            0     b is asked 4 tools/call
            0     a is answered 1 one: malformed: `result` must be an object
            0     a is answered 2 two: malformed: a response has a `result` or an `error`, never both
            0     a is answered 3 three: malformed: code: missing field
            0     a is answered 4 four: malformed: `jsonrpc` must be "2.0"
        "#]],
    );
    assert!(pair.a.asking().is_empty());
}

#[test]
fn an_error_without_an_id_is_reported_and_ends_no_request() {
    let mut pair = Pair::new(0);
    pair.call(A, &request("tools/call"), "one");
    pair.inject(B, r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}"#);
    pair.inject(B, r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}"#);
    pair.inject(B, r#"{"jsonrpc":"2.0","error":{"code":"x"}}"#);
    pair.run_until(1);
    check(
        &mut pair,
        &expect![[r#"
            0     b is asked 1 tools/call
            0     a hears a stray error: what? (-32700)
            0     a hears a stray error: what? (-32700)
            0     a hears a stray error: peer sent a malformed error: code: invalid type: string, expected an integer of 64 bits (-32603)
        "#]],
    );
    assert_eq!(pair.a.asking().len(), 1);
}

#[test]
fn an_id_that_is_still_being_answered_is_refused_and_the_first_request_lives_on() {
    let mut pair = Pair::new(0);
    pair.call(A, &request("tools/call"), "one");
    pair.run_until(1);
    let first = pair.transcript.lines().next().unwrap()[3..].to_owned();
    pair.inject(A, &first);
    pair.run_until(2);
    pair.answer(B, 1, "the first one's");
    pair.run_until(3);
    pair.inject(A, &first);
    pair.run_until(4);
    check(
        &mut pair,
        &expect![[r#"
            0     b is asked 1 tools/call
            1     b refuses: a request with this id is still being answered (-32600)
            1     a is answered 1 one: error a request with this id is still being answered (-32600)
            2     b answers 1: Some("tools/call")
            2     a ignores a line
            3     b is asked 1 tools/call
        "#]],
    );
}

#[test]
fn both_directions_use_the_same_ids_without_mixing_them_up() {
    let mut pair = Pair::new(10);
    pair.call(A, &request("tools/call").progress(), "of a");
    pair.call(B, &request("tasks/get").progress(), "of b");
    pair.run_until(10);
    pair.progress(A, 1, 0.5);
    pair.progress(B, 1, 0.25);
    pair.answer(A, 1, "from a");
    pair.cancel(A, 1);
    pair.run_until(20);
    pair.answer(B, 1, "never sent");
    pair.run_until(100);
    check(
        &mut pair,
        &expect![[r#"
            10    b is asked 1 tools/call
            10    a is asked 1 tasks/get
            10    a reports 0.5 on 1: true
            10    b reports 0.25 on 1: true
            10    a answers 1: Some("tasks/get")
            10    a cancels 1: Some("of a")
            20    b hears progress of 1
            20    a ignores a line
            20    b is answered 1 of b: result {"text":"from a","resultType":"complete"}
            20    b is told to stop tools/call
            20    b answers 1: None
        "#]],
    );
}

#[test]
fn the_end_of_a_subscription_by_the_server_is_told_and_no_other_request_can_be_ended_so() {
    let mut pair = Pair::new(0);
    pair.call(A, &request("subscriptions/listen"), "listen");
    pair.call(A, &request("tools/call"), "call");
    for id in [2, 1, 1] {
        let method = "notifications/cancelled";
        pair.inject(
            B,
            &format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"requestId":{id}}}}}"#),
        );
    }
    pair.run_until(1);
    check(
        &mut pair,
        &expect![[r#"
            0     b is asked 1 subscriptions/listen
            0     b is asked 2 tools/call
            0     a ignores a line
            0     a hears the end of 1 listen
            0     a ignores a line
        "#]],
    );
    assert_eq!(pair.a.asking().len(), 1);
}

#[test]
fn noise_is_answered_a_few_times_and_then_four_times_a_second() {
    let mut pair = Pair::new(0);
    for _ in 0..1000 {
        pair.inject(A, "noise");
    }
    pair.run_until(0);
    assert_eq!(pair.transcript.matches("<- ").count(), 16);
    assert_eq!(pair.b.unsent_errors(), 1000 - 16);
    pair.run_until(1000);
    for _ in 0..1000 {
        pair.inject(A, "noise");
    }
    pair.run_until(1000);
    assert_eq!(pair.transcript.matches("<- ").count(), 16 + 4);
    // Who can be named is always answered.
    pair.inject(A, r#"{"jsonrpc":"2.0","id":5,"method":5}"#);
    pair.run_until(1001);
    assert_eq!(pair.transcript.matches("<- ").count(), 16 + 4 + 1);
}

#[test]
fn two_sides_never_answer_each_others_errors() {
    let mut pair = Pair::new(1);
    pair.inject(A, "noise");
    pair.inject(B, "[]");
    pair.run_until(10_000);
    assert_eq!(pair.transcript.lines().count(), 4, "{}", pair.transcript);
}

#[test]
fn the_end_of_the_stream_gives_back_what_was_kept() {
    let mut pair = Pair::new(0);
    pair.call(A, &request("tools/call"), "one");
    pair.call(B, &request("tasks/get"), "two");
    pair.run_until(1);
    let (theirs, ours) = pair.a.end();
    assert_eq!((theirs, ours), (vec!["tasks/get".to_owned()], vec!["one"]));
    assert!(pair.a.asking().is_empty());
}
