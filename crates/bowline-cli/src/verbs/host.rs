//! From servers that were found to a host that runs them.

use super::link::{self, HAS_GUARDS};
use crate::exit::Fault;
use crate::locate::Gathered;
use crate::logins;
use crate::plan::common::{Common, Tls};
use crate::plan::{Callers, secrets};
use bowline::Host;
use bowline::client;
use bowline::client::auth::SystemBrowser;
use bowline::config::{Places, Resolved, Secret, Way};
use bowline::host::Settings;
use bowline::protocol::limits::Limits;
use bowline::transport::http::client::Options;

/// Begins to run the servers.
///
/// # Errors
/// When one cannot be meant so, or a secret that a flag names is not there.
pub(crate) async fn begin(
    gathered: &Gathered,
    common: &Common,
    tls: &Tls,
    settings: Settings,
    callers: Callers,
) -> Result<Host, Fault> {
    let mut builder = Host::builder().settings(settings).clients(clients(common, tls)?);
    builder = builder.callers_authenticate(callers == Callers::Many);
    if callers == Callers::Oneself {
        builder = builder.login_browser(SystemBrowser::default());
    }
    if let Some(folder) = state() {
        builder = builder.remember_in(folder.join("offers"));
    }
    if let Ok(store) = logins::store() {
        builder = builder.logins(store);
    }
    for server in &gathered.setup.servers {
        builder = builder.resolved(with_flags(server.clone(), common)?);
    }
    for (name, target) in &gathered.others {
        let found = link::find(target, common).await?;
        builder = builder.server(name.as_str(), found.into_target());
    }
    Ok(builder.begin()?)
}

/// A server of a config, with what flags say of it; they come before.
///
/// # Errors
/// When a secret that a flag names is not there.
pub(crate) fn with_flags(mut server: Resolved, common: &Common) -> Result<Resolved, Fault> {
    server.timeout = common.timeout.or(server.timeout);
    server.protocol = common.protocol.or(server.protocol);
    match &mut server.way {
        Way::Stdio { env, cwd, .. } => {
            for secrets::Variable { name, value } in &common.variables {
                env.retain(|(known, _)| known != name);
                let value = value.read(&format!("-e \"{name}\""))?;
                env.push((name.clone(), Secret::new(value)));
            }
            if let Some(directory) = &common.cwd {
                *cwd = Some(directory.clone());
            }
        }
        Way::Http { headers, .. } => {
            for (name, value) in given(common)? {
                headers.retain(|(known, _)| !known.eq_ignore_ascii_case(&name));
                headers.push((name, Secret::new(value)));
            }
        }
        _ => {}
    }
    Ok(server)
}

/// What the client of each server is told.
fn clients(
    common: &Common,
    tls: &Tls,
) -> Result<impl Fn(client::Builder) -> client::Builder + Send + Sync + 'static, Fault> {
    // Flags that are about one server are refused where there are several.
    let headers = given(common)?;
    let (timeout, protocol) = (common.timeout, common.protocol);
    let mut options = Options::default();
    if let Some(path) = &tls.cacert {
        options = options.cacert(path);
    }
    if let Some((cert, key)) = &tls.identity {
        options = options.identity(cert, key);
    }
    let guard = std::env::current_exe().ok().filter(|_| HAS_GUARDS);
    let versions = state().map(|folder| folder.join("versions"));
    Ok(move |mut builder: client::Builder| {
        builder = builder
            .http(options.clone())
            .on_error(|error| tracing::warn!(target: "bowline::server", "{error}"));
        if let Some(program) = &guard {
            builder = builder.guard(program, ["__guard"]);
        }
        if let Some(folder) = &versions {
            builder = builder.remember_in(folder);
        }
        for (name, value) in &headers {
            builder = builder.header(name, value);
        }
        if let Some(protocol) = protocol {
            builder = builder.protocol_version(protocol.as_str());
        }
        if let Some(timeout) = timeout {
            let limits = Limits::default().reconnects(u32::MAX);
            builder = builder.limits(limits.call_timeout(timeout).call_idle_timeout(timeout));
        }
        builder
    })
}

/// The headers that flags give.
fn given(common: &Common) -> Result<Vec<(String, String)>, Fault> {
    let read = |secrets::Header { name, value }: &secrets::Header| {
        Ok((name.clone(), value.read(&format!("-H \"{name}\""))?))
    };
    common.headers.iter().map(read).collect()
}

/// Where things are kept that may be lost.
fn state() -> Option<std::path::PathBuf> {
    let places = Places::of_this_process().ok()?;
    places.state_home.map(|state| state.join("bowline"))
}
