//! What the verbs mean that run servers for others, and what the configs are told about them.

use super::common::{Common, Tls};
use super::named::name_of;
use super::operands::{self, Operands};
use super::target::Target;
use super::ways::{Address, Example, Ways};
use super::{Surroundings, Task};
use crate::args::host::{
    CheckArgs, ConfigVerb, InstallArgs, IsolationArg, NamingArg, ProxyArgs, UninstallArgs, UpArgs,
};
use crate::args::{Preset, ServeArgs, Verb};
use crate::exit::Fault;
use bowline::config::{Bowline, CLIENTS, Client, nearest};
use bowline::host::{Isolation, Naming, Settings};
use std::ffi::OsString;
use std::path::PathBuf;

/// `up`: many servers behind one endpoint.
#[derive(Debug)]
pub(crate) struct Up {
    pub(crate) servers: Servers,
    /// How they are reached; also which config is read, and whether it is approved.
    pub(crate) common: Common,
    pub(crate) flags: Flags,
}

/// Which servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Servers {
    /// Every one of the config; the reference server where there is no config.
    All,
    /// Every one in the configs of this client.
    OfClient(Client),
    /// These, with what they are called.
    These(Vec<(String, Target)>),
}

/// What the flags of `up` say, before the config has its say.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    naming: Option<NamingArg>,
    isolation: Option<IsolationArg>,
    admin: Option<String>,
    serve: ServeArgs,
    token: Option<String>,
    tls: Tls,
}

/// What flags and config say together.
#[derive(Debug)]
pub(crate) struct Hosting {
    pub(crate) ways: Ways,
    pub(crate) settings: Settings,
    /// Where it is told how things are; an address of this machine only.
    pub(crate) admin: Option<Address>,
    /// Files for TLS to servers.
    pub(crate) tls: Tls,
}

/// `proxy`: one server, under its own names.
#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) target: Target,
    pub(crate) common: Common,
    pub(crate) ways: Ways,
}

/// `install`: a server into configs of clients.
#[derive(Debug)]
pub(crate) struct Install {
    pub(crate) target: Target,
    /// What it is called there.
    pub(crate) name: String,
    /// Whom it is written for, each once; at least one.
    pub(crate) clients: Vec<Client>,
    /// Whether it is started through us, with every message written down.
    pub(crate) traced: bool,
    /// Whether the config of the project is meant, instead of the user's.
    pub(crate) project: bool,
    /// Whether another server of this name is replaced.
    pub(crate) force: bool,
    /// Whether it is only shown.
    pub(crate) dry_run: bool,
    /// How it is reached; `yes` writes without asking.
    pub(crate) common: Common,
}

/// `uninstall`: a server out of configs of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Uninstall {
    /// What it is called there.
    pub(crate) name: String,
    /// Who has it, each once; at least one.
    pub(crate) clients: Vec<Client>,
    /// Whether the config of the project is meant, instead of the user's.
    pub(crate) project: bool,
    /// Whether it is only shown.
    pub(crate) dry_run: bool,
    /// Whether nobody is asked.
    pub(crate) yes: bool,
}

/// `config`: about the file as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConfigTask {
    /// Tells everything that is wrong with one.
    Check {
        /// The config, when it is not the usual one.
        file: Option<PathBuf>,
        json: bool,
    },
    /// Writes the schema.
    Schema,
}

impl Task {
    /// What a verb means that runs servers for others.
    ///
    /// # Errors
    /// When its operands are not what it takes, or its flags contradict each other.
    pub(super) fn of_host(verb: Verb, around: &Surroundings<'_>) -> Result<Self, Fault> {
        match verb {
            Verb::Up(args) => up(*args, around).map(|up| Self::Up(Box::new(up))),
            Verb::Proxy(args) => proxy(*args, around).map(|proxy| Self::Proxy(Box::new(proxy))),
            Verb::Install(args) => {
                install(*args, around).map(|install| Self::Install(Box::new(install)))
            }
            Verb::Uninstall(args) => uninstall(args).map(Self::Uninstall),
            Verb::Config(ConfigVerb::Check(CheckArgs { file, config, json })) => {
                Ok(Self::Config(ConfigTask::Check { file: file.or(config), json }))
            }
            Verb::Config(ConfigVerb::Schema) => Ok(Self::Config(ConfigTask::Schema)),
            other => unreachable!("{other:?} has a plan of its own"),
        }
    }
}

