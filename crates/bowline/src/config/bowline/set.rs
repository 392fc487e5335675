//! Where the values of texts go, and what they must look like.

use super::{Bowline, ClientOf, Introspection};
use crate::config::Secret;
use bowline_types::input::Root;
use std::path::{Path, PathBuf};

/// A value with its variables expanded.
pub(super) struct Given<'a> {
    pub(super) value: String,
    /// What relative paths start from.
    pub(super) folder: &'a Path,
    /// The server that it is about.
    pub(super) server: Option<&'a str>,
}

impl Given<'_> {
    fn path(&self) -> Result<PathBuf, &'static str> {
        if self.value.is_empty() { Err("is empty") } else { Ok(self.folder.join(&self.value)) }
    }

    fn filled(&self) -> Result<String, &'static str> {
        if self.value.is_empty() { Err("is empty") } else { Ok(self.value.clone()) }
    }

    /// An `https` URL, or an `http` one of this machine.
    fn url(&self) -> Result<String, &'static str> {
        let (scheme, rest) = self.value.split_once("://").unwrap_or_default();
        let host = rest.split(['/', '?', ':']).next().unwrap_or_default();
        let is_local = matches!(host, "localhost" | "127.0.0.1") || rest.starts_with("[::1]");
        match scheme {
            "https" if !rest.is_empty() => Ok(self.value.clone()),
            "http" if is_local => Ok(self.value.clone()),
            "http" => Err("is not encrypted; write https://HOST"),
            _ => Err("is no URL; write https://HOST"),
        }
    }
}

type Done = Result<(), &'static str>;

pub(super) fn listen(told: &mut Bowline, given: &Given<'_>) -> Done {
    let is_known = match given.value.strip_prefix("unix:") {
        Some(path) => !path.is_empty(),
        None => given.value == "stdio" || is_address(&given.value),
    };
    if !is_known {
        return Err("is no address to listen on; write stdio, HOST:PORT, :PORT or unix:PATH");
    }
    told.listen = Some(match given.value.strip_prefix("unix:") {
        Some(path) => format!("unix:{}", given.folder.join(path).display()),
        None => given.value.clone(),
    });
    Ok(())
}

pub(super) fn admin(told: &mut Bowline, given: &Given<'_>) -> Done {
    if !is_address(&given.value) {
        return Err("is no address; write :PORT, or a loopback address with a port");
    }
    told.admin = Some(given.value.clone());
    Ok(())
}

/// Whether it ends in a port; what stands before is for whoever listens to find out.
fn is_address(text: &str) -> bool {
    let port = text.rsplit_once(':').map(|(_, port)| port);
    port.is_some_and(|port| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
    })
}

pub(super) fn path(told: &mut Bowline, given: &Given<'_>) -> Done {
    if !given.value.starts_with('/') {
        return Err("does not begin with /");
    }
    told.path = Some(given.value.clone());
    Ok(())
}

pub(super) fn allow_host(told: &mut Bowline, given: &Given<'_>) -> Done {
    if given.value.is_empty() || given.value.contains('/') {
        return Err("is no host; write HOST or HOST:PORT");
    }
    told.allow_host.push(given.value.clone());
    Ok(())
}

pub(super) fn allow_origin(told: &mut Bowline, given: &Given<'_>) -> Done {
    if !given.value.contains("://") {
        return Err("is no origin; write https://HOST");
    }
    told.allow_origin.push(given.value.clone());
    Ok(())
}

pub(super) fn public_url(told: &mut Bowline, given: &Given<'_>) -> Done {
    let (scheme, rest) = given.value.split_once("://").unwrap_or_default();
    if !matches!(scheme, "http" | "https") || rest.is_empty() {
        return Err("is no URL; write https://HOST");
    }
    told.public_url = Some(given.value.clone());
    Ok(())
}

pub(super) fn tls_cert(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.tls.get_or_insert_default().0 = given.path()?;
    Ok(())
}

pub(super) fn tls_key(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.tls.get_or_insert_default().1 = given.path()?;
    Ok(())
}

pub(super) fn token_file(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.token_file = Some(given.path()?);
    Ok(())
}

pub(super) fn issuer(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.auth.get_or_insert_default().issuer = given.url()?;
    Ok(())
}

