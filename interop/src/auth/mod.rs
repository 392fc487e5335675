//! Logins, between processes: clients of other SDKs at our endpoint, our client at the endpoint of another SDK, and two
//! users behind one endpoint who must never meet. `dev-auth` is the authorization server of all of them.
//!
//! Everything of ours runs at its most talkative, and at the end all that it wrote is searched for secrets.

mod issuer;
mod secrets;
mod stage;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::Auth;
use crate::peer::{Driver, cells};
use crate::server::{build, free_address, root};
use crate::table::{Cell, Column, render};
use issuer::Issuer;
use secrets::Watch;
use stage::Stage;

/// What clients of other SDKs do.
const CLIENTS: &[&str] = &["registered", "document", "stepped_up", "refreshed"];

/// What our client does.
const PROXY: &[&str] =
    &["document", "logged_in", "proxied", "expired", "one_refresh", "logged_out"];

/// What two users do.
const USERS: &[&str] = &["told_where", "own_login", "apart", "own_tokens", "kept"];

/// After how many seconds a token is refused by servers that bear a minute between clocks: it lasts for three, and the
/// clock of the issuer is 58 behind.
const EXPIRES: &str = "5";
const SHORT: [&str; 4] = ["--token-lifetime", "3s", "--clock-behind", "58s"];

/// How many calls are made at once after a token has expired.
const MANY: &str = "1000";

/// How our client learns that a token has expired: it was told before, or is refused with it.
const LEARNS: [(&str, &[&str]); 2] = [("told", &[]), ("refused", &["--claim-lifetime", "1h"])];

/// Prints the tables; true when every cell is as it must be.
pub(crate) fn run(options: &Auth) -> Result<bool, String> {
    let bowline = match &options.server {
        Some(path) => path.clone(),
        None => build(false)?,
    };
    let beside = bowline.parent().unwrap_or_else(|| Path::new("")).join("dev-auth");
    // They are started in other folders than this one.
    let there = |path: PathBuf| {
        fs::canonicalize(&path).map_err(|error| format!("there is no {}: {error}", path.display()))
    };
    let dev_auth = options.dev_auth.clone().unwrap_or(beside);
    let stage = Stage::new(there(bowline)?, there(dev_auth)?)?;
    let wanted = |part: &str| options.part.is_none_or(|wanted| wanted == part);
    let mut good = true;
    if wanted("clients") {
        good &= print("clients of others", CLIENTS, &clients(&stage)?);
    }
    if wanted("proxy") {
        let columns = LEARNS.map(|(learns, flags)| proxy(&stage, learns, flags));
        good &= print("our client", PROXY, &columns.into_iter().collect::<Result<Vec<_>, _>>()?);
    }
    if wanted("users") {
        good &= print("two users", USERS, &[users(&stage)?]);
    }
    let found = stage.search()?;
    println!("{found}");
    Ok(good && found.is_clean())
}

fn print(title: &str, rows: &[&str], columns: &[Column]) -> bool {
    println!("{}\n", render(title, rows, columns));
    columns.iter().all(|column| column.cells.values().all(|cell| cell.ok))
}

/// Both SDKs at the server of one of them, which shows that the drivers are right, and at `bowline up`.
fn clients(stage: &Stage) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for kind in ["sdk", "up"] {
        for driver in [&stage.npm, &stage.python] {
            let name = format!("auth-{}-{kind}", driver.sdk.name());
            let address = free_address()?;
            let url = format!("http://{address}/mcp");
            let mut flags = vec!["--scopes", "mcp,admin", "--resource", &url];
            flags.extend(SHORT);
            let issuer = stage.issuer(&name, &flags)?;
            let (running, prefix, log) = match kind {
                "sdk" => {
                    let (running, log) = stage.protected(&name, address, issuer.url())?;
                    (running, "", log)
                }
                _ => {
                    let everything =
                        json!({ "command": stage.bowline, "args": ["serve", "everything"] });
                    let auth = json!({
                        "issuer": issuer.url(),
                        "scopes": { "all": ["mcp"], "tools": { "everything__add": ["admin"] } },
                    });
                    let config = json!({
                        "mcpServers": { "everything": everything },
                        "bowline": { "auth": auth },
                    });
                    let (running, log) = stage.up(&name, address, &config)?;
                    (running, "everything__", log)
                }
            };
            let watch = Watch::over(running.id());
            let cells =
                drive(stage, driver, "auth", &[&url, &stage.document_url, prefix], CLIENTS)?;
            stage.keep(watch.end(), &issuer)?;
            let title = format!("{}, {kind}", driver.sdk.name());
            columns.push(Column { title, cells, log });
        }
    }
    Ok(columns)
}

