//! The way from a server's name to a connection.

use super::session::Session;
use crate::exit::{Exit, Fault};
use crate::locate::Finder;
use crate::logins;
use crate::plan::common::Common;
use crate::plan::target::Target;
use crate::plan::{operands, secrets};
use crate::serve::everything;
use crate::terminal::{self, Person};
use bowline::Client;
use bowline::client::{self, Builder, IntoTarget};
use bowline::config::{Environment, Places, Resolved, Way};
use bowline::transport::child;
use bowline::transport::http::client::Options;
use bowline::types::log::{LoggingLevel, LoggingMessageNotificationParams};
use serde_json::Value;
use std::time::Duration;
use tokio::{task, time};

/// A server that was found, and may be connected to.
pub(crate) struct Found {
    /// What it is called in errors.
    name: String,
    target: client::Target,
    /// It is a process of ours.
    is_started: bool,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    protocol: Option<String>,
    tools: Option<Vec<String>>,
}

impl Found {
    /// What a client connects to.
    pub(crate) fn into_target(self) -> client::Target {
        self.target
    }
}

/// A connection to a server.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) client: Client,
    /// Longest time without a sign of life.
    pub(crate) timeout: Option<Duration>,
    /// The tools that a config lets be used.
    tools: Option<Vec<String>>,
}

impl Link {
    /// Whether a tool may be used, as far as the config says.
    pub(crate) fn allows(&self, tool: &str) -> bool {
        self.tools.as_ref().is_none_or(|tools| tools.iter().any(|allowed| allowed == tool))
    }
}

/// The server that the command line names.
///
/// # Errors
/// When there is none of that name, or somebody does not want it started.
pub(crate) async fn find(target: &Target, common: &Common) -> Result<Found, Fault> {
    let name = operands::shown(target);
    let plain = |target| Found {
        name: name.clone(),
        target,
        is_started: false,
        headers: Vec::new(),
        timeout: None,
        protocol: None,
        tools: None,
    };
    let found = match target {
        Target::Url(url) => plain(client::Target::url(url)?),
        Target::Unix(path) => plain(client::Target::url(&format!("unix:{}", path.display()))?),
        Target::Everything => plain((&everything::server(0)).into_target()?),
        Target::Command(words) => {
            let (program, arguments) =
                words.split_first().ok_or_else(|| Fault::new("there is no command after `--`"))?;
            let target = started(child::Command::new(program).args(arguments), common)?;
            Found { is_started: true, ..plain(target) }
        }
        Target::Named(name) => {
            let name = name.clone();
            of_config(look_up(common, move |finder| finder.named(&name)).await?, common)?
        }
        Target::OfClient { client, name } => {
            let (client, name) = (client.clone(), name.clone());
            of_config(
                look_up(common, move |finder| finder.of_client(&client, &name)).await?,
                common,
            )?
        }
    };
    with_flags(found, common)
}

/// Where a server is that one logs in to.
#[derive(Debug)]
pub(crate) struct Place {
    /// What it was called on the command line.
    pub(crate) name: String,
    pub(crate) url: String,
}

/// The URL of the server that the command line names.
///
/// # Errors
/// When there is none of that name, or it has no URL.
pub(crate) async fn endpoint(target: &Target, common: &Common) -> Result<Place, Fault> {
    let name = operands::shown(target);
    let resolved = match target {
        Target::Url(url) => return Ok(Place { name, url: url.clone() }),
        Target::Named(name) => {
            let name = name.clone();
            look_up(common, move |finder| finder.named(&name)).await?
        }
        Target::OfClient { client, name } => {
            let (client, name) = (client.clone(), name.clone());
            look_up(common, move |finder| finder.of_client(&client, &name)).await?
        }
        Target::Unix(_) | Target::Everything | Target::Command(_) => {
            return Err(Fault::new(format!("{name} has no URL, and nothing to log in to")));
        }
    };
    match resolved.way {
        Way::Http { url, .. } => Ok(Place { name, url }),
        _ => {
            Err(Fault::new(format!("`{name}` is started by us, and there is nothing to log in to"))
                .hint("give it what it needs to know in its `env`"))
        }
    }
}

