//! `bowline login`, `logout`, `whoami`: logins at servers that want to know who calls.

use super::link;
use super::session::Session;
use crate::exit::{Exit, Fault};
use crate::logins;
use crate::plan::login::{Identity, Login, Logout, Whoami};
use crate::plan::target::Targets;
use crate::show::{self, Form};
use crate::terminal::VisitAtTerminal;
use bowline::auth::Url;
use bowline::auth::settings::{Credential, Preregistered};
use bowline::auth::store::Store;
use bowline::client::auth::{Authorization, GivenBack, LoggedIn};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Logs in to a server, whatever login is kept for it.
///
/// # Errors
/// When it cannot be reached, or nobody is let in.
pub(crate) async fn login(login: Login, session: &Session) -> Result<Exit, Fault> {
    let Login { target, scopes, identity, callback_port, opens_browser, common } = login;
    let place = link::endpoint(&target, &common).await?;
    let browser = VisitAtTerminal::new(session.terminal.clone(), opens_browser);
    let mut authorization = Authorization::new(logins::store()?).browser(browser).scopes(scopes);
    if let Some(port) = callback_port {
        authorization = authorization.callback_port(port);
    }
    authorization = as_client(authorization, identity)?;
    let logged_in = authorization.log_in(&place.url, &link::options(&common)).await;
    let logged_in = logged_in.map_err(|error| Fault::of_login(&error))?;
    match session.out.form {
        Form::Json => session.out.value(&value(&logged_in))?,
        Form::Text | Form::Raw => session.out.text(&show::login(&logged_in, session.out.style))?,
    }
    Ok(Exit::Done)
}

/// Forgets the login at a server; the authorization server is told where that is possible.
///
/// # Errors
/// When what is kept cannot be read or removed. That there was none is told, and is no error.
pub(crate) async fn logout(logout: Logout, session: &Session) -> Result<Exit, Fault> {
    let Logout { target, common } = logout;
    let place = link::endpoint(&target, &common).await?;
    let authorization = Authorization::new(logins::store()?);
    let logged_out = authorization.log_out(&place.url, &link::options(&common)).await?;
    let (was, given_back) = match &logged_out {
        None => (false, None),
        Some(logged_out) => (true, Some(&logged_out.given_back)),
    };
    if let Some(GivenBack::Failed(error)) = given_back {
        tracing::warn!(
            "the authorization server could not be told, its token is good until it ends: {error}"
        );
    }
    let told = matches!(given_back, Some(GivenBack::Yes));
    match session.out.form {
        Form::Json => {
            session.out.value(&json!({ "server": place.url, "was": was, "revoked": told }))?;
        }
        Form::Text | Form::Raw => session.out.text(match (was, told) {
            (false, _) => "there was no login\n",
            (true, true) => "logged out, and the token was given back\n",
            (true, false) => "logged out here\n",
        })?,
    }
    Ok(Exit::Done)
}

/// Shows the login at a server, or all there are.
///
/// # Errors
/// When what is kept cannot be read, or there is no login at the server that was named.
pub(crate) async fn whoami(whoami: Whoami, session: &Session) -> Result<Exit, Fault> {
    let Whoami { targets, common } = whoami;
    let out = session.out;
    let one = match targets {
        Targets::One(target) => Some(link::endpoint(&target, &common).await?),
        Targets::All => None,
    };
    let Some(place) = one else {
        let (logins, faults) = all()?;
        for fault in &faults {
            tracing::warn!("{fault}");
        }
        match out.form {
            Form::Json => {
                let logins: Vec<_> = logins.iter().map(value).collect();
                out.value(&json!({ "logins": logins }))?;
            }
            Form::Text | Form::Raw if logins.is_empty() => out.text("there are no logins\n")?,
            Form::Text | Form::Raw => {
                let shown: Vec<_> = logins.iter().map(|one| show::login(one, out.style)).collect();
                out.text(&shown.join("\n"))?;
            }
        }
        return Ok(if faults.is_empty() { Exit::Done } else { Exit::Failed });
    };
    let Some(login) = Authorization::new(logins::store()?).logged_in(&place.url)? else {
        return Err(Fault::new(format!("there is no login at {}", place.name))
            .hint(format!("run bowline login {}", place.name))
            .exit(Exit::AuthRequired));
    };
    match out.form {
        Form::Json => out.value(&value(&login))?,
        Form::Text | Form::Raw => out.text(&show::login(&login, out.style))?,
    }
    Ok(Exit::Done)
}

/// Every login of whoever runs this, and what is wrong with those that cannot be read.
fn all() -> Result<(Vec<LoggedIn>, Vec<String>), Fault> {
    let kept = logins::store()?.list().map_err(|fault| Fault::new(fault.to_string()))?;
    let (mut logins, mut faults) = (Vec::new(), Vec::new());
    for one in kept {
        match one {
            // Those of callers of `up` are theirs.
            Ok(kept) if kept.key.principal.is_empty() => logins.extend(LoggedIn::of(&kept)),
            Ok(_) => {}
            Err(fault) => faults.push(fault.to_string()),
        }
    }
    Ok((logins, faults))
}

fn as_client(authorization: Authorization, identity: Identity) -> Result<Authorization, Fault> {
    Ok(match identity {
        Identity::Itself => authorization,
        Identity::Document(url) => {
            let url = Url::parse(&url)
                .map_err(|fault| Fault::new(format!("--client-metadata is no URL: {fault}")))?;
            authorization.metadata_url(url)
        }
        Identity::Registered { id, secret } => {
            let credential = match secret {
                None => Credential::None,
                Some(path) => {
                    let text = std::fs::read_to_string(&path).map_err(|error| {
                        Fault::new(format!(
                            "--client-secret-file: cannot read {}: {error}",
                            path.display()
                        ))
                    })?;
                    Credential::Secret(text.trim_end_matches(['\n', '\r']).into())
                }
            };
            authorization.preregistered(Preregistered { issuer: None, id, credential })
        }
    })
}

/// A login as JSON; times are seconds since 1970.
fn value(login: &LoggedIn) -> Value {
    let expires = login.expires.map(|at| at.duration_since(UNIX_EPOCH).unwrap_or_default());
    json!({
        "server": login.server,
        "issuer": login.issuer,
        "clientId": login.client_id,
        "scopes": login.scopes,
        "expires": expires.map(|at| at.as_secs()),
        "expired": login.expires.is_some_and(|at| at <= SystemTime::now()),
        "renews": login.renews,
        "bound": login.bound,
    })
}
