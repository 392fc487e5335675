//! The pages by which callers of a host make logins of their own.

use super::beside::Beside;
use super::listener::Http;
use super::service::HttpService;
use crate::config::ClientOf;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::host::login::{Asked, Desk, Entrance, Later, Proofs, Recognize};
use crate::principal::Principal;
use bowline_auth::Url;
use bowline_auth::settings::{Credential, Dynamic, Preregistered, Settings};
use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, header};
use std::pin::Pin;

impl Http {
    /// Serves the pages by which callers of this host log in to its servers, below `/login/` of an origin: that under
    /// which browsers know this listener, such as `https://mcp.example.com`.
    ///
    /// To be said after all that says who is let in: a browser shows whose it is in the same way as a caller does, by a
    /// token or by a login at the authorization server. There we are this `client`, or whoever we can become.
    ///
    /// Without [`Builder::logins`](crate::host::Builder::logins) there are none.
    ///
    /// # Errors
    /// When the origin is none.
    pub fn login_pages(
        mut self,
        host: &Host,
        origin: &str,
        client: Option<&ClientOf>,
    ) -> Result<Self> {
        let proofs = Proofs {
            nobody: !self.endpoint.authenticates(),
            token: self.endpoint.guard.tokens.is_some(),
            entrance: self.entrance(client)?,
        };
        if let Some(desk) = host.open_desk(origin, proofs)? {
            self.beside = Some(desk);
        }
        Ok(self)
    }

    fn entrance(&self, client: Option<&ClientOf>) -> Result<Option<Entrance>> {
        let Some(protected) = self.endpoint.protection.protected() else {
            return Ok(None);
        };
        let Some(issuer) = protected.authorization_servers().first().map(|name| (*name).to_owned())
        else {
            return Ok(None);
        };
        let resource = Url::parse(&protected.resource);
        let resource = resource.map_err(|fault| Error::invalid(fault.to_string()))?;
        // Where browsers come back to, the pages say.
        let mut settings = Settings::new(resource.clone(), resource);
        settings.identity.preregistered = client.map(|client| Preregistered {
            issuer: Some(issuer.clone()),
            id: client.id.clone(),
            credential: match &client.secret {
                Some(secret) => Credential::Secret(secret.expose().into()),
                None => Credential::None,
            },
        });
        settings.identity.dynamic = Some(Dynamic { name: "Bowline".to_owned(), uri: None });
        let scopes = protected.scopes.iter().map(ToString::to_string).collect();
        Ok(Some(Entrance { settings, issuer, scopes }))
    }
}

impl Beside for Desk {
    fn is_at(&self, path: &str) -> bool {
        Self::is_at(self, path)
    }

    fn answer<'a>(
        &'a self,
        parts: Parts,
        body: Bytes,
        endpoint: &'a HttpService,
    ) -> Pin<Box<dyn Future<Output = Response<Bytes>> + Send + 'a>> {
        let asked = Asked {
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            method: parts.method,
            headers: parts.headers,
            body,
        };
        Box::pin(async move { Self::answer(self, asked, endpoint).await })
    }
}

impl Recognize for HttpService {
    fn recognize<'a>(&'a self, token: &'a str) -> Later<'a, Option<Principal>> {
        let request = Request::builder().header(header::AUTHORIZATION, format!("Bearer {token}"));
        Box::pin(async move {
            let (parts, ()) = request.body(()).ok()?.into_parts();
            self.authenticate(&parts).await
        })
    }
}
