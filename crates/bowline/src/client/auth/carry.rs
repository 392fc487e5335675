//! Sending requests with a token, and again with another one where the server wants that.
//!
//! A server says that it does not take a token before it does anything, so that sending a request again runs nothing
//! twice.

use super::Authorization;
use super::pass::Pass;
use super::session::{Need, Session};
use crate::client::wire::Hears;
use crate::error::{Error, Result};
use crate::transport::http::client::{Body, Connector, Options, Target};
use bowline_auth::Challenge;
use bowline_auth::flow::Attempts;
use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, Method, Response, StatusCode, Uri};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The login of a client, if it has any.
#[derive(Clone, Debug, Default)]
pub(crate) enum Login {
    #[default]
    None,
    /// It was asked for; where to is not known yet.
    Wanted(Box<Authorization>),
    Begun(Arc<Session>),
}

impl Login {
    /// The login at this server, of a client of this name that sends these headers.
    ///
    /// # Errors
    /// One cannot log in there, or credentials were set already.
    pub(in crate::client) fn begun(
        self,
        url: &str,
        options: &Options,
        headers: &HeaderMap,
        name: &str,
    ) -> Result<Self> {
        let Self::Wanted(authorization) = self else { return Ok(self) };
        if headers.contains_key(AUTHORIZATION) {
            return Err(Error::invalid(
                "a header `Authorization` is set, and so is a login; leave one of them out",
            ));
        }
        let session = Session::new(authorization.named(name), url, options)?;
        Ok(Self::Begun(Arc::new(session)))
    }

    /// Sends a request to the server of the login.
    ///
    /// # Errors
    /// As [`Connector::send_to`], or there is no token and the server wants one.
    pub(crate) async fn send(
        &self,
        connector: &Connector,
        hears: &dyn Hears,
        target: &Target,
        method: &Method,
        headers: impl Fn() -> HeaderMap + Send + Sync,
        body: &Bytes,
    ) -> Result<Response<Body>> {
        match self {
            Self::None | Self::Wanted(_) => {
                connector.send_to(target, method, |_| headers(), body).await
            }
            // What few clients do is boxed, so that the future of all others stays small.
            Self::Begun(session) => {
                let carry = Carry { session, connector, hears, target, method, body };
                Box::pin(carry.run(headers)).await
            }
        }
    }
}

/// One request on its way, as often as it takes.
struct Carry<'a> {
    session: &'a Session,
    connector: &'a Connector,
    hears: &'a dyn Hears,
    target: &'a Target,
    method: &'a Method,
    body: &'a Bytes,
}

/// How often a request is sent at most: as it is, with a nonce, and after each attempt.
const MOST: usize = 2 + Attempts::MAX as usize;

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// How much of a refusal is read so that its connection serves again, in bytes.
const REST: usize = 16 * 1024;

impl Carry<'_> {
    async fn run(self, headers: impl Fn() -> HeaderMap + Send + Sync) -> Result<Response<Body>> {
        let mut pass = self.held(self.session.pass()).await?;
        let mut used = Used::default();
        for _ in 0..MOST {
            let response = self.send(pass.as_deref(), &headers).await?;
            let wish = self.wish(&response, pass.as_ref(), &mut used);
            let need = match wish {
                Wish::Nothing => return Ok(response),
                Wish::Again => None,
                Wish::Token(need) => Some(need),
            };
            finish(response.into_body()).await;
            if let Some(need) = need {
                pass = self.held(self.session.obtain(need)).await?;
            }
        }
        Err(Error::unauthorized("the server wants another login each time"))
    }

    async fn send(
        &self,
        pass: Option<&Pass>,
        headers: &(impl Fn() -> HeaderMap + Send + Sync),
    ) -> Result<Response<Body>> {
        let headers = |uri: &Uri| {
            let mut headers = headers();
            if let Some(pass) = pass {
                pass.put(&mut headers, self.method, uri, self.session.nonces());
            }
            headers
        };
        self.connector.send_to(self.target, self.method, headers, self.body).await
    }

    /// What the server wants before it takes the request.
    fn wish(&self, response: &Response<Body>, pass: Option<&Arc<Pass>>, used: &mut Used) -> Wish {
        let (status, headers) = (response.status(), response.headers());
        if let Some(pass) = pass {
            if pass.key.is_some() {
                self.session.learn(self.target.uri(), headers);
            }
            if status != StatusCode::UNAUTHORIZED {
                pass.prove();
            }
        }
        if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Wish::Nothing;
        }
        let challenges = Challenge::parse(headers.get_all(WWW_AUTHENTICATE));
        let wants = |error| challenges.iter().any(|it| it.error.as_deref() == Some(error));
        if wants("use_dpop_nonce") && headers.contains_key(DPOP_NONCE) && !used.nonce {
            used.nonce = true;
            return Wish::Again;
        }
        // Nobody is asked so that something can end.
        if self.is_farewell() {
            return Wish::Nothing;
        }
        let kept = pass.map(|pass| &pass.kept);
        match used.attempts.cause(status.as_u16(), challenges, kept) {
            Some(cause) => Wish::Token(Need::Refused(pass.cloned(), cause)),
            None => Wish::Nothing,
        }
    }

    fn is_farewell(&self) -> bool {
        *self.method == Method::DELETE
    }

    /// Waits for a token; the clocks of requests stand still meanwhile, since a person may be asked.
    async fn held<T>(&self, wait: impl Future<Output = T>) -> T {
        self.hears.held(true);
        let held = Held(self.hears);
        let done = wait.await;
        drop(held);
        done
    }
}

struct Held<'a>(&'a dyn Hears);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held(false);
    }
}

/// What was done for one request.
#[derive(Default)]
struct Used {
    nonce: bool,
    attempts: Attempts,
}

enum Wish {
    /// Nothing more than it has got, or that can be done.
    Nothing,
    /// The same with what is known now.
    Again,
    Token(Need),
}

/// Reads what is left of a refusal.
async fn finish(mut body: Body) {
    let reading = async {
        let mut left = REST;
        while let Some(Ok(chunk)) = body.next_chunk().await {
            match left.checked_sub(chunk.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    };
    // One that does not end is not worth its connection.
    let _ = timeout(READING, reading).await;
}

const READING: Duration = Duration::from_secs(1);
