//! POSTs that a server has to refuse: none of them may leave a session or memory.

use super::calls::{Caller, initialize_message, message, of_session, post};
use super::room;
use super::target::{Running, Target};
use super::wire::{Answer, Connection};
use crate::gate::{Gate, mebibytes};

/// Sends so many of them in all, to a server that has room for a few sessions.
pub(crate) fn measure(target: Target, posts: u32) -> Result<Vec<Gate>, String> {
    let limit = format!("sessions={CAP}");
    let running = target.start(&[&limit], false)?;
    let port = running.port;
    let mut bystander = Connection::open(port)?;
    let caller = Caller::open(&mut bystander, port)?;

    let mut statuses = vec![Statuses::default(); ROWS.len()];
    round(&running, posts / WARM_UP, &mut statuses)?;
    let before = running.process.resident()?;
    let mut resident = Vec::new();
    for _ in 0..ROUNDS {
        round(&running, posts / ROUNDS, &mut statuses)?;
        resident.push(running.process.resident()?);
    }

    println!("\n{posts} invalid POSTs to {}", target.name());
    for (row, statuses) in ROWS.iter().zip(&statuses) {
        println!("  {:<48} {}", row.name, statuses.shown());
    }
    let shown: Vec<String> =
        resident.iter().map(|&bytes| format!("{:.1}", mebibytes(bytes))).collect();
    println!("  resident, MiB: {:.1} before, then {}", mebibytes(before), shown.join(" "));

    super::idle::echoed(&mut bystander, &caller, port, 0)?;
    let room = room::count(&mut bystander, port)?;
    let wrong: u32 = statuses.iter().map(|statuses| statuses.accepted).sum();
    let half = resident[resident.len() / 2 - 1];
    let last = resident[resident.len() - 1];
    Ok(vec![
        Gate::new("invalid POSTs: answered as if they were valid", f64::from(wrong), 0.0),
        Gate::new("invalid POSTs: sessions left", f64::from(CAP - 1) - f64::from(room), 0.0),
        Gate::new(
            "invalid POSTs: resident more than before, MiB",
            mebibytes(last) - mebibytes(before),
            8.0,
        ),
        Gate::new(
            "invalid POSTs: … more than at half time, MiB",
            mebibytes(last) - mebibytes(half),
            1.0,
        ),
    ])
}

/// Sessions that there is room for.
const CAP: u32 = 64;
const ROUNDS: u32 = 10;
/// One in so many, before the first look at memory.
const WARM_UP: u32 = 10;

/// A kind of POST.
struct Row {
    name: &'static str,
    way: Way,
    /// The request, with a number that makes it different from the others.
    request: fn(u16, u32) -> String,
}

enum Way {
    /// Many at once on one connection; each is answered.
    Pipelined,
    /// One a connection, which the server may close instead of an answer.
    Alone,
    /// A part of it, then nothing more: the server may answer.
    Truncated,
    /// A part of it, then the connection is gone.
    Aborted,
}

/// What a kind of POST was answered.
#[derive(Clone, Default)]
struct Statuses {
    seen: Vec<(u16, u32)>,
    unanswered: u32,
    accepted: u32,
}

impl Statuses {
    fn add(&mut self, answer: &Answer) {
        match self.seen.iter_mut().find(|(status, _)| *status == answer.status) {
            Some((_, count)) => *count += 1,
            None => self.seen.push((answer.status, 1)),
        }
        let refused = answer.status >= 400 || answer.body.contains(r#""error":"#);
        if !refused || answer.header("mcp-session-id").is_some() {
            self.accepted += 1;
        }
    }

    fn shown(&self) -> String {
        let mut shown: Vec<String> =
            self.seen.iter().map(|(status, count)| format!("{status} × {count}")).collect();
        if self.unanswered > 0 {
            shown.push(format!("closed × {}", self.unanswered));
        }
        if self.accepted > 0 {
            shown.push(format!("ACCEPTED × {}", self.accepted));
        }
        shown.join(", ")
    }
}

/// Sends about so many requests, as many of each kind.
fn round(running: &Running, posts: u32, statuses: &mut [Statuses]) -> Result<(), String> {
    let each = posts.div_ceil(u32::try_from(ROWS.len()).unwrap_or(u32::MAX));
    for (row, statuses) in ROWS.iter().zip(statuses) {
        let sent = match row.way {
            Way::Pipelined => pipelined(running.port, row, each, statuses),
            Way::Alone | Way::Truncated | Way::Aborted => {
                (0..each).try_for_each(|number| single(running.port, row, number, statuses))
            }
        };
        sent.map_err(|error| format!("{}: {error}", row.name))?;
    }
    Ok(())
}

fn pipelined(port: u16, row: &Row, count: u32, statuses: &mut Statuses) -> Result<(), String> {
    let mut connection = Connection::open(port)?;
    let mut from = 0;
    while from < count {
        let until = (from + AT_ONCE).min(count);
        let requests: String = (from..until).map(|number| (row.request)(port, number)).collect();
        connection.send(requests.as_bytes())?;
        for _ in from..until {
            statuses.add(&connection.answer()?);
        }
        from = until;
    }
    Ok(())
}

/// Requests in one piece.
const AT_ONCE: u32 = 32;

fn single(port: u16, row: &Row, number: u32, statuses: &mut Statuses) -> Result<(), String> {
    let mut connection = Connection::open(port)?;
    let request = (row.request)(port, number);
    let sent = match row.way {
        Way::Pipelined | Way::Alone => request.as_bytes(),
        // Somewhere else each time, in the head or in the body.
        Way::Truncated | Way::Aborted => {
            &request.as_bytes()[..1 + (number as usize * 7) % (request.len() - 2)]
        }
    };
    connection.send(sent)?;
    if let Way::Aborted = row.way {
        return Ok(statuses.unanswered += 1);
    }
    if let Way::Truncated = row.way {
        connection.end()?;
    }
    match connection.answer() {
        Ok(answer) => statuses.add(&answer),
        Err(_) => statuses.unanswered += 1,
    }
    Ok(())
}

const ROWS: &[Row] = &[
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
    use super::{Answer, ROWS, Statuses};
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

    #[test]
    fn what_was_accepted_is_counted() {
        let mut statuses = Statuses::default();
        let answer =
            |status, body: &str| Answer { status, body: body.to_owned(), ..Answer::default() };
        statuses.add(&answer(400, ""));
        statuses.add(&answer(200, r#"{"error":{}}"#));
        assert_eq!(statuses.accepted, 0);
        statuses.add(&answer(200, r#"{"result":{}}"#));
        assert_eq!(
            (statuses.accepted, statuses.shown().as_str()),
            (1, "400 × 1, 200 × 2, ACCEPTED × 1")
        );
    }
}
