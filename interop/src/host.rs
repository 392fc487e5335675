//! `bowline up` over servers that others published, one of them killed every second, and `bowline proxy` to a server
//! that is started again; both with a client of the TypeScript SDK.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::cli::Host;
use crate::peer::{Driver, Sdk, cells};
use crate::server::{Running, build, free_address, log_file, root};
use crate::table::{Column, render};

/// What is asked of the servers behind one endpoint.
const UP: &[&str] = &["exact", "kills", "others"];

/// What is asked of one server behind standard streams.
const PROXY: &[&str] = &["proxied", "restarted", "restarted_at_once"];

/// Seconds with a kill in each, in CI and in the full run; as many without stand beside them.
const SECONDS: [u32; 2] = [15, 120];

/// Prints the tables; true when every cell is as it must be.
pub(crate) fn run(options: &Host) -> Result<bool, String> {
    let server = match &options.server {
        Some(path) => path.clone(),
        None => build(false)?,
    };
    let (npm, python) = (Sdk::TypeScript.install()?, Sdk::Python.install()?);
    let seconds = SECONDS[usize::from(options.all)];
    let mut good = true;
    if options.part != Some("proxy") {
        good &= print("up", UP, &[up(&server, &npm, &python, seconds)?]);
    }
    if options.part != Some("up") {
        good &= print("proxy", PROXY, &proxies(&server, &npm)?);
    }
    Ok(good)
}

fn print(title: &str, rows: &[&str], columns: &[Column]) -> bool {
    println!("{}\n", render(title, rows, columns));
    columns.iter().all(|column| column.cells.values().all(|cell| cell.ok))
}

/// Five published servers behind one endpoint.
fn up(server: &Path, npm: &Driver, python: &Driver, seconds: u32) -> Result<Column, String> {
    let folder = folder()?;
    let text = |path: PathBuf| path.display().to_string();
    let node = |name: &str, arguments: &[&str]| {
        let script = format!("node_modules/@modelcontextprotocol/server-{name}/dist/index.js");
        let mut words = vec![text(npm.home.join(script))];
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        json!({ "command": text(npm.home.join("node_modules/.bin/node")), "args": words })
    };
    let mut memory = node("memory", &[]);
    memory["env"] = json!({ "MEMORY_FILE_PATH": text(folder.join("memory.json")) });
    let place = text(folder.clone());
    let config = json!({ "mcpServers": {
        "everything": node("everything", &["stdio"]),
        "filesystem": node("filesystem", &[&place]),
        "memory": memory,
        "sequential-thinking": node("sequential-thinking", &[]),
        "time": { "command": text(python.home.join("venv/bin/mcp-server-time")), "args": [] },
    } });
    write(&folder.join("knots.txt"), "bowline\nsheet bend\n")?;
    let file = folder.join("mcp.json");
    write(&file, &config.to_string())?;

    let (log, stderr) = log_file("host-up.log")?;
    let address = free_address()?;
    let mut command = Command::new(server);
    command.args(["up", "--listen", &address.to_string(), "--config"]).arg(&file);
    command.env("HOME", &folder).env("XDG_STATE_HOME", folder.join("state"));
    command.env("XDG_CACHE_HOME", folder.join("cache"));
    // Ends behind the driver.
    let running = Running::start(&mut command, address, stderr)?;
    let mut driver = npm.script("host.mjs");
    driver.args(["up", &format!("http://{address}/mcp"), &running.id().to_string()]);
    driver.args([&seconds.to_string(), &place]);
    let cells = cells(&mut driver, UP, "host-up-driver.log")?;
    Ok(Column { title: "five published".to_owned(), cells, log: text(log) })
}

/// A server of our own, and one that somebody else has published.
fn proxies(server: &Path, npm: &Driver) -> Result<Vec<Column>, String> {
    let ours = server.display().to_string();
    let script =
        npm.home.join("node_modules/@modelcontextprotocol/server-everything/dist/index.js");
    let node = npm.home.join("node_modules/.bin/node");
    let theirs = [node.display().to_string(), script.display().to_string()];
    let mut columns = Vec::new();
    for title in ["bowline", "server-everything"] {
        let port = free_address()?.port();
        let command = match title {
            "bowline" => vec![
                ours.clone(),
                "serve".to_owned(),
                "everything".to_owned(),
                "--listen".to_owned(),
                format!(":{port}"),
            ],
            _ => theirs.iter().cloned().chain(["streamableHttp".to_owned()]).collect(),
        };
        let log = format!("host-proxy-{title}.log");
        let mut driver = npm.script("host.mjs");
        driver.args(["proxy", &ours, &port.to_string()]).args(command);
        let cells = cells(&mut driver, PROXY, &log)?;
        let log = root().join("target/interop/logs").join(log).display().to_string();
        columns.push(Column { title: title.to_owned(), cells, log });
    }
    Ok(columns)
}

/// An empty folder for the servers to work in.
fn folder() -> Result<PathBuf, String> {
    let folder = root().join("target/interop/scratch/host");
    if folder.exists() {
        fs::remove_dir_all(&folder)
            .map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
    }
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    Ok(folder)
}

/// Writes a file that nobody else can read or write.
fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
