//! Requests per second over pipelined stdio, beside a floor in the same run, and memory afterwards.

use crate::gate::median;
use crate::load::calls::{bare_echo_line, echo_line};
use crate::process::{Server, pinned};
use std::io::{Read, Write};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

/// Prints requests per second of both programs and their ratio; returns the most resident memory of ours, in bytes.
pub(crate) fn compare(floor: &str, bowline: &str) -> Result<u64, String> {
    let mut rates = [Vec::new(), Vec::new()];
    let mut resident = 0;
    // In turn, so that a busy neighbour slows both.
    for _ in 0..ROUNDS {
        rates[0].push(pipelined(&[floor], bare_echo_line)?.rate);
        let ours = pipelined(&[bowline, "serve", "everything"], echo_line)?;
        rates[1].push(ours.rate);
        resident = resident.max(ours.resident);
    }
    let [floor, ours] = rates.map(|rates| median(&rates));
    println!("\npipelined stdio, {REQUESTS} requests at once, median of {ROUNDS} rounds");
    println!("{:<34} {floor:>10.0} requests/s", "stdio floor (lines without _meta)");
    println!(
        "{:<34} {ours:>10.0} requests/s, 1/{:.1} of the floor (expected 1/9, aim 1/3)",
        "bowline serve everything",
        floor / ours
    );
    Ok(resident)
}

const ROUNDS: usize = 3;
const REQUESTS: u32 = 200_000;

struct Run {
    rate: f64,
    resident: u64,
}

/// Writes all requests as fast as the server takes them, and reads until each is answered.
fn pipelined(command: &[&str], message: fn(u32) -> String) -> Result<Run, String> {
    let mut program = pinned(command[0]);
    program.args(&command[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut server = Server::start(&mut program)?;
    let (Some(mut input), Some(mut output)) =
        (server.child().stdin.take(), server.child().stdout.take())
    else {
        return Err("the server has no standard streams".to_owned());
    };
    let requests: String = (0..REQUESTS).map(|number| message(number) + "\n").collect();
    let started = Instant::now();
    // Owned by this call: ends when all is written or the server is gone, and hands its end of the pipe back.
    let writer = thread::spawn(move || input.write_all(requests.as_bytes()).map(|()| input));
    let mut answers = Vec::with_capacity(REQUESTS as usize * 128);
    let mut lines = 0;
    let mut chunk = vec![0; 1 << 20];
    while lines < REQUESTS {
        let read =
            output.read(&mut chunk).map_err(|error| format!("cannot read answers: {error}"))?;
        if read == 0 {
            return Err(format!(
                "{} closed its output after {lines} of {REQUESTS} answers",
                command[0]
            ));
        }
        answers.extend_from_slice(&chunk[..read]);
        lines += newlines(&chunk[..read]);
    }
    let rate = f64::from(REQUESTS) / started.elapsed().as_secs_f64();
    let resident = server.resident()?;
    let input = writer.join().map_err(|_| "the writer panicked".to_owned())?;
    // The server sees the end of its input and ends by itself.
    drop(input.map_err(|error| format!("cannot write requests: {error}"))?);
    server.wait(Duration::from_secs(15))?;
    all_answered(&answers)?;
    Ok(Run { rate, resident })
}

fn newlines(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| u32::from(*byte == b'\n')).sum()
}

/// Each request has one result that echoes its argument; the order is free.
fn all_answered(answers: &[u8]) -> Result<(), String> {
    let mut seen = vec![false; REQUESTS as usize];
    for line in answers.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let shown = || String::from_utf8_lossy(line).into_owned();
        let answer: serde_json::Value =
            serde_json::from_slice(line).map_err(|error| format!("{error} in {}", shown()))?;
        let number = answer["id"]
            .as_u64()
            .and_then(|id| id.checked_sub(10_000_000))
            .and_then(|number| usize::try_from(number).ok());
        let slot = number.and_then(|number| seen.get_mut(number)).filter(|slot| !**slot);
        let slot = slot.ok_or_else(|| format!("an answer that nobody asked for: {}", shown()))?;
        if answer["result"]["content"][0]["text"] != "hello" {
            return Err(format!("not an echo: {}", shown()));
        }
        *slot = true;
    }
    let missing = seen.iter().filter(|slot| !**slot).count();
    if missing == 0 { Ok(()) } else { Err(format!("{missing} requests were not answered")) }
}

#[cfg(test)]
mod tests {
    use super::{all_answered, newlines};

    #[test]
    fn answers_are_checked_one_by_one() {
        let answer = |id: u32| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"hello"}}]}}}}"#
            )
        };
        let one = answer(10_000_000);
        assert_eq!(all_answered(one.as_bytes()).unwrap_err(), "199999 requests were not answered");
        assert!(
            all_answered(format!("{one}\n{one}").as_bytes())
                .unwrap_err()
                .starts_with("an answer that nobody asked for")
        );
        assert!(all_answered(answer(1).as_bytes()).is_err());
        assert!(
            all_answered(one.replace("hello", "bye").as_bytes())
                .unwrap_err()
                .starts_with("not an echo")
        );
    }

    #[test]
    fn lines_are_counted_by_their_ends() {
        assert_eq!(newlines(b"a\nb\nc"), 2);
    }
}
