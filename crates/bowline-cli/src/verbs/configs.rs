//! `bowline configs`: those of the MCP clients on this machine.

use crate::escape;
use crate::exit::{Exit, Fault};
use crate::plan::client::Configs;
use crate::show::{Form, Out, Style, indented};
use bowline::config::{CLIENTS, ClientConfig, Config, Contents, Entry, Kind, Origin, Places};
use serde_json::{Value, json};
use std::fmt::Write;

/// Shows the configs that are there, and the servers in each; of those as much as tells them apart, since arguments,
/// variables and headers may be secret.
///
/// # Errors
/// When nobody takes it.
pub(crate) fn configs(configs: Configs) -> Result<Exit, Fault> {
    let places = Places::of_this_process()
        .map_err(|error| Fault::new(format!("cannot tell where this is: {error}")))?;
    let found: Vec<_> = own(&places)
        .into_iter()
        .chain(CLIENTS.iter().flat_map(|client| once_each(client.configs(&places))).map(Found::of))
        .collect();
    let out = Out::new(if configs.json { Form::Json } else { Form::Text });
    match out.form {
        Form::Json => out.value(&found.iter().map(Found::json).collect::<Vec<_>>())?,
        Form::Text | Form::Raw if found.is_empty() => out.text("there is no config\n")?,
        Form::Text | Form::Raw => {
            let shown: Vec<_> = found.iter().map(|found| found.shown(out.style)).collect();
            out.text(&shown.join("\n"))?;
        }
    }
    Ok(Exit::Done)
}

/// A config that is there.
struct Found {
    /// What its servers are called: `CLIENT:NAME`; or their names alone.
    id: &'static str,
    title: &'static str,
    path: String,
    origin: Origin,
    contents: Contents,
}

/// The config in which a name alone is looked up here.
fn own(places: &Places) -> Option<Found> {
    let found = Config::find(places, None).transpose()?;
    let (path, origin) = match &found {
        Ok(config) => (config.path().display().to_string(), config.origin()),
        Err(problems) => (problems.path().display().to_string(), Origin::User),
    };
    let contents = found.map_or_else(Contents::Wrong, Contents::Read);
    Some(Found { id: "", title: "used here", path, origin, contents })
}

/// A project that is the home directory has the user's own file as its own too.
fn once_each(mut configs: Vec<ClientConfig>) -> Vec<ClientConfig> {
    for at in (0..configs.len()).rev() {
        if configs[at + 1..].iter().any(|later| later.path == configs[at].path) {
            configs.remove(at);
        }
    }
    configs
}

impl Found {
    fn of(found: ClientConfig) -> Self {
        let ClientConfig { client, path, origin, contents, .. } = found;
        Self {
            id: client.id,
            title: client.title,
            path: path.display().to_string(),
            origin,
            contents,
        }
    }

    fn shown(&self, style: Style) -> String {
        let mut shown = format!("{}  {}\n", style.bold(self.title), escape::line(&self.path));
        match &self.contents {
            Contents::Read(config) => {
                for entry in config.entries() {
                    let prefix = if self.id.is_empty() { "" } else { ":" };
                    let name = style.name(&format!("{}{prefix}{}", self.id, entry.name));
                    let off = if entry.disabled { "  (disabled)" } else { "" };
                    let way = style.dim(&escape::line(&way(entry)));
                    let _ = writeln!(shown, "  {name}  {way}{off}");
                }
                for problem in config.problems() {
                    let _ = writeln!(shown, "  problem: {}", escape::line(&problem.to_string()));
                }
                if config.entries().is_empty() && config.problems().is_empty() {
                    shown.push_str("  no servers\n");
                }
            }
            Contents::Wrong(problems) => {
                shown.push_str(&indented("  problem: ", &escape::escape(&problems.to_string())));
            }
            Contents::Unread(form) => {
                let _ = writeln!(shown, "  not read: it is {form}");
            }
            _ => {}
        }
        shown
    }

    fn json(&self) -> Value {
        let mut json = json!({
            "title": self.title,
            "path": self.path,
            "origin": match self.origin {
                Origin::Project => "project",
                Origin::Named => "named",
                _ => "user",
            },
        });
        if !self.id.is_empty() {
            json["client"] = self.id.into();
        }
        match &self.contents {
            Contents::Read(config) => {
                json["servers"] = config.entries().iter().map(server).collect();
                let problems = config.problems().iter();
                let problems: Vec<_> = problems.map(ToString::to_string).collect();
                if !problems.is_empty() {
                    json["problems"] = problems.into();
                }
            }
            Contents::Wrong(problems) => {
                json["problems"] =
                    problems.list().iter().map(ToString::to_string).collect::<Vec<_>>().into();
            }
            Contents::Unread(form) => json["unread"] = (*form).into(),
            _ => {}
        }
        json
    }
}

fn server(entry: &Entry) -> Value {
    let kind = if matches!(entry.kind, Kind::Http { .. }) { "http" } else { "stdio" };
    json!({ "name": entry.name, "type": kind, "way": way(entry), "disabled": entry.disabled })
}

/// The program and its first word, or the URL up to its query.
fn way(entry: &Entry) -> String {
    match &entry.kind {
        Kind::Stdio { command, args, .. } => {
            // Launchers are told apart by what they launch; flags may hold anything.
            let first = args.iter().map(|arg| arg.raw()).find(|arg| !arg.starts_with('-'));
            let more = if args.is_empty() { "" } else { " …" };
            match first.filter(|first| !first.contains('=') && first.len() <= 100) {
                Some(first) if args.len() == 1 => format!("{} {first}", command.raw()),
                Some(first) => format!("{} {first}{more}", command.raw()),
                None => format!("{}{more}", command.raw()),
            }
        }
        Kind::Http { url, .. } => {
            let url = url.raw().split(['?', '#']).next().unwrap_or_default();
            match url.split_once("://").map(|(scheme, rest)| (scheme, rest.split_once('@'))) {
                Some((scheme, Some((_, rest)))) => format!("{scheme}://{rest}"),
                _ => url.to_owned(),
            }
        }
        _ => String::new(),
    }
}
