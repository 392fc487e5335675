//! The tasks of this workspace, one file per subcommand.
//!
//! `cargo xtask ci` is exactly what CI runs; every other subcommand is one of its stages (or the whole of a matrix of
//! which CI runs a part). Tasks print what they do and end with exit code 0 or 1; they need cargo, and, where they say
//! so, npm, curl, nginx and valgrind.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task talks to the person who runs it"
)]

mod ci;
mod conformance;
mod cost;
mod flags;
mod fuzz;
mod gate;
mod interop;
mod layout;
mod load;
mod process;
mod readme;
mod runner;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let task = args.next().unwrap_or_default();
    let rest: Vec<String> = args.collect();
    let outcome = match task.as_str() {
        "ci" => ci::run(&rest),
        "test" => test::run(&rest),
        "tidy" => tidy::run(&rest),
        "conformance" => conformance::run(&rest),
        // What the task before this one gives to the host as a server.
        "limited" => conformance::limited::run(&rest),
        "interop" => interop::run(&rest),
        "cost" => cost::run(&rest),
        "layout" => layout::run(&rest),
        "load" => load::run(&rest),
        "readme" => readme::run(&rest),
        "fuzz" => fuzz::run(&rest),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            if !message.is_empty() {
                eprintln!("{message}");
            }
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "\
usage: cargo xtask TASK [FLAGS]

  ci [STAGE…] [--list]       everything CI runs, or the named stages of it
  test [ARG…]                every test and documentation test of the workspace
  tidy                       the rules of STYLE.md that a machine can check
  conformance [--leg server|client|authorization] [--version REVISION] [--url URL | --program PATH] [--scenario NAME]
                             the pinned official suite, each scenario with its number of checks; those of a client
                             all at once (judged by what the suite wrote) and each alone (by how it ended, too), and
                             a client that has to refuse something must say so
  conformance --through up [--all | --pair CLIENT/UPSTREAM[+sse|+stdio]] [--scenario NAME] [--debug]
                             its server leg through the host, compared check by check with the same without it
  interop [--all] [--sabotage FEATURE]
                             our binary against the SDKs of other languages
  interop servers [--all]    our client against the servers of others
  interop host [--all]       `up` over servers of others that are killed, and `proxy`
  interop auth [clients|proxy|users]
                             logins, with the SDKs of others and `dev-auth`
  cost [--no-stdio] [--no-proxy] [--no-peer]
                              instructions, allocations and memory of one request, of idle sessions and streams
  layout                     writes down anew which functions of the binary lie together
  load [--smoke] [--peer] [invalid|stalled|initialize]
                             what clients that misbehave cost everybody else, a million times each
  readme [--bowline FILE]    the first-use block of README.md, run as written in an empty home
  fuzz [ARG…]                the fuzz targets";
