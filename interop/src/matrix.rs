//! The tables: every peer over every transport of a protocol version.

use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::cli::Matrix;
use crate::peer::{Driver, Sdk};
use crate::rows;
use crate::server::{Running, Transport, build, free_address, log_file};
use crate::table::{Column, render};
use crate::version::{VERSIONS, Version};

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
    let server = server.display().to_string();
    let plan = |version: &'static Version| Plan {
        server: &server,
        version,
        drivers: &drivers,
        only: options.transport,
    };
    let mut good = true;
    if !options.sabotage.is_empty() {
        let plan = plan(options.version.unwrap_or(&VERSIONS[0]));
        for row in &options.sabotage {
            good &= plan.sabotaged(row)?;
        }
        return Ok(good);
    }
    let part = day() % rows::PARTS;
    if !options.all {
        println!("part {} of {} by the date; --all runs every row", part + 1, rows::PARTS);
    }
    let versions = VERSIONS.iter().filter(|one| {
        options.version.is_none_or(|only| only == *one)
            && options.transport.is_none_or(|only| one.transports.contains(&only))
    });
    for version in versions {
        let every = rows::of(version);
        let rows = if options.all { every } else { rows::part(&every, part) };
        let columns = plan(version).columns(&rows, None)?;
        println!("{}\n", render(version.name, &rows, &columns));
        good &= columns.iter().all(|column| column.cells.values().all(|cell| cell.ok));
    }
    Ok(good)
}

/// Into how many parts rows are divided, of which a day runs one.
pub(crate) const PART: u64 = rows::PARTS;

/// Days since the epoch.
pub(crate) fn day() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400
}

/// The columns of one protocol version.
struct Plan<'a> {
    server: &'a str,
    version: &'static Version,
    drivers: &'a [Driver],
    /// One transport only.
    only: Option<Transport>,
}

impl Plan<'_> {
    /// Runs everything against a server that breaks `row`, and says whether exactly this row is red.
    fn sabotaged(&self, row: &str) -> Result<bool, String> {
        let rows = rows::of(self.version);
        let columns = self.columns(&rows, Some(row))?;
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
        if good {
            // The red cells are what was wanted; nobody who looks for a failure shall find them.
            println!(
                "sabotage of {row}: this row is red in all {} columns, no other",
                columns.len()
            );
        } else {
            println!("\n{}\n", render(self.version.name, &rows, &columns));
        }
        Ok(good)
    }

    fn columns(
        &self,
        rows: &[&'static str],
        sabotage: Option<&str>,
    ) -> Result<Vec<Column>, String> {
        let transports = self.version.transports.iter().copied();
        transports
            .filter(|one| self.only.is_none_or(|wanted| wanted == *one))
            .flat_map(|transport| self.drivers.iter().map(move |driver| (driver, transport)))
            .map(|(driver, transport)| self.column(driver, transport, rows, sabotage))
            .collect()
    }

    fn column(
        &self,
        driver: &Driver,
        transport: Transport,
        rows: &[&'static str],
        sabotage: Option<&str>,
    ) -> Result<Column, String> {
        let rows = rows::printed_by(driver.sdk, rows);
        let title = format!("{} {}", driver.sdk.name(), transport.name());
        let environment: Vec<(&str, &str)> =
            sabotage.map(|row| (SABOTAGE, row)).into_iter().collect();
        let name = format!("{}-{}-{}", self.version.name, driver.sdk.name(), transport.name());
        let driver_log = format!("{name}-driver.log");
        let Some(path) = transport.path() else {
            // The client starts the server and leaves it its own stderr.
            let (log, _) = log_file(&driver_log)?;
            let target = ["--stdio", self.server, "serve", "everything"].map(str::to_owned);
            let cells = driver.drive(self.version, &rows, &target, &environment, &driver_log)?;
            return Ok(Column { title, cells, log: log.display().to_string() });
        };
        let (log, stderr) = log_file(&format!("{name}-server.log"))?;
        let address = free_address()?;
        let mut command = Command::new(self.server);
        command.args(["serve", "everything", "--listen", &address.to_string()]).envs(environment);
        let running = Running::start(&mut command, address, stderr)?;
        let url = format!("http://{}{path}", running.address);
        let target = [format!("--{}", transport.name()), url];
        let cells = driver.drive(self.version, &rows, &target, &[], &driver_log)?;
        Ok(Column { title, cells, log: log.display().to_string() })
    }
}