pub(super) fn jwks(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.auth.get_or_insert_default().jwks = Some(given.url()?);
    Ok(())
}

pub(super) fn algorithm(told: &mut Bowline, given: &Given<'_>) -> Done {
    if !ALGORITHMS.contains(&&*given.value) {
        return Err(
            "is no algorithm that is trusted; write RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or \
                    EdDSA",
        );
    }
    told.auth.get_or_insert_default().algorithms.push(given.value.clone());
    Ok(())
}

pub(super) fn audience(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.auth.get_or_insert_default().audience.push(given.filled()?);
    Ok(())
}

pub(super) fn auth_cacert(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.auth.get_or_insert_default().cacert = Some(given.path()?);
    Ok(())
}

pub(super) fn introspection(told: &mut Bowline, given: &Given<'_>) -> Done {
    told_introspection(told).endpoint = given.url()?;
    Ok(())
}

pub(super) fn introspection_id(told: &mut Bowline, given: &Given<'_>) -> Done {
    told_introspection(told).client.get_or_insert_default().id = given.filled()?;
    Ok(())
}

pub(super) fn introspection_secret(told: &mut Bowline, given: &Given<'_>) -> Done {
    let client = told_introspection(told).client.get_or_insert_default();
    client.secret = Some(Secret::new(given.filled()?));
    Ok(())
}

fn told_introspection(told: &mut Bowline) -> &mut Introspection {
    told.auth.get_or_insert_default().introspection.get_or_insert_default()
}

pub(super) fn client_id(told: &mut Bowline, given: &Given<'_>) -> Done {
    let auth = told.auth.get_or_insert_default();
    auth.client.get_or_insert_default().id = given.filled()?;
    Ok(())
}

pub(super) fn client_secret(told: &mut Bowline, given: &Given<'_>) -> Done {
    let auth = told.auth.get_or_insert_default();
    auth.client.get_or_insert_default().secret = Some(Secret::new(given.filled()?));
    Ok(())
}

pub(super) fn server_client_id(told: &mut Bowline, given: &Given<'_>) -> Done {
    told_client(told, given).id = given.filled()?;
    Ok(())
}

pub(super) fn server_client_secret(told: &mut Bowline, given: &Given<'_>) -> Done {
    told_client(told, given).secret = Some(Secret::new(given.filled()?));
    Ok(())
}

fn told_client<'a>(told: &'a mut Bowline, given: &Given<'_>) -> &'a mut ClientOf {
    let server = told.settings.servers.entry(given.server.unwrap_or_default().to_owned());
    server.or_default().client.get_or_insert_default()
}

/// Those that tokens may be signed with.
const ALGORITHMS: &[&str] =
    &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

pub(super) fn trace_messages(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.trace_messages = Some(if given.value == "-" { "-".into() } else { given.path()? });
    Ok(())
}

pub(super) fn cacert(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.upstream.cacert = Some(given.path()?);
    Ok(())
}

pub(super) fn client_cert(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.upstream.identity.get_or_insert_default().0 = given.path()?;
    Ok(())
}

pub(super) fn client_key(told: &mut Bowline, given: &Given<'_>) -> Done {
    told.upstream.identity.get_or_insert_default().1 = given.path()?;
    Ok(())
}

/// A directory, or a `file:` URI.
pub(super) fn root(told: &mut Bowline, given: &Given<'_>) -> Done {
    let uri = if given.value.starts_with("file://") {
        given.value.clone()
    } else if given.value.contains("://") {
        return Err("is no root; write a directory or file:///PATH");
    } else {
        let path = std::path::absolute(given.path()?).map_err(|_| "is no path")?;
        file_uri(&path).ok_or("is a path that is no UTF-8")?
    };
    let server = told.settings.servers.entry(given.server.unwrap_or_default().to_owned());
    server.or_default().roots.get_or_insert_default().push(Root::new(uri));
    Ok(())
}

/// The path as a URI, with everything quoted that has a meaning there.
fn file_uri(path: &Path) -> Option<String> {
    let mut uri = "file://".to_owned();
    for byte in path.to_str()?.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/:".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri += &format!("%{byte:02X}");
        }
    }
    Some(uri)
}
