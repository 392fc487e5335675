//! Servers that want something else than to let somebody in.

use super::*;
use crate::settings::Grant;
use expect_test::expect;

/// How a login ends where the authorization server says this of itself.
fn with_server(members: &Value) -> (Result<Kept, Fault>, String) {
    let mut world = World::usual().get(AS_METADATA, &with(server(ISSUER), members));
    let end = world.run(settings(), unauthorized("Bearer"), None);
    (end, world.log)
}

/// URLs that no request may go to, seen from a server that is not on this machine.
const NOWHERE: &[&str] = &[
    "http://as.example/x",
    "http://localhost:9/x",
    "https://localhost:9/x",
    "http://127.0.0.1:9/x",
    "https://127.0.0.1/x",
    "https://[::1]/x",
    "http://169.254.169.254/latest/meta-data",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://user:pw@as.example/x",
    "https://as.example#x",
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "vbscript:x",
    "https://as.example/$(id)`id`|calc.exe",
    "https://as.example/\" --flag",
    "-flag",
    "",
    "https://as.example/\u{202e}",
];

#[test]
fn no_request_goes_where_a_peer_may_not_lead() {
    let far = |issuer: &str| with(server("https://as.example"), &json!({ "issuer": issuer }));
    let resource = |issuer: &str| json!({ "resource": "https://mcp.example/mcp", "authorization_servers": [issuer] });
    let place = "https://mcp.example/.well-known/oauth-protected-resource/mcp";
    let metadata = "https://as.example/.well-known/oauth-authorization-server";
    let mut settings = settings();
    settings.server = url("https://mcp.example/mcp");
    for &nowhere in NOWHERE {
        // The challenge, the issuer, and each endpoint.
        let mut challenge = Challenge::new(crate::token::Scheme::Bearer);
        challenge.resource_metadata = Some(nowhere.to_owned());
        let worlds = [
            (World::new(), Cause::Unauthorized(vec![challenge])),
            (World::new().get(place, &resource(nowhere)), Cause::Login),
        ];
        let endpoints = ["authorization_endpoint", "token_endpoint", "registration_endpoint"];
        let endpoints = endpoints.map(|member| {
            let world = World::new()
                .get(place, &resource("https://as.example"))
                .get(metadata, &with(far("https://as.example"), &json!({ member: nowhere })))
                .post("https://as.example/register", 201, &json!({ "client_id": "c" }))
                .post("https://as.example/token", 200, &tokens())
                .brings("code=c0de&iss=https%3A%2F%2Fas.example");
            (world, Cause::Login)
        });
        for (mut world, cause) in worlds.into_iter().chain(endpoints) {
            let fault = world.run(settings.clone(), cause, None).unwrap_err();
            assert!(matches!(fault, Fault::Url { .. }), "{nowhere}: {fault}");
            let asked = world.log.lines().filter(|line| !line.starts_with([' ', 'f', 'k']));
            for line in asked {
                let reached = line.split(' ').nth(1).unwrap();
                assert!(
                    reached.starts_with("https://mcp.example/")
                        || reached.starts_with("https://as.example/"),
                    "{nowhere}: {line}"
                );
                assert!(nowhere.is_empty() || !line.contains(nowhere), "{nowhere}: {line}");
            }
            assert!(!fault.to_string().contains(['\u{202e}', '\n']), "{fault}");
        }
    }
}

#[test]
fn on_this_machine_plain_http_is_for_this_machine_only() {
    let (end, log) = with_server(&json!({ "token_endpoint": "http://as.example/token" }));
    let fault = end.unwrap_err();
    expect![
        "`token_endpoint` names `http://as.example/token`, which is not used: it must be https"
    ]
    .assert_eq(&fault.to_string());
    assert!(!log.contains("POST http://as.example"), "{log}");
    // https is welcome anywhere.
    let (end, _) = with_server(&json!({ "authorization_endpoint": "https://as.example/a" }));
    assert!(end.is_ok());
}

#[test]
fn without_s256_there_is_no_login() {
    for methods in [Value::Null, json!([]), json!(["plain"])] {
        let (end, log) = with_server(&json!({ "code_challenge_methods_supported": methods }));
        let fault = end.unwrap_err();
        assert!(fault.to_string().contains("PKCE"), "{fault}");
        assert!(!log.contains("POST") && !log.contains("browser"), "{log}");
    }
    // As in OpenID Connect, whose metadata does not know that member.
    let openid = "http://localhost:4000/.well-known/openid-configuration";
    let silent = with(server(ISSUER), &json!({ "code_challenge_methods_supported": null }));
    let mut world = World::new().get(AT_PATH, &resource()).get(openid, &silent);
    assert!(world.run(settings(), Cause::Login, None).unwrap_err().to_string().contains("PKCE"));
}

