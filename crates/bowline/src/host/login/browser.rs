//! What is known of a browser, and what it is given to be known again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use http::{HeaderMap, Method, header};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// What signs all that a browser brings back. Made anew with each process, as nothing of it outlives one.
pub(super) struct Signer(hmac::Key);

/// Why what a browser sends does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Odd {
    /// Another site made the browser send it.
    OtherSite,
    /// It is not what a person sees: a frame, a script, or a look ahead.
    NoPage,
}

impl Signer {
    pub(super) fn new() -> Option<Self> {
        let key = random()?;
        Some(Self(hmac::Key::new(hmac::HMAC_SHA256, &key)))
    }

    /// What only this process can say of these.
    pub(super) fn sign(&self, what: &[&str]) -> String {
        BASE64.encode(hmac::sign(&self.0, &joined(what)))
    }

    /// Whether it was said of these; compared in a time that tells nothing.
    pub(super) fn is_of(&self, what: &[&str], signed: &str) -> bool {
        let signed = BASE64.decode(signed);
        signed.is_ok_and(|signed| hmac::verify(&self.0, &joined(what), &signed).is_ok())
    }
}

/// The texts with their lengths, so that no two lists are the same.
fn joined(what: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for text in what {
        out.extend_from_slice(&(text.len() as u64).to_be_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    out
}

/// 256 random bits; `None` where the system has none to give.
pub(super) fn random() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

/// 256 random bits that fit into a URL.
pub(super) fn secret() -> Option<String> {
    Some(BASE64.encode(random()?))
}

/// A name for a secret that does not tell it.
pub(super) fn name_of(secret: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    BASE64.encode(&digest.as_ref()[..16])
}

/// The cookies of one login.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies<'a> {
    /// Whether browsers come by `https`. Cookies that only go there are not taken over plain `http`, so that on a
    /// loopback address, where nobody else listens, they are named otherwise and lack `Secure`.
    pub(super) secure: bool,
    /// Cookies are the same for all ports of a host.
    pub(super) port: u16,
    /// Of which login.
    pub(super) visit: &'a str,
}

impl Cookies<'_> {
    /// A header that makes a browser keep a cookie: not for scripts, not for requests that other sites make it send but
    /// for visits, and not for longer than a login takes.
    pub(super) fn set(self, what: &str, value: &str, seconds: u64) -> String {
        let name = self.name(what);
        let secure = if self.secure { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    /// What a browser has kept; `None` also when it sends two of that name.
    pub(super) fn get<'h>(self, what: &str, headers: &'h HeaderMap) -> Option<&'h str> {
        let name = self.name(what);
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
        let mut found = pairs.filter(|(known, _)| known.trim() == name);
        let (_, value) = found.next()?;
        found.next().is_none().then_some(value.trim())
    }

    fn name(self, what: &str) -> String {
        let Self { secure, port, visit } = self;
        if secure {
            format!("__Host-bowline-{what}-{visit}")
        } else {
            format!("bowline-{port}-{what}-{visit}")
        }
    }
}

/// Refuses what no person has asked for on a page of ours: `own` is the origin of the pages.
pub(super) fn check(method: &Method, headers: &HeaderMap, own: &str) -> Result<(), Odd> {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    // Browsers say so of what they fetch for a person who may come.
    if said("sec-purpose").or_else(|| said("purpose")).is_some() {
        return Err(Odd::NoPage);
    }
    let is_page = said("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
        && said("sec-fetch-dest").is_none_or(|dest| dest == "document");
    if !is_page {
        return Err(Odd::NoPage);
    }
    if method != Method::POST {
        return Ok(());
    }
    let is_ours = said("sec-fetch-site").is_none_or(|site| site == "same-origin")
        && said("origin").is_none_or(|origin| origin.eq_ignore_ascii_case(own));
    if is_ours { Ok(()) } else { Err(Odd::OtherSite) }
}
