//! What the verbs mean that talk to a server.

use super::arguments::{Argument, Arguments};
use super::common::Common;
use super::operands::{self, Operands};
use super::target::{Target, Targets};
use super::{Surroundings, Task};
use crate::args::Verb;
use crate::args::client::{
    CallArgs, CompleteArgs, InfoArgs, KindArgs, ListArgs, PingArgs, PromptArgs, ReadArgs,
    SubscribeArgs,
};
use crate::exit::Fault;
use clap_complete::Shell;

/// `list`: what one server or every one offers.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) targets: Targets,
    pub(crate) kinds: Kinds,
    pub(crate) common: Common,
}

/// Kinds of things that servers offer; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub(crate) tools: bool,
    pub(crate) resources: bool,
    pub(crate) templates: bool,
    pub(crate) prompts: bool,
}

/// `info`: what a server says about itself.
#[derive(Debug)]
pub(crate) struct Info {
    pub(crate) target: Target,
    pub(crate) common: Common,
}

/// `ping`: one round trip.
#[derive(Debug)]
pub(crate) struct Ping {
    pub(crate) target: Target,
    pub(crate) common: Common,
}

/// `call`: a tool.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) target: Target,
    pub(crate) tool: String,
    pub(crate) arguments: Arguments,
    pub(crate) common: Common,
}

/// `read`: a resource.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) target: Target,
    pub(crate) uri: String,
    pub(crate) common: Common,
}

/// `prompt`: one filled in.
#[derive(Debug)]
pub(crate) struct Prompt {
    pub(crate) target: Target,
    pub(crate) name: String,
    pub(crate) arguments: Arguments,
    pub(crate) common: Common,
}

/// `complete`: what an argument may be.
#[derive(Debug)]
pub(crate) struct Complete {
    pub(crate) target: Target,
    pub(crate) reference: Reference,
    /// The name of the argument.
    pub(crate) argument: String,
    /// What its value begins with.
    pub(crate) prefix: String,
    /// Arguments that have a value already: names and values.
    pub(crate) given: Vec<(String, String)>,
    pub(crate) common: Common,
}

/// What has the argument that is completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// A prompt, by its name.
    Prompt(String),
    /// A resource template, as it is in the list.
    Resource(String),
}

/// `subscribe`: changes as they come.
#[derive(Debug)]
pub(crate) struct Subscribe {
    pub(crate) target: Target,
    pub(crate) uris: Vec<String>,
    /// Lists of which changes are told; `templates` is never set.
    pub(crate) lists: Option<Kinds>,
    pub(crate) common: Common,
}

/// `configs`: those of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Configs {
    pub(crate) json: bool,
}

/// `completions`: for a shell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Completions {
    pub(crate) shell: Shell,
}

impl Task {
    /// What a verb means that talks to servers, or is about them.
    ///
    /// # Errors
    /// When its operands are not what it takes.
    pub(super) fn of_client(verb: Verb, around: &Surroundings<'_>) -> Result<Self, Fault> {
        match verb {
            Verb::List(args) => list(args, around).map(Self::List),
            Verb::Info(args) => info(args, around).map(Self::Info),
            Verb::Ping(args) => ping(args, around).map(Self::Ping),
            Verb::Call(args) => call(args, around).map(Self::Call),
            Verb::Read(args) => read(args, around).map(Self::Read),
            Verb::Prompt(args) => prompt(args, around).map(Self::Prompt),
            Verb::Complete(args) => complete(args, around).map(Self::Complete),
            Verb::Subscribe(args) => subscribe(args, around).map(Self::Subscribe),
            Verb::Configs(args) => Ok(Self::Configs(Configs { json: args.json })),
            Verb::Completions(args) => Ok(Self::Completions(Completions { shell: args.shell })),
            Verb::Login(args) => Self::login(*args, around),
            Verb::Logout(args) => Self::logout(args, around),
            Verb::Whoami(args) => Self::whoami(args, around),
            Verb::Serve(_)
            | Verb::Up(_)
            | Verb::Proxy(_)
            | Verb::Install(_)
            | Verb::Uninstall(_)
            | Verb::Config(_) => unreachable!("these have plans of their own"),
        }
    }
}

fn list(args: ListArgs, around: &Surroundings<'_>) -> Result<List, Fault> {
    let ListArgs { kinds, operands, mut client } = args;
    let command = operands::command(&mut client.reach, around)?;
    let targets = if operands.is_empty() && command.is_none() {
        Targets::All
    } else {
        let (target, rest) =
            Operands { verb: "list", operands, command, wants: "" }.split(around)?;
        operands::none("list", &rest)?;
        Targets::One(target)
    };
    let target = match &targets {
        Targets::All => None,
        Targets::One(target) => Some(target),
    };
    Ok(List { kinds: Kinds::of(kinds), common: Common::new(client, target)?, targets })
}

fn info(args: InfoArgs, around: &Surroundings<'_>) -> Result<Info, Fault> {
    let InfoArgs { operands, mut client } = args;
    let command = operands::command(&mut client.reach, around)?;
    let (target, rest) = Operands { verb: "info", operands, command, wants: "" }.split(around)?;
    operands::none("info", &rest)?;
    Ok(Info { common: Common::new(client, Some(&target))?, target })
}

