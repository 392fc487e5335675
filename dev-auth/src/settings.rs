//! What the server is told before it starts.

use crate::clock::Clock;
use crate::hostile::Hostile;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// What the server is told before it starts.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The issuer, exactly; without it `http://` and the address. One with a path serves everything below that path.
    pub issuer: Option<String>,
    /// Who can log in.
    pub users: Vec<String>,
    /// Whether a person is asked.
    pub approval: Approval,
    /// The resources that tokens are given for, byte for byte; any if it is empty.
    pub resources: Vec<String>,
    /// The scopes there are. A client that asks for none gets the first one.
    pub scopes: Vec<String>,
    /// Clients that are known from the beginning, as in a registration (RFC 7591, section 2), with their `client_id`
    /// and, where they have one, their `client_secret`.
    pub clients: Vec<Value>,
    /// Issuers whose assertions are taken (RFC 7523), each with its key set; this server is always one of them.
    pub trusted: Vec<(String, Value)>,
    /// Whether clients may register themselves.
    pub registration: bool,
    /// What becomes of a registration that does not say which type of application it is.
    pub application_type: ApplicationType,
    /// Whether the URL of a document is taken as the name of a client.
    pub client_documents: bool,
    /// Which addresses such documents are fetched from.
    pub addresses: Addresses,
    /// How long an access token lasts.
    pub token_lifetime: Duration,
    /// How long answers say that it lasts, if that is not the truth: then only a refusal tells a client.
    pub claimed_lifetime: Option<Duration>,
    /// What becomes of a refresh token that is used a second time.
    pub rotation: Rotation,
    /// Whether clients must prove that a token is theirs.
    pub dpop: Dpop,
    /// Whether everything that nobody else may see is told to whoever asks, so that it can be searched for.
    pub secrets: Secrets,
    /// What time it is.
    pub clock: Clock,
    /// How it misbehaves.
    pub hostile: Hostile,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            issuer: None,
            users: vec!["alice".to_owned(), "bob".to_owned()],
            approval: Approval::Asked,
            resources: Vec::new(),
            scopes: vec!["mcp".to_owned()],
            clients: Vec::new(),
            trusted: Vec::new(),
            registration: true,
            application_type: ApplicationType::FromRedirects,
            client_documents: true,
            addresses: Addresses::Public,
            token_lifetime: Duration::from_secs(3600),
            claimed_lifetime: None,
            rotation: Rotation::Strict,
            dpop: Dpop::Offered,
            secrets: Secrets::Hidden,
            clock: Clock::default(),
            hostile: Hostile::default(),
        }
    }
}

/// Whether a person is asked.
#[derive(Clone, Debug)]
pub enum Approval {
    /// A page asks who it is, and whether they want it.
    Asked,
    /// Everything is approved at once in the name of this user, or of the one whom the request names as `login_hint`.
    Always(String),
}

/// What becomes of a registration that does not say which type of application it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ApplicationType {
    /// It is native if its redirect URIs are those of a native one.
    FromRedirects,
    /// It is a web application, as OpenID Connect has it, so that its redirect URIs must be of https.
    Web,
}

/// Which addresses client documents and key sets are fetched from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Addresses {
    /// Public ones, over https.
    Public,
    /// Those of this machine too, and over http.
    DangerouslyLoopback,
}

/// What becomes of a refresh token that is used a second time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rotation {
    /// Everything that came of the login is revoked: somebody has copied it.
    Strict,
    /// So long after it was first used it is taken again, since the answer may have been lost; later as above.
    Grace(Duration),
}

/// Whether everything that nobody else may see is told to whoever asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Secrets {
    /// It is forgotten.
    Hidden,
    /// Codes, tokens, verifiers, assertions and secrets of clients, whether given or presented.
    DangerouslyShown,
}

/// Whether clients must prove that a token is theirs (RFC 9449).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dpop {
    /// They may.
    Offered,
    /// They may, with a nonce of this server.
    OfferedWithNonce,
    /// They must.
    Required,
    /// They must, with a nonce of this server.
    RequiredWithNonce,
}

impl Dpop {
    pub(crate) fn required(self) -> bool {
        matches!(self, Self::Required | Self::RequiredWithNonce)
    }

    pub(crate) fn nonce(self) -> bool {
        matches!(self, Self::OfferedWithNonce | Self::RequiredWithNonce)
    }
}
