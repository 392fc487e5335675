//! Logging in, and what is done then.

use crate::session::open;
use crate::{Failure, browser, context};
use bowline::Client;
use bowline::auth::jose::SigningKey;
use bowline::auth::settings::{Credential, Dpop, Grant, IdentityProvider, Preregistered};
use bowline::auth::store::MemoryStore;
use bowline::auth::token::{ClientAuth, Subject};
use bowline::auth::{Secret, Url};
use bowline::client::auth::Authorization;
use serde::Deserialize;
use serde_json::json;

/// Where the suite believes the document of this client to be.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";

/// How this client logs in.
pub(crate) fn authorization(scenario: &str) -> Result<Authorization, Failure> {
    let authorization = Authorization::new(MemoryStore::default())
        .browser(browser::obedient())
        .metadata_url(Url::parse(DOCUMENT)?);
    Ok(match scenario {
        "pre-registration" => authorization.preregistered(Registered::of_context()?.by_secret()),
        "client-credentials-basic" => authorization
            .preregistered(Registered::of_context()?.by_secret())
            .grant(Grant::ClientCredentials),
        "client-credentials-jwt" => {
            let Signing { client_id, private_key_pem } = Signing::deserialize(context()?)?;
            let key = SigningKey::from_pem(&private_key_pem.into())?;
            authorization
                .preregistered(registered(client_id, Credential::Key(key)))
                .grant(Grant::ClientCredentials)
        }
        "enterprise-managed-authorization" => {
            let Enterprise { idp_client_id, idp_id_token, idp_token_endpoint } =
                Enterprise::deserialize(context()?)?;
            authorization.preregistered(Registered::of_context()?.by_secret()).grant(
                Grant::EnterpriseManaged(Box::new(IdentityProvider {
                    token_endpoint: Url::parse(&idp_token_endpoint)?,
                    client: ClientAuth::None { id: idp_client_id },
                    subject: idp_id_token.into(),
                    kind: Subject::IdToken,
                })),
            )
        }
        "wif-jwt-bearer" => {
            let Workload { client_id, valid_jwt } = Workload::deserialize(context()?)?;
            authorization
                .preregistered(registered(client_id, Credential::None))
                .grant(Grant::JwtBearer { assertion: valid_jwt.into() })
        }
        "dpop" | "dpop-nonce" => authorization.dpop(Dpop::Required),
        _ => authorization,
    })
}

/// Uses what only those can who were let in.
pub(crate) async fn let_in(client: &Client) -> Result<(), Failure> {
    open(client).await?;
    client.call_tool("test-tool", json!({})).await?;
    Ok(())
}

/// The server trusts another authorization server after the first call.
pub(crate) async fn migrated(client: &Client) -> Result<(), Failure> {
    for _ in 0..3 {
        let_in(client).await?;
    }
    Ok(())
}

#[derive(Deserialize)]
struct Registered {
    client_id: String,
    client_secret: String,
}

#[derive(Deserialize)]
struct Signing {
    client_id: String,
    private_key_pem: String,
}

#[derive(Deserialize)]
struct Enterprise {
    idp_client_id: String,
    idp_id_token: String,
    idp_token_endpoint: String,
}

#[derive(Deserialize)]
struct Workload {
    client_id: String,
    valid_jwt: String,
}

impl Registered {
    fn of_context() -> Result<Self, Failure> {
        Ok(Self::deserialize(context()?)?)
    }

    fn by_secret(self) -> Preregistered {
        registered(self.client_id, Credential::Secret(Secret::new(self.client_secret)))
    }
}

/// A client that somebody registered at whichever authorization server the suite has.
fn registered(id: String, credential: Credential) -> Preregistered {
    Preregistered { issuer: None, id, credential }
}
