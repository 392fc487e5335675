//! How a client says who it is.

use crate::Secret;
use crate::jose::SigningKey;

/// How a client says who it is at a token endpoint (`token_endpoint_auth_method`).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientAuth {
    /// `none`: a public client says its name.
    None {
        /// Its `client_id`.
        id: String,
    },
    /// `client_secret_basic`: name and password in the header `Authorization`, form-encoded first (RFC 6749 §2.3.1).
    Basic {
        /// Its `client_id`.
        id: String,
        /// Its `client_secret`.
        secret: Secret,
    },
    /// `client_secret_post`: name and password in the body.
    Post {
        /// Its `client_id`.
        id: String,
        /// Its `client_secret`.
        secret: Secret,
    },
    /// `private_key_jwt`: a token that it signed itself (RFC 7523 §2.2).
    PrivateKeyJwt {
        /// Its `client_id`.
        id: String,
        /// What it signs with.
        key: SigningKey,
        /// Who the token is for: the issuer of the authorization server, exactly as it names itself.
        audience: String,
    },
}

impl ClientAuth {
    /// The name of the method, as metadata and registrations write it.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::None { .. } => "none",
            Self::Basic { .. } => "client_secret_basic",
            Self::Post { .. } => "client_secret_post",
            Self::PrivateKeyJwt { .. } => "private_key_jwt",
        }
    }

    /// The `client_id`.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::None { id }
            | Self::Basic { id, .. }
            | Self::Post { id, .. }
            | Self::PrivateKeyJwt { id, .. } => id,
        }
    }
}
