//! What the verbs mean that are about logins.

use super::common::Common;
use super::operands::{self, Operands};
use super::target::{Target, Targets};
use super::{Surroundings, Task};
use crate::args::client::ClientArgs;
use crate::args::login::{LoginArgs, LogoutArgs, WhoamiArgs};
use crate::exit::Fault;
use std::path::PathBuf;

/// `login`: a person lets us in.
#[derive(Debug)]
pub(crate) struct Login {
    pub(crate) target: Target,
    pub(crate) scopes: Vec<String>,
    pub(crate) identity: Identity,
    pub(crate) callback_port: Option<u16>,
    pub(crate) opens_browser: bool,
    pub(crate) common: Common,
}

/// As which client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// One that registers itself.
    Itself,
    /// One that somebody registered, with the file of its secret.
    Registered { id: String, secret: Option<PathBuf> },
    /// The one that this document describes.
    Document(String),
}

/// `logout`: forget a login.
#[derive(Debug)]
pub(crate) struct Logout {
    pub(crate) target: Target,
    pub(crate) common: Common,
}

/// `whoami`: what logins there are.
#[derive(Debug)]
pub(crate) struct Whoami {
    pub(crate) targets: Targets,
    pub(crate) common: Common,
}

impl Task {
    pub(super) fn login(args: LoginArgs, around: &Surroundings<'_>) -> Result<Self, Fault> {
        let LoginArgs {
            operands,
            scope,
            client_id,
            client_secret_file,
            client_metadata,
            callback_port,
            no_browser,
            client,
        } = args;
        let (target, common) = server("login", operands, client, around)?;
        let identity = match (client_id, client_metadata) {
            (Some(id), _) => Identity::Registered { id, secret: client_secret_file },
            (None, Some(url)) => Identity::Document(url),
            (None, None) => Identity::Itself,
        };
        let opens_browser = !no_browser;
        let scopes = scope;
        Ok(Self::Login(Login { target, scopes, identity, callback_port, opens_browser, common }))
    }

    pub(super) fn logout(args: LogoutArgs, around: &Surroundings<'_>) -> Result<Self, Fault> {
        let (target, common) = server("logout", args.operands, args.client, around)?;
        Ok(Self::Logout(Logout { target, common }))
    }

    pub(super) fn whoami(args: WhoamiArgs, around: &Surroundings<'_>) -> Result<Self, Fault> {
        let WhoamiArgs { operands, client } = args;
        if operands.is_empty() && client.reach.command.is_empty() {
            let common = Common::new(client, None)?;
            return Ok(Self::Whoami(Whoami { targets: Targets::All, common }));
        }
        let (target, common) = server("whoami", operands, client, around)?;
        Ok(Self::Whoami(Whoami { targets: Targets::One(target), common }))
    }
}

/// The one server that a verb is about.
fn server(
    verb: &'static str,
    operands: Vec<String>,
    mut client: ClientArgs,
    around: &Surroundings<'_>,
) -> Result<(Target, Common), Fault> {
    let command = operands::command(&mut client.reach, around)?;
    let (target, rest) = Operands { verb, operands, command, wants: "" }.split(around)?;
    operands::none(verb, &rest)?;
    let what = match &target {
        Target::Url(_) | Target::Named(_) | Target::OfClient { .. } => None,
        Target::Unix(_) => Some("a Unix socket knows its caller"),
        Target::Everything => Some("the built-in server lets everybody in"),
        Target::Command(_) => Some("a server that we start gets what it needs to know by -e"),
    };
    if let Some(why) = what {
        return Err(Fault::new(format!("there is nothing to log in to: {why}")).hint(format!(
            "write bowline {verb} with the URL of a server, or its name in the config"
        )));
    }
    let common = Common::new(client, Some(&target))?;
    Ok((target, common))
}
