//! How often one request may lead to a login.

use super::Cause;
use crate::store::Kept;
use crate::{Challenge, scope};

/// How often one request was refused, and whether another attempt makes sense.
///
/// See [Step-Up Authorization Flow](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#step-up-authorization-flow).
#[derive(Clone, Copy, Debug, Default)]
pub struct Attempts {
    made: u8,
    helped: Helped,
}

/// What was tried last against a 401.
#[derive(Clone, Copy, Debug, Default)]
enum Helped {
    #[default]
    Nothing,
    /// A refresh token, if it was good for anything.
    Refresh,
    /// A new login: the token is as new as can be.
    Login,
}

impl Attempts {
    /// The most attempts for one request.
    pub const MAX: u8 = 3;

    /// What a refusal of the request leads to; none if it is final. `kept` is what the refused request was made with.
    ///
    /// A 401 leads to one attempt, or to two where the first may end with a refresh. A 403 leads to one as long as its
    /// challenge names a scope that was not asked for yet: asking for the same again would ask a person in vain.
    pub fn cause(
        &mut self,
        status: u16,
        challenges: Vec<Challenge>,
        kept: Option<&Kept>,
    ) -> Option<Cause> {
        if self.made == Self::MAX {
            return None;
        }
        let cause = match status {
            401 => self.unauthorized(challenges, kept),
            403 => challenges
                .into_iter()
                .find(|challenge| challenge.is_insufficient_scope() && is_more(challenge, kept))
                .map(Cause::InsufficientScope),
            _ => None,
        };
        self.made += u8::from(cause.is_some());
        cause
    }

    fn unauthorized(&mut self, challenges: Vec<Challenge>, kept: Option<&Kept>) -> Option<Cause> {
        let tokens = kept.and_then(|kept| kept.tokens.as_ref());
        let refreshes = tokens.is_some_and(|tokens| tokens.refresh.is_some());
        let (helps, cause) = match self.helped {
            Helped::Nothing if refreshes => (Helped::Refresh, Cause::Unauthorized(challenges)),
            Helped::Nothing => (Helped::Login, Cause::Unauthorized(challenges)),
            Helped::Refresh => (Helped::Login, Cause::Rejected(challenges)),
            Helped::Login => return None,
        };
        self.helped = helps;
        Some(cause)
    }
}

/// Whether a challenge names a scope that was not asked for.
fn is_more(challenge: &Challenge, kept: Option<&Kept>) -> bool {
    let asked = kept.map(|kept| kept.scopes.as_slice()).unwrap_or_default();
    let needed = challenge.scopes.as_deref().unwrap_or_default();
    scope::union(asked, needed).len() > scope::union(asked, &[]).len()
}

#[cfg(test)]
mod tests {
    use super::Attempts;
    use crate::flow::Cause;
    use crate::store::{Client, Kept, Key};
    use crate::token::{Scheme, Tokens};
    use crate::{Challenge, scope};
    use http::HeaderMap;
    use std::time::UNIX_EPOCH;

    fn kept(scopes: &str, refresh: bool) -> Kept {
        let refresh = if refresh { r#","refresh_token":"r""# } else { "" };
        let body = format!(r#"{{"access_token":"a","token_type":"Bearer"{refresh}}}"#);
        let tokens = Tokens::read(200, &HeaderMap::new(), body.as_bytes(), UNIX_EPOCH).unwrap();
        let mut kept = Kept::new(Key::new("", "https://h"), "https://as", Client::new("c"));
        kept.scopes = scope::split(scopes);
        kept.tokens = Some(tokens);
        kept
    }

    fn insufficient(scopes: &str) -> Vec<Challenge> {
        let mut challenge = Challenge::new(Scheme::Bearer);
        challenge.error = Some("insufficient_scope".to_owned());
        challenge.scopes = Some(scope::split(scopes));
        vec![challenge]
    }

    #[test]
    fn an_unauthorized_request_is_tried_once_more_and_twice_after_a_refresh() {
        let mut attempts = Attempts::default();
        assert!(matches!(attempts.cause(401, vec![], None), Some(Cause::Unauthorized(_))));
        for refresh in [true, false] {
            let mut attempts = attempts;
            assert!(attempts.cause(401, vec![], Some(&kept("", refresh))).is_none());
        }
        let mut attempts = Attempts::default();
        let refreshed = kept("", true);
        assert!(matches!(
            attempts.cause(401, vec![], Some(&refreshed)),
            Some(Cause::Unauthorized(_))
        ));
        assert!(matches!(attempts.cause(401, vec![], Some(&refreshed)), Some(Cause::Rejected(_))));
        assert!(attempts.cause(401, vec![], Some(&refreshed)).is_none());
    }

    #[test]
    fn the_same_scopes_are_never_asked_for_twice() {
        let mut attempts = Attempts::default();
        assert!(attempts.cause(403, insufficient("a"), Some(&kept("a b", false))).is_none());
        assert!(attempts.cause(403, insufficient(""), Some(&kept("a", false))).is_none());
        assert!(attempts.cause(403, vec![Challenge::new(Scheme::Bearer)], None).is_none());
        assert!(attempts.cause(403, insufficient("b"), Some(&kept("a", false))).is_some());
        assert!(attempts.cause(200, insufficient("b"), None).is_none());
    }

    #[test]
    fn a_server_that_always_wants_more_is_given_up_after_three_attempts() {
        let mut attempts = Attempts::default();
        let made = (0..10)
            .filter(|number| {
                attempts.cause(403, insufficient(&format!("s{number}")), None).is_some()
            })
            .count();
        assert_eq!(made, usize::from(Attempts::MAX));
    }
}
