//! What a client is told before it logs in.

use crate::jose::SigningKey;
use crate::store::Key;
use crate::token::{ClientAuth, Subject};
use crate::{Secret, Url};

/// What a client is told before it logs in to one server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The server, exactly as the user named it.
    pub server: Url,
    /// Whose login it is; empty for whoever runs the program.
    pub principal: String,
    /// What is given for a token.
    pub grant: Grant,
    /// Who we are, or may become, at an authorization server.
    pub identity: ClientIdentity,
    /// Scopes that are asked for besides those that the server wants.
    pub scopes: Vec<String>,
    /// Whether tokens are bound to a key of ours.
    pub dpop: Dpop,
}

/// What is given for a token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// A person says yes in a browser, which comes back to `redirect` with a code.
    AuthorizationCode {
        /// Where the browser comes back to: `https`, or `http` on loopback.
        redirect: Url,
    },
    /// The client acts for itself, as a client that was registered before (SEP-1046).
    ClientCredentials,
    /// The identity provider of an enterprise lets a person in (SEP-990).
    EnterpriseManaged(Box<IdentityProvider>),
    /// A workload shows an assertion that its platform gave to it (SEP-1933). It is shown once: whatever the answer is,
    /// no other grant is tried.
    JwtBearer {
        /// The assertion.
        assertion: Secret,
    },
}

/// Who vouches for a person, and what for.
#[derive(Clone, Debug)]
pub struct IdentityProvider {
    /// Where its tokens are exchanged.
    pub token_endpoint: Url,
    /// Who we are there.
    pub client: ClientAuth,
    /// What it said of the person when that one logged in.
    pub subject: Secret,
    /// What that is.
    pub kind: Subject,
}

/// Who a client is, or may become, at an authorization server; tried from top to bottom.
///
/// See [Client Registration](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration).
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ClientIdentity {
    /// As whom somebody registered us.
    pub preregistered: Option<Preregistered>,
    /// Where our metadata document is: `https`, and with a path. Its URL is our `client_id`.
    pub metadata_url: Option<Url>,
    /// What we say when we register ourselves; none if we never do.
    pub dynamic: Option<Dynamic>,
}

/// A client that was registered before, by hand.
#[derive(Clone, Debug)]
pub struct Preregistered {
    /// The authorization server where that was, as it names itself. Without it, the first one that is met is taken, and
    /// no other later.
    pub issuer: Option<String>,
    /// Its `client_id`.
    pub id: String,
    /// How it shows that it is this client.
    pub credential: Credential,
}

/// How a client shows who it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Credential {
    /// It does not: a public client.
    None,
    /// By a `client_secret`, in the header or in the body as the authorization server wants it.
    Secret(Secret),
    /// By a token that it signs (`private_key_jwt`).
    Key(SigningKey),
}

/// What a client says of itself when it registers (RFC 7591).
#[derive(Clone, Debug)]
pub struct Dynamic {
    /// What a person reads when asked whether to let us in.
    pub name: String,
    /// Where a person reads more of us.
    pub uri: Option<Url>,
}

/// Whether tokens are bound to a key of ours (RFC 9449), so that who steals one has nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dpop {
    /// Never.
    Off,
    /// Where the server asks for it, and its authorization server can.
    #[default]
    WhenAsked,
    /// Always; an authorization server that cannot is an error.
    Required,
}

impl Settings {
    /// Settings for a login of a person in a browser that comes back to `redirect`.
    #[must_use]
    pub fn new(server: Url, redirect: Url) -> Self {
        Self::with_grant(server, Grant::AuthorizationCode { redirect })
    }

    /// Settings for any grant.
    #[must_use]
    pub fn with_grant(server: Url, grant: Grant) -> Self {
        Self {
            server,
            principal: String::new(),
            grant,
            identity: ClientIdentity::default(),
            scopes: Vec::new(),
            dpop: Dpop::default(),
        }
    }

    /// Under which the login is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(self.principal.clone(), self.server.as_str())
    }
}
