//! An authorization request, in two steps: whom an error can be told, and everything else.

use crate::books::{Code, Login};
use crate::client::{AUTHORIZATION_CODE, Client};
use crate::form::Form;
use crate::refusal::{Kind, Refusal};
use crate::server::Server;

/// A request whose client and redirect URI are right, so that the client can be told what else is wrong.
#[derive(Debug)]
pub(crate) struct Answerable {
    pub(crate) client: Client,
    pub(crate) redirect_uri: String,
    form: Form,
}

impl Answerable {
    pub(crate) async fn read(server: &Server, parameters: &[u8]) -> Result<Self, Refusal> {
        let form = Form::parse(parameters)?;
        let client = server.client(form.need("client_id")?).await?;
        let redirect_uri = client.redirect_uri(form.get("redirect_uri"))?.to_owned();
        Ok(Self { client, redirect_uri, form })
    }

    pub(crate) fn state(&self) -> Option<&str> {
        self.form.get("state")
    }
}

/// A request that a person can be asked about.
#[derive(Debug)]
pub(crate) struct Request {
    /// What is given if they say yes; its subject is nobody yet.
    pub(crate) code: Code,
    pub(crate) login_hint: Option<String>,
}

impl Request {
    pub(crate) fn read(server: &Server, answerable: &Answerable) -> Result<Self, Refusal> {
        let Answerable { client, redirect_uri, form } = answerable;
        for name in ["request", "request_uri"] {
            if form.get(name).is_some() {
                return Err(Kind::InvalidRequest.because(format!("{name} is not supported")));
            }
        }
        if form.need("response_type")? != "code" {
            return Err(Kind::UnsupportedResponseType.because("response_type is not code"));
        }
        if form.get("response_mode").is_some_and(|mode| mode != "query") {
            return Err(Kind::InvalidRequest.because("response_mode is not query"));
        }
        client.must_use(AUTHORIZATION_CODE)?;
        // What is not said is `plain`, which protects nothing.
        match form.get("code_challenge_method") {
            Some("S256") => {}
            Some(other) => {
                return Err(Kind::InvalidRequest
                    .because(format!("code_challenge_method {other} is not S256")));
            }
            None => return Err(Kind::InvalidRequest.because("code_challenge_method must be S256")),
        }
        let challenge = form.need("code_challenge")?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if challenge.len() != 43 || !challenge.bytes().all(fits) {
            return Err(Kind::InvalidRequest.because("code_challenge is no SHA-256 in base64url"));
        }
        let login = Login {
            subject: String::new(),
            client_id: client.client_id.clone(),
            scopes: server.scopes(form.get("scope").or(client.scope.as_deref()))?,
            resources: server.resources(form.all("resource"))?,
            thumbprint: form.get("dpop_jkt").map(str::to_owned),
        };
        let mut code = Code::new(login, redirect_uri.clone(), challenge.to_owned());
        code.state = answerable.state().map(str::to_owned);
        code.nonce = form.get("nonce").map(str::to_owned);
        Ok(Self { code, login_hint: form.get("login_hint").map(str::to_owned) })
    }
}
