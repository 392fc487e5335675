//! What the claims of a token have to say.

use serde_json::{Map, Value};
use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How far the clocks of two servers may be apart.
pub const SKEW: Duration = Duration::from_secs(60);

/// What the claims of a token of one authorization server have to say, whoever the token is for.
///
/// ```
/// use bowline_auth::resource::Rules;
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let claims = serde_json::json!({ "iss": "https://auth.example.com", "aud": "https://mcp.example.com/mcp", "exp": 1000 });
/// let rules = Rules::new("https://auth.example.com");
/// let now = UNIX_EPOCH + Duration::from_secs(900);
/// let checked = rules.check(Some("at+jwt"), claims.as_object().unwrap(), now).unwrap();
/// assert!(checked.is_for(&["https://mcp.example.com/mcp"]));
/// assert!(!checked.is_for(&["https://other.example.com/mcp"]));
/// ```
#[derive(Clone, Debug)]
pub struct Rules {
    issuer: Box<str>,
}

/// What is left to know of a token whose claims are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    audiences: Box<[Box<str>]>,
    expires: Option<SystemTime>,
    thumbprint: Option<Box<str>>,
}

impl Rules {
    /// For tokens of the authorization server that calls itself so, byte for byte.
    #[must_use]
    pub fn new(issuer: &str) -> Self {
        Self { issuer: issuer.into() }
    }

    /// The authorization server.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Checks what a signed token claims. `kind` is the `typ` of its header.
    ///
    /// # Errors
    /// With the first claim that is missing or wrong.
    pub fn check(
        &self,
        kind: Option<&str>,
        claims: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<Checked, Refusal> {
        if let Some(kind) = kind.filter(|kind| !is_access_token(kind)) {
            return Err(Refusal::Kind(kind.chars().take(SHOWN).collect()));
        }
        match claims.get("iss") {
            Some(Value::String(issuer)) if **issuer == *self.issuer => {}
            _ => return Err(Refusal::Issuer),
        }
        let checked = self.check_told(claims, now)?;
        if checked.expires.is_none() {
            return Err(Refusal::Claim("exp"));
        }
        Ok(checked)
    }

    /// Checks what the authorization server itself tells of a token that it was asked about: it need not say who it is,
    /// nor when the token ends.
    ///
    /// # Errors
    /// As [`Rules::check`].
    pub fn check_told(
        &self,
        claims: &Map<String, Value>,
        now: SystemTime,
    ) -> Result<Checked, Refusal> {
        if claims.get("iss").is_some_and(|issuer| issuer.as_str() != Some(&self.issuer)) {
            return Err(Refusal::Issuer);
        }
        let expires = date(claims, "exp")?;
        if expires.is_some_and(|expires| later(expires) <= now) {
            return Err(Refusal::Expired);
        }
        for name in ["nbf", "iat"] {
            if date(claims, name)?.is_some_and(|since| since > later(now)) {
                return Err(Refusal::Early(name));
            }
        }
        Ok(Checked {
            audiences: audiences(claims.get("aud"))?,
            expires,
            thumbprint: thumbprint(claims.get("cnf"))?,
        })
    }
}

impl Checked {
    /// Whether the token was made for one of these audiences, byte for byte.
    pub fn is_for(&self, accepted: &[impl AsRef<str>]) -> bool {
        self.audiences.iter().any(|meant| accepted.iter().any(|own| own.as_ref() == &**meant))
    }

    /// When the token ends, as it says itself.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.expires
    }

    /// Whether the token has ended, with what clocks may be apart.
    #[must_use]
    pub fn has_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| later(expires) <= now)
    }

    /// The thumbprint of the key that whoever presents the token must have (`cnf.jkt`, RFC 9449 §6.1).
    #[must_use]
    pub fn thumbprint(&self) -> Option<&str> {
        self.thumbprint.as_deref()
    }
}

/// Why a token does not let in. It shows nothing of the token but its `typ`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Its header says that it is something else than an access token.
    Kind(String),
    /// It was made by another authorization server, or does not say by which.
    Issuer,
    /// It was made for somebody else.
    Audience,
    /// It has ended.
    Expired,
    /// It does not begin yet, by this claim.
    Early(&'static str),
    /// This claim is missing or of a wrong type.
    Claim(&'static str),
    /// It is bound to something that is not checked here (`cnf`).
    Binding,
    /// The authorization server says that it is none, or no longer.
    Inactive,
    /// What the authorization server says of it is no JSON object with `active`.
    Answer,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => {
                write!(f, "the token is of type {kind:?}, which is no access token")
            }
            Self::Issuer => f.write_str("the token is not of the issuer whose keys verify it"),
            Self::Audience => f.write_str(
                "the token was made for another audience; clients must ask for it with `resource`",
            ),
            Self::Expired => f.write_str("the token has expired"),
            Self::Early(claim) => write!(f, "the token is not good yet, by its claim `{claim}`"),
            Self::Claim(claim) => {
                write!(f, "the claim `{claim}` of the token is missing or of a wrong type")
            }
            Self::Binding => f.write_str(
                "the token is bound by a claim `cnf` that is not `jkt`, which is not checked here",
            ),
            Self::Inactive => {
                f.write_str("the authorization server says that the token is not active")
            }
            Self::Answer => f.write_str(
                "the authorization server answered with something else than an introspection",
            ),
        }
    }
}

