//! What a browser comes back with (RFC 6749 §4.1.2, RFC 9207).
//!
//! See [Authorization Response Validation](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#authorization-response-validation).

use crate::shown::shown;
use crate::{Secret, Url, form};
use std::error::Error;
use std::fmt;

/// What an answer to an authorization request must fit, as it was when the browser was sent away.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    /// Where the browser comes back to.
    pub(crate) redirect: Url,
    /// What it brings back.
    pub(crate) state: Secret,
    /// The issuer of the authorization server, from metadata that was checked.
    pub(crate) issuer: String,
    /// Whether that one says that it always names itself (`authorization_response_iss_parameter_supported`).
    pub(crate) names_itself: bool,
}

/// Why what came back gave no code.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackFault {
    /// It is not an answer to this login: it came to another place, or cannot be read.
    Foreign,
    /// It has no `state`, or that of another login.
    State,
    /// A parameter stands there twice.
    Twice(&'static str),
    /// It does not say which authorization server it is from, though that one always does.
    NoIssuer,
    /// It is from another authorization server. Nothing else that it says was looked at.
    Issuer {
        /// The one that was asked.
        expected: String,
        /// What the answer says, escaped.
        found: String,
    },
    /// The authorization server, or the person, said no.
    Denied {
        /// The code, escaped.
        error: String,
        /// The same for a developer, escaped.
        description: Option<String>,
    },
    /// It has neither a code nor an error.
    NoCode,
}

impl CallbackFault {
    /// Whether it says nothing about this login, which goes on waiting.
    pub(crate) fn is_stray(&self) -> bool {
        matches!(self, Self::Foreign | Self::State)
    }
}

/// The code in what a browser came back with: the whole URL, or path and query.
///
/// # Errors
///
/// If it is not the answer to this request, or a refusal.
pub(crate) fn code(returned: &str, expected: &Expected) -> Result<Secret, CallbackFault> {
    let query = query(returned, &expected.redirect).ok_or(CallbackFault::Foreign)?;
    let members = form::members(query).ok_or(CallbackFault::Foreign)?;
    let parameters = Parameters(&members);
    // First of all, and without telling by the time it takes how much of it was right.
    let state = parameters.state().ok_or(CallbackFault::State)?;
    if Secret::new(state) != expected.state {
        return Err(CallbackFault::State);
    }
    check_issuer(parameters.one("iss")?, expected)?;
    if let Some(error) = parameters.one("error")? {
        let description = parameters.one("error_description")?;
        return Err(CallbackFault::Denied {
            error: shown(error, MOST_SHOWN),
            description: description.map(|text| shown(text, MOST_SHOWN)),
        });
    }
    let code = parameters.one("code")?.filter(|code| !code.is_empty());
    code.map(Secret::new).ok_or(CallbackFault::NoCode)
}

/// The table of RFC 9207 §2.4 as the specification has it. Byte for byte: what differs only by a slash at the end is
/// another issuer.
fn check_issuer(found: Option<&str>, expected: &Expected) -> Result<(), CallbackFault> {
    match found {
        None if expected.names_itself => Err(CallbackFault::NoIssuer),
        None => Ok(()),
        Some(found) if found == expected.issuer => Ok(()),
        Some(found) => Err(CallbackFault::Issuer {
            expected: expected.issuer.clone(),
            found: shown(found, MOST_SHOWN),
        }),
    }
}

/// The query of what came back, if it came to where it should.
fn query<'a>(returned: &'a str, redirect: &Url) -> Option<&'a str> {
    let returned = returned.trim();
    if returned.len() > 2 * Url::MAX {
        return None;
    }
    // Some servers add a fragment, which browsers show and people copy.
    let returned = returned.split_once('#').map_or(returned, |(before, _)| before);
    let (place, query) = returned.split_once('?')?;
    let is_redirect = if place.starts_with('/') {
        same_path(place, redirect.path())
    } else {
        let place = Url::parse(place).ok()?;
        place.same_origin(redirect) && same_path(place.path(), redirect.path())
    };
    is_redirect.then_some(query)
}

/// Browsers ask for `/` where a URL has no path.
fn same_path(found: &str, expected: &str) -> bool {
    match (found, expected) {
        ("" | "/", "" | "/") => true,
        (found, expected) => found == expected,
    }
}

struct Parameters<'a>(&'a [(String, String)]);

impl<'a> Parameters<'a> {
    /// The value of a parameter that may stand there once (RFC 6749 §3.1).
    fn one(&self, name: &'static str) -> Result<Option<&'a str>, CallbackFault> {
        let mut values = self.named(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(CallbackFault::Twice(name)),
        }
    }

    /// The `state`; two of them are as good as none.
    fn state(&self) -> Option<&'a str> {
        let mut values = self.named("state");
        values.next().filter(|_| values.next().is_none())
    }

    fn named(&self, name: &'static str) -> impl Iterator<Item = &'a str> + use<'a> {
        let members = self.0.iter();
        members.filter(move |(member, _)| member == name).map(|(_, value)| value.as_str())
    }
}

const MOST_SHOWN: usize = 300;

impl fmt::Display for CallbackFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str(
                "this is not the URL that the browser was sent back to; paste it whole, from the address bar",
            ),
            Self::State => f.write_str(
                "this answer belongs to another login (`state` is missing or another one); use the newest link",
            ),
            Self::Twice(name) => write!(f, "the answer has `{name}` twice, so it was not used; begin again"),
            Self::NoIssuer => f.write_str(
                "the answer does not say which authorization server it is from (`iss`), though that one announced it; \
                 it may be from another one, and was not used",
            ),
            Self::Issuer { expected, found } => write!(
                f,
                "the answer is from `{found}`, but `{expected}` was asked (`iss`); it was not used"
            ),
            Self::Denied { error, description } => {
                write!(f, "the authorization server said no: `{error}`")?;
                description.as_ref().map_or(Ok(()), |text| write!(f, ", {text}"))
            }
            Self::NoCode => f.write_str("the answer of the authorization server has no `code`"),
        }
    }
}

impl Error for CallbackFault {}

#[cfg(test)]
mod tests;
