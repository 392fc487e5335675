//! Servers that others have published, and the one of `interop/rmcp`.

use super::rows::{PUBLISHED, RMCP};
use super::{Reached, Tour, Visit};
use crate::defects::rmcp_program;
use crate::peer::{Driver, Sdk};
use crate::server::root;
use crate::table::Column;

/// The columns of rmcp: as the client finds it, and in a session, in which alone it asks and tells of changes.
pub(super) fn rmcp(tour: &Tour<'_>) -> Result<Vec<Column>, String> {
    let program = rmcp_program()?;
    let mut columns = Vec::new();
    for session in [None, Some("2025-11-25")] {
        for transport in ["stdio", "http"] {
            let command = vec![program.clone(), transport.to_owned()];
            let reached = match transport {
                "stdio" => Reached::Stdio(command),
                _ => Reached::Listening { command, path: "/mcp" },
            };
            let possible =
                |row: &&&str| session.is_some() || !matches!(**row, "ask_roots" | "listen_tools");
            columns.push(tour.visit(&Visit {
                title: format!("{transport} {}", session.unwrap_or_default()).trim_end().to_owned(),
                server: "rmcp",
                protocol: session,
                pin: session.is_some(),
                rows: RMCP.iter().filter(possible).copied().collect(),
                reached,
            })?);
        }
    }
    Ok(columns)
}

/// The columns of the published servers, in two tables: one server over all of its transports, and all others.
pub(super) fn columns(
    tour: &Tour<'_>,
    drivers: &[Driver],
) -> Result<Vec<(&'static str, Vec<Column>)>, String> {
    let home = |sdk: Sdk| {
        let driver = drivers.iter().find(|driver| driver.sdk == sdk);
        driver.map(|driver| driver.home.clone()).ok_or("the SDKs are not installed")
    };
    let (npm, venv) = (home(Sdk::TypeScript)?, home(Sdk::Python)?);
    let node = |name: &str, arguments: &[&str]| {
        let script = format!("node_modules/@modelcontextprotocol/server-{name}/dist/index.js");
        let words = [npm.join("node_modules/.bin/node"), npm.join(script)];
        let words = words.iter().map(|word| word.display().to_string());
        words.chain(arguments.iter().map(|&word| word.to_owned())).collect::<Vec<_>>()
    };
    let python = |name: &str, arguments: &[&str]| {
        let program = venv.join("venv/bin").join(format!("mcp-server-{name}"));
        let words = [program.display().to_string()].into_iter();
        words.chain(arguments.iter().map(|&word| word.to_owned())).collect::<Vec<_>>()
    };
    let visit = |title: &str, server: &str, reached| {
        let possible = |row: &&&str| {
            server == "everything" || !matches!(**row, "progress" | "read" | "prompt" | "ask")
        };
        let rows = PUBLISHED.iter().filter(possible).copied().collect();
        let title = title.to_owned();
        tour.visit(&Visit { title, server, protocol: None, pin: false, rows, reached })
    };
    let listening = |transport, path| {
        let command = node("everything", &[transport]);
        Reached::Listening { command, path }
    };
    let everything = vec![
        visit("stdio", "everything", Reached::Stdio(node("everything", &["stdio"])))?,
        visit("http", "everything", listening("streamableHttp", "/mcp"))?,
        visit("sse", "everything", listening("sse", "/sse"))?,
    ];
    let folder = root().join("target/interop/scratch/filesystem").display().to_string();
    let mut others = Vec::new();
    for (server, command) in [
        ("filesystem", node("filesystem", &[&folder])),
        ("memory", node("memory", &[])),
        ("sequential-thinking", node("sequential-thinking", &[])),
        ("time", python("time", &[])),
        ("git", python("git", &[])),
        ("fetch", python("fetch", &["--allow-private-ips"])),
    ] {
        others.push(visit(server, server, Reached::Stdio(command))?);
    }
    Ok(vec![("server-everything", everything), ("published, stdio", others)])
}
