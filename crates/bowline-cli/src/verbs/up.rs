//! `bowline up`: many servers behind one endpoint.

use super::{host, link};
use crate::args::LogArgs;
use crate::exit::{Exit, Fault};
use crate::listen::{self, Served};
use crate::locate::Gathered;
use crate::logs::{Format, notice};
use crate::plan::common::Common;
use crate::plan::host::{Flags, Hosting, Servers, Up};
use crate::plan::ways::Address;
use crate::plan::{Listen, Ways};
use crate::serve::until_ended;
use crate::signals::{Reload, Signals};
use bowline::Host;
use bowline::config::{Config, Difference, Problems, Setup, Watch};
use bowline::host::status::ServerState;
use bowline::host::{Naming, Settings, admin};
use bowline::transport::Running;
use bowline::transport::http::Http;
use std::sync::Arc;

/// Serves the servers until the way in ends or a signal does.
///
/// # Errors
/// When a server cannot be meant so, serving cannot begin, or fails.
pub(crate) async fn up(plan: Up, logs: LogArgs, format: Format) -> Result<Exit, Fault> {
    let wants_config = plan.wants_config();
    let Up { servers, common, flags } = plan;
    let (mut signals, hangups) = (Signals::new()?, Reload::new()?);
    let wanted = servers.clone();
    let gathering = link::look_up(&common, move |finder| finder.gather(&wanted, wants_config));
    let gathered = tokio::select! {
        gathered = gathering => gathered?,
        signal = signals.next() => return Ok(signal.at_once()),
    };
    let Hosting { mut ways, settings, admin, tls } = flags.with(&gathered.setup.bowline)?;
    example(&mut ways, &gathered, &settings);
    let rooms = rooms(&ways, &gathered, &settings);
    let host = host::begin(&gathered, &common, &tls, settings, ways.callers()).await?;
    let ended = async {
        let admin = match admin {
            Some(address) => Some(pages(&host, &address).await?),
            None => None,
        };
        let listening = listen::start(Served::host(&host), ways).await?;
        let told = listening.notices.iter().chain(&rooms).chain(admin.as_ref().map(|(_, at)| at));
        for text in told {
            notice(format, logs, text);
        }
        let Gathered { config, setup, .. } = gathered;
        let watch = config.as_ref().map(Watch::new);
        let mut keeper =
            Keeper { host: &host, servers, common: &common, flags: &flags, setup, logs, format };
        until_ended(listening.running, signals, keeper.keep(watch, hangups)).await
    };
    let ended = ended.await;
    host.close().await;
    ended
}

/// The pages that say how the host stands, and the words that say where they are.
async fn pages(host: &Host, address: &Address) -> Result<(Running, String), Fault> {
    let http = Http::bind(&address.to_string()).await?;
    let at = format!("status on http://{}:{}/status", address.host, http.address().port());
    Ok((admin::start(Arc::new(host.clone()), http)?, at))
}

/// Shows a call that surely works, where that is known.
fn example(ways: &mut Ways, gathered: &Gathered, settings: &Settings) {
    let [(name, _)] = gathered.others.as_slice() else { return };
    if name == "everything" && gathered.setup.servers.is_empty() {
        let tool = if settings.naming == Naming::Flat { "echo" } else { "everything__echo" };
        ways.example.call = Some((tool, r#"{"message":"hello"}"#));
    }
}

/// What is served, and where else.
fn rooms(ways: &Ways, gathered: &Gathered, settings: &Settings) -> Vec<String> {
    let of_config = gathered.setup.servers.iter().map(|server| server.name.as_str());
    let others = gathered.others.iter().map(|(name, _)| name.as_str());
    let names: Vec<_> = of_config.chain(others).collect();
    let servers = match names.is_empty() {
        true => "no servers".to_owned(),
        false => format!("servers: {}", names.join(", ")),
    };
    if !matches!(ways.listen, Listen::Http(_)) {
        return vec![servers];
    }
    let mut lines = vec![format!("{servers}; each by itself at /servers/NAME/mcp")];
    let profiles: Vec<_> =
        settings.profiles.iter().map(|profile| format!("/profiles/{}/mcp", profile.name)).collect();
    if !profiles.is_empty() {
        lines.push(format!("profiles: {}", profiles.join(", ")));
    }
    lines
}

/// Keeps a host as its config says.
struct Keeper<'a> {
    host: &'a Host,
    servers: Servers,
    common: &'a Common,
    flags: &'a Flags,
    /// What was good last.
    setup: Setup,
    logs: LogArgs,
    format: Format,
}

impl Keeper<'_> {
    /// Tells of servers that are not there, then reads the config again whenever it changes or somebody says so, until
    /// something is so wrong that nothing can be served.
    async fn keep(&mut self, watch: Option<Watch>, mut hangups: Reload) -> Fault {
        if let Err(collision) = self.host.settled().await {
            return collision.into();
        }
        self.tell();
        let Some(mut watch) = watch else {
            loop {
                hangups.next().await;
                tracing::info!("there is no config that could be read again");
            }
        };
        loop {
            let (read, was_told) = tokio::select! {
                read = watch.changed() => (read, false),
                () = hangups.next() => (watch.read_again().await, true),
            };
            match self.reload(read).await {
                Ok(difference) if difference.is_empty() && !was_told => {}
                Ok(difference) => {
                    let text = format!("the config was read again\n{difference}");
                    notice(self.format, self.logs, text.trim_end());
                }
                Err(fault) => {
                    let fault = fault.to_string();
                    tracing::error!(
                        "the config cannot be used, and all stays as it was: {}",
                        fault.trim_end()
                    );
                }
            }
        }
    }

    /// Makes the host what the config says now.
    async fn reload(&mut self, read: Result<Config, Problems>) -> Result<Difference, Fault> {
        let config = read?;
        let servers = self.servers.clone();
        let gathering =
            link::look_up(self.common, move |finder| finder.gather_from(&servers, Some(config)));
        let Gathered { setup, .. } = gathering.await?;
        let difference = Difference::between(&self.setup, &setup);
        if difference.is_empty() {
            return Ok(difference);
        }
        // What says how things are served is checked too, though it counts from the next start on.
        let Hosting { settings, .. } = self.flags.with(&setup.bowline)?;
        let with_flags = |server: &_| host::with_flags(Clone::clone(server), self.common);
        let resolved = setup.servers.iter().map(with_flags).collect::<Result<Vec<_>, _>>()?;
        self.host.reload_resolved(resolved, settings)?;
        self.setup = setup;
        Ok(difference)
    }

    /// Tells which servers are not there.
    fn tell(&self) {
        for server in self.host.status().servers {
            if matches!(server.state, ServerState::Failed | ServerState::Stopped) {
                let why = server.last_error.map(|error| format!(": {}", error.message));
                tracing::warn!("server `{}` is not there{}", server.name, why.unwrap_or_default());
            }
        }
    }
}
