//! Drives `bowline serve everything` with the clients of other SDKs, and looks for other SDKs' defects in it.
//!
//! ```text
//! cargo run -p bowline-interop -- [--all] [--protocol VERSION] [--peer ts|py] [--transport stdio|http|sse]
//!                                 [--sabotage ROW]… [--server PATH]
//! cargo run -p bowline-interop -- defects [NAME…] [--peer bowline|rmcp] [--server PATH]
//! cargo run -p bowline-interop -- nginx [ROW…] [--server PATH]
//! cargo run -p bowline-interop -- servers [--all] [--protocol VERSION] [--peer ts|py|rmcp|published] [--driver PATH]
//! cargo run -p bowline-interop -- host [up|proxy] [--all] [--server PATH]
//! cargo run -p bowline-interop -- auth [clients|proxy|users] [--server PATH] [--dev-auth PATH]
//! ```
//!
//! The first form prints a table per protocol version, feature by peer and transport. Without `--all` it runs the core
//! rows and one part of the others, chosen by the date. With `--sabotage` it starts a server that breaks the named row
//! on purpose and demands that exactly this row is red, at the newest protocol version unless another one is named.
//! The second form demands that each test passes here and fails on rmcp. The third puts nginx in front of the server,
//! as `docs/nginx.md` says. The fourth turns it round, and prints tables of our client against other people's servers.
//! The fifth puts `bowline up` in front of servers that others published and kills one every second, and restarts a
//! server behind `bowline proxy`. The sixth logs in: clients of other SDKs at `bowline up`, and ours at theirs.
//!
//! This package must never link the SDK: it sees only processes, bytes and exit codes. Our client is in a program of its
//! own, `interop/driver`.

// What this program prints is what it is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod auth;
mod cli;
mod defects;
mod host;
mod matrix;
mod nginx;
mod peer;
mod rows;
mod server;
mod servers;
mod table;
mod version;

use std::process::ExitCode;

use crate::cli::Command;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let passed = match cli::parse(&arguments) {
        Ok(Command::Matrix(options)) => matrix::run(&options),
        Ok(Command::Defects(options)) => defects::run(&options),
        Ok(Command::Nginx(options)) => nginx::run(&options),
        Ok(Command::Servers(options)) => servers::run(&options),
        Ok(Command::Host(options)) => host::run(&options),
        Ok(Command::Auth(options)) => auth::run(&options),
        Ok(Command::Script(name)) => defects::script::serve(&name),
        Err(message) => {
            eprintln!("interop: {message}");
            return ExitCode::from(2);
        }
    };
    match passed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("interop: {message}");
            ExitCode::FAILURE
        }
    }
}
