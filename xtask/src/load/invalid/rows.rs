//! The POSTs that have to be refused, one row a kind.

use crate::load::calls::{Caller, initialize_message, message, of_session, post};

/// A kind of POST.
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) way: Way,
    /// The request, with a number that makes it different from the others.
    pub(super) request: fn(u16, u32) -> String,
}

pub(super) enum Way {
    /// Many at once on one connection; each is answered.
    Pipelined,
    /// One a connection, which the server may close instead of an answer.
    Alone,
    /// A part of it, then nothing more: the server may answer.
    Truncated,
    /// A part of it, then the connection is gone.
    Aborted,
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "a call without a session",
        way: Way::Pipelined,
        request: |port, number| post(port, "MCP-Protocol-Version: 2025-11-25\r\n", &call(number)),
    },
    Row {
        name: "a call of an older version without a session",
        way: Way::Pipelined,
        request: |port, number| post(port, "MCP-Protocol-Version: 2025-03-26\r\n", &call(number)),
    },
    Row {
        name: "a call without session and version",
        way: Way::Pipelined,
        request: |port, number| post(port, "", &call(number)),
    },
    Row {
        name: "a call of an unknown session",
        way: Way::Pipelined,
        request: |port, number| post(port, &of_session(&unknown(number), ""), &call(number)),
    },
    Row {
        name: "initialized of an unknown session",
        way: Way::Pipelined,
        request: |port, number| {
            post(
                port,
                &of_session(&unknown(number), ""),
                r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            )
        },
    },
    Row {
        name: "initialize of a session that the client names",
        way: Way::Pipelined,
        request: |port, number| {
            post(port, &of_session(&unknown(number), ""), &initialize_message(number))
        },
    },
    Row {
        name: "two session ids",
        way: Way::Pipelined,
        request: |port, number| {
            let second = format!("Mcp-Session-Id: {}\r\n", unknown(number + 1));
            post(port, &of_session(&unknown(number), &second), &call(number))
        },
    },
    Row {
        name: "a session id of four KiB and more",
        way: Way::Pipelined,
        request: |port, number| {
            post(
                port,
                &of_session(&format!("{}{}", unknown(number), "x".repeat(4_096)), ""),
                &call(number),
            )
        },
    },
    Row {
        name: "initialize without parameters",
        way: Way::Pipelined,
        request: |port, number| post(port, "", &message(number, "initialize", "")),
    },
    Row {
        name: "initialize whose parameters are wrong",
        way: Way::Pipelined,
        request: |port, number| {
            post(
                port,
                "",
                &message(
                    number,
                    "initialize",
                    r#""protocolVersion":7,"capabilities":[],"clientInfo":"me""#,
                ),
            )
        },
    },
    Row {
        name: "initialize whose id is an object",
        way: Way::Pipelined,
        request: |port, number| {
            post(port, "", &initialize_message(number).replacen(r#""id":"#, r#""id":{},"x":"#, 1))
        },
    },
    Row {
        name: "two initialize in a batch",
        way: Way::Pipelined,
        request: |port, number| {
            post(
                port,
                "",
                &format!("[{},{}]", initialize_message(number), initialize_message(number + 1)),
            )
        },
    },
    Row {
        name: "initialize for a page",
        way: Way::Pipelined,
        request: |port, number| {
            post(port, "", &initialize_message(number)).replacen(
                "application/json, text/event-stream",
                "text/html",
                1,
            )
        },
    },
    Row {
        name: "initialize as plain text",
        way: Way::Pipelined,
        request: |port, number| {
            post(port, "", &initialize_message(number)).replacen(
                "Content-Type: application/json",
                "Content-Type: text/plain",
                1,
            )
        },
    },
    Row {
        name: "initialize from a foreign page",
        way: Way::Pipelined,
        request: |port, number| {
            post(
                port,
                &format!("Origin: http://evil{number}.example\r\n"),
                &initialize_message(number),
            )
        },
    },
    Row {
        name: "initialize for a foreign host",
        way: Way::Pipelined,
        request: |port, number| {
            post(port, "", &initialize_message(number)).replacen(
                "Host: 127.0.0.1",
                &format!("Host: evil{number}.example"),
                1,
            )
        },
    },
    Row {
        name: "initialize with a bracket too much",
        way: Way::Pipelined,
        request: |port, number| post(port, "", &(initialize_message(number) + "}")),
    },
    Row {
        name: "initialize with a key twice",
        way: Way::Pipelined,
        request: |port, number| {
            post(
                port,
                "",
                &initialize_message(number).replacen(
                    r#""method":"#,
                    r#""method":"ping","method":"#,
                    1,
                ),
            )
        },
    },
    Row {
        name: "no JSON",
        way: Way::Pipelined,
        request: |port, number| post(port, "", &format!("<{number}>")),
    },
    Row { name: "nothing", way: Way::Pipelined, request: |port, _| post(port, "", "") },
    Row {
        name: "JSON that is no message",
        way: Way::Pipelined,
        request: |port, number| post(port, "", &format!(r#"{{"number":{number}}}"#)),
    },
    Row {
        name: "arrays in arrays",
        way: Way::Pipelined,
        request: |port, _| post(port, "", &("[".repeat(1_000) + &"]".repeat(1_000))),
    },
    Row {
        name: "an answer that nobody asked for",
        way: Way::Pipelined,
        request: |port, number| {
            post(port, "", &format!(r#"{{"jsonrpc":"2.0","id":{number},"result":{{}}}}"#))
        },
    },
    Row {
        name: "a method of clients",
        way: Way::Pipelined,
        request: |port, number| {
            post(
                port,
                "",
                &message(number, "sampling/createMessage", r#""messages":[],"maxTokens":1"#),
            )
        },
    },
    Row {
        name: "an unknown method",
        way: Way::Pipelined,
        request: |port, number| post(port, "", &message(number, &format!("unknown/{number}"), "")),
    },
    Row {
        name: "an unknown version",
        way: Way::Pipelined,
        request: |port, number| {
            post(port, &format!("MCP-Protocol-Version: 1999-{number}\r\n"), &call(number))
        },
    },
    Row {
        name: "a modern call without its headers",
        way: Way::Pipelined,
        request: |port, number| {
            let request = Caller::Modern.echo(port, number);
            request.replacen(
                "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: echo\r\n",
                "",
                1,
            )
        },
    },
    Row {
        name: "initialize that says it is larger than may be",
        way: Way::Alone,
        request: |port, number| {
            post(port, "", &initialize_message(number)).replacen(
                "Content-Length: ",
                "Content-Length: 9999999",
                1,
            )
        },
    },
    Row {
        name: "initialize that breaks off and waits",
        way: Way::Truncated,
        request: |port, number| post(port, "", &initialize_message(number)),
    },
    Row {
        name: "initialize that breaks off and is gone",
        way: Way::Aborted,
        request: |port, number| post(port, "", &initialize_message(number)),
    },
];

fn call(number: u32) -> String {
    message(number, "tools/call", r#""name":"echo","arguments":{"message":"hello"}"#)
}

/// An identifier such as a server would give.
fn unknown(number: u32) -> String {
    format!("{:08x}-c0de-4bad-8bad-{:012x}", number.wrapping_mul(0x9E37_79B9), number)
}

#[cfg(test)]
mod tests {
    use super::ROWS;
    use std::collections::BTreeSet;

    #[test]
    fn rows_are_different_and_change_with_their_number() {
        let names: BTreeSet<_> = ROWS.iter().map(|row| row.name).collect();
        let requests: BTreeSet<_> = ROWS.iter().map(|row| (row.request)(8080, 1)).collect();
        assert_eq!(names.len(), ROWS.len());
        // Two rows send the same in different ways.
        assert_eq!(requests.len(), ROWS.len() - 1);
        let constant = ROWS.iter().filter(|row| (row.request)(8080, 1) == (row.request)(8080, 2));
        assert_eq!(
            constant.map(|row| row.name).collect::<Vec<_>>(),
            ["nothing", "arrays in arrays"]
        );
    }
}