fn up(args: UpArgs, around: &Surroundings<'_>) -> Result<Up, Fault> {
    let UpArgs { operands, from, naming, isolation, admin, serve, mut reach } = args;
    let command = operands::command(&mut reach, around)?;
    let from = from.as_deref().map(client).transpose()?;
    let servers = servers(&operands, command, from, around)?;
    let only = match &servers {
        Servers::These(these) => match these.as_slice() {
            [(_, target)] => Some(target),
            _ => None,
        },
        Servers::All | Servers::OfClient(_) => None,
    };
    // A config may be named for what it says of the host, also when its servers are not those that are served.
    let config = reach.config.take();
    let common = Common { config, ..Common::of_reach(reach, only)? };
    let (token, tls) = (around.token.clone(), common.tls.clone());
    let flags = Flags { naming, isolation, admin, serve, token, tls };
    Ok(Up { servers, common, flags })
}

fn servers(
    operands: &[String],
    command: Option<Vec<OsString>>,
    from: Option<Client>,
    around: &Surroundings<'_>,
) -> Result<Servers, Fault> {
    let targets = match (command, operands.first()) {
        (Some(_), Some(server)) => {
            return Err(Fault::new(format!(
                "there are two kinds of servers: `{server}`, and the command after `--`"
            ))
            .hint("write the command into a config beside the others, and name that with --config FILE"));
        }
        (Some(command), None) => vec![Target::Command(command)],
        (None, None) => return Ok(from.map_or(Servers::All, Servers::OfClient)),
        (None, Some(_)) => {
            let parse = |text: &String| match (Target::parse(text, around)?, from) {
                (Target::Named(name), Some(client)) => {
                    Ok(Target::OfClient { client: client.id.to_owned(), name })
                }
                (target, _) => Ok(target),
            };
            operands.iter().map(parse).collect::<Result<Vec<_>, Fault>>()?
        }
    };
    let mut these: Vec<(String, Target)> = Vec::new();
    for target in targets {
        let name = name_of(&target);
        match these.iter().find(|(known, _)| *known == name) {
            // Whoever names one twice gets it once.
            Some((_, known)) if *known == target => {}
            Some((_, known)) => {
                let (one, other) = (operands::shown(known), operands::shown(&target));
                return Err(Fault::new(format!("{one} and {other} would both be called `{name}`"))
                    .hint("write them into a config, where they have names"));
            }
            None => these.push((name, target)),
        }
    }
    Ok(Servers::These(these))
}

impl Up {
    /// Whether a config has to be looked for: where servers are, or because it was named.
    pub(crate) fn wants_config(&self) -> bool {
        let names = |these: &[(String, Target)]| {
            these.iter().any(|(_, target)| matches!(target, Target::Named(_)))
        };
        match &self.servers {
            Servers::All => true,
            Servers::OfClient(_) => false,
            Servers::These(these) => self.common.config.is_some() || names(these),
        }
    }
}

impl Flags {
    /// No flags, with what `BOWLINE_TOKEN` holds.
    pub(crate) fn none(token: Option<String>) -> Self {
        Self { token, ..Self::default() }
    }

    /// What they mean beside what the config says under `bowline`; where both say something, the flag counts.
    ///
    /// # Errors
    /// When they contradict each other, or ask for what would not be safe.
    pub(crate) fn with(&self, config: &Bowline) -> Result<Hosting, Fault> {
        let mut settings = config.settings.clone();
        if let Some(naming) = self.naming {
            settings.naming = naming.into();
        }
        if let Some(isolation) = self.isolation {
            settings.isolation = Some(isolation.into());
        }
        let admin = self.admin.as_deref().or(config.admin.as_deref()).map(admin).transpose()?;
        let serve = merged(&self.serve, config);
        let ways = Ways::new(serve, self.token.clone(), Example::of("bowline"))?;
        let upstream = &config.upstream;
        let tls = Tls {
            cacert: self.tls.cacert.clone().or_else(|| upstream.cacert.clone()),
            identity: self.tls.identity.clone().or_else(|| upstream.identity.clone()),
        };
        Ok(Hosting { ways, settings, admin, tls })
    }
}