impl Error for Refusal {}

/// How much of a text of others is shown.
const SHOWN: usize = 32;

/// RFC 9068 §2.1 for access tokens; many servers still say `JWT`. Logout tokens, proofs and the like say what they are.
fn is_access_token(kind: &str) -> bool {
    let short = match kind.get(..APPLICATION.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(APPLICATION) => &kind[APPLICATION.len()..],
        _ => kind,
    };
    short.eq_ignore_ascii_case("at+jwt") || short.eq_ignore_ascii_case("jwt")
}

const APPLICATION: &str = "application/";

fn later(time: SystemTime) -> SystemTime {
    time.checked_add(SKEW).unwrap_or(time)
}

fn date(claims: &Map<String, Value>, name: &'static str) -> Result<Option<SystemTime>, Refusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_f64().ok_or(Refusal::Claim(name))?;
    let since = Duration::try_from_secs_f64(seconds).map_err(|_| Refusal::Claim(name))?;
    UNIX_EPOCH.checked_add(since).map(Some).ok_or(Refusal::Claim(name))
}

fn audiences(value: Option<&Value>) -> Result<Box<[Box<str>]>, Refusal> {
    let text = |value: &Value| value.as_str().map(Box::from);
    let audiences: Option<Box<[Box<str>]>> = match value {
        Some(Value::Array(values)) => values.iter().map(text).collect(),
        Some(value) => text(value).map(|one| [one].into()),
        None => None,
    };
    audiences.filter(|audiences| !audiences.is_empty()).ok_or(Refusal::Claim("aud"))
}

