//! The command line.

use clap::{Parser, ValueEnum};
use dev_auth::{Addresses, ApplicationType, Approval, Clock, Dpop, Rotation, Secrets, Settings};
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// A small authorization server, for tests and for trying out; never to be used in earnest
#[derive(Debug, Parser)]
#[command(name = "dev-auth", version)]
pub(crate) struct Flags {
    /// Address and port; port 0 lets the system choose
    #[arg(long, default_value = "127.0.0.1:9000", value_name = "HOST:PORT")]
    listen: SocketAddr,
    /// The issuer, exactly; `http://HOST:PORT` unless said
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Who can log in, without a password
    #[arg(long, default_value = "alice,bob", value_delimiter = ',', value_name = "NAME,…")]
    users: Vec<String>,
    /// Approves everything at once in the name of this user, or of the one in `login_hint`
    #[arg(long, value_name = "NAME")]
    auto: Option<String>,
    /// A resource that tokens are given for, exactly; any unless said. Can be repeated
    #[arg(long, value_name = "URL")]
    resource: Vec<String>,
    /// The scopes there are; who asks for none gets the first
    #[arg(long, default_value = "mcp", value_delimiter = ',', value_name = "SCOPE,…")]
    scopes: Vec<String>,
    /// Clients that are known from the beginning: a JSON array of registrations with `client_id`
    #[arg(long, value_name = "FILE")]
    clients: Option<PathBuf>,
    /// Takes assertions of this issuer, whose key set is in this file. Can be repeated
    #[arg(long, value_name = "ISSUER=FILE")]
    trust: Vec<String>,
    /// Lets no client register itself
    #[arg(long)]
    no_registration: bool,
    /// Takes a client that does not say its application_type for a web application, as OpenID Connect does
    #[arg(long)]
    web_by_default: bool,
    /// Takes no URL of a document for the name of a client
    #[arg(long)]
    no_client_documents: bool,
    /// Fetches documents of clients from this machine too, and over http
    #[arg(long)]
    dangerously_fetch_loopback: bool,
    /// How long an access token lasts, such as 3s, 10m or 1h
    #[arg(long, default_value = "1h", value_parser = duration, value_name = "TIME")]
    token_lifetime: Duration,
    /// How long answers say that an access token lasts, if that is not the truth
    #[arg(long, value_parser = duration, value_name = "TIME")]
    claim_lifetime: Option<Duration>,
    /// Lists every code, token and secret at /admin/secrets, so that it can be searched for
    #[arg(long)]
    dangerously_show_secrets: bool,
    /// How much the clock is behind, as clocks may be: servers that bear a minute refuse tokens the sooner
    #[arg(long, value_parser = duration, value_name = "TIME")]
    clock_behind: Option<Duration>,
    /// What becomes of a refresh token that is used twice
    #[arg(long, value_enum, default_value_t = Rotate::Strict)]
    rotation: Rotate,
    /// Whether clients must prove that a token is theirs
    #[arg(long, value_enum, default_value_t = Prove::Offered)]
    dpop: Prove,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Rotate {
    /// The login is revoked
    Strict,
    /// It is taken again for ten seconds, since the answer may have been lost; then the login is revoked
    Grace,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Prove {
    /// They may
    Offered,
    /// They may, with a nonce
    Nonce,
    /// They must
    Required,
    /// They must, with a nonce
    RequiredNonce,
}

impl Flags {
    /// What the library is told.
    pub(crate) fn settings(&self) -> Result<Settings, String> {
        let approval = match &self.auto {
            None => Approval::Asked,
            Some(user) if self.users.contains(user) => Approval::Always(user.clone()),
            Some(user) => {
                return Err(format!(
                    "--auto {user} is not one of --users {}",
                    self.users.join(",")
                ));
            }
        };
        let clients = match &self.clients {
            None => Vec::new(),
            Some(path) => match read(path)? {
                Value::Array(clients) => clients,
                _ => return Err(format!("{} is not an array of clients", path.display())),
            },
        };
        let trusted = self.trust.iter().map(|pair| {
            let parts = pair.split_once('=');
            let (issuer, path) =
                parts.ok_or_else(|| format!("--trust {pair} must be ISSUER=FILE"))?;
            Ok((issuer.to_owned(), read(Path::new(path))?))
        });
        Ok(Settings {
            listen: self.listen,
            issuer: self.issuer.clone(),
            users: self.users.clone(),
            approval,
            resources: self.resource.clone(),
            scopes: self.scopes.clone(),
            clients,
            trusted: trusted.collect::<Result<_, String>>()?,
            registration: !self.no_registration,
            application_type: match self.web_by_default {
                true => ApplicationType::Web,
                false => ApplicationType::FromRedirects,
            },
            client_documents: !self.no_client_documents,
            addresses: match self.dangerously_fetch_loopback {
                true => Addresses::DangerouslyLoopback,
                false => Addresses::Public,
            },
            token_lifetime: self.token_lifetime,
            claimed_lifetime: self.claim_lifetime,
            rotation: match self.rotation {
                Rotate::Strict => Rotation::Strict,
                Rotate::Grace => Rotation::Grace(Duration::from_secs(10)),
            },
            dpop: match self.dpop {
                Prove::Offered => Dpop::Offered,
                Prove::Nonce => Dpop::OfferedWithNonce,
                Prove::Required => Dpop::Required,
                Prove::RequiredNonce => Dpop::RequiredWithNonce,
            },
            secrets: match self.dangerously_show_secrets {
                true => Secrets::DangerouslyShown,
                false => Secrets::Hidden,
            },
            clock: self.clock_behind.map(Clock::behind).unwrap_or_default(),
            ..Settings::default()
        })
    }
}

/// Until somebody wants the program to end.
pub(crate) async fn stopped() -> std::io::Result<()> {
    let mut asked = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed,
        _ = asked.recv() => Ok(()),
    }
}

fn read(path: &Path) -> Result<Value, String> {
    let text =
        fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_slice(&text)
        .map_err(|error| format!("{} is not JSON: {error}", path.display()))
}

/// Whole seconds, minutes or hours.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text} is no time such as 3s, 10m or 1h");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text.strip_suffix(unit).and_then(|n| n.parse().ok()).ok_or_else(wrong)?;
    match number.checked_mul(factor) {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Flags, duration};
    use clap::Parser;
    use std::time::Duration;

    #[test]
    fn times_are_whole_and_have_a_unit() {
        let seconds = |text| duration(text).ok().map(|time: Duration| time.as_secs());
        assert_eq!(seconds("3s"), Some(3));
        assert_eq!(seconds("10m"), Some(600));
        assert_eq!(seconds("1h"), Some(3600));
        for wrong in ["", "3", "s", "0s", "-1s", "1.5s", "3d", "99999999999999999999h", "3ä"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn flags_that_contradict_each_other_are_refused() {
        let settings = |args: &[&str]| {
            let args = std::iter::once(&"dev-auth").chain(args);
            Flags::try_parse_from(args).unwrap().settings().map(drop)
        };
        assert_eq!(settings(&["--auto", "bob"]), Ok(()));
        let refused = settings(&["--auto", "eve"]).unwrap_err();
        assert_eq!(refused, "--auto eve is not one of --users alice,bob");
        assert!(settings(&["--trust", "x"]).unwrap_err().contains("ISSUER=FILE"));
        assert!(settings(&["--clients", "/nowhere"]).unwrap_err().contains("cannot read /nowhere"));
    }
}