#[test]
fn what_an_authorization_server_lacks_is_told_before_anything_is_sent() {
    for (members, part) in [
        (json!({ "authorization_endpoint": null }), "authorization_endpoint"),
        (json!({ "token_endpoint": null }), "token_endpoint"),
        (json!({ "response_types_supported": ["id_token"] }), "response_types_supported"),
        (json!({ "registration_endpoint": null }), "give its `client_id`"),
    ] {
        let (end, log) = with_server(&members);
        let fault = end.unwrap_err().to_string();
        assert!(fault.contains(part) && fault.contains(ISSUER), "{fault}");
        assert!(!log.contains("POST") && !log.contains("browser"), "{log}");
    }
}

#[test]
fn an_authorization_endpoint_keeps_its_query_but_none_of_our_parameters() {
    let (end, log) = with_server(&json!({
        "authorization_endpoint": format!("{ISSUER}/authorize?tenant=a%26b&x"),
    }));
    assert!(end.is_ok(), "{log}");
    assert!(log.contains("/authorize tenant=a&b x= response_type=code client_id="), "{log}");
    let asks = json!({
        "authorization_endpoint": format!("{ISSUER}/authorize?prompt=login"),
        "scopes_supported": ["offline_access"],
    });
    let mut world = World::usual().get(AS_METADATA, &with(server(ISSUER), &asks));
    let _ = world.login(settings(), unauthorized("Bearer scope=a"), None);
    assert!(world.log.contains("scope=a offline_access"), "{}", world.log);
    assert_eq!(world.log.matches("prompt=").count(), 1, "{}", world.log);
    for query in [
        "client_id=evil",
        "redirect_uri=https://evil.example",
        "%72edirect_uri=x",
        "state=x",
        "code_challenge=x",
        "response_type=token",
        "request_uri=https://evil.example/r",
        "resource=https://evil.example",
        "scope=all",
        "a=%zz",
    ] {
        let endpoint = format!("{ISSUER}/authorize?{query}");
        let (end, log) = with_server(&json!({ "authorization_endpoint": endpoint }));
        let fault = end.unwrap_err();
        assert!(matches!(fault, Fault::Url { .. }), "{fault}");
        assert!(!log.contains("browser"), "{log}");
    }
}

#[test]
fn metadata_for_another_server_ends_before_anybody_is_asked() {
    for (other, cause) in [
        ("https://evil.example/mcp", Cause::Login),
        ("http://localhost:3000/other", Cause::Login),
        ("http://localhost:3001/mcp", unauthorized("Bearer")),
        ("http://localhost:3000/mcp/deeper", unauthorized("Bearer")),
    ] {
        let mut world =
            World::usual().get(AT_PATH, &with(resource(), &json!({ "resource": other })));
        let fault = world.run(settings(), cause, None).unwrap_err();
        assert!(matches!(fault, Fault::Resource { .. }), "{fault}");
        assert_eq!(world.log.lines().count(), 2, "{}", world.log);
    }
}

#[test]
fn metadata_of_another_issuer_is_left_aside() {
    let openid = "http://localhost:4000/.well-known/openid-configuration";
    let other = server("http://localhost:4000/");
    let mut world = World::usual().get(AS_METADATA, &other).get(openid, &server(ISSUER));
    assert_eq!(world.login(settings(), Cause::Login, None).issuer, ISSUER);
    for other in ["http://localhost:4000/", "http://LOCALHOST:4000", "http://localhost:4000/x", ""]
    {
        let mut world = World::usual().get(AS_METADATA, &server(other)).get(openid, &server(other));
        let fault = world.run(settings(), Cause::Login, None).unwrap_err();
        assert!(matches!(fault, Fault::Issuer { .. }), "{other}: {fault}");
    }
}