fn thumbprint(confirmation: Option<&Value>) -> Result<Option<Box<str>>, Refusal> {
    match confirmation {
        None => Ok(None),
        Some(Value::Object(members)) if members.len() == 1 => match members.get("jkt") {
            Some(Value::String(thumbprint)) => Ok(Some(thumbprint.as_str().into())),
            _ => Err(Refusal::Binding),
        },
        Some(_) => Err(Refusal::Binding),
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, Rules};
    use serde_json::{Value, json};
    use std::time::{Duration, UNIX_EPOCH};

    const ISSUER: &str = "https://auth.example.com";
    const RESOURCE: &str = "https://mcp.example.com/mcp";

    fn claims(change: Value) -> serde_json::Map<String, Value> {
        let mut claims = json!({ "iss": ISSUER, "aud": RESOURCE, "exp": 2000, "sub": "alice" });
        let Value::Object(changes) = change else { panic!("no object") };
        for (name, value) in changes {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(&name)),
                value => claims[name] = value,
            }
        }
        claims.as_object().unwrap().clone()
    }

    /// RS-02 and every claim that decides.
    #[test]
    fn rs_02_a_token_must_be_of_the_issuer_for_this_resource_and_good_now() {
        type Row = (&'static str, Option<&'static str>, Value, u64, Result<bool, Refusal>);
        let rows: Vec<Row> = vec![
            ("as it should be", Some("at+jwt"), json!({}), 1000, Ok(true)),
            ("its media type in full", Some("application/AT+JWT"), json!({}), 1000, Ok(true)),
            ("the type that many use", Some("JWT"), json!({}), 1000, Ok(true)),
            ("no type", None, json!({}), 1000, Ok(true)),
            ("a proof", Some("dpop+jwt"), json!({}), 1000, Err(Refusal::Kind("dpop+jwt".into()))),
            (
                "a logout token",
                Some("logout+jwt"),
                json!({}),
                1000,
                Err(Refusal::Kind("logout+jwt".into())),
            ),
            ("no issuer", None, json!({ "iss": null }), 1000, Err(Refusal::Issuer)),
            (
                "another issuer",
                None,
                json!({ "iss": "https://evil.test" }),
                1000,
                Err(Refusal::Issuer),
            ),
            (
                "a slash more",
                None,
                json!({ "iss": format!("{ISSUER}/") }),
                1000,
                Err(Refusal::Issuer),
            ),
            (
                "an issuer that is no text",
                None,
                json!({ "iss": [ISSUER] }),
                1000,
                Err(Refusal::Issuer),
            ),
            ("no audience", None, json!({ "aud": null }), 1000, Err(Refusal::Claim("aud"))),
            ("an empty list", None, json!({ "aud": [] }), 1000, Err(Refusal::Claim("aud"))),
            (
                "an audience that is no text",
                None,
                json!({ "aud": [1] }),
                1000,
                Err(Refusal::Claim("aud")),
            ),
            ("another resource", None, json!({ "aud": "https://other.test/mcp" }), 1000, Ok(false)),
            ("an id_token, for a client", None, json!({ "aud": "client-1" }), 1000, Ok(false)),
            (
                "the resource in other case",
                None,
                json!({ "aud": "https://MCP.example.com/mcp" }),
                1000,
                Ok(false),
            ),
            ("only the origin", None, json!({ "aud": "https://mcp.example.com" }), 1000, Ok(false)),
            ("a path below", None, json!({ "aud": format!("{RESOURCE}/x") }), 1000, Ok(false)),
            (
                "one of several",
                None,
                json!({ "aud": ["https://other.test", RESOURCE] }),
                1000,
                Ok(true),
            ),
            ("no end", None, json!({ "exp": null }), 1000, Err(Refusal::Claim("exp"))),
            (
                "an end that is a text",
                None,
                json!({ "exp": "2000" }),
                1000,
                Err(Refusal::Claim("exp")),
            ),
            ("an end before 1970", None, json!({ "exp": -1 }), 1000, Err(Refusal::Claim("exp"))),
            (
                "an end beyond all time",
                None,
                json!({ "exp": 1e300 }),
                1000,
                Err(Refusal::Claim("exp")),
            ),
            ("ended, as clocks differ", None, json!({}), 2059, Ok(true)),
            ("ended", None, json!({}), 2060, Err(Refusal::Expired)),
            ("begins, as clocks differ", None, json!({ "nbf": 1060 }), 1000, Ok(true)),
            ("begins later", None, json!({ "nbf": 1061 }), 1000, Err(Refusal::Early("nbf"))),
            (
                "a beginning that is no number",
                None,
                json!({ "nbf": true }),
                1000,
                Err(Refusal::Claim("nbf")),
            ),
            ("made in the future", None, json!({ "iat": 1061 }), 1000, Err(Refusal::Early("iat"))),
            ("made now", None, json!({ "iat": 1000.5 }), 1000, Ok(true)),
            ("bound to a key", None, json!({ "cnf": { "jkt": "abc" } }), 1000, Ok(true)),
            (
                "bound to a certificate",
                None,
                json!({ "cnf": { "x5t#S256": "abc" } }),
                1000,
                Err(Refusal::Binding),
            ),
            (
                "bound to both",
                None,
                json!({ "cnf": { "jkt": "abc", "x5t#S256": "abc" } }),
                1000,
                Err(Refusal::Binding),
            ),
            (
                "bound to nothing that is one",
                None,
                json!({ "cnf": "abc" }),
                1000,
                Err(Refusal::Binding),
            ),
        ];
        for (what, kind, change, now, expected) in rows {
            let now = UNIX_EPOCH + Duration::from_secs(now);
            let checked = Rules::new(ISSUER).check(kind, &claims(change), now);
            assert_eq!(checked.map(|checked| checked.is_for(&[RESOURCE])), expected, "{what}");
        }
    }

    #[test]
    fn a_bound_token_tells_its_key_and_every_token_its_end() {
        let claims = claims(json!({ "cnf": { "jkt": "abc" } }));
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        let checked = Rules::new(ISSUER).check(None, &claims, now).unwrap();
        assert_eq!(checked.thumbprint(), Some("abc"));
        assert_eq!(checked.expires(), Some(UNIX_EPOCH + Duration::from_secs(2000)));
        assert!(!checked.has_expired(UNIX_EPOCH + Duration::from_secs(2059)));
        assert!(checked.has_expired(UNIX_EPOCH + Duration::from_secs(2060)));
    }

    #[test]
    fn an_issuer_that_is_asked_need_not_name_itself_or_an_end_but_must_not_name_another() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        let rows = [
            (json!({ "iss": null, "exp": null }), Ok(true)),
            (json!({ "iss": "https://evil.test" }), Err(Refusal::Issuer)),
            (json!({ "iss": 1 }), Err(Refusal::Issuer)),
            (json!({ "exp": 900 }), Err(Refusal::Expired)),
            (json!({ "aud": null }), Err(Refusal::Claim("aud"))),
        ];
        for (change, expected) in rows {
            let checked = Rules::new(ISSUER).check_told(&claims(change.clone()), now);
            assert_eq!(checked.map(|checked| checked.is_for(&[RESOURCE])), expected, "{change}");
        }
    }

    #[test]
    fn a_refusal_shows_little_of_a_token() {
        let kind = "\u{1b}[31m".to_owned() + &"x".repeat(1000);
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        let refusal = Rules::new(ISSUER).check(Some(&kind), &claims(json!({})), now).unwrap_err();
        let shown = refusal.to_string();
        assert!(shown.len() < 120 && shown.contains("\\u{1b}"), "{shown}");
    }
}
