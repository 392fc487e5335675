//! Ways to misbehave, for tests of clients that must bear it.

use std::time::Duration;

/// How the server misbehaves; not at all by default.
#[derive(Clone, Debug, Default)]
pub struct Hostile {
    /// What the redirect back to the client says of the issuer.
    pub iss: Iss,
    /// What the metadata is like.
    pub metadata: Metadata,
    /// What the token endpoint answers.
    pub token: Token,
    /// The redirect back to the client has this as `state`, and not what the client sent.
    pub state: Option<String>,
}

/// What the redirect back to the client says of the issuer (RFC 9207).
#[derive(Clone, Debug, Default)]
pub enum Iss {
    /// It names the issuer.
    #[default]
    Right,
    /// It says nothing, although the metadata promises that it will.
    Missing,
    /// It names this one.
    Wrong(String),
    /// It says nothing, and the metadata does not promise it.
    NotAdvertised,
}

/// What the metadata is like.
#[derive(Clone, Debug, Default)]
pub enum Metadata {
    /// As it should be.
    #[default]
    Right,
    /// It names another issuer.
    Issuer(String),
    /// It does not say that S256 is supported.
    WithoutPkce,
    /// It has these endpoints instead: the name of a field, and its value.
    Replaced(Vec<(String, String)>),
    /// It is somewhere else: a redirect to this URL.
    Elsewhere(String),
    /// It comes after so long.
    Slow(Duration),
    /// It is followed by so many spaces.
    Huge(usize),
    /// It is not JSON.
    Garbage,
    /// There is none.
    Missing,
}

/// What the token endpoint answers.
#[derive(Clone, Debug, Default)]
pub enum Token {
    /// As it should.
    #[default]
    Right,
    /// After so long.
    Slow(Duration),
    /// An error of the server, after the tokens have been made: the answer is lost.
    Lost,
    /// Tokens, followed by so many spaces.
    Huge(usize),
    /// A redirect to this URL.
    Elsewhere(String),
    /// 401 with this as the error.
    Refused(String),
}
