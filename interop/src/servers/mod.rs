//! Our client against other people's servers: the servers of `interop/servers` with every pinned SDK, rmcp, and servers
//! that were published.
//!
//! The client runs in a program of its own, `interop-driver`, which prints a line for each row as the other drivers do.

mod published;
mod rows;
mod sdk;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::Servers;
use crate::matrix::{PART, day};
use crate::peer::{Driver, Sdk, cells};
use crate::server::{Running, build, free_address, log_file, root};
use crate::table::{Column, render};
use crate::version::VERSIONS;

/// Prints the tables that were asked for; true when every cell is as it must be.
pub(crate) fn run(options: &Servers) -> Result<bool, String> {
    let program = match &options.driver {
        Some(path) => path.clone(),
        None => {
            build(false)?;
            root().join("target/release/interop-driver")
        }
    };
    let part = (!options.all).then(|| day() % PART);
    if let Some(part) = part {
        println!("part {} of {PART} by the date; --all runs every row", part + 1);
    }
    let tour = Tour { program: &program, part };
    let wanted = |peer: &str| options.peer.as_deref().is_none_or(|only| only == peer);
    let drivers: Vec<Driver> = Sdk::ALL.into_iter().map(Sdk::install).collect::<Result<_, _>>()?;
    let mut good = true;
    for version in &VERSIONS {
        if options.version.is_some_and(|only| only != version) {
            continue;
        }
        let columns =
            sdk::columns(&tour, version, drivers.iter().filter(|one| wanted(one.sdk.name())))?;
        good &= tour.print(version.name, rows::SDK, &columns);
    }
    if options.version.is_none() && wanted("rmcp") {
        good &= tour.print("rmcp", rows::RMCP, &published::rmcp(&tour)?);
    }
    if options.version.is_none() && wanted("published") {
        for (title, columns) in published::columns(&tour, &drivers)? {
            good &= tour.print(title, rows::PUBLISHED, &columns);
        }
    }
    Ok(good)
}

/// One run through the servers.
struct Tour<'a> {
    /// The driver with our client.
    program: &'a Path,
    /// The part of the rows that is run, unless it is all.
    part: Option<u64>,
}

/// How a server is reached.
enum Reached {
    /// The driver starts it.
    Stdio(Vec<String>),
    /// We start it, with the port behind these words or in the variable `PORT`; it answers on this path.
    Listening { command: Vec<String>, path: &'static str },
}

/// One server, and what is asked of it.
struct Visit<'a> {
    /// The name of the column.
    title: String,
    /// What the driver knows it as.
    server: &'a str,
    /// The version that has to be agreed on.
    protocol: Option<&'a str>,
    /// Whether the client is told it.
    pin: bool,
    rows: Vec<&'static str>,
    reached: Reached,
}

impl Tour<'_> {
    /// Prints a table of those rows that some column has.
    fn print(&self, title: &str, rows: &[&'static str], columns: &[Column]) -> bool {
        if columns.is_empty() {
            return true;
        }
        let had = |row: &&&str| columns.iter().any(|column| column.cells.contains_key(**row));
        let rows: Vec<&str> = rows.iter().filter(had).copied().collect();
        println!("{}\n", render(title, &rows, columns));
        columns.iter().all(|column| column.cells.values().all(|cell| cell.ok))
    }

    /// Runs the rows of one server.
    fn visit(&self, visit: &Visit<'_>) -> Result<Column, String> {
        let rows = match self.part {
            Some(part) => rows::part(&visit.rows, part),
            None => visit.rows.clone(),
        };
        let name = format!("client-{}-{}", visit.server, visit.title.replace(' ', "-"));
        let (log, stderr) = log_file(&format!("{name}-server.log"))?;
        let mut driver = Command::new(self.program);
        driver.arg(visit.server).current_dir(scratch(visit.server)?);
        if let Some(protocol) = visit.protocol {
            driver.args(["--protocol", protocol]);
        }
        if visit.pin {
            driver.arg("--pin");
        }
        driver.args(["--rows", &rows.join(",")]);
        // Ends behind the driver.
        let _running = match &visit.reached {
            Reached::Stdio(command) => {
                driver.arg("--stdio").args(command);
                None
            }
            Reached::Listening { command, path } => {
                let address = free_address()?;
                let mut server = Command::new(&command[0]);
                server.args(&command[1..]).env("PORT", address.port().to_string());
                if visit.server == "sdk" {
                    server.arg(address.port().to_string());
                } else if visit.server == "rmcp" {
                    server.arg(address.to_string());
                }
                let running = Running::start(&mut server, address, stderr)?;
                driver.args(["--url", &format!("http://{address}{path}")]);
                Some(running)
            }
        };
        let cells = cells(&mut driver, &rows, &format!("{name}-driver.log"))?;
        Ok(Column { title: visit.title.clone(), cells, log: log.display().to_string() })
    }
}

/// An empty folder for a server to work in.
fn scratch(server: &str) -> Result<PathBuf, String> {
    let folder = root().join("target/interop/scratch").join(server);
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
    }
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    Ok(folder)
}
