//! What token endpoints say.

use super::super::{
    ClientAuth, Code, Exchanged, Grant, Scheme, Subject, TokenFault, TokenRequest, Tokens,
};
use super::{code, now, request};
use crate::Secret;
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};

fn read(status: u16, body: &str) -> Result<Tokens, TokenFault> {
    Tokens::read(status, &HeaderMap::new(), body.as_bytes(), now())
}

/// An answer with these members more or instead; null stays null.
fn with(changes: &Value) -> String {
    let mut body = json!({"access_token": "2YotnFZFEjr1zCsicMWpAA", "token_type": "Bearer"});
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body.to_string()
}

fn in_seconds(seconds: u64) -> Option<SystemTime> {
    Some(now() + Duration::from_secs(seconds))
}

#[test]
fn tokens_are_read_with_all_that_came() {
    let tokens = read(
        200,
        &with(&json!({
            "expires_in": 3600, "refresh_token": "r", "scope": "a  b", "id_token": "i", "example": {"x": 1},
        })),
    );
    let mut expected = Tokens::new("2YotnFZFEjr1zCsicMWpAA".into(), Scheme::Bearer).unwrap();
    expected.expires = in_seconds(3600);
    expected.refresh = Some("r".into());
    expected.scopes = Some(vec!["a".to_owned(), "b".to_owned()]);
    expected.id = Some("i".into());
    assert_eq!(tokens, Ok(expected));
}

#[test]
fn the_type_of_a_token_is_known_in_any_case() {
    for name in ["Bearer", "bearer", "BEARER"] {
        assert_eq!(read(200, &with(&json!({"token_type": name}))).unwrap().scheme, Scheme::Bearer);
    }
    for name in ["DPoP", "dpop"] {
        let tokens = read(200, &with(&json!({"token_type": name}))).unwrap();
        assert_eq!(tokens.authorization().unwrap(), "DPoP 2YotnFZFEjr1zCsicMWpAA");
    }
    for (name, shown) in
        [("mac", "mac"), ("N_A", "N_A"), ("Bearer ", "Bearer "), ("\u{1b}x", "\\u{1b}x")]
    {
        let fault = TokenFault::TokenType(shown.to_owned());
        assert_eq!(read(200, &with(&json!({"token_type": name}))), Err(fault));
    }
    let value = read(200, &with(&json!({}))).unwrap().authorization().unwrap();
    assert_eq!(value, "Bearer 2YotnFZFEjr1zCsicMWpAA");
    assert!(value.is_sensitive());
}

#[test]
fn the_end_of_a_token_is_a_number_or_the_text_of_one() {
    let year = 365 * 24 * 3600;
    let cases = [
        (json!({}), Ok(None)),
        (json!({"expires_in": null}), Ok(None)),
        (json!({"expires_in": 3600}), Ok(in_seconds(3600))),
        (json!({"expires_in": 0}), Ok(in_seconds(0))),
        (json!({"expires_in": 3599.0}), Ok(in_seconds(3599))),
        (json!({"expires_in": "3600"}), Ok(in_seconds(3600))),
        (json!({"expires_in": year * 100}), Ok(in_seconds(year * 100))),
        (json!({"expires_in": u64::MAX}), Ok(None)),
        (json!({"expires_in": 1e300}), Ok(None)),
        (json!({"expires_in": -1}), Err(())),
        (json!({"expires_in": ""}), Err(())),
        (json!({"expires_in": "soon"}), Err(())),
        (json!({"expires_in": "NaN"}), Err(())),
        (json!({"expires_in": true}), Err(())),
        (json!({"expires_in": [3600]}), Err(())),
    ];
    let fault = TokenFault::Malformed("its `expires_in` is not a number of seconds");
    for (changes, expected) in cases {
        let expires = read(200, &with(&changes)).map(|tokens| tokens.expires);
        assert_eq!(expires, expected.map_err(|()| fault.clone()), "{changes}");
    }
}