/// `bowline login`, then `bowline proxy` with that login, to the server of another SDK.
fn proxy(stage: &Stage, learns: &str, more: &[&str]) -> Result<Column, String> {
    let name = format!("auth-proxy-{learns}");
    let address = free_address()?;
    let url = format!("http://{address}/mcp");
    let mut flags = vec!["--scopes", "mcp,admin", "--resource", &url];
    flags.extend(SHORT.iter().chain(more));
    let issuer = stage.issuer(&name, &flags)?;
    let (_running, log) = stage.protected(&name, address, issuer.url())?;
    let mut cells = BTreeMap::new();
    let mut put = |row: &str, outcome| drop(cells.insert(row.to_owned(), cell(outcome)));
    put("document", by_document(stage, &url));
    put("logged_in", stage.ours("login", &["login", &url]));

    let mut driver = stage.npm.script("proxied.mjs");
    stage.at_home(&mut driver);
    driver.arg(&stage.bowline).args([&url, issuer.url(), MANY, learns]);
    driver.env("INTEROP_EXPIRES", EXPIRES).env("INTEROP_MESSAGES", stage.messages(&name));
    let rows = &PROXY[2..PROXY.len() - 1];
    let watch = Watch::over(std::process::id());
    let said = format!("{name}-driver.log");
    cells.extend(self::cells(&mut driver, rows, &said)?);
    stage.search_log(&root().join("target/interop/logs").join(said));
    cells.insert("logged_out".to_owned(), cell(logged_out(stage, &url, &issuer)));
    stage.keep(watch.end(), &issuer)?;
    Ok(Column { title: format!("proxy, {learns}"), cells, log })
}

/// A login as the client whose document everybody can read, which is forgotten again.
fn by_document(stage: &Stage, url: &str) -> Result<(), String> {
    let document = ["--client-metadata", &stage.document_url];
    stage.ours("login-document", &["login", document[0], document[1], url])?;
    stage.ours("call-document", &["call", url, "echo", "message=by document"])?;
    stage.ours("logout-document", &["logout", url])
}

/// The login is forgotten, the authorization server knows, and nobody is let in by it.
fn logged_out(stage: &Stage, url: &str, issuer: &Issuer) -> Result<(), String> {
    stage.ours("whoami", &["whoami", url])?;
    let before = issuer.requests("revoke")?;
    stage.ours("logout", &["logout", url])?;
    if issuer.requests("revoke")? == before {
        return Err("the authorization server was told nothing".to_owned());
    }
    match stage.ours("call", &["call", url, "echo", "message=without a login"]) {
        Ok(()) => Err("a call without a login was answered".to_owned()),
        Err(_) => Ok(()),
    }
}

/// One endpoint with an authorization server of its own, in front of a server that has another.
fn users(stage: &Stage) -> Result<Column, String> {
    let (front, behind) = (free_address()?, free_address()?);
    let (url, upstream) = (format!("http://{front}/mcp"), format!("http://{behind}/mcp"));
    let entrance = stage.issuer("auth-entrance", &["--resource", &url])?;
    // Users of the one are not those of the other, though they have the same names here.
    let theirs =
        stage.issuer("auth-upstream", &["--scopes", "mcp,admin", "--resource", &upstream])?;
    let (_upstream, _) = stage.protected("auth-upstream", behind, theirs.url())?;
    let config = json!({
        "mcpServers": { "notes": { "url": upstream } },
        "bowline": {
            "auth": { "issuer": entrance.url(), "scopes": { "all": ["mcp"] } },
            "servers": { "notes": { "credentials": "own" } },
        },
    });
    let (running, log) = stage.up("auth-users", front, &config)?;
    let watch = Watch::over(running.id());
    let cells = drive(stage, &stage.npm, "users", &[&url, "notes__", ""], USERS)?;
    let seen = watch.end();
    stage.keep(seen, &entrance)?;
    stage.keep(Vec::new(), &theirs)?;
    Ok(Column { title: "up".to_owned(), cells, log })
}

/// Runs a script of an SDK.
fn drive(
    stage: &Stage,
    driver: &Driver,
    script: &str,
    arguments: &[&str],
    rows: &[&str],
) -> Result<BTreeMap<String, Cell>, String> {
    let kind = match driver.sdk.name() {
        "py" => "py",
        _ => "mjs",
    };
    let mut command = driver.script(&format!("{script}.{kind}"));
    stage.at_home(&mut command);
    command.args(arguments).env("INTEROP_EXPIRES", EXPIRES);
    cells(&mut command, rows, &format!("auth-{script}-{}-driver.log", driver.sdk.name()))
}

fn cell(outcome: Result<(), String>) -> Cell {
    match outcome {
        Ok(()) => Cell { ok: true, detail: String::new() },
        Err(detail) => Cell { ok: false, detail },
    }
}