#[test]
fn documents_that_are_none_are_told_or_passed_over() {
    // A challenge names the place: what is there has to be right.
    let named = "Bearer resource_metadata=\"http://localhost:3000/meta\"";
    for body in ["<html>", "{}", "[]", "{\"resource\":1}"] {
        let mut world =
            World::usual().answer(Method::Get, "http://localhost:3000/meta", 200, &[], body);
        let fault = world.run(settings(), unauthorized(named), None).unwrap_err();
        assert!(matches!(fault, Fault::Malformed { .. }), "{fault}");
    }
    // If there is nothing, or a page at a place that was guessed, the next one may have it.
    assert!(World::usual().run(settings(), unauthorized(named), None).is_ok());
    let root = with(resource(), &json!({ "resource": "http://localhost:3000" }));
    let mut world = World::usual()
        .answer(Method::Get, AT_PATH, 200, &[], "<!doctype html>")
        .get(AT_ROOT, &root);
    assert!(world.run(settings(), Cause::Login, None).is_ok());
    let none = with(resource(), &json!({ "authorization_servers": [] }));
    let fault = World::usual().get(AT_PATH, &none).run(settings(), Cause::Login, None).unwrap_err();
    expect!["the answer of `http://localhost:3000/.well-known/oauth-protected-resource/mcp` (the metadata of the protected resource) cannot be used: it names no `authorization_servers`"].assert_eq(&fault.to_string());
}

#[test]
fn a_registration_that_is_refused_says_why_fit_to_be_shown() {
    let refusal =
        json!({ "error": "invalid_redirect_uri", "error_description": "no\u{1b}[2Jloopback" });
    for (status, body) in
        [(400, refusal.to_string()), (403, "<html>".to_owned()), (500, String::new())]
    {
        let mut world = World::usual().answer(Method::Post, REGISTER, status, &[], body);
        let fault = world.run(settings(), Cause::Login, None).unwrap_err();
        let text = fault.to_string();
        assert!(text.contains(&status.to_string()) && !text.contains('\u{1b}'), "{text}");
        assert!(fault.wants_client());
        assert_eq!(text.contains("invalid_redirect_uri"), status == 400);
        assert!(!world.log.contains("browser"));
    }
    for body in [
        json!({}),
        json!({ "client_id": "" }),
        json!({ "client_id": 1 }),
        json!({ "client_id": "c\u{1b}[2J" }),
        json!({ "client_id": "c".repeat(5000) }),
    ] {
        let mut world = World::usual().post(REGISTER, 201, &body);
        let fault = world.run(settings(), Cause::Login, None).unwrap_err();
        assert!(matches!(fault, Fault::Malformed { .. }), "{fault}");
    }
}

#[test]
fn a_server_over_plain_http_gets_no_login_unless_it_is_on_this_machine() {
    for server in ["http://mcp.example/mcp", "http://10.0.0.1/mcp", "http://0.0.0.0/mcp"] {
        let mut settings = settings();
        settings.server = url(server);
        let mut world = World::new();
        let fault = world.run(settings, Cause::Login, None).unwrap_err();
        assert!(matches!(fault, Fault::Insecure { .. }), "{fault}");
        assert_eq!(world.log.lines().count(), 1, "nothing was asked: {}", world.log);
    }
    for redirect in ["http://app.example/cb", "http://127.0.0.1/cb?x=1"] {
        let mut settings = settings();
        settings.grant = Grant::AuthorizationCode { redirect: url(redirect) };
        let fault = World::new().run(settings, Cause::Login, None).unwrap_err();
        assert!(matches!(fault, Fault::Redirect { .. }), "{fault}");
    }
}

#[test]
fn our_own_metadata_url_must_be_able_to_be_a_client_id() {
    for metadata in ["http://localhost/client.json", "https://app.example", "https://app.example/"]
    {
        let mut settings = settings();
        settings.identity.metadata_url = Some(url(metadata));
        let fault = World::usual().run(settings, Cause::Login, None).unwrap_err();
        assert!(matches!(fault, Fault::MetadataUrl { .. }), "{fault}");
    }
}

/// A flow that waits for the browser, and the state that it gave to it.
fn waiting() -> (World, Flow, String) {
    let mut world = World::usual();
    let mut flow = Flow::new(settings(), Cause::Login, None);
    let mut event = Event::Begin;
    loop {
        event = match flow.next(event, now()) {
            Step::Fetch(request) => Event::Fetched(Ok(world.fetch(&request))),
            Step::OpenBrowser { state, .. } => return (world, flow, state),
            step => panic!("{step:?}"),
        };
    }
}

