//! What is kept of a login, and what is used of it later.

use super::*;
use crate::settings::{Credential, Preregistered};
use expect_test::expect;

/// A login with a refresh token.
fn kept() -> Kept {
    let answer = with(tokens(), &json!({ "refresh_token": "ref", "scope": "a" }));
    let mut world = World::usual().post(TOKEN, 200, &answer);
    world.login(settings(), unauthorized("Bearer scope=\"a b\""), None)
}

fn refused(error: &str) -> Value {
    json!({ "error": error })
}

#[test]
fn a_refresh_in_advance_is_one_request() {
    let mut world =
        World::usual().post(TOKEN, 200, &with(tokens(), &json!({ "access_token": "acc2" })));
    let _ = world.login(settings(), Cause::Refresh, Some(kept()));
    expect![[r#"
        POST http://localhost:4000/token (named by a peer)
          grant_type=refresh_token refresh_token=ref resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [a b] Bearer acc2 refresh ref
    "#]].assert_eq(&world.log);
}

#[test]
fn a_rotated_refresh_token_takes_the_place_of_the_old_one() {
    let rotated = with(tokens(), &json!({ "refresh_token": "ref2" }));
    let mut world = World::usual().post(TOKEN, 200, &rotated);
    let kept = world.login(settings(), Cause::Refresh, Some(kept()));
    assert_eq!(kept.tokens.unwrap().refresh.unwrap().expose(), "ref2");
    assert_eq!(kept.scopes, ["a", "b"], "what was asked for stays known");
}

#[test]
fn a_refresh_in_advance_opens_no_browser_whatever_happens() {
    for (status, answer, ends) in [
        (400, refused("invalid_grant"), true),
        (401, refused("invalid_client"), true),
        (400, refused("invalid_scope"), false),
        (500, json!({}), false),
        (503, refused("temporarily_unavailable"), false),
        (200, json!({}), false),
    ] {
        let mut world = World::usual().post(TOKEN, status, &answer);
        let fault = world.run(settings(), Cause::Refresh, Some(kept())).unwrap_err();
        assert_eq!(fault.ends_login(), ends, "{fault}");
        assert_eq!(fault.is_transient(), status >= 500, "{fault}");
        assert_eq!(world.log.matches("POST").count(), 1, "{}", world.log);
        assert!(!world.log.contains("browser"));
    }
    let fault = World::usual().run(settings(), Cause::Refresh, None).unwrap_err();
    assert_eq!(fault, Fault::NothingToRefresh);
}

#[test]
fn a_refresh_token_of_a_client_that_the_settings_no_longer_name_is_not_used_in_advance_either() {
    for endpoint in [None, Some(TOKEN.to_owned())] {
        let mut settings = settings();
        settings.identity.preregistered = Some(Preregistered {
            issuer: None,
            id: "by-hand".to_owned(),
            credential: Credential::None,
        });
        let mut kept = kept();
        kept.token_endpoint = endpoint;
        let mut world = World::usual();
        let fault = world.run(settings, Cause::Refresh, Some(kept)).unwrap_err();
        assert_eq!(fault, Fault::NothingToRefresh);
        assert!(!world.log.contains("POST") && !world.log.contains("browser"), "{}", world.log);
    }
}

#[test]
fn without_the_place_of_the_last_refresh_it_is_looked_for_at_the_issuer() {
    let mut before = kept();
    before.token_endpoint = None;
    let mut world = World::usual();
    let after = world.login(settings(), Cause::Refresh, Some(before));
    assert_eq!(after.token_endpoint.as_deref(), Some(TOKEN));
    assert!(world.log.starts_with(&format!("GET {AS_METADATA}")), "{}", world.log);
}

#[test]
fn after_a_401_the_refresh_token_is_tried_before_a_person_is_asked() {
    let mut world = World::usual();
    let _ = world.login(settings(), unauthorized("Bearer error=\"invalid_token\""), Some(kept()));
    assert!(!world.log.contains("browser"), "{}", world.log);
    assert!(world.log.contains("grant_type=refresh_token refresh_token=ref"), "{}", world.log);

    let mut world = World::usual();
    let header = HeaderValue::from_static("Bearer error=\"invalid_token\"");
    let cause = Cause::Rejected(Challenge::parse([&header]));
    let _ = world.login(settings(), cause, Some(kept()));
    assert!(world.log.contains("browser") && !world.log.contains("refresh_token=ref"));
}

#[test]
fn a_refresh_token_that_is_worth_nothing_leads_to_a_person_and_to_the_same_client() {
    let mut world =
        World::usual().post(TOKEN, 400, &refused("invalid_grant")).then(200, &[], &tokens());
    let _ = world.login(settings(), unauthorized("Bearer"), Some(kept()));
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/token (named by a peer)
          grant_type=refresh_token refresh_token=ref resource=http://localhost:3000/mcp client_id=registered
        browser http://localhost:4000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp scope=a b
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [a b] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

#[test]
fn a_server_that_is_down_costs_no_login() {
    for (status, answer) in [
        (500, json!({})),
        (502, json!({})),
        (429, json!({})),
        (503, refused("temporarily_unavailable")),
        (400, refused("server_error")),
    ] {
        let mut world = World::usual().post(TOKEN, status, &answer);
        let fault = world.run(settings(), unauthorized("Bearer"), Some(kept())).unwrap_err();
        assert!(fault.is_transient() && !fault.ends_login(), "{fault}");
        assert!(!world.log.contains("browser") && !world.log.contains("kept:"), "{}", world.log);
    }
}

#[test]
fn a_registration_that_the_server_forgot_is_made_again_once() {
    let mut world = World::usual()
        .post(REGISTER, 201, &json!({ "client_id": "registered-again" }))
        .post(TOKEN, 401, &refused("invalid_client"))
        .then(200, &[], &tokens());
    let after = world.login(settings(), unauthorized("Bearer"), Some(kept()));
    assert_eq!(after.client.id, "registered-again");

    let mut world = World::usual().post(TOKEN, 401, &refused("invalid_client"));
    let fault = world.run(settings(), Cause::Login, Some(kept())).unwrap_err();
    assert!(fault.ends_login(), "{fault}");
    assert_eq!(world.log.matches("/register").count(), 1, "{}", world.log);
    assert_eq!(world.log.matches("browser").count(), 2, "{}", world.log);
}

#[test]
fn a_registration_is_used_again_where_it_fits() {
    let ended = {
        let mut kept = kept();
        kept.client.secret_expires = Some(now());
        kept
    };
    let elsewhere = {
        let mut kept = kept();
        kept.client.redirect_uris = vec!["http://127.0.0.1:5001/callback".to_owned()];
        kept
    };
    let other_issuer = {
        let mut kept = kept();
        kept.issuer = format!("{ISSUER}/");
        kept
    };
    let by_hand = {
        let mut kept = kept();
        kept.client.dynamic = false;
        kept
    };
    for (before, again) in
        [(kept(), false), (ended, true), (elsewhere, true), (other_issuer, true), (by_hand, true)]
    {
        let mut world = World::usual();
        let _ = world.login(settings(), Cause::Login, Some(before));
        assert_eq!(world.log.contains(REGISTER), again, "{}", world.log);
    }
}

#[test]
fn a_refresh_token_is_not_used_for_another_resource_client_or_issuer() {
    let mut other_resource = kept();
    other_resource.resource = Some("http://localhost:3000/other".to_owned());
    let mut other_issuer = kept();
    other_issuer.issuer = "http://localhost:4001".to_owned();
    let mut other_client = settings();
    other_client.identity.preregistered = Some(Preregistered {
        issuer: None,
        id: "by-hand".to_owned(),
        credential: Credential::None,
    });
    for (settings, kept) in
        [(settings(), other_resource), (settings(), other_issuer), (other_client, kept())]
    {
        let mut world = World::usual();
        let _ = world.login(settings, unauthorized("Bearer"), Some(kept));
        assert!(!world.log.contains("refresh_token=ref"), "{}", world.log);
        assert!(world.log.contains("browser"), "{}", world.log);
    }
}

#[test]
fn a_client_registered_by_hand_stays_with_its_issuer() {
    let mut by_hand = settings();
    by_hand.identity.preregistered = Some(Preregistered {
        issuer: None,
        id: "by-hand".to_owned(),
        credential: Credential::Secret("s3cret".into()),
    });
    let methods = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    let metadata = with(server(ISSUER), &methods);
    let answer = with(tokens(), &json!({ "refresh_token": "ref" }));
    let mut world = World::usual().get(AS_METADATA, &metadata).post(TOKEN, 200, &answer);
    let kept = world.login(by_hand.clone(), unauthorized("Bearer"), None);
    for settings in [by_hand.clone(), settings()] {
        let mut world = World::usual().post(TOKEN, 200, &answer);
        let _ = world.login(settings, Cause::Refresh, Some(kept.clone()));
        assert!(world.log.contains("client_id=by-hand client_secret=s3cret"), "{}", world.log);
    }
    let newer = Credential::Secret("newer".into());
    let mut changed = by_hand.clone();
    changed.identity.preregistered.as_mut().unwrap().credential = newer;
    let mut world = World::usual().post(TOKEN, 200, &answer);
    let _ = world.login(changed, Cause::Refresh, Some(kept.clone()));
    assert!(world.log.contains("client_id=by-hand client_secret=newer"), "{}", world.log);

    // The server names another one now.
    let second = json!({ "authorization_servers": ["http://localhost:4001"] });
    let mut world = World::usual().get(AT_PATH, &with(resource(), &second)).get(
        "http://localhost:4001/.well-known/oauth-authorization-server",
        &server("http://localhost:4001"),
    );
    let fault = world.run(by_hand.clone(), unauthorized("Bearer"), Some(kept)).unwrap_err();
    expect!["the client `by-hand` was registered at `http://localhost:4000`, but the server names `http://localhost:4001` now; register a client there and give its `client_id`"].assert_eq(&fault.to_string());
    assert!(fault.wants_client());
    assert!(!world.log.contains("POST") && !world.log.contains("browser"), "{}", world.log);

    by_hand.identity.preregistered.as_mut().unwrap().issuer = Some("https://as.example".to_owned());
    let fault = World::usual().run(by_hand, Cause::Login, None).unwrap_err();
    assert!(matches!(fault, Fault::OtherIssuer { .. }), "{fault}");
}

#[test]
fn among_several_authorization_servers_the_known_one_is_asked() {
    let several = json!({ "authorization_servers": ["http://localhost:4009", ISSUER] });
    let mut world = World::usual().get(AT_PATH, &with(resource(), &several));
    let _ = world.login(settings(), Cause::Login, Some(kept()));
    assert!(!world.log.contains("4009"), "{}", world.log);
    let fault = World::usual()
        .get(AT_PATH, &with(resource(), &several))
        .run(settings(), Cause::Login, None)
        .unwrap_err();
    assert!(fault.to_string().contains("4009"), "{fault}");
}

#[test]
fn a_registration_is_kept_although_the_login_was_given_up_but_never_instead_of_one() {
    let mut world = World::usual().brings("error=access_denied");
    let _ = world.run(settings(), Cause::Login, None).unwrap_err();
    assert!(
        world.log.ends_with(
            "kept: registered at http://localhost:4000 (none, dynamic) for - scopes []\n"
        ),
        "{}",
        world.log
    );

    let mut before = kept();
    before.client.redirect_uris.clear();
    let mut world = World::usual().brings("error=access_denied");
    let _ = world.run(settings(), Cause::Login, Some(before)).unwrap_err();
    assert!(world.log.contains(REGISTER) && !world.log.contains("kept:"), "{}", world.log);
}
