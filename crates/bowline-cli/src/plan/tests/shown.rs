//! Plans in a line, for tables.

use super::super::arguments::{Arguments, Given, Single};
use super::super::client::{Kinds, Reference};
use super::super::host::{Hosting, Install, Servers, Uninstall, Up};
use super::super::target::{Target, Targets};
use super::super::{Listen, Plan, Surroundings, Task};
use crate::args::Args;
use bowline::config::{Bowline, Client};
use clap::Parser;
use expect_test::Expect;
use std::fmt::Write;

/// A line of words, in which `_` stands for an empty one and `~` for a space.
pub(super) fn check(lines: &[&str], expected: &Expect) {
    let mut table = String::new();
    for line in lines {
        let words: Vec<_> = line.split_whitespace().map(|word| word.replace('~', " ")).collect();
        let words: Vec<_> = words.iter().map(|word| if word == "_" { "" } else { word }).collect();
        let meaning = meaning(&words);
        let _ = writeln!(table, "{line}\n    {}", meaning.trim_end().replace('\n', "\n    "));
    }
    expected.assert_eq(&table);
}

/// What a command line means: verb, target, operands, command.
pub(super) fn meaning(words: &[&str]) -> String {
    match planned(words) {
        Ok(plan) => shown(&plan.task),
        Err(fault) => fault,
    }
}

/// The plan of a command line, in a place where the config has the servers `git` and `my.server`.
pub(super) fn planned(words: &[&str]) -> Result<Plan, String> {
    let args = Args::try_parse_from(["bowline"].iter().chain(words))
        .map_err(|error| first_part(&error.to_string()))?;
    let around = Surroundings {
        token: None,
        dashes: words.contains(&"--"),
        names: &|| vec!["git".to_owned(), "my.server".to_owned()],
        is_client: &|id| Client::of_id(id).is_some(),
    };
    Plan::new(args, around).map_err(|fault| fault.to_string())
}

/// What clap says before it explains the usage.
fn first_part(text: &str) -> String {
    text.split("\n\n").next().unwrap_or_default().to_owned()
}

fn shown(task: &Task) -> String {
    let (verb, target, operands) = match task {
        Task::List(list) => match &list.targets {
            Targets::All => return format!("list | every server | {}", kinds(list.kinds)),
            Targets::One(target) => ("list", target, kinds(list.kinds)),
        },
        Task::Info(info) => ("info", &info.target, String::new()),
        Task::Ping(ping) => ("ping", &ping.target, String::new()),
        Task::Call(call) => {
            ("call", &call.target, format!("{}{}", call.tool, arguments(&call.arguments)))
        }
        Task::Read(read) => ("read", &read.target, read.uri.clone()),
        Task::Prompt(prompt) => {
            ("prompt", &prompt.target, format!("{}{}", prompt.name, arguments(&prompt.arguments)))
        }
        Task::Complete(complete) => {
            let reference = match &complete.reference {
                Reference::Prompt(name) => format!("prompt {name}"),
                Reference::Resource(template) => format!("template {template}"),
            };
            let (argument, prefix, given) = (&complete.argument, &complete.prefix, &complete.given);
            ("complete", &complete.target, format!("{reference}, {argument} {prefix:?} {given:?}"))
        }
        Task::Subscribe(subscribe) => {
            let lists = subscribe.lists.map_or_else(String::new, kinds);
            ("subscribe", &subscribe.target, format!("{} {lists}", subscribe.uris.join(" ")))
        }
        Task::Login(login) => {
            let browser = if login.opens_browser { "" } else { ", no browser" };
            let scopes = login.scopes.join(" ");
            let port = login.callback_port.map_or_else(String::new, |port| format!(" at {port}"));
            ("login", &login.target, format!("{scopes} as {:?}{port}{browser}", login.identity))
        }
        Task::Logout(logout) => ("logout", &logout.target, String::new()),
        Task::Whoami(whoami) => match &whoami.targets {
            Targets::All => return "whoami | every login".to_owned(),
            Targets::One(target) => ("whoami", target, String::new()),
        },
        Task::Configs(configs) => return format!("configs | json={}", configs.json),
        Task::Completions(completions) => return format!("completions | {}", completions.shell),
        Task::Up(up) => return self::up(up),
        Task::Proxy(proxy) => {
            ("proxy", &proxy.target, format!("at {}", listen(&proxy.ways.listen)))
        }
        Task::Install(install) => ("install", &install.target, self::install(install)),
        Task::Uninstall(Uninstall { name, clients, project, .. }) => {
            let project = if *project { ", of the project" } else { "" };
            return format!("uninstall | {name} | from {}{project}", ids(clients));
        }
        Task::Config(config) => return format!("config | {config:?}"),
        Task::Everything { .. } => return "serve everything".to_owned(),
        Task::Filesystem { shares, .. } => return format!("serve filesystem | {:?}", shares.dirs),
    };
    if let Target::Command(command) = target {
        let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        return format!("{verb} | - | {} | {}", operands.trim(), words.join(" "));
    }
    let target = self::target(target);
    format!("{verb} | {target} | {}", operands.trim()).trim_end_matches("| ").trim_end().to_owned()
}

