//! What changed from one config to the next.

use super::{Bowline, Resolved, Setup, Way};
use std::fmt;

/// What changed from one [`Setup`] to the next. Nothing that may be secret is part of it.
///
/// `Display` is for people, a line for each server that is not as it was:
///
/// ```text
/// + notes
/// - web
/// ~ git: arguments, environment
/// listen: from the next start on
/// 3 servers as before
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Servers that were not there, in the order of the new config.
    pub added: Vec<String>,
    /// Servers that are not there any more.
    pub removed: Vec<String>,
    /// Servers that are there still, and not as they were.
    pub changed: Vec<Changed>,
    /// Servers that are as they were.
    pub kept: Vec<String>,
    /// Members of the key `bowline` that are not as they were, besides what is about single servers.
    pub settings: Vec<&'static str>,
}

/// A server that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changed {
    /// What it is called.
    pub name: String,
    /// What is not as it was, in words.
    pub what: Vec<&'static str>,
}

impl Difference {
    /// From the one to the other.
    #[must_use]
    pub fn between(old: &Setup, new: &Setup) -> Self {
        let find = |setup: &'_ Setup, name: &str| {
            setup.servers.iter().find(|server| server.name == name).cloned()
        };
        let mut difference =
            Self { settings: settings(&old.bowline, &new.bowline), ..Self::default() };
        for server in &new.servers {
            let name = server.name.clone();
            let Some(before) = find(old, &name) else {
                difference.added.push(name);
                continue;
            };
            let mut what = what(&before, server);
            let told = |setup: &Setup| {
                setup.bowline.settings.servers.get(&name).cloned().unwrap_or_default()
            };
            if told(old) != told(new) {
                what.push("settings");
            }
            let tls = |setup: &Setup| {
                let upstream = &setup.bowline.upstream;
                (upstream.cacert.clone(), upstream.identity.clone())
            };
            if matches!(server.way, Way::Http { .. }) && tls(old) != tls(new) {
                what.push("certificates");
            }
            if what.is_empty() {
                difference.kept.push(name);
            } else {
                difference.changed.push(Changed { name, what });
            }
        }
        let gone = old.servers.iter().filter(|server| find(new, &server.name).is_none());
        difference.removed = gone.map(|server| server.name.clone()).collect();
        difference
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.is_empty()
            && self.settings.is_empty()
    }

    /// The members of the key `bowline` that changed and that count from the next start on, since they say how
    /// something is served that is being served already.
    pub fn at_next_start(&self) -> impl Iterator<Item = &'static str> {
        self.settings.iter().copied().filter(|key| !AT_ONCE.contains(key))
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("nothing changed");
        }
        for name in &self.added {
            writeln!(f, "+ {name}")?;
        }
        for name in &self.removed {
            writeln!(f, "- {name}")?;
        }
        for Changed { name, what } in &self.changed {
            writeln!(f, "~ {name}: {}", what.join(", "))?;
        }
        for key in &self.settings {
            let when = if AT_ONCE.contains(key) { "changed" } else { "from the next start on" };
            writeln!(f, "{key}: {when}")?;
        }
        match self.kept.len() {
            0 => f.write_str("no server is as before"),
            1 => f.write_str("1 server as before"),
            count => write!(f, "{count} servers as before"),
        }
    }
}

/// What of a server is not as it was.
fn what(old: &Resolved, new: &Resolved) -> Vec<&'static str> {
    let way = match (&old.way, &new.way) {
        (
            Way::Stdio { command, args, env, cwd },
            Way::Stdio { command: new_command, args: new_args, env: new_env, cwd: new_cwd },
        ) => vec![
            ("program", command != new_command),
            ("arguments", args != new_args),
            ("environment", env != new_env),
            ("directory", cwd != new_cwd),
        ],
        (
            Way::Http { url, headers, sse },
            Way::Http { url: new_url, headers: new_headers, sse: new_sse },
        ) => vec![
            ("URL", url != new_url),
            ("headers", headers != new_headers),
            ("transport", sse != new_sse),
        ],
        (Way::Stdio { .. }, Way::Http { .. }) | (Way::Http { .. }, Way::Stdio { .. }) => {
            vec![("transport", true)]
        }
    };
    let rest = [
        ("protocol version", old.protocol != new.protocol),
        ("timeout", old.timeout != new.timeout),
        ("tools", old.tools != new.tools),
    ];
    changed(way.into_iter().chain(rest))
}

/// The members of the key that are not as they were.
fn settings(old: &Bowline, new: &Bowline) -> Vec<&'static str> {
    let (host, new_host) = (&old.settings, &new.settings);
    changed([
        ("listen", old.listen != new.listen),
        ("admin", old.admin != new.admin),
        ("allowUid", old.allow_uid != new.allow_uid),
        ("path", old.path != new.path),
        ("allowHost", old.allow_host != new.allow_host),
        ("allowOrigin", old.allow_origin != new.allow_origin),
        ("publicUrl", old.public_url != new.public_url),
        ("tls", old.tls != new.tls),
        ("tokenFile", old.token_file != new.token_file),
        ("auth", old.auth != new.auth || host.scopes != new_host.scopes),
        ("access", host.access != new_host.access),
        ("sessions", old.sessions != new.sessions),
        ("limits", old.limits != new.limits),
        ("keepAlive", old.keep_alive != new.keep_alive),
        ("traceMessages", old.trace_messages != new.trace_messages),
        ("naming", host.naming != new_host.naming),
        ("isolation", host.isolation != new_host.isolation),
        ("idleStop", host.idle_stop != new_host.idle_stop),
        ("profiles", host.profiles != new_host.profiles),
        ("upstream", old.upstream != new.upstream),
    ])
}

fn changed(all: impl IntoIterator<Item = (&'static str, bool)>) -> Vec<&'static str> {
    all.into_iter().filter(|(_, changed)| *changed).map(|(what, _)| what).collect()
}

/// The members that count at once.
const AT_ONCE: &[&str] = &["access", "naming", "isolation", "idleStop", "profiles", "upstream"];
