//! The `bowline` binary.
//!
//! [`args`] is what was typed, [`plan`] what it means, and each verb a module that does it. Results go to standard
//! output, everything else to standard error.

mod args;
mod escape;
mod exit;
mod field;
mod listen;
mod logs;
mod nearest;
mod plan;
mod serve;
mod show;
mod signals;
mod terminal;
mod verbs;

use args::{Args, LogArgs};
use bowline::Server;
use clap::Parser;
use exit::{Exit, Fault};
use logs::Format;
use plan::{Listen, Plan, Task, Ways};
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Nobody is left to tell when the stream is closed.
            let _ = error.print();
            return if error.use_stderr() { Exit::Failed } else { Exit::Done }.into();
        }
    };
    let format = Format::of(args.logs);
    match run(args, format) {
        Ok(exit) => exit,
        Err(fault) => fault.tell(format),
    }
    .into()
}

fn run(args: Args, format: Format) -> Result<Exit, Fault> {
    let Plan { logs, task } = Plan::new(args, std::env::var("BOWLINE_TOKEN").ok())?;
    logs::start(logs, format)?;
    match task {
        Task::Everything { ways, extra_tools } => {
            serve::everything::sabotage::check()?;
            serve(&serve::everything::server(extra_tools), ways, logs, format)
        }
        Task::Filesystem { ways, shares } => {
            serve(&serve::filesystem::server(&shares)?, ways, logs, format)
        }
    }
}

fn serve(server: &Server, ways: Ways, logs: LogArgs, format: Format) -> Result<Exit, Fault> {
    let runtime = runtime(&ways)?;
    let ended = runtime.block_on(serve::serve(server, ways, logs, format));
    // A read from a terminal cannot be called off; it must not keep the process.
    runtime.shutdown_timeout(Duration::ZERO);
    ended
}

/// The threads that serve: one for the one client of the standard streams, one a core for everything else.
fn runtime(ways: &Ways) -> Result<Runtime, Fault> {
    let mut builder = match ways.listen {
        Listen::Stdio => Builder::new_current_thread(),
        Listen::Unix { .. } | Listen::Http(_) => Builder::new_multi_thread(),
    };
    let built = builder.enable_all().build();
    built.map_err(|error| Fault::new(format!("cannot start the runtime: {error}")))
}