fn ping(args: PingArgs, around: &Surroundings<'_>) -> Result<Ping, Fault> {
    let PingArgs { operands, mut client } = args;
    let command = operands::command(&mut client.reach, around)?;
    let (target, rest) = Operands { verb: "ping", operands, command, wants: "" }.split(around)?;
    operands::none("ping", &rest)?;
    Ok(Ping { common: Common::new(client, Some(&target))?, target })
}

fn call(args: CallArgs, around: &Surroundings<'_>) -> Result<Call, Fault> {
    let CallArgs { operands, mut client } = args;
    let command = operands::command(&mut client.reach, around)?;
    let (target, mut rest) =
        Operands { verb: "call", operands, command, wants: "TOOL" }.split(around)?;
    let tool = rest.remove(0);
    let arguments = Arguments::parse(&rest)?;
    Ok(Call { common: Common::new(client, Some(&target))?, target, tool, arguments })
}

fn read(args: ReadArgs, around: &Surroundings<'_>) -> Result<Read, Fault> {
    let ReadArgs { operands, mut client } = args;
    let command = operands::command(&mut client.reach, around)?;
    let (target, mut rest) =
        Operands { verb: "read", operands, command, wants: "URI" }.split(around)?;
    let uri = rest.remove(0);
    operands::none("read", &rest)?;
    Ok(Read { common: Common::new(client, Some(&target))?, target, uri })
}

fn prompt(args: PromptArgs, around: &Surroundings<'_>) -> Result<Prompt, Fault> {
    let PromptArgs { operands, mut client } = args;
    let command = operands::command(&mut client.reach, around)?;
    let (target, mut rest) =
        Operands { verb: "prompt", operands, command, wants: "NAME" }.split(around)?;
    let name = rest.remove(0);
    let arguments = Arguments::parse(&rest)?;
    Ok(Prompt { common: Common::new(client, Some(&target))?, target, name, arguments })
}

fn complete(args: CompleteArgs, around: &Surroundings<'_>) -> Result<Complete, Fault> {
    let CompleteArgs { operands, mut client } = args;
    let command = operands::command(&mut client.reach, around)?;
    let (target, rest) =
        Operands { verb: "complete", operands, command, wants: "REF ARG" }.split(around)?;
    let reference = Reference::parse(&rest[0])?;
    let (argument, prefix) = match rest[1].split_once('=') {
        Some((name, prefix)) if !name.is_empty() => (name.to_owned(), prefix.to_owned()),
        _ => {
            return Err(Fault::new(format!("`{}` is no argument to complete", rest[1]))
                .hint("write NAME=PREFIX, or NAME= for every value"));
        }
    };
    let given = rest[2..].iter().map(|text| match Argument::parse(text) {
        Ok(Argument::Single(single)) => single.plain(),
        _ => Err(Fault::new(format!("`{text}` is no argument that has a value"))
            .hint("write NAME=TEXT for arguments besides the one to complete")),
    });
    let given = given.collect::<Result<_, _>>()?;
    let common = Common::new(client, Some(&target))?;
    Ok(Complete { target, reference, argument, prefix, given, common })
}

fn subscribe(args: SubscribeArgs, around: &Surroundings<'_>) -> Result<Subscribe, Fault> {
    let SubscribeArgs { tools, resources, prompts, operands, mut client } = args;
    let command = operands::command(&mut client.reach, around)?;
    let (target, uris) =
        Operands { verb: "subscribe", operands, command, wants: "" }.split(around)?;
    if let Some(odd) = uris.iter().find(|uri| !uri.contains(':')) {
        return Err(Fault::new(format!("`{odd}` is no URI of a resource"))
            .hint(format!("`bowline list --resources {}` lists them", operands::shown(&target))));
    }
    let lists = match (tools || resources || prompts, uris.is_empty()) {
        (true, _) => Some(Kinds { tools, resources, templates: false, prompts }),
        (false, true) => {
            Some(Kinds { tools: true, resources: true, templates: false, prompts: true })
        }
        (false, false) => None,
    };
    Ok(Subscribe { common: Common::new(client, Some(&target))?, target, uris, lists })
}

impl Kinds {
    fn of(args: KindArgs) -> Self {
        let KindArgs { tools, resources, templates, prompts } = args;
        let all = !(tools || resources || templates || prompts);
        Self {
            tools: all || tools,
            resources: all || resources,
            templates: all || templates,
            prompts: all || prompts,
        }
    }
}

impl Reference {
    fn parse(text: &str) -> Result<Self, Fault> {
        let reference = if let Some(name) = text.strip_prefix("prompt:") {
            Self::Prompt(name.to_owned())
        } else if let Some(template) = text.strip_prefix("resource:") {
            Self::Resource(template.to_owned())
        } else if text.contains("://") {
            Self::Resource(text.to_owned())
        } else {
            Self::Prompt(text.to_owned())
        };
        match &reference {
            Self::Prompt(name) | Self::Resource(name) if name.is_empty() => {
                Err(Fault::new(format!("`{text}` names neither a prompt nor a resource template"))
                    .hint("write prompt:NAME or resource:TEMPLATE"))
            }
            _ => Ok(reference),
        }
    }
}
