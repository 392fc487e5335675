//! What every verb that talks to a server takes.

use super::secrets::{Header, Variable};
use super::target::Target;
use crate::args::client::{ClientArgs, ReachArgs};
use crate::exit::Fault;
use bowline::types::revision::Revision;
use std::path::PathBuf;
use std::time::Duration;

/// How a server is reached and how its answers are shown.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) output: Output,
    /// The config to find servers in, when it is not the usual one.
    pub(crate) config: Option<PathBuf>,
    /// Whether questions of ours are answered with yes.
    pub(crate) yes: bool,
    pub(crate) headers: Vec<Header>,
    pub(crate) variables: Vec<Variable>,
    pub(crate) cwd: Option<PathBuf>,
    /// Longest time without a sign of life.
    pub(crate) timeout: Option<Duration>,
    /// The one protocol version to speak.
    pub(crate) protocol: Option<Revision>,
    pub(crate) tls: Tls,
    #[allow(dead_code, reason = "the trace of a client is not there yet")]
    pub(crate) trace_messages: Option<PathBuf>,
}

/// The form of what goes to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Output {
    /// What fits whoever reads it.
    #[default]
    Fitting,
    /// The whole result as JSON.
    Json,
    /// What is in the result, byte for byte.
    Raw,
}

/// Files for TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tls {
    pub(crate) cacert: Option<PathBuf>,
    /// Certificate and key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
}

impl Common {
    /// Decides what the flags mean for this target, or for every server of the config.
    ///
    /// # Errors
    /// When one has no meaning.
    pub(super) fn new(args: ClientArgs, target: Option<&Target>) -> Result<Self, Fault> {
        let ClientArgs { json, raw, reach, trace_messages } = args;
        fits(&reach, target)?;
        let output = match (json, raw) {
            (true, _) => Output::Json,
            (false, true) => Output::Raw,
            (false, false) => Output::Fitting,
        };
        Ok(Self { output, trace_messages, ..Self::read(reach)? })
    }

    /// As [`Common::new`], for a verb that serves what it reaches.
    ///
    /// # Errors
    /// When a flag has no meaning.
    pub(super) fn of_reach(reach: ReachArgs, target: Option<&Target>) -> Result<Self, Fault> {
        fits(&reach, target)?;
        Self::read(reach)
    }

    fn read(reach: ReachArgs) -> Result<Self, Fault> {
        let ReachArgs {
            command: _,
            config,
            yes,
            headers,
            env,
            cwd,
            timeout,
            protocol,
            cacert,
            cert,
            key,
        } = reach;
        Ok(Self {
            output: Output::default(),
            config,
            yes,
            headers: headers.iter().map(|text| Header::parse(text)).collect::<Result<_, _>>()?,
            variables: env.iter().map(|text| Variable::parse(text)).collect::<Result<_, _>>()?,
            cwd,
            timeout: timeout.as_deref().map(duration).transpose()?,
            protocol: protocol.as_deref().map(version).transpose()?,
            tls: Tls { cacert, identity: cert.zip(key) },
            trace_messages: None,
        })
    }
}

/// Refuses flags that mean nothing for such a server; what a config says of one is not known here.
fn fits(args: &ReachArgs, target: Option<&Target>) -> Result<(), Fault> {
    let starts = [("-e", !args.env.is_empty()), ("--cwd", args.cwd.is_some())];
    let calls = [
        ("-H", !args.headers.is_empty()),
        ("--cacert", args.cacert.is_some()),
        ("--cert", args.cert.is_some()),
    ];
    let config = [("--config", args.config.is_some())];
    let refused = |flags: &[(&'static str, bool)]| {
        flags.iter().find(|(_, given)| *given).map(|(flag, _)| *flag)
    };
    let (odd, why) = match target {
        Some(Target::Url(_)) => (refused(&starts), "a server with a URL is not started by us"),
        Some(Target::Unix(_)) => {
            (refused(&[&starts[..], &calls].concat()), "a socket is neither started by us nor HTTP")
        }
        Some(Target::Everything) => {
            (refused(&[&starts[..], &calls].concat()), "`everything` runs in this process")
        }
        Some(Target::Command(_)) => (refused(&calls), "a program is not called over HTTP"),
        Some(Target::Named(_) | Target::OfClient { .. }) => (None, ""),
        // What is meant for one server, such as a token, is no business of the others.
        None => (
            refused(&[&starts[..], &calls].concat()),
            "it would be for every server of the config; name one",
        ),
    };
    // Whoever names a config and a server outside of it meant something else.
    let (odd, why) = match target {
        Some(Target::Url(_) | Target::Unix(_) | Target::Everything | Target::Command(_))
            if odd.is_none() =>
        {
            (refused(&config), "this server is not one of the config")
        }
        Some(Target::OfClient { .. }) => {
            (refused(&config), "CLIENT:NAME is in the client's config")
        }
        _ => (odd, why),
    };
    match odd {
        None => Ok(()),
        Some(flag) => Err(Fault::new(format!("{flag} means nothing here: {why}"))
            .hint(format!("leave {flag} out"))),
    }
}

/// Reads `30`, `1.5`, `500ms`, `30s`, `2m`, `1h`: seconds without a unit.
fn duration(text: &str) -> Result<Duration, Fault> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => Some(0.001),
        "" | "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3600.0),
        _ => None,
    };
    let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = scale.zip(number.parse::<f64>().ok()).map(|(scale, number)| scale * number);
    let day = Duration::from_secs(24 * 3600);
    let duration = seconds.filter(|_| plain).and_then(|s| Duration::try_from_secs_f64(s).ok());
    duration.filter(|duration| !duration.is_zero() && *duration <= day).ok_or_else(|| {
        Fault::new(format!("--timeout \"{text}\": no time from 1ms to 24h"))
            .hint("write seconds or a number with ms, s, m or h, such as 90, 500ms, 2m")
    })
}

fn version(text: &str) -> Result<Revision, Fault> {
    let parsed: Result<Revision, _> = text.parse();
    parsed.map_err(|error| Fault::new(format!("--protocol \"{text}\": {error}")))
}