fn up(up: &Up) -> String {
    let servers = match &up.servers {
        Servers::All => "every server".to_owned(),
        Servers::OfClient(client) => format!("every server of {}", client.id),
        Servers::These(these) => {
            let these = these.iter().map(|(name, target)| match target {
                Target::Command(command) => format!("{name} = {command:?}"),
                target => format!("{name} = {}", self::target(target)),
            });
            these.collect::<Vec<_>>().join(", ")
        }
    };
    // As without a config, or with one that says nothing.
    let Hosting { ways, settings, admin, .. } = match up.flags.with(&Bowline::default()) {
        Ok(hosting) => hosting,
        Err(fault) => return fault.to_string(),
    };
    let admin = admin.map_or_else(String::new, |admin| format!(", admin at {admin}"));
    let isolation = settings.isolation.map_or_else(String::new, |who| format!(", {who:?}"));
    format!("up | {servers} | at {}, {:?}{isolation}{admin}", listen(&ways.listen), settings.naming)
}

fn install(install: &Install) -> String {
    let traced = if install.traced { ", traced" } else { "" };
    let dry_run = if install.dry_run { ", only shown" } else { "" };
    let project = if install.project { ", of the project" } else { "" };
    let force = if install.force { ", whatever is there" } else { "" };
    format!("as {} to {}{project}{force}{traced}{dry_run}", install.name, ids(&install.clients))
}

fn ids(clients: &[Client]) -> String {
    clients.iter().map(|client| client.id).collect::<Vec<_>>().join("+")
}

fn listen(listen: &Listen) -> String {
    match listen {
        Listen::Stdio => "stdio".to_owned(),
        Listen::Unix { path, .. } => format!("unix:{}", path.display()),
        Listen::Http(endpoint) => format!("{}{}", endpoint.address, endpoint.path),
    }
}

fn target(target: &Target) -> String {
    match target {
        Target::Command(command) => format!("{command:?}"),
        Target::Url(url) => format!("url {url}"),
        Target::Unix(path) => format!("socket {}", path.display()),
        Target::Everything => "everything".to_owned(),
        Target::Named(name) => format!("name {name}"),
        Target::OfClient { client, name } => format!("{name} of {client}"),
    }
}

fn kinds(kinds: Kinds) -> String {
    let Kinds { tools, resources, templates, prompts } = kinds;
    let all = [
        (tools, "tools"),
        (resources, "resources"),
        (templates, "templates"),
        (prompts, "prompts"),
    ];
    all.iter().filter(|(wanted, _)| *wanted).map(|(_, name)| *name).collect::<Vec<_>>().join("+")
}

fn arguments(arguments: &Arguments) -> String {
    let whole = arguments.whole.as_ref().map(|source| format!(" all from {source}"));
    let singles = arguments.singles.iter().map(|Single { name, value }| match value {
        Given::Text(text) => format!(" {name} text {text:?}"),
        Given::Literal(text) => format!(" {name} literal {text:?}"),
        Given::Json(value) => format!(" {name} json {value}"),
        Given::TextOf(source) => format!(" {name} text of {source}"),
        Given::JsonOf(source) => format!(" {name} json of {source}"),
    });
    whole.into_iter().chain(singles).collect::<Vec<_>>().join(",")
}
