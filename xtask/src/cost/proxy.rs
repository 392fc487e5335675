//! What `bowline up` costs in front of one server, beside a bare reverse proxy in front of the same.

use super::valgrind::{self, Clients, Cost};
use crate::gate::{Gate, median};
use crate::load::calls::Caller;
use crate::load::idle::called;
use crate::load::wire::Connection;
use crate::process::{Server, free_port, pinned};
use crate::workspace::target;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// Prints the CPU time that both take for one request, and the instructions. The gate is on the instructions, which are
/// the same on every machine; the CPU time is to come down to 1.5 times that of the bare proxy.
pub(crate) fn compare(floor: &str, bowline: &str) -> Result<Gate, String> {
    let upstream_port = free_port()?;
    let mut upstream = Command::new(bowline);
    upstream.args(["serve", "everything", "--listen", &format!("127.0.0.1:{upstream_port}")]);
    let mut upstream = Server::start(upstream.stdin(Stdio::null()).stdout(Stdio::null()))?;
    upstream.wait_for_port(upstream_port, Duration::from_secs(20))?;
    let proxies = Proxies::new(floor, bowline, upstream_port)?;

    println!("\nCPU of a proxy for one tools/call echo, {CALLS} over {CONNECTIONS} connections");
    let mut times = [Vec::new(), Vec::new()];
    // In turn, so that a busy neighbour slows both.
    for _ in 0..ROUNDS {
        times[0].push(cpu_of_a_call(&proxies.bare, "echo")?);
        times[1].push(cpu_of_a_call(&proxies.up, UP_ECHO)?);
    }
    let [bare, up] = times.map(|times| median(&times));
    println!("{:<34} {bare:>10.1} µs, median of {ROUNDS} rounds", "bare hyper");
    println!("{:<34} {up:>10.1} µs, {:.2} times as much", "bowline up", up / bare);
    let bare_cost = instructions("bare hyper", &proxies.bare, "echo")?;
    let up_cost = instructions("bowline up", &proxies.up, UP_ECHO)?;
    println!(
        "{:<34} {:>10.2} times the instructions outside of the kernel",
        "bowline up",
        up_cost.instructions / bare_cost.instructions
    );
    upstream.end(Duration::from_secs(15))?;
    Ok(Gate::new("instructions of a call through up", up_cost.instructions, 105_000.0)
        .aim(80_000.0))
}

const ROUNDS: usize = 5;
const CONNECTIONS: u32 = 16;
const CALLS: u32 = 16_000;

/// The name of `echo` behind `up`.
pub(crate) const UP_ECHO: &str = "everything__echo";

/// Writes a config that has this server on the loopback address as `everything`, and returns its path.
pub(crate) fn up_config(port: u16) -> Result<String, String> {
    let path = target("cost-up.json");
    let text =
        format!(r#"{{"mcpServers":{{"everything":{{"url":"http://127.0.0.1:{port}/mcp"}}}}}}"#);
    match std::fs::write(&path, text) {
        Ok(()) => Ok(path.display().to_string()),
        Err(error) => Err(format!("cannot write {}: {error}", path.display())),
    }
}

/// How both are started; `{port}` becomes their port.
struct Proxies {
    bare: Vec<String>,
    up: Vec<String>,
}

impl Proxies {
    fn new(floor: &str, bowline: &str, upstream: u16) -> Result<Self, String> {
        let config = up_config(upstream)?;
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Ok(Self {
            bare: words(&[floor, "{port}", &upstream.to_string()]),
            up: words(&[bowline, "up", "--config", &config, "--listen", "127.0.0.1:{port}"]),
        })
    }
}

/// The CPU time of one call, in microseconds: that of the proxy alone, which has the first CPU to itself.
fn cpu_of_a_call(command: &[String], tool: &'static str) -> Result<f64, String> {
    let port = free_port()?;
    let mut program = pinned(&command[0]);
    program.args(command[1..].iter().map(|word| word.replace("{port}", &port.to_string())));
    let mut server = Server::start(program.stdin(Stdio::null()).stdout(Stdio::null()))?;
    server.wait_for_port(port, Duration::from_secs(20))?;
    call(port, tool, CONNECTIONS * 20)?;
    let before = cpu(&mut server)?;
    call(port, tool, CALLS)?;
    let spent = cpu(&mut server)? - before;
    server.end(Duration::from_secs(15))?;
    Ok(spent / f64::from(CALLS))
}

/// So many calls, over all connections at once; each answer has to be the echo.
fn call(port: u16, tool: &'static str, calls: u32) -> Result<(), String> {
    let client = move || {
        let mut connection = Connection::open(port)?;
        let mut numbers = 0..calls / CONNECTIONS;
        numbers.try_for_each(|number| called(&mut connection, &Caller::Modern, port, number, tool))
    };
    // Joined below, whatever comes of them.
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| thread::spawn(client)).collect();
    let mut ended = clients.into_iter().map(thread::JoinHandle::join);
    ended.try_for_each(|ended| ended.unwrap_or_else(|_| Err("a client panicked".to_owned())))
}

/// The CPU time of a process so far, in microseconds; the kernel counts it in hundredths of a second.
fn cpu(server: &mut Server) -> Result<f64, String> {
    let path = format!("/proc/{}/stat", server.child().id());
    let stat =
        std::fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    ticks(&stat).map(|ticks| ticks * 10_000.0).ok_or_else(|| format!("no CPU time in {path}"))
}

/// `utime` and `stime`, the 14th and the 15th field; the second may have spaces in it.
fn ticks(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map_while(|ticks| ticks.parse::<f64>().ok());
    Some(times.next()? + times.next()?)
}

fn instructions(name: &str, command: &[String], tool: &'static str) -> Result<Cost, String> {
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let cost = valgrind::measure(&command, Clients::Calling(tool))?;
    Ok(super::show(name, cost))
}

#[cfg(test)]
mod tests {
    use super::ticks;

    #[test]
    fn the_times_are_found_behind_a_name_with_spaces() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 12 30 0 0 20 0 2 0";
        assert_eq!(ticks(stat), Some(42.0));
        assert_eq!(ticks("7 (a) S 1"), None);
    }
}