/// Every server of the config, each with what is wrong if something is.
///
/// # Errors
/// When there is no config, it cannot be read, or somebody does not want it.
pub(crate) async fn find_all(
    common: &Common,
) -> Result<Vec<(String, Result<Found, Fault>)>, Fault> {
    if common.trace_messages.is_some() {
        let message = "--trace-messages writes down what one server says, and these are several";
        return Err(Fault::new(message).hint("name the server"));
    }
    let all = look_up(common, |finder| finder.all()).await?;
    let found =
        |resolved: Result<Resolved, Fault>| with_flags(of_config(resolved?, common)?, common);
    Ok(all.into_iter().map(|(name, resolved)| (name, found(resolved))).collect())
}

/// Connects to a server.
///
/// # Errors
/// When it cannot be reached or started.
pub(crate) async fn connect(
    found: Found,
    common: &Common,
    session: &Session,
) -> Result<Link, Fault> {
    let Found { name, target, is_started, headers, timeout, protocol, tools } = found;
    let mut builder = builder(session).http(options(common));
    if let Some(state) = Places::of_this_process().ok().and_then(|places| places.state_home) {
        builder = builder.remember_in(state.join("bowline/versions"));
    }
    for (header, value) in &headers {
        builder = builder.header(header, value);
    }
    if let Some(protocol) = protocol {
        builder = builder.protocol_version(&protocol);
    }
    if let Some(path) = &common.trace_messages {
        builder = builder.trace_to(path);
    }
    let has_token = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if target.is_url() && !has_token {
        builder = builder.authorization(logins::own(session.terminal.as_ref())?);
    }
    let connecting = builder.connect(target);
    let connected = match timeout {
        Some(timeout) => time::timeout(timeout, connecting).await.map_err(|_| {
            Fault::new(format!("{name}: no connection within {timeout:?}")).exit(Exit::TimedOut)
        })?,
        None => connecting.await,
    };
    let client = connected.map_err(|error| {
        let fault = Fault::of_connecting(&error);
        // A program that is not there is a server that cannot be started.
        if is_started && error.is_invalid() { fault.exit(Exit::Unreachable) } else { fault }
    })?;
    Ok(Link { client, timeout, tools })
}

/// Looks something up in configs, which may ask questions, on a thread that may wait for answers.
///
/// # Errors
/// As `find`.
pub(crate) async fn look_up<T: Send + 'static>(
    common: &Common,
    find: impl FnOnce(&mut Finder<'_>) -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let (named, yes) = (common.config.clone(), common.yes);
    let looking = task::spawn_blocking(move || {
        let places = Places::of_this_process()
            .map_err(|error| Fault::new(format!("cannot tell where this is: {error}")))?;
        let mut person = Person::at_terminal();
        find(&mut Finder {
            places: &places,
            named: named.as_deref(),
            environment: Environment::of_this_process(),
            yes,
            ask: person.as_mut().map(|person| person as _),
            asked: Vec::new(),
        })
    });
    looking.await.map_err(|_| Fault::new("looking for the server failed"))?
}

fn of_config(resolved: Resolved, common: &Common) -> Result<Found, Fault> {
    let Resolved { name, way, timeout, tools, protocol, .. } = resolved;
    let is_started = matches!(way, Way::Stdio { .. });
    let (target, headers) = match way {
        Way::Stdio { command, args, env, cwd, .. } => {
            let mut command = child::Command::new(command).args(args);
            for (name, value) in env {
                command = command.env(name, value.expose());
            }
            if let Some(cwd) = cwd {
                command = command.cwd(cwd);
            }
            (started(command, common)?, Vec::new())
        }
        Way::Http { url, headers, .. } => {
            let text = |(name, value): (String, bowline::config::Secret)| {
                (name, value.expose().to_owned())
            };
            (client::Target::url(&url)?, headers.into_iter().map(text).collect())
        }
        _ => {
            return Err(Fault::new(format!("`{name}` is reached in a way that is not known here")));
        }
    };
    let protocol = protocol.map(|protocol| protocol.to_string());
    Ok(Found { name, target, is_started, headers, timeout, protocol, tools })
}

