//! Golden transcripts: every byte of an exchange, `->` from the client and `<-` from the server.

use crate::pair::Side::{A, B};
use crate::pair::{Pair, request};
use bowline_protocol::protocol::Request;
use expect_test::expect_file;

#[test]
fn call() {
    let mut pair = Pair::new(5);
    pair.call(A, &request("tools/call").progress(), "call");
    pair.run_until(5);
    pair.progress(B, 1, 0.5);
    pair.progress(B, 1, 1.0);
    pair.answer(B, 1, "done");
    pair.run_until(100);
    expect_file!["../transcripts/call.txt"].assert_eq(&pair.transcript);
}

#[test]
fn cancel() {
    let mut pair = Pair::new(5);
    pair.call(A, &request("tools/call"), "cancelled in time");
    pair.call(A, &request("tools/call"), "crossing its answer");
    pair.run_until(5);
    pair.answer(B, 2, "crossing its cancellation");
    pair.cancel(A, 1);
    pair.cancel(A, 2);
    pair.run_until(10);
    pair.answer(B, 1, "never sent");
    pair.run_until(100);
    expect_file!["../transcripts/cancel.txt"].assert_eq(&pair.transcript);
}

#[test]
fn refusals() {
    let mut pair = Pair::new(0);
    for line in [
        "{",
        "[]",
        "5",
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":"a","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":3,"id":3,"method":"tools/list"}"#,
        r#"{"jsonrpc":"1.0","id":4,"method":"tools/list"}"#,
    ] {
        pair.inject(A, line);
        pair.run_until(0);
    }
    pair.call(A, &request("initialize"), "a method that is no more");
    pair.call(A, &Request::new("tools/list"), "without _meta");
    pair.run_until(1);
    expect_file!["../transcripts/refusals.txt"].assert_eq(&pair.transcript);
}

#[test]
fn both_directions() {
    let mut pair = Pair::new(5);
    pair.call(A, &request("tools/call"), "of the client");
    pair.run_until(5);
    pair.call(B, &request("tasks/get"), "of the server");
    pair.run_until(10);
    pair.answer(A, 1, "from the client");
    pair.run_until(15);
    pair.answer(B, 1, "from the server");
    pair.run_until(100);
    expect_file!["../transcripts/both_directions.txt"].assert_eq(&pair.transcript);
}
