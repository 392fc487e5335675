//! Whether a token is good, whichever endpoint it is for.

use super::issuer::Issuer;
use super::keys::{Keys, Unavailable};
use super::known::{Digest, Good, Known, digest_of};
use super::oracle::{Oracle, Said};
use super::protected::Protected;
use crate::error::{Error, Result};
use crate::principal::{Counts, Principal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bowline_auth::dpop::{self, Expected, Replays};
use bowline_auth::jose::{self, Algorithm, Header};
use bowline_auth::resource::{Checked, Hierarchy, Rules};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// Knows good tokens; one for all endpoints of a listener.
pub(super) struct Verifier {
    signers: Vec<Signer>,
    oracles: Vec<Arc<Oracle>>,
    hierarchy: Hierarchy,
    known: Known,
    counts: Counts,
    replays: Mutex<Replays>,
}

/// An authorization server whose signatures count.
struct Signer {
    rules: Rules,
    algorithms: Vec<Algorithm>,
    keys: Arc<Keys>,
}

/// Why a token does not let in.
#[derive(Debug)]
pub(super) enum Why {
    /// It is no good one. The text is for the log.
    Invalid(String),
    /// Nobody can tell now.
    Unknown,
}

/// How long it is believed what an authorization server says of a token.
const BELIEVED: Duration = Duration::from_secs(60);

/// Proofs that are remembered so that none is taken twice.
const PROOFS: usize = 64 * 1024;
const PROOFS_OF_ONE: usize = 4 * 1024;

impl Verifier {
    /// # Errors
    /// When an algorithm is none, or a file with certificates cannot be read.
    pub(super) fn new(protected: &Protected) -> Result<Self> {
        let oracle = |introspection| Oracle::new(introspection).map(Arc::new);
        let mut hierarchy = Hierarchy::default();
        for (scope, implied) in &protected.implied {
            hierarchy.add(scope, implied.iter().map(AsRef::as_ref));
        }
        Ok(Self {
            signers: protected.issuers.iter().map(Signer::new).collect::<Result<_>>()?,
            oracles: protected.introspections.iter().map(oracle).collect::<Result<_>>()?,
            hierarchy,
            known: Known::default(),
            counts: Counts::default(),
            replays: Mutex::new(Replays::new(PROOFS, PROOFS_OF_ONE)),
        })
    }

    /// A token that was found to be good before.
    pub(super) fn known(&self, token: &str) -> Option<Arc<Good>> {
        self.known.find(&digest_of(token))
    }

    /// Finds out whether a token is good.
    pub(super) async fn verify(&self, token: &str) -> Result<Arc<Good>, Why> {
        let digest = digest_of(token);
        let (claims, checked, issuer, until) = match self.signer(token) {
            Some(signer) => {
                let (claims, checked) = signer.verify(token).await?;
                (claims, checked, signer.rules.issuer(), None)
            }
            None => {
                let (claims, checked, issuer) = self.ask(digest, token).await?;
                (claims, checked, issuer, Some(Instant::now() + BELIEVED))
            }
        };
        let principal =
            Principal::claimed(issuer, claims).map_err(|error| Why::Invalid(error.to_string()))?;
        let principal = self.counts.join(&self.widen(principal));
        let good = Arc::new(Good { principal, checked, until });
        self.known.insert(digest, good.clone());
        Ok(good)
    }

    /// Adds the scopes that those of a principal imply.
    pub(super) fn widen(&self, principal: Principal) -> Principal {
        if self.hierarchy.is_empty() {
            return principal;
        }
        principal.with_scopes(self.hierarchy.expand(principal.scopes()))
    }

    /// Checks a proof that a token belongs to whoever presents it.
    pub(super) fn prove(&self, proof: &str, expected: &Expected<'_>) -> Result<(), dpop::Fault> {
        let mut replays = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
        dpop::check(proof, expected, &mut replays).map(drop)
    }

    /// Whose signature a token should have: that of whom it says it is from. Nothing is believed of it yet.
    fn signer(&self, token: &str) -> Option<&Signer> {
        #[derive(Deserialize)]
        struct Claims {
            iss: String,
        }
        let mut parts = token.split('.');
        let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
        let claims: Claims = serde_json::from_slice(&BASE64.decode(claims).ok()?).ok()?;
        self.signers.iter().find(|signer| signer.rules.issuer() == claims.iss)
    }

    async fn ask(
        &self,
        digest: Digest,
        token: &str,
    ) -> Result<(Map<String, Value>, Checked, &str), Why> {
        let mut why = Why::Invalid("the token is signed by nobody who is known here".to_owned());
        for oracle in &self.oracles {
            match oracle.ask(digest, token).await {
                Said::Good(claims) => {
                    let checked = oracle.rules.check_told(&claims, SystemTime::now());
                    let checked = checked.map_err(|refusal| Why::Invalid(refusal.to_string()))?;
                    return Ok((Map::clone(&claims), checked, oracle.rules.issuer()));
                }
                Said::Bad(refusal) if matches!(why, Why::Invalid(_)) => {
                    why = Why::Invalid(refusal.to_string());
                }
                Said::Bad(_) => {}
                Said::Nothing => why = Why::Unknown,
            }
        }
        Err(why)
    }
}

impl Signer {
    fn new(issuer: &Issuer) -> Result<Self> {
        let named = |name: &str| {
            Algorithm::named(name).ok_or_else(|| {
                let all = Algorithm::ALL.map(Algorithm::name).join(", ");
                Error::invalid(format!("algorithms: there is no `{name}`; there are {all}"))
            })
        };
        let algorithms = issuer.algorithms.iter().map(|name| named(name)).collect::<Result<_>>()?;
        let keys = Arc::new(Keys::new(issuer.clone())?);
        Ok(Self { rules: Rules::new(&issuer.name), algorithms, keys })
    }

    async fn verify(&self, token: &str) -> Result<(Map<String, Value>, Checked), Why> {
        let invalid = |fault: jose::Fault| Why::Invalid(fault.to_string());
        let header = Header::unverified(token, &self.algorithms).map_err(invalid)?;
        let keys = self.keys.with(header.id.as_deref(), header.algorithm).await;
        let keys = keys.map_err(|Unavailable| Why::Unknown)?;
        let verified = jose::verify(token, &keys, &self.algorithms).map_err(invalid)?;
        let kind = verified.header.kind.as_deref();
        let checked = self.rules.check(kind, &verified.claims, SystemTime::now());
        let checked = checked.map_err(|refusal| Why::Invalid(refusal.to_string()))?;
        Ok((verified.claims, checked))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}
