//! What is kept, as JSON: `"version": 1`, times in seconds since 1970.
//!
//! Members are added without a new version, as unknown ones are kept; the version changes when the meaning of one does.

use super::{Client, Extra, Kept};
use crate::jose::{date, json};
use crate::store::{Fault, Key};
use crate::token::{Scheme, Tokens};
use crate::{Secret, dpop};
use serde_json::{Map, Value};
use std::path::Path;
use std::time::SystemTime;
use zeroize::Zeroizing;

const VERSION: u64 = 1;

impl Kept {
    pub(in crate::store) fn encode(&self) -> Zeroizing<String> {
        let mut members = self.extra.0.clone();
        set(&mut members, "version", Some(VERSION));
        set(&mut members, "principal", Some(&*self.key.principal));
        set(&mut members, "server", Some(&*self.key.server));
        set(&mut members, "resource", self.resource.as_deref());
        set(&mut members, "issuer", Some(&*self.issuer));
        set(&mut members, "token_endpoint", self.token_endpoint.as_deref());
        set(&mut members, "scopes", Some(&*self.scopes));
        set(
            &mut members,
            "dpop",
            self.dpop.as_ref().map(dpop::Key::to_pem).as_ref().map(Secret::expose),
        );
        let client = take(&mut members, "client");
        set(&mut members, "client", Some(encode_client(&self.client, client)));
        let tokens = take(&mut members, "tokens");
        set(&mut members, "tokens", self.tokens.as_ref().map(|known| encode_tokens(known, tokens)));
        Zeroizing::new(Value::Object(members).to_string())
    }

    /// Reads what [`Kept::encode`] wrote to a file.
    pub(in crate::store) fn decode(text: &str, path: &Path) -> Result<Self, Fault> {
        let members = json::object(text.as_bytes());
        let version =
            members.as_ref().and_then(|members| members.get("version")).and_then(Value::as_u64);
        match version {
            Some(version) if version > VERSION => Err(Fault::Newer { path: path.to_owned() }),
            _ => members.and_then(decode).ok_or_else(|| Fault::Damaged {
                path: path.to_owned(),
                what: "it is not what is kept of a login",
            }),
        }
    }
}

fn decode(mut members: Map<String, Value>) -> Option<Kept> {
    members.remove("version")?;
    let key = Key::new(text(&mut members, "principal")?, text(&mut members, "server")?);
    let issuer = text(&mut members, "issuer")?;
    let mut client = take(&mut members, "client");
    let mut kept = Kept::new(key, issuer, decode_client(&mut client)?);
    kept.resource = optional(&mut members, "resource")?;
    kept.token_endpoint = optional(&mut members, "token_endpoint")?;
    kept.scopes = texts(&mut members, "scopes")?.unwrap_or_default();
    kept.dpop = match optional(&mut members, "dpop")? {
        Some(pem) => Some(dpop::Key::from_pem(&pem.into()).ok()?),
        None => None,
    };
    let mut tokens = take(&mut members, "tokens");
    if !tokens.is_empty() {
        kept.tokens = Some(decode_tokens(&mut tokens)?);
    }
    for (name, unknown) in [("client", client), ("tokens", tokens)] {
        if !unknown.is_empty() {
            members.insert(name.to_owned(), unknown.into());
        }
    }
    kept.extra = Extra(members);
    Some(kept)
}

fn encode_client(client: &Client, mut members: Map<String, Value>) -> Map<String, Value> {
    set(&mut members, "id", Some(&*client.id));
    set(&mut members, "secret", client.secret.as_ref().map(Secret::expose));
    set(&mut members, "secret_expires", client.secret_expires.map(date::seconds));
    set(&mut members, "method", Some(&*client.method));
    set(&mut members, "dynamic", Some(client.dynamic));
    set(&mut members, "redirect_uris", Some(&*client.redirect_uris));
    members
}

fn decode_client(members: &mut Map<String, Value>) -> Option<Client> {
    Some(Client {
        id: text(members, "id")?,
        secret: optional(members, "secret")?.map(Secret::from),
        secret_expires: time(members, "secret_expires")?,
        method: text(members, "method")?,
        dynamic: members.remove("dynamic")?.as_bool()?,
        redirect_uris: texts(members, "redirect_uris")?.unwrap_or_default(),
    })
}

fn encode_tokens(tokens: &Tokens, mut members: Map<String, Value>) -> Map<String, Value> {
    set(&mut members, "access", Some(tokens.access.expose()));
    set(&mut members, "scheme", Some(tokens.scheme.name()));
    set(&mut members, "expires", tokens.expires.map(date::seconds));
    set(&mut members, "refresh", tokens.refresh.as_ref().map(Secret::expose));
    set(&mut members, "scopes", tokens.scopes.as_deref());
    set(&mut members, "id", tokens.id.as_ref().map(Secret::expose));
    members
}

fn decode_tokens(members: &mut Map<String, Value>) -> Option<Tokens> {
    let scheme = match text(members, "scheme")?.as_str() {
        "Bearer" => Scheme::Bearer,
        "DPoP" => Scheme::Dpop,
        _ => return None,
    };
    let mut tokens = Tokens::new(text(members, "access")?.into(), scheme).ok()?;
    tokens.expires = time(members, "expires")?;
    tokens.refresh = optional(members, "refresh")?.map(Secret::from);
    tokens.scopes = texts(members, "scopes")?;
    tokens.id = optional(members, "id")?.map(Secret::from);
    Some(tokens)
}

/// What is not there is not written.
fn set(members: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    match value {
        Some(value) => drop(members.insert(name.to_owned(), value.into())),
        None => drop(members.remove(name)),
    }
}

/// The members of an object; none if there is no such object.
fn take(members: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match members.remove(name) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    }
}

/// None for what has to be a text and is not.
fn text(members: &mut Map<String, Value>, name: &str) -> Option<String> {
    optional(members, name)?
}

/// `Some(None)` for what is not there, none for what is no text.
fn optional(members: &mut Map<String, Value>, name: &str) -> Option<Option<String>> {
    match members.remove(name) {
        None => Some(None),
        Some(Value::String(text)) => Some(Some(text)),
        Some(_) => None,
    }
}

/// As [`optional`].
fn texts(members: &mut Map<String, Value>, name: &str) -> Option<Option<Vec<String>>> {
    match members.remove(name) {
        None => Some(None),
        Some(Value::Array(items)) => items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Some(text),
                _ => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(Some),
        Some(_) => None,
    }
}

/// As [`optional`]. A time that no clock will show never comes.
fn time(members: &mut Map<String, Value>, name: &str) -> Option<Option<SystemTime>> {
    match members.remove(name) {
        None => Some(None),
        Some(value) => value.as_u64().map(date::time),
    }
}
