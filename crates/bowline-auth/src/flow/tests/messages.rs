//! What a person reads when a login fails.

use super::*;
use crate::fetch::Purpose;
use crate::flow::{CallbackFault, Unsupported, Wrong};
use crate::token::TokenFault;
use crate::url::UrlFault;
use expect_test::expect;

/// One of each.
fn faults() -> Vec<Fault> {
    let text = str::to_owned;
    let issuer = || text("https://as.example");
    let metadata = url("https://as.example/.well-known/oauth-authorization-server");
    let member = |wrong| Fault::Url { member: "token_endpoint", text: text("x"), wrong };
    let unsupported = |what| Fault::Unsupported { issuer: issuer(), what };
    vec![
        Fault::Cancelled,
        Fault::TooLate,
        Fault::OutOfTurn,
        Fault::NoRandomness,
        Fault::NothingToRefresh,
        Fault::Insecure { server: url("http://mcp.example/mcp") },
        Fault::Redirect { redirect: url("http://app.example/callback") },
        Fault::MetadataUrl { url: url("https://app.example") },
        Fault::Fetch {
            purpose: Purpose::Token,
            url: url("https://as.example/token"),
            fault: FetchFault::TimedOut,
        },
        Fault::NoMetadata {
            purpose: Purpose::AuthorizationServerMetadata,
            tried: vec![(metadata.clone(), text("404")), (metadata.clone(), text("no metadata"))],
        },
        Fault::Malformed {
            purpose: Purpose::Registration,
            url: url("https://as.example/register"),
            what: text("missing field `client_id`"),
        },
        member(Wrong::Url(UrlFault::Scheme)),
        member(Wrong::Url(UrlFault::Number)),
        member(Wrong::Plain),
        member(Wrong::Loopback),
        member(Wrong::Query),
        Fault::Resource { resource: text("https://evil.example"), server: url(SERVER) },
        Fault::Issuer { expected: issuer(), found: text("https://evil.example"), url: metadata },
        unsupported(Unsupported::Pkce),
        unsupported(Unsupported::Code),
        unsupported(Unsupported::AuthorizationEndpoint),
        unsupported(Unsupported::TokenEndpoint),
        unsupported(Unsupported::Dpop),
        Fault::OtherIssuer {
            client_id: text("c"),
            registered: text("https://old.example"),
            named: issuer(),
        },
        Fault::NoClient { issuer: issuer() },
        Fault::Registration {
            url: url("https://as.example/register"),
            status: 400,
            error: Some(text("invalid_redirect_uri")),
            description: Some(text("no loopback")),
        },
        Fault::Callback(CallbackFault::Foreign),
        Fault::Callback(CallbackFault::State),
        Fault::Callback(CallbackFault::Twice("code")),
        Fault::Callback(CallbackFault::NoIssuer),
        Fault::Callback(CallbackFault::Issuer {
            expected: issuer(),
            found: text("https://evil.example"),
        }),
        Fault::Callback(CallbackFault::Denied {
            error: text("access_denied"),
            description: Some(text("not today")),
        }),
        Fault::Callback(CallbackFault::NoCode),
        Fault::Token { url: url("https://as.example/token"), fault: TokenFault::Status(502) },
        Fault::Binding { issuer: issuer(), wanted: true },
        Fault::Binding { issuer: issuer(), wanted: false },
    ]
}

#[test]
fn every_fault_says_what_was_wrong_and_where() {
    let mut messages = String::new();
    for fault in faults() {
        let message = fault.to_string();
        assert!(!message.starts_with(char::is_uppercase) && !message.ends_with('.'), "{message}");
        let _ = writeln!(messages, "{message}");
    }
    expect![[r#"
        the login was given up
        nobody logged in in time; begin again
        the login had ended, or was waiting for something else
        the system has no randomness to give
        there is no refresh token; log in again
        `http://mcp.example` is plain http: a login there needs https
        the redirect URI at `http://app.example` must be https, or http on loopback, and have no query
        the client metadata at `https://app.example` must be https and have a path to be a `client_id`
        the token request at `https://as.example` was not answered: no answer in time
        the metadata of the authorization server was not found: `https://as.example/.well-known/oauth-authorization-server` answered 404, `https://as.example/.well-known/oauth-authorization-server` answered no metadata
        the answer of `https://as.example/register` (the registration of the client) cannot be used: missing field `client_id`
        `token_endpoint` names `x`, which is not used: it begins with neither `https://` nor `http://`
        `token_endpoint` names `x`, which is not used: its host is a number, but not an address like `192.0.2.1`
        `token_endpoint` names `x`, which is not used: it must be https
        `token_endpoint` names `x`, which is not used: it is on this machine, but the server is not
        `token_endpoint` names `x`, which is not used: its query has what only a client sets, or may not be there
        the metadata of `http://localhost:3000/mcp` says it is `https://evil.example`; a token for that would be one to steal, so none is asked for
        `https://as.example/.well-known/oauth-authorization-server` should be about the issuer `https://as.example`, but says it is `https://evil.example`; it was not used
        the authorization server `https://as.example` does not list `S256` in `code_challenge_methods_supported`, and without PKCE there is no login; tell whoever runs it
        the authorization server `https://as.example` does not list `code` in `response_types_supported`; tell whoever runs it
        the authorization server `https://as.example` has no `authorization_endpoint`; tell whoever runs it
        the authorization server `https://as.example` has no `token_endpoint`; tell whoever runs it
        the authorization server `https://as.example` does not list `ES256` in `dpop_signing_alg_values_supported`; tell whoever runs it
        the client `c` was registered at `https://old.example`, but the server names `https://as.example` now; register a client there and give its `client_id`
        `https://as.example` knows no client of ours, and there is no way to register one from here; register one there by hand and give its `client_id`
        `https://as.example` refused to register the client with status 400, `invalid_redirect_uri`, no loopback; register one there by hand and give its `client_id`
        this is not the URL that the browser was sent back to; paste it whole, from the address bar
        this answer belongs to another login (`state` is missing or another one); use the newest link
        the answer has `code` twice, so it was not used; begin again
        the answer does not say which authorization server it is from (`iss`), though that one announced it; it may be from another one, and was not used
        the answer is from `https://evil.example`, but `https://as.example` was asked (`iss`); it was not used
        the authorization server said no: `access_denied`, not today
        the answer of the authorization server has no `code`
        no token from `https://as.example`: the token endpoint answered 502 without a reason; try again later
        `https://as.example` gave a token that is not bound to our key, though it should be; it was not used
        `https://as.example` gave a token that is bound to a key which we do not have
    "#]].assert_eq(&messages);
}
