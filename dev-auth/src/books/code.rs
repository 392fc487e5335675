//! Codes, each of which counts once.

use super::login::Login;
use super::{A_MINUTE, Books, full};
use crate::chance;
use crate::refusal::{Kind, Refusal};

/// What a code stands for.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) login: Login,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    /// SHA-256 of the verifier.
    pub(crate) challenge: String,
    /// Of OpenID Connect.
    pub(crate) nonce: Option<String>,
    until: u64,
    used: Use,
}

#[derive(Clone, Debug)]
enum Use {
    Unused,
    /// Somebody tried it without success.
    Spoilt,
    /// This login came of it.
    Login(String),
}

/// A code that was right.
#[derive(Debug)]
pub(crate) struct Redeemed {
    /// The name of the login.
    pub(crate) login: String,
    pub(crate) nonce: Option<String>,
}

impl Code {
    /// A code for this request, once somebody approves it.
    pub(crate) fn new(login: Login, redirect_uri: String, challenge: String) -> Self {
        Self {
            login,
            redirect_uri,
            state: None,
            challenge,
            nonce: None,
            until: 0,
            used: Use::Unused,
        }
    }
}

/// What a code is redeemed with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presented<'a> {
    pub(crate) code: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) verifier: &'a str,
    /// The key that was proved.
    pub(crate) thumbprint: Option<&'a str>,
}

impl Books {
    /// Gives a code, for a minute.
    pub(crate) fn give_code(&mut self, mut code: Code, now: u64) -> Result<String, Refusal> {
        code.until = now + A_MINUTE;
        let secret = chance::token();
        // Kept for longer than it counts, so that a second use is noticed.
        self.codes.put(chance::name(&secret), code, now + AN_HOUR, now).map_err(|_| full())?;
        Ok(secret)
    }

    /// Begins the login that a code stands for.
    ///
    /// > If an authorization code is used more than once, the authorization server MUST deny the request and SHOULD
    /// > revoke (when possible) all tokens previously issued based on that authorization code.
    ///
    /// [RFC 6749, section 4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2).
    pub(crate) fn redeem(
        &mut self,
        presented: &Presented<'_>,
        now: u64,
    ) -> Result<Redeemed, Refusal> {
        let refused = |what: &str| Kind::InvalidGrant.because(what);
        let name = chance::name(presented.code);
        let code = self.codes.change(&name, now).ok_or_else(|| refused("the code is unknown"))?;
        if code.login.client_id != presented.client_id {
            return Err(refused("the code was given to another client"));
        }
        match &code.used {
            Use::Unused => {}
            Use::Spoilt => return Err(refused("the code was used before, without success")),
            Use::Login(login) => {
                let login = login.clone();
                self.revoke(&login, now);
                return Err(refused("the code was used before; what it gave is revoked"));
            }
        }
        code.used = Use::Spoilt;
        if code.until <= now {
            return Err(refused("the code has expired"));
        }
        if presented.redirect_uri.is_some_and(|uri| uri != code.redirect_uri) {
            return Err(refused("redirect_uri is not that of the authorization request"));
        }
        check_verifier(presented.verifier, &code.challenge)?;
        let bound = code.login.thumbprint.as_deref();
        if bound.is_some() && bound != presented.thumbprint {
            return Err(Kind::InvalidDpopProof.because("the proof is of another key than dpop_jkt"));
        }
        let code = code.clone();
        let login = self.begin(code.login, now)?;
        if let Some(code) = self.codes.change(&name, now) {
            code.used = Use::Login(login.clone());
        }
        Ok(Redeemed { login, nonce: code.nonce })
    }
}

/// [RFC 7636, sections 4.1 and 4.6](https://www.rfc-editor.org/rfc/rfc7636#section-4.1).
fn check_verifier(verifier: &str, challenge: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(fits) {
        return Err(
            Kind::InvalidGrant.because("code_verifier is not 43 to 128 unreserved characters")
        );
    }
    if chance::sha256(verifier) != challenge {
        return Err(Kind::InvalidGrant.because("code_verifier does not fit the code_challenge"));
    }
    Ok(())
}

const AN_HOUR: u64 = 3600;
