//! The `bowline` binary.
//!
//! [`args`] is what was typed, [`plan`] what it means, and each verb a module that does it. Results go to standard
//! output, everything else to standard error.

mod approve;
mod args;
mod diff;
mod escape;
mod exit;
mod field;
mod guard;
mod install;
mod listen;
mod locate;
mod logins;
mod logs;
mod plan;
mod serve;
mod show;
mod signals;
mod terminal;
mod verbs;

use args::{Args, LogArgs};
use bowline::Server;
use bowline::config::{Client, Places};
use clap::Parser;
use exit::{Exit, Fault};
use logs::Format;
use plan::{Listen, Plan, Surroundings, Task, Ways};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::Builder;
use verbs::talk;

fn main() -> ExitCode {
    if guard::is_wanted() {
        let format = Format::of(LogArgs::default());
        return guard::run().unwrap_or_else(|fault| fault.tell(format)).into();
    }
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
    let config = args.config().map(Path::to_owned);
    let names = || match Places::of_this_process() {
        Ok(places) => locate::names(&places, config.as_deref()),
        Err(_) => Vec::new(),
    };
    let around = Surroundings {
        token: std::env::var("BOWLINE_TOKEN").ok(),
        dashes: std::env::args_os().any(|arg| arg == "--"),
        names: &names,
        is_client: &|id| Client::of_id(id).is_some(),
    };
    let Plan { logs, task } = Plan::new(args, around)?;
    logs::start(logs, format)?;
    match task {
        Task::Everything { ways, extra_tools } => {
            serve::everything::sabotage::check()?;
            serve(&serve::everything::server(extra_tools), ways, logs, format)
        }
        Task::Filesystem { ways, shares } => {
            serve(&serve::filesystem::server(&shares)?, ways, logs, format)
        }
        Task::Configs(configs) => verbs::configs(configs),
        Task::Completions(completions) => verbs::completions(completions),
        Task::Config(config) => verbs::config(config),
        Task::Up(up) => on(Builder::new_multi_thread(), verbs::up(*up, logs, format)),
        Task::Proxy(proxy) => on(threads(&proxy.ways), verbs::proxy(*proxy, logs, format)),
        Task::Install(install) => verbs::install(*install),
        Task::Uninstall(uninstall) => verbs::uninstall(uninstall),
        Task::List(list) => {
            talk(list.common.output, logs, async |session| verbs::list(list, session).await)
        }
        Task::Info(info) => {
            talk(info.common.output, logs, async |session| verbs::info(info, session).await)
        }
        Task::Ping(ping) => {
            talk(ping.common.output, logs, async |session| verbs::ping(ping, session).await)
        }
        Task::Call(call) => {
            talk(call.common.output, logs, async |session| verbs::call(call, session).await)
        }
        Task::Read(read) => {
            talk(read.common.output, logs, async |session| verbs::read(read, session).await)
        }
        Task::Prompt(prompt) => {
            talk(prompt.common.output, logs, async |session| verbs::prompt(prompt, session).await)
        }
        Task::Complete(complete) => {
            let output = complete.common.output;
            talk(output, logs, async |session| verbs::complete(complete, session).await)
        }
        Task::Login(login) => {
            talk(login.common.output, logs, async |session| verbs::login(login, session).await)
        }
        Task::Logout(logout) => {
            talk(logout.common.output, logs, async |session| verbs::logout(logout, session).await)
        }
        Task::Whoami(whoami) => {
            talk(whoami.common.output, logs, async |session| verbs::whoami(whoami, session).await)
        }
        Task::Subscribe(subscribe) => {
            let output = subscribe.common.output;
            talk(output, logs, async |session| verbs::subscribe(subscribe, session).await)
        }
    }
}

fn serve(server: &Server, ways: Ways, logs: LogArgs, format: Format) -> Result<Exit, Fault> {
    on(threads(&ways), serve::serve(server, ways, logs, format))
}

/// Serves on these threads to the end.
fn on(
    mut threads: Builder,
    serving: impl Future<Output = Result<Exit, Fault>>,
) -> Result<Exit, Fault> {
    let built = threads.enable_all().build();
    let runtime =
        built.map_err(|error| Fault::new(format!("cannot start the runtime: {error}")))?;
    let ended = runtime.block_on(serving);
    // A read from a terminal cannot be called off; it must not keep the process.
    runtime.shutdown_timeout(Duration::ZERO);
    ended
}

/// The threads that serve: one for the one client of the standard streams, one a core for everything else.
fn threads(ways: &Ways) -> Builder {
    match ways.listen {
        Listen::Stdio => Builder::new_current_thread(),
        Listen::Unix { .. } | Listen::Http(_) => Builder::new_multi_thread(),
    }
}
