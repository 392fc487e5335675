//! Giving a token back.

use super::{ClientAuth, Form};
use crate::Secret;
use crate::store::Kept;
use std::time::SystemTime;

/// A request to a revocation endpoint (RFC 7009): whoever finds the token later has nothing.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// The token: the refresh token where there is one, since its access tokens end with it.
    pub token: Secret,
    /// Whether that is the refresh token.
    pub is_refresh: bool,
    /// Who gives it back.
    pub client: ClientAuth,
}

impl Revocation {
    /// Gives back what a login has; none if it has no tokens, or its client shows who it is by what is not kept.
    #[must_use]
    pub fn of(kept: &Kept) -> Option<Self> {
        let tokens = kept.tokens.as_ref()?;
        let id = kept.client.id.clone();
        let client = match (kept.client.method.as_str(), kept.client.secret.clone()) {
            ("none", _) => ClientAuth::None { id },
            ("client_secret_basic", Some(secret)) => ClientAuth::Basic { id, secret },
            ("client_secret_post", Some(secret)) => ClientAuth::Post { id, secret },
            _ => return None,
        };
        let (token, is_refresh) = match &tokens.refresh {
            Some(refresh) => (refresh.clone(), true),
            None => (tokens.access.clone(), false),
        };
        Some(Self { token, is_refresh, client })
    }

    /// What is to be posted now.
    #[must_use]
    pub fn form(&self, now: SystemTime) -> Form {
        let hint = if self.is_refresh { "refresh_token" } else { "access_token" };
        let pairs = vec![("token", self.token.clone()), ("token_type_hint", hint.into())];
        Form::of(pairs, &self.client, now)
    }
}

#[cfg(test)]
mod tests {
    use super::Revocation;
    use crate::store::{Client, Kept, Key};
    use crate::token::{Scheme, Tokens};
    use expect_test::expect;
    use std::time::SystemTime;

    fn kept(method: &str, secret: Option<&str>, refresh: Option<&str>) -> Kept {
        let mut client = Client::new("us");
        client.method = method.to_owned();
        client.secret = secret.map(Into::into);
        let mut kept = Kept::new(Key::new("", "https://a.test/mcp"), "https://as.test", client);
        let mut tokens = Tokens::new("access".into(), Scheme::Bearer).unwrap();
        tokens.refresh = refresh.map(Into::into);
        kept.tokens = Some(tokens);
        kept
    }

    #[test]
    fn what_is_kept_is_given_back_by_whom_it_was_given_to() {
        let logins = [
            kept("none", None, Some("refresh")),
            kept("none", None, None),
            kept("client_secret_basic", Some("s3cret"), Some("refresh")),
            kept("client_secret_post", Some("s3cret"), Some("refresh")),
            kept("client_secret_post", None, Some("refresh")),
            kept("private_key_jwt", None, Some("refresh")),
        ];
        let mut shown = String::new();
        for login in logins {
            shown += &match Revocation::of(&login).map(|it| it.form(SystemTime::UNIX_EPOCH)) {
                None => "nothing\n".to_owned(),
                Some(form) => {
                    let authorized = form.headers.contains_key("authorization");
                    format!("{} {authorized}\n", form.body.expose())
                }
            };
        }
        expect![[r#"
            token=refresh&token_type_hint=refresh_token&client_id=us false
            token=access&token_type_hint=access_token&client_id=us false
            token=refresh&token_type_hint=refresh_token true
            token=refresh&token_type_hint=refresh_token&client_id=us&client_secret=s3cret false
            nothing
            nothing
        "#]]
        .assert_eq(&shown);
    }

    #[test]
    fn a_registration_has_nothing_to_give_back() {
        let kept = Kept::new(Key::new("", "https://a.test"), "https://as.test", Client::new("us"));
        assert!(Revocation::of(&kept).is_none());
    }
}
