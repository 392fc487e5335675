//! Who is let in.

use crate::config::Secret;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Which tokens let in, and how it is found out what they are: what stands under `bowline.auth`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Auth {
    /// The authorization server, as it names itself.
    pub issuer: String,
    /// Where its keys are, if not where its metadata says.
    pub jwks: Option<String>,
    /// The algorithms that its tokens may be signed with; the usual ones when there are none.
    pub algorithms: Vec<String>,
    /// For whom tokens may be made besides this endpoint.
    pub audience: Vec<String>,
    /// Where it is asked about tokens that it does not sign.
    pub introspection: Option<Introspection>,
    /// Certificates that are trusted too, a PEM file.
    pub cacert: Option<PathBuf>,
    /// Who we are there, for people who show in a browser who they are.
    pub client: Option<ClientOf>,
    /// Whether tokens have to be bound to a key of the caller (DPoP).
    pub dpop_required: bool,
    /// Scopes without which nobody is let in.
    pub scopes: Vec<String>,
    /// Scopes that others imply.
    pub implies: BTreeMap<String, Vec<String>>,
}

/// Where an authorization server is asked about tokens (RFC 7662).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Introspection {
    /// Where.
    pub endpoint: String,
    /// Who asks.
    pub client: Option<ClientOf>,
}

/// A client that an authorization server knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientOf {
    /// Its `client_id`.
    pub id: String,
    /// Its `client_secret`.
    pub secret: Option<Secret>,
}
