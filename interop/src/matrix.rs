//! The table: every peer over every transport.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::Matrix;
use crate::peer::{Driver, Sdk};
use crate::rows::{self, ROWS};
use crate::server::{Running, Transport, build, free_address, log_file};
use crate::table::{Column, render};

/// The variable that a build with the feature `sabotage` reads.
const SABOTAGE: &str = "BOWLINE_SABOTAGE";

/// Prints the tables that were asked for; true when every cell is as it must be.
pub(crate) fn run(options: &Matrix) -> Result<bool, String> {
    let drivers: Vec<Driver> = Sdk::ALL
        .into_iter()
        .filter(|sdk| options.sdk.is_none_or(|wanted| wanted == *sdk))
        .map(Sdk::install)
        .collect::<Result<_, _>>()?;
    let server = match &options.server {
        Some(path) => path.clone(),
        None => build(!options.sabotage.is_empty())?,
    };
    let transports = Transport::ALL
        .into_iter()
        .filter(|one| options.transport.is_none_or(|wanted| wanted == *one));
    let plan: Vec<(&Driver, Transport)> = transports
        .flat_map(|transport| drivers.iter().map(move |driver| (driver, transport)))
        .collect();
    let server = server.display().to_string();
    if !options.sabotage.is_empty() {
        let mut good = true;
        for row in &options.sabotage {
            good &= sabotaged(&server, &plan, row)?;
        }
        return Ok(good);
    }
    let rows = chosen(options.all);
    let columns = columns(&server, &plan, &rows, None)?;
    println!("{}", render(&rows, &columns));
    Ok(columns.iter().all(|column| column.cells.values().all(|cell| cell.ok)))
}

/// All rows, or the core and the part of the day.
fn chosen(all: bool) -> Vec<&'static str> {
    if all {
        return ROWS.to_vec();
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let part = since.as_secs() / 86_400 % rows::PARTS;
    let rows = rows::part(part);
    println!(
        "part {} of {} by the date: {} of {} rows; --all runs every one",
        part + 1,
        rows::PARTS,
        rows.len(),
        ROWS.len()
    );
    rows
}

/// Runs everything against a server that breaks `row`, and says whether exactly this row is red.
fn sabotaged(server: &str, plan: &[(&Driver, Transport)], row: &str) -> Result<bool, String> {
    let columns = columns(server, plan, ROWS, Some(row))?;
    println!("sabotage of {row}\n{}\n", render(ROWS, &columns));
    let mut good = true;
    for column in &columns {
        for (feature, cell) in &column.cells {
            let wanted = feature != row;
            if cell.ok != wanted {
                good = false;
                let found = if wanted {
                    "red, though only the sabotaged row may be"
                } else {
                    "green in spite of it"
                };
                println!("sabotage of {row} ({}): {feature} is {found}", column.title);
            }
        }
    }
    Ok(good)
}

fn columns(
    server: &str,
    plan: &[(&Driver, Transport)],
    rows: &[&str],
    sabotage: Option<&str>,
) -> Result<Vec<Column>, String> {
    plan.iter()
        .map(|(driver, transport)| column(server, driver, *transport, rows, sabotage))
        .collect()
}

fn column(
    server: &str,
    driver: &Driver,
    transport: Transport,
    rows: &[&str],
    sabotage: Option<&str>,
) -> Result<Column, String> {
    let title = format!("{} {}", driver.sdk.name(), transport.name());
    let environment: Vec<(&str, &str)> = sabotage.map(|row| (SABOTAGE, row)).into_iter().collect();
    let name = format!("{}-{}", driver.sdk.name(), transport.name());
    let driver_log = format!("{name}-driver.log");
    let (log, cells) = match transport {
        Transport::Stdio => {
            // The client starts the server and leaves it its own stderr.
            let (log, _) = log_file(&driver_log)?;
            let target = ["--stdio", server, "serve", "everything"].map(str::to_owned);
            (log, driver.drive(rows, &target, &environment, &driver_log)?)
        }
        Transport::Http => {
            let (log, stderr) = log_file(&format!("{name}-server.log"))?;
            let address = free_address()?;
            let mut command = Command::new(server);
            command
                .args(["serve", "everything", "--listen", &address.to_string()])
                .envs(environment);
            let running = Running::start(&mut command, address, stderr)?;
            let target = ["--http".to_owned(), format!("http://{}/mcp", running.address)];
            (log, driver.drive(rows, &target, &[], &driver_log)?)
        }
    };
    let log = log.display().to_string();
    Ok(Column { title, cells, log })
}