/// What flags say comes before what a config says.
fn with_flags(mut found: Found, common: &Common) -> Result<Found, Fault> {
    for secrets::Header { name, value } in &common.headers {
        found.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        found.headers.push((name.clone(), value.read(&format!("-H \"{name}\""))?));
    }
    found.timeout = common.timeout.or(found.timeout);
    found.protocol = common.protocol.map(|protocol| protocol.to_string()).or(found.protocol);
    Ok(found)
}

/// A program to start, with what flags say of it, and somebody who ends it should we be killed.
fn started(mut command: child::Command, common: &Common) -> Result<client::Target, Fault> {
    for secrets::Variable { name, value } in &common.variables {
        command = command.env(name, value.read(&format!("-e \"{name}\""))?);
    }
    if let Some(cwd) = &common.cwd {
        command = command.cwd(cwd);
    }
    if let (true, Ok(ourselves)) = (HAS_GUARDS, std::env::current_exe()) {
        command = command.guard(ourselves, ["__guard"]);
    }
    Ok(client::Target::command(command))
}

/// Whether there are groups of processes, which somebody can guard.
pub(crate) const HAS_GUARDS: bool = cfg!(unix);

pub(crate) fn options(common: &Common) -> Options {
    let mut options = Options::default();
    if let Some(path) = &common.tls.cacert {
        options = options.cacert(path);
    }
    if let Some((cert, key)) = &common.tls.identity {
        options = options.identity(cert, key);
    }
    options
}

/// A client that asks whoever sits at the terminal, and that shows what servers log.
fn builder(session: &Session) -> Builder {
    let level = match (session.logs.quiet, session.logs.verbose) {
        (true, _) => LoggingLevel::Error,
        (false, 0) => LoggingLevel::Info,
        (false, _) => LoggingLevel::Debug,
    };
    let builder = Client::builder()
        .info("bowline", env!("CARGO_PKG_VERSION"))
        .log_level(level)
        .on_log(|message| log(&message))
        .on_error(|error| tracing::warn!(target: SERVER, "{error}"));
    let Some(terminal) = session.terminal.clone() else {
        return builder;
    };
    let (form, url) = (terminal.clone(), terminal);
    builder
        .on_elicit(move |asked, question| {
            let terminal = form.clone();
            async move { Ok(terminal::answer_form(terminal, asked, question).await) }
        })
        .on_elicit_url(move |asked, question| {
            let terminal = url.clone();
            async move { Ok(terminal::answer_url(terminal, asked, question).await) }
        })
}

/// Tells what a server logs in the log of our own.
fn log(message: &LoggingMessageNotificationParams) {
    let text = match &message.data {
        Value::String(text) => text.clone(),
        Value::Object(members) if members.len() == 1 => match members.get("message") {
            Some(Value::String(text)) => text.clone(),
            _ => message.data.to_string(),
        },
        other => other.to_string(),
    };
    let text = match &message.logger {
        Some(logger) => format!("{logger}: {text}"),
        None => text,
    };
    match message.level {
        LoggingLevel::Debug => tracing::debug!(target: SERVER, "{text}"),
        LoggingLevel::Info | LoggingLevel::Notice => tracing::info!(target: SERVER, "{text}"),
        LoggingLevel::Warning => tracing::warn!(target: SERVER, "{text}"),
        LoggingLevel::Error => tracing::error!(target: SERVER, "{text}"),
        level => tracing::error!(target: SERVER, "{level}: {text}"),
    }
}

/// Whose words these are.
const SERVER: &str = "bowline::server";
