//! The command line of this program.

use std::path::PathBuf;

use crate::peer::Sdk;
use crate::rows;
use crate::server::Transport;
use crate::version::Version;

pub(crate) enum Command {
    Matrix(Matrix),
    Defects(Defects),
    Nginx(Nginx),
    Servers(Servers),
    Host(Host),
    Auth(Auth),
    /// Be the server of this name that defect tests let clients speak with.
    Script(String),
}

/// What the table shall hold.
#[derive(Default)]
pub(crate) struct Matrix {
    /// Every row, not the part of the day.
    pub(crate) all: bool,
    /// One protocol version only.
    pub(crate) version: Option<&'static Version>,
    /// One SDK only.
    pub(crate) sdk: Option<Sdk>,
    /// One transport only.
    pub(crate) transport: Option<Transport>,
    /// Rows to break, each in a run of its own.
    pub(crate) sabotage: Vec<String>,
    /// A server binary to use instead of building one.
    pub(crate) server: Option<PathBuf>,
}

/// Which defect tests run, and against whom.
#[derive(Default)]
pub(crate) struct Defects {
    /// Names of tests; all of them if empty.
    pub(crate) names: Vec<String>,
    /// `bowline` or `rmcp`; both if absent.
    pub(crate) peer: Option<String>,
    /// A server binary to use instead of building one.
    pub(crate) server: Option<PathBuf>,
}

/// Which rows behind nginx run.
#[derive(Default)]
pub(crate) struct Nginx {
    /// Names of rows; all of them if empty.
    pub(crate) names: Vec<String>,
    /// A server binary to use instead of building one.
    pub(crate) server: Option<PathBuf>,
}

/// Which servers our client meets.
#[derive(Default)]
pub(crate) struct Servers {
    /// Every row, not the part of the day.
    pub(crate) all: bool,
    /// The servers of one protocol version only, and nobody else's.
    pub(crate) version: Option<&'static Version>,
    /// `ts`, `py`, `rmcp` or `published`; all of them if absent.
    pub(crate) peer: Option<String>,
    /// A driver to use instead of building one.
    pub(crate) driver: Option<PathBuf>,
}

/// What is asked of the host.
#[derive(Default)]
pub(crate) struct Host {
    /// For two minutes, not for seconds.
    pub(crate) all: bool,
    /// `up` or `proxy`; both if absent.
    pub(crate) part: Option<&'static str>,
    /// A binary to use instead of building one.
    pub(crate) server: Option<PathBuf>,
}

/// Which logins are made.
#[derive(Default)]
pub(crate) struct Auth {
    /// `clients`, `proxy` or `users`; all of them if absent.
    pub(crate) part: Option<&'static str>,
    /// A binary to use instead of building one.
    pub(crate) server: Option<PathBuf>,
    /// An authorization server to use instead of the one beside that binary.
    pub(crate) dev_auth: Option<PathBuf>,
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(arguments: &[String]) -> Result<Command, String> {
    match arguments.split_first() {
        Some((first, rest)) if first == "defects" => defects(rest).map(Command::Defects),
        Some((first, [name])) if first == "script" => Ok(Command::Script(name.clone())),
        Some((first, rest)) if first == "nginx" => nginx(rest).map(Command::Nginx),
        Some((first, rest)) if first == "servers" => servers(rest).map(Command::Servers),
        Some((first, rest)) if first == "auth" => auth(rest).map(Command::Auth),
        Some((first, rest)) if first == "host" => host(rest).map(Command::Host),
        _ => matrix(arguments).map(Command::Matrix),
    }
}

fn matrix(arguments: &[String]) -> Result<Matrix, String> {
    let mut options = Matrix::default();
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        let mut value = || rest.next().cloned().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--all" => options.all = true,
            "--protocol" => options.version = Some(Version::named(&value()?)?),
            "--peer" => options.sdk = Some(value()?.parse()?),
            "--transport" => options.transport = Some(value()?.parse()?),
            "--server" => options.server = Some(value()?.into()),
            "--sabotage" => {
                let row = value()?;
                if !rows::NEWEST.contains(&row.as_str()) {
                    let known = rows::NEWEST.join(" ");
                    return Err(format!(
                        "no row {row:?} can be broken; those that can are: {known}"
                    ));
                }
                options.sabotage.push(row);
            }
            other => {
                return Err(format!(
                    "unknown argument {other:?}; give --all, --protocol, --peer, --transport, --sabotage or --server"
                ));
            }
        }
    }
    Ok(options)
}

fn defects(arguments: &[String]) -> Result<Defects, String> {
    let mut options = Defects::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().cloned().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--peer" => match value()?.as_str() {
                peer @ ("bowline" | "rmcp") => options.peer = Some(peer.to_owned()),
                other => return Err(format!("unknown peer {other:?}; give bowline or rmcp")),
            },
            "--server" => options.server = Some(value()?.into()),
            flag if flag.starts_with('-') => {
                return Err(format!(
                    "unknown argument {flag:?}; give names of tests, --peer or --server"
                ));
            }
            name => options.names.push(name.to_owned()),
        }
    }
    Ok(options)
}

fn nginx(arguments: &[String]) -> Result<Nginx, String> {
    let mut options = Nginx::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--server" => {
                options.server = Some(rest.next().ok_or("--server needs a value")?.into());
            }
            flag if flag.starts_with('-') => {
                return Err(format!("unknown argument {flag:?}; give names of rows or --server"));
            }
            name => options.names.push(name.to_owned()),
        }
    }
    Ok(options)
}

fn servers(arguments: &[String]) -> Result<Servers, String> {
    let mut options = Servers::default();
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        let mut value = || rest.next().cloned().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--all" => options.all = true,
            "--protocol" => options.version = Some(Version::named(&value()?)?),
            "--peer" => match value()?.as_str() {
                peer @ ("ts" | "py" | "rmcp" | "published") => options.peer = Some(peer.to_owned()),
                other => {
                    return Err(format!("unknown peer {other:?}; give ts, py, rmcp or published"));
                }
            },
            "--driver" => options.driver = Some(value()?.into()),
            other => {
                return Err(format!(
                    "unknown argument {other:?}; give --all, --protocol, --peer or --driver"
                ));
            }
        }
    }
    Ok(options)
}

fn auth(arguments: &[String]) -> Result<Auth, String> {
    let mut options = Auth::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value =
            || rest.next().map(PathBuf::from).ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--server" => options.server = Some(value()?),
            "--dev-auth" => options.dev_auth = Some(value()?),
            "clients" => options.part = Some("clients"),
            "proxy" => options.part = Some("proxy"),
            "users" => options.part = Some("users"),
            other => {
                return Err(format!(
                    "unknown argument {other:?}; give clients, proxy, users, --server or --dev-auth"
                ));
            }
        }
    }
    Ok(options)
}

fn host(arguments: &[String]) -> Result<Host, String> {
    let mut options = Host::default();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--all" => options.all = true,
            "--server" => {
                options.server = Some(rest.next().ok_or("--server needs a value")?.into());
            }
            "up" => options.part = Some("up"),
            "proxy" => options.part = Some("proxy"),
            other => {
                return Err(format!(
                    "unknown argument {other:?}; give up, proxy, --all or --server"
                ));
            }
        }
    }
    Ok(options)
}
