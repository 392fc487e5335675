//! The verbs that talk to servers: one function each, which takes what the command line meant.

use crate::args::Args;
use crate::exit::{Exit, Fault};
use crate::plan::client::{
    Call, Complete, Completions, Configs, Info, List, Ping, Prompt, Read, Subscribe,
};
use clap::CommandFactory;
use std::io::{self, Write};

/// `list`: what one server or every one of the config offers.
pub(crate) async fn list(list: List) -> Result<Exit, Fault> {
    let _ = list;
    Err(Fault::new("not built yet"))
}

/// `info`: what a server says about itself.
pub(crate) async fn info(info: Info) -> Result<Exit, Fault> {
    let _ = info;
    Err(Fault::new("not built yet"))
}

/// `ping`: one round trip, with its time.
pub(crate) async fn ping(ping: Ping) -> Result<Exit, Fault> {
    let _ = ping;
    Err(Fault::new("not built yet"))
}

/// `call`: a tool.
pub(crate) async fn call(call: Call) -> Result<Exit, Fault> {
    let _ = call;
    Err(Fault::new("not built yet"))
}

/// `read`: a resource.
pub(crate) async fn read(read: Read) -> Result<Exit, Fault> {
    let _ = read;
    Err(Fault::new("not built yet"))
}

/// `prompt`: one filled in.
pub(crate) async fn prompt(prompt: Prompt) -> Result<Exit, Fault> {
    let _ = prompt;
    Err(Fault::new("not built yet"))
}

/// `complete`: what an argument may be.
pub(crate) async fn complete(complete: Complete) -> Result<Exit, Fault> {
    let _ = complete;
    Err(Fault::new("not built yet"))
}

/// `subscribe`: changes, one line each, until interrupted.
pub(crate) async fn subscribe(subscribe: Subscribe) -> Result<Exit, Fault> {
    let _ = subscribe;
    Err(Fault::new("not built yet"))
}

/// `configs`: those of the MCP clients on this machine.
pub(crate) fn configs(configs: Configs) -> Result<Exit, Fault> {
    let _ = configs;
    Err(Fault::new("not built yet"))
}

/// `completions`: for a shell.
pub(crate) fn completions(completions: Completions) -> Result<Exit, Fault> {
    let mut script = Vec::new();
    let mut command = Args::command();
    clap_complete::generate(completions.shell, &mut command, "bowline", &mut script);
    let written = io::stdout().lock().write_all(&script);
    written.map_err(|error| Fault::new(format!("cannot write the completions: {error}")))?;
    Ok(Exit::Done)
}