#[test]
fn what_belongs_to_another_login_does_not_end_this_one() {
    let (_, mut flow, state) = waiting();
    for stray in ["/callback?code=x&state=other", "/favicon.ico", "/callback?error=access_denied"] {
        let Step::Wait { until, .. } = flow.next(Event::Returned(stray.to_owned()), now()) else {
            panic!("{stray}")
        };
        assert_eq!(until, now() + Duration::from_secs(600));
    }
    let right = format!("/callback?code=c0de&state={state}&iss=http%3A%2F%2Flocalhost%3A4000");
    assert!(matches!(flow.next(Event::Returned(right), now()), Step::Fetch(_)));
}

#[test]
fn strays_are_not_waited_out_for_ever() {
    let (_, mut flow, _) = waiting();
    let strays = || Event::Returned("/callback?state=other".to_owned());
    let waited = (0..100).take_while(|_| matches!(flow.next(strays(), now()), Step::Wait { .. }));
    assert_eq!(waited.count(), 16);
}

#[test]
fn nobody_is_waited_for_longer_than_ten_minutes() {
    let (_, mut flow, state) = waiting();
    let late = now() + Duration::from_secs(600);
    let returned = format!("/callback?code=c0de&state={state}&iss=http%3A%2F%2Flocalhost%3A4000");
    let Step::Failed(failed) = flow.next(Event::Returned(returned), late) else { panic!() };
    assert_eq!(failed.fault, Fault::TooLate);
}

#[test]
fn a_code_is_taken_once_and_states_and_verifiers_are_never_the_same() {
    let (_, mut flow, state) = waiting();
    let returned = format!("/callback?code=c0de&state={state}&iss=http%3A%2F%2Flocalhost%3A4000");
    let Step::Fetch(first) = flow.next(Event::Returned(returned.clone()), now()) else { panic!() };
    let Step::Failed(failed) = flow.next(Event::Returned(returned), now()) else { panic!() };
    assert_eq!(failed.fault, Fault::OutOfTurn);
    let (_, mut other, other_state) = waiting();
    assert_ne!(state, other_state);
    let crossed = format!("/callback?code=c0de&state={state}&iss=http%3A%2F%2Flocalhost%3A4000");
    assert!(matches!(other.next(Event::Returned(crossed), now()), Step::Wait { .. }));
    let verifier = |request: &Request| {
        let body = form::members(request.body.as_ref().unwrap().expose()).unwrap();
        body.into_iter().find(|(name, _)| name == "code_verifier").unwrap().1
    };
    let right =
        format!("/callback?code=c0de&state={other_state}&iss=http%3A%2F%2Flocalhost%3A4000");
    let Step::Fetch(second) = other.next(Event::Returned(right), now()) else { panic!() };
    assert_ne!(verifier(&first), verifier(&second));
}

#[test]
fn no_secret_of_a_login_is_shown_by_anything() {
    let secrets = json!({
        "access_token": "planted-access",
        "refresh_token": "planted-refresh",
        "id_token": "planted-id",
        "token_type": "Bearer",
        "expires_in": 0,
    });
    let client = json!({ "client_id": "c", "client_secret": "planted-client" });
    let post = json!({ "token_endpoint_auth_methods_supported": ["client_secret_post"] });
    let mut world = World::usual()
        .get(AS_METADATA, &with(server(ISSUER), &post))
        .post(REGISTER, 201, &client)
        .post(TOKEN, 200, &secrets);
    let mut flow = Flow::new(settings(), Cause::Login, None);
    let (mut event, mut shown, mut planted) = (Event::Begin, String::new(), String::new());
    loop {
        let step = flow.next(event, now());
        let _ = writeln!(shown, "{step:?} {flow:?}");
        event = match step {
            Step::Fetch(request) => {
                let body = request.body.as_ref().map(|body| body.expose()).unwrap_or_default();
                let mut members = form::members(body).unwrap().into_iter();
                let verifier = members.find(|(name, _)| name == "code_verifier");
                planted.extend(verifier.map(|(_, verifier)| format!(" {verifier}")));
                let answer = world.fetch(&request);
                let _ = writeln!(shown, "{answer:?}");
                Event::Fetched(Ok(answer))
            }
            Step::OpenBrowser { state, .. } => {
                planted.push_str(&state);
                Event::Returned(format!(
                    "/callback?code=planted-code&state={state}&iss=http%3A%2F%2Flocalhost%3A4000"
                ))
            }
            Step::Done(_) => break,
            step => panic!("{step:?}"),
        };
    }
    assert_eq!(planted.split(' ').count(), 2, "a state and a verifier: {planted}");
    for secret in planted.split(' ').chain(["planted-"]) {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
