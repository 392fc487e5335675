//! POSTs that a server has to refuse: none of them may leave a session or memory.

mod rows;

use super::calls::Caller;
use super::idle::echoed;
use super::room;
use super::target::{Running, Target};
use super::wire::{Answer, Connection};
use crate::gate::{Gate, mebibytes};
use rows::{ROWS, Row, Way};

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

    // The other connection was silent for so long that it may be closed.
    let mut bystander = Connection::open(port)?;
    echoed(&mut bystander, &caller, port, 0)?;
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
            2.0,
        ),
    ])
}

/// Sessions that there is room for.
const CAP: u32 = 64;
const ROUNDS: u32 = 10;
/// One in so many, before the first look at memory.
const WARM_UP: u32 = 10;

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
        statuses.unanswered += 1;
        return Ok(());
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

#[cfg(test)]
mod tests {
    use super::{Answer, Statuses};

    #[test]
    fn what_was_accepted_is_counted() {
        let mut statuses = Statuses::default();
        let answer = |status, body| Answer::of(status, body);
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