#[test]
fn what_is_no_answer_is_refused_for_what_is_wrong_with_it() {
    let json = "it is not a JSON object without repeated members";
    let cases = [
        (String::new(), json),
        ("access_token=a&token_type=bearer".to_owned(), json),
        ("<html>".to_owned(), json),
        ("[]".to_owned(), json),
        (r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#.to_owned(), json),
        ("{}".to_owned(), "it has no `token_type`"),
        (with(&json!({"token_type": null})), "it has no `token_type`"),
        (with(&json!({"token_type": 1})), "its `token_type` is not a text"),
        (with(&json!({"access_token": null})), "it has no `access_token`"),
        (with(&json!({"access_token": 1})), "its `access_token` is not a text"),
        (with(&json!({"access_token": ""})), "its `access_token` is not visible ASCII"),
        (with(&json!({"access_token": "a b"})), "its `access_token` is not visible ASCII"),
        (with(&json!({"access_token": "a\r\nx: y"})), "its `access_token` is not visible ASCII"),
        (with(&json!({"access_token": "é"})), "its `access_token` is not visible ASCII"),
        (with(&json!({"refresh_token": 1})), "its `refresh_token` is not a text"),
        (with(&json!({"scope": ["a"]})), "its `scope` is not a text"),
        (with(&json!({"id_token": {}})), "its `id_token` is not a text"),
        (with(&json!({"x": "x".repeat(256 * 1024)})), "it is longer than 256 KiB"),
    ];
    for (body, what) in cases {
        assert_eq!(
            read(200, &body),
            Err(TokenFault::Malformed(what)),
            "{}",
            &body[..body.len().min(80)]
        );
    }
}

#[test]
fn what_is_null_or_empty_is_as_if_it_were_not_there() {
    let tokens = read(
        200,
        &with(&json!({"refresh_token": null, "scope": null, "id_token": null, "error": null})),
    );
    assert_eq!(tokens, read(200, &with(&json!({}))));
    assert_eq!(read(200, &with(&json!({"refresh_token": ""}))).unwrap().refresh, None);
    assert_eq!(read(200, &with(&json!({"scope": ""}))).unwrap().scopes, Some(Vec::new()));
}

#[test]
fn refusals_are_told_apart_whatever_their_status() {
    let codes = [
        ("invalid_request", Code::InvalidRequest),
        ("invalid_client", Code::InvalidClient),
        ("invalid_grant", Code::InvalidGrant),
        ("unauthorized_client", Code::UnauthorizedClient),
        ("unsupported_grant_type", Code::UnsupportedGrantType),
        ("invalid_scope", Code::InvalidScope),
        ("invalid_target", Code::InvalidTarget),
        ("invalid_dpop_proof", Code::InvalidDpopProof),
        ("authorization_pending", Code::Other("authorization_pending".to_owned())),
        ("\u{1b}]0;x\u{7}", Code::Other("\\u{1b}]0;x\\u{7}".to_owned())),
    ];
    for (name, code) in codes {
        for status in [200, 400, 401, 403, 500] {
            let body = json!({"error": name}).to_string();
            let fault = TokenFault::Refused { code: code.clone(), description: None };
            assert_eq!(read(status, &body), Err(fault));
        }
        if !name.starts_with('\u{1b}') {
            assert_eq!(code.name(), name);
        }
    }
    // Who refuses gives no token, whatever else is there.
    assert!(read(200, &with(&json!({"error": "invalid_grant"}))).is_err());
}

#[test]
fn what_a_refusal_says_is_escaped_and_cut_short() {
    let body = |description: Value| {
        json!({"error": "invalid_grant", "error_description": description}).to_string()
    };
    let described = |text: Value| match read(400, &body(text)) {
        Err(TokenFault::Refused { description, .. }) => description,
        other => panic!("{other:?}"),
    };
    assert_eq!(described(json!("too old")).as_deref(), Some("too old"));
    assert_eq!(
        described(json!("\u{1b}[2J\u{202e}\n")).as_deref(),
        Some("\\u{1b}[2J\\u{202e}\\u{a}")
    );
    assert_eq!(described(json!("x".repeat(1000))), Some("x".repeat(200) + "…"));
    assert_eq!(described(json!(1)), None);
}

#[test]
fn a_wanted_nonce_comes_with_the_refusal() {
    let body = json!({"error": "use_dpop_nonce"}).to_string();
    let mut headers = HeaderMap::new();
    headers.insert("dpop-nonce", HeaderValue::from_static("n-1"));
    for status in [400, 401] {
        let fault = Tokens::read(status, &headers, body.as_bytes(), now());
        assert_eq!(fault, Err(TokenFault::UseDpopNonce("n-1".to_owned())));
    }
    let none =
        TokenFault::Malformed("it wants a nonce in the DPoP proof, and sends none in `DPoP-Nonce`");
    assert_eq!(read(400, &body), Err(none));
}

#[test]
fn a_status_without_a_reason_is_one() {
    let bodies = ["", "<html>", "{}", r#"{"error":1}"#, &with(&json!({})), &"x".repeat(300 * 1024)];
    for body in bodies {
        for status in [199, 302, 400, 404, 429, 500, 503] {
            assert_eq!(read(status, body), Err(TokenFault::Status(status)));
        }
    }
}

#[test]
fn it_is_known_what_may_pass_and_what_is_lost() {
    let refused = |name: &str| TokenFault::Refused { code: name.into(), description: None };
    let cases = [
        (TokenFault::Status(503), (true, false, false)),
        (TokenFault::Status(429), (true, false, false)),
        (TokenFault::Status(404), (false, false, false)),
        (TokenFault::UseDpopNonce(String::new()), (true, false, false)),
        (TokenFault::Malformed(""), (false, false, false)),
        (TokenFault::TokenType(String::new()), (false, false, false)),
        (refused("temporarily_unavailable"), (true, false, false)),
        (refused("server_error"), (true, false, false)),
        (refused("slow_down"), (true, false, false)),
        (refused("invalid_grant"), (false, true, false)),
        (refused("invalid_client"), (false, false, true)),
        (refused("unauthorized_client"), (false, false, true)),
        (refused("invalid_scope"), (false, false, false)),
        (refused("anything"), (false, false, false)),
    ];
    for (fault, expected) in cases {
        let known = (fault.is_temporary(), fault.is_invalid_grant(), fault.is_invalid_client());
        assert_eq!(known, expected, "{fault:?}");
    }
}

#[test]
fn a_refresh_keeps_the_refresh_token_that_is_not_returned() {
    let refresh = request(Grant::Refresh { token: "old".into() });
    let answer = |request: &TokenRequest, body: &str| {
        request.tokens(200, &HeaderMap::new(), body.as_bytes(), now()).unwrap().refresh
    };
    assert_eq!(answer(&refresh, &with(&json!({}))), Some("old".into()));
    assert_eq!(answer(&refresh, &with(&json!({"refresh_token": ""}))), Some("old".into()));
    assert_eq!(answer(&refresh, &with(&json!({"refresh_token": "new"}))), Some("new".into()));
    assert_eq!(answer(&request(code()), &with(&json!({}))), None);
}

#[test]
fn a_refusal_that_repeats_a_secret_is_not_repeated() {
    let client = ClientAuth::Post { id: "app".to_owned(), secret: "p4ss word".into() };
    let requests = [
        (request(Grant::Refresh { token: "R3fr3sh/Token".into() }), "R3fr3sh/Token"),
        (request(Grant::JwtBearer { assertion: "eyJhbGciOi.J9".into() }), "eyJhbGciOi.J9"),
        (request(code()), "Splx+/=&10BeZ"),
        (request(code()), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        (TokenRequest { client, ..request(Grant::ClientCredentials) }, "p4ss word"),
        (request(Grant::Refresh { token: "short".into() }), "short"),
        (
            request(Grant::Exchange {
                subject: "subject-token".into(),
                kind: Subject::IdToken,
                audience: String::new(),
            }),
            "subject-token",
        ),
    ];
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    for (request, secret) in requests {
        let mut escaped = String::new();
        super::super::form::push(&mut escaped, secret);
        let head = secret.chars().take(8).collect::<String>();
        for echo in [secret.to_owned(), head, escaped, STANDARD.encode(secret)] {
            for body in [
                json!({"error": "invalid_grant", "error_description": format!("`{echo}` is odd")}),
                json!({"error": format!("odd_{echo}")}),
                json!({"access_token": "a", "token_type": format!("odd {echo}")}),
            ] {
                let fault = request
                    .tokens(400, &HeaderMap::new(), body.to_string().as_bytes(), now())
                    .unwrap_err();
                assert!(!format!("{fault} {fault:?}").contains(&echo), "{fault}");
                let fault =
                    request.exchanged(400, &HeaderMap::new(), body.to_string().as_bytes(), now());
                assert!(!format!("{:?}", fault.unwrap_err()).contains(&echo));
            }
        }
        let body =
            json!({"error": "invalid_grant", "error_description": "it is too old"}).to_string();
        let fault = request.tokens(400, &HeaderMap::new(), body.as_bytes(), now()).unwrap_err();
        assert!(fault.to_string().contains("it is too old"), "{fault}");
    }
}

#[test]
fn an_exchange_gives_an_identity_assertion_and_nothing_else() {
    let read = |changes: Value| {
        let mut body = json!({
            "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag", "access_token": "eyJ.e30.c2ln",
            "token_type": "N_A", "expires_in": 300,
        });
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        Exchanged::read(200, &HeaderMap::new(), body.to_string().as_bytes(), now())
    };
    let expected = Exchanged { assertion: "eyJ.e30.c2ln".into(), expires: in_seconds(300) };
    assert_eq!(read(json!({})), Ok(expected.clone()));
    assert_eq!(read(json!({"token_type": "Bearer"})), Ok(expected));
    let kind =
        TokenFault::Malformed("its `issued_token_type` is not an identity assertion (`id-jag`)");
    for other in [json!(null), json!("urn:ietf:params:oauth:token-type:access_token")] {
        assert_eq!(read(json!({"issued_token_type": other})), Err(kind.clone()));
    }
    let not_text = TokenFault::Malformed("its `issued_token_type` is not a text");
    assert_eq!(read(json!({"issued_token_type": 1})), Err(not_text));
    let none = TokenFault::Malformed("it has no `access_token`");
    assert_eq!(read(json!({"access_token": ""})), Err(none.clone()));
    assert_eq!(read(json!({"access_token": null})), Err(none));
    assert!(read(json!({"error": "invalid_grant"})).is_err());
}

#[test]
fn a_token_ends_when_its_time_is_over_or_soon_will_be() {
    let mut tokens = Tokens::new("a".into(), Scheme::Bearer).unwrap();
    let minute = Duration::from_secs(60);
    assert!(!tokens.ends(now(), minute));
    tokens.expires = Some(now() + minute);
    assert!(!tokens.ends(now(), Duration::from_secs(59)));
    assert!(tokens.ends(now(), minute));
    assert!(tokens.ends(now() + minute, Duration::ZERO));
    assert!(tokens.ends(now(), Duration::MAX));
}

#[test]
fn a_token_that_no_header_can_carry_is_none() {
    for odd in ["", "a b", "a\n", "é"] {
        assert!(Tokens::new(Secret::new(odd), Scheme::Bearer).is_err());
    }
    let mut tokens = Tokens::new("a".into(), Scheme::Bearer).unwrap();
    tokens.access = "a\n".into();
    assert_eq!(tokens.authorization(), None);
}

#[test]
fn why_no_token_came_is_said_with_what_to_do() {
    let refused = |name: &str, description: Option<&str>| TokenFault::Refused {
        code: name.into(),
        description: description.map(str::to_owned),
    };
    expect_test::expect![[r#"
        the authorization server refused with `invalid_grant` (it says: too old); log in again
        the authorization server refused with `invalid_client`; check the client id and secret, or register again
        the authorization server refused with `invalid_scope`; ask for other scopes
        the authorization server refused with `invalid_target`; it gives no tokens for this server
        the authorization server refused with `odd`; this is between the authorization server and this program
        the authorization server wants its nonce in the DPoP proof; try again
        the token endpoint sent an answer that is none: why
        the token endpoint answered 503 without a reason; try again later
        the token endpoint answered 404 without a reason; check the URL of the server
        the token is of the type `mac`; only `Bearer` and `DPoP` are known here"#]]
    .assert_eq(
        &[
            refused("invalid_grant", Some("too old")),
            refused("invalid_client", None),
            refused("invalid_scope", None),
            refused("invalid_target", None),
            refused("odd", None),
            TokenFault::UseDpopNonce("secret".to_owned()),
            TokenFault::Malformed("why"),
            TokenFault::Status(503),
            TokenFault::Status(404),
            TokenFault::TokenType("mac".to_owned()),
        ]
        .map(|fault| fault.to_string())
        .join("\n"),
    );
}