/// The flags, with what the config says where they say nothing.
fn merged(flags: &ServeArgs, config: &Bowline) -> ServeArgs {
    let listen = flags.listen.as_ref().or(config.listen.as_ref());
    let listen = listen.cloned().unwrap_or_else(|| LISTEN.to_owned());
    // What a config says about one way in means nothing when a flag chooses another.
    let nothing = Bowline::default();
    let is_unix = listen.starts_with("unix:");
    let of_http = if listen == "stdio" || is_unix { &nothing } else { config };
    let of_unix = if is_unix { config } else { &nothing };
    let or = |flag: &Vec<String>, config: &Vec<String>| {
        if flag.is_empty() { config.clone() } else { flag.clone() }
    };
    let tls = flags.tls_cert.clone().zip(flags.tls_key.clone()).or_else(|| of_http.tls.clone());
    let (tls_cert, tls_key) = tls.unzip();
    ServeArgs {
        listen: Some(listen),
        allow_uid: if flags.allow_uid.is_empty() {
            of_unix.allow_uid.clone()
        } else {
            flags.allow_uid.clone()
        },
        path: flags.path.clone().or_else(|| of_http.path.clone()),
        allow_host: or(&flags.allow_host, &of_http.allow_host),
        allow_origin: or(&flags.allow_origin, &of_http.allow_origin),
        public_url: flags.public_url.clone().or_else(|| of_http.public_url.clone()),
        tls_cert,
        tls_key,
        token_file: flags.token_file.clone().or_else(|| of_http.token_file.clone()),
        auth: of_http.auth.clone(),
        no_sessions: flags.no_sessions || of_http.sessions == Some(false),
        limits: flags.limits.or_else(|| config.limits.as_deref().and_then(Preset::of_name)),
        keep_alive: flags.keep_alive.or_else(|| of_http.keep_alive.map(|time| time.as_secs())),
        trace_messages: flags.trace_messages.clone().or_else(|| config.trace_messages.clone()),
    }
}

/// An address that only this machine reaches.
fn admin(text: &str) -> Result<Address, Fault> {
    let address = Address::of_flag("--admin", text)?;
    if !address.is_loopback() {
        return Err(Fault::new(format!(
            "other machines could reach --admin {address}, which asks nobody who they are"
        ))
        .hint(format!("write --admin :{}", address.port)));
    }
    Ok(address)
}

fn proxy(args: ProxyArgs, around: &Surroundings<'_>) -> Result<Proxy, Fault> {
    let ProxyArgs { operands, serve, mut reach } = args;
    let command = operands::command(&mut reach, around)?;
    let (target, rest) = Operands { verb: "proxy", operands, command, wants: "" }.split(around)?;
    operands::none("proxy", &rest)?;
    let common = Common::of_reach(reach, Some(&target))?;
    let ways = Ways::new(serve, around.token.clone(), Example::of(name_of(&target)))?;
    Ok(Proxy { target, common, ways })
}

fn install(args: InstallArgs, around: &Surroundings<'_>) -> Result<Install, Fault> {
    let InstallArgs { operands, to, name, traced, project, force, dry_run, mut reach } = args;
    let command = operands::command(&mut reach, around)?;
    let (target, rest) =
        Operands { verb: "install", operands, command, wants: "" }.split(around)?;
    operands::none("install", &rest)?;
    let common = Common::of_reach(reach, Some(&target))?;
    let name = name.unwrap_or_else(|| name_of(&target));
    if name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Fault::new(format!("--name {name:?} is no name for a server"))
            .hint("use up to 128 letters, digits and signs"));
    }
    let clients = clients(&to)?;
    Ok(Install { target, name, clients, traced, project, force, dry_run, common })
}

fn uninstall(args: UninstallArgs) -> Result<Uninstall, Fault> {
    let UninstallArgs { name, from, project, dry_run, yes } = args;
    Ok(Uninstall { name, clients: clients(&from)?, project, dry_run, yes })
}

/// Clients by their ids, each once.
fn clients(ids: &[String]) -> Result<Vec<Client>, Fault> {
    let mut clients = Vec::new();
    for id in ids {
        let client = client(id)?;
        if !clients.contains(&client) {
            clients.push(client);
        }
    }
    Ok(clients)
}

fn client(id: &str) -> Result<Client, Fault> {
    Client::of_id(id).ok_or_else(|| {
        let ids = || CLIENTS.iter().map(|client| client.id);
        let fault = Fault::new(format!("there is no client `{id}`"));
        match nearest(id, ids()) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint(format!("there are {}", ids().collect::<Vec<_>>().join(", "))),
        }
    })
}

impl From<NamingArg> for Naming {
    fn from(naming: NamingArg) -> Self {
        match naming {
            NamingArg::Prefix => Self::Prefix,
            NamingArg::Flat => Self::Flat,
        }
    }
}

impl From<IsolationArg> for Isolation {
    fn from(isolation: IsolationArg) -> Self {
        match isolation {
            IsolationArg::Shared => Self::Shared,
            IsolationArg::Principal => Self::Principal,
            IsolationArg::Session => Self::Session,
        }
    }
}

const LISTEN: &str = "127.0.0.1:8080";

/// Bytes of a name.
const LONGEST_NAME: usize = 128;
