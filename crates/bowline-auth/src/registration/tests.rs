//! Who we are where, and what we say of ourselves; the rest is in the tests of the flow.

use super::{Choice, authentication, choose, read};
use crate::jose::SigningKey;
use crate::metadata::AuthorizationServer;
use crate::settings::{ClientIdentity, Credential, Dynamic, Preregistered, Settings};
use crate::store::Client;
use crate::token::ClientAuth;
use crate::{Secret, Url};
use serde_json::{Map, Value, json};
use std::time::{Duration, UNIX_EPOCH};

const ISSUER: &str = "https://as.example";

/// An authorization server that says this of clients.
fn server(members: Value) -> AuthorizationServer {
    let Value::Object(mut document) = members else { panic!("{members} is no object") };
    document.insert("issuer".to_owned(), ISSUER.into());
    AuthorizationServer::read(Value::Object(document).to_string().as_bytes()).unwrap()
}

fn settings(redirect: &str) -> Settings {
    let [server, redirect] =
        ["https://mcp.example/mcp", redirect].map(|text| Url::parse(text).unwrap());
    Settings::new(server, redirect)
}

fn by_hand(issuer: Option<&str>) -> Option<Preregistered> {
    let issuer = issuer.map(str::to_owned);
    Some(Preregistered { issuer, id: "by-hand".to_owned(), credential: Credential::None })
}

#[test]
fn by_hand_goes_before_metadata_and_metadata_before_registration() {
    let everything = json!({
        "client_id_metadata_document_supported": true,
        "registration_endpoint": "https://as.example/register",
    });
    let no_metadata = json!({ "registration_endpoint": "https://as.example/register" });
    let metadata = "https://app.example/client.json";
    let dynamic = || Some(Dynamic { name: "n".to_owned(), uri: None });
    // by hand, by metadata, dynamic, server, expected
    let table = [
        (true, true, true, &everything, Some("by-hand")),
        (false, true, true, &everything, Some(metadata)),
        (false, true, true, &no_metadata, Some("registers")),
        (false, false, true, &everything, Some("registers")),
        (false, true, false, &no_metadata, None),
        (false, false, false, &everything, None),
        (false, true, true, &json!({}), None),
        (true, false, false, &json!({}), Some("by-hand")),
    ];
    for (hand, document, registers, members, expected) in table {
        let mut settings = settings("http://127.0.0.1:1/cb");
        settings.identity.preregistered = by_hand(None).filter(|_| hand);
        settings.identity.metadata_url = Url::parse(metadata).ok().filter(|_| document);
        settings.identity.dynamic = dynamic().filter(|_| registers);
        let found = match choose(&settings, &server(members.clone()), None, UNIX_EPOCH) {
            Ok(Choice::Known(client)) => Some(client.id),
            Ok(Choice::Register(_)) => Some("registers".to_owned()),
            Err(fault) => {
                assert!(fault.wants_client(), "{fault}");
                None
            }
        };
        assert_eq!(found.as_deref(), expected, "{hand} {document} {registers} {members}");
    }
}

#[test]
fn a_client_of_another_issuer_is_told_apart_by_every_byte() {
    for (registered, good) in [
        (Some(ISSUER), true),
        (None, true),
        (Some("https://as.example/"), false),
        (Some("https://AS.example"), false),
        (Some("https://other.example"), false),
    ] {
        let mut settings = settings("http://127.0.0.1:1/cb");
        settings.identity.preregistered = by_hand(registered);
        let found = choose(&settings, &server(json!({})), None, UNIX_EPOCH);
        assert_eq!(found.is_ok(), good, "{registered:?}");
    }
}

/// What is posted to register a client that comes back there.
fn asked(redirect: &str, members: Value) -> Map<String, Value> {
    let mut settings = settings(redirect);
    let uri = Url::parse("https://app.example").ok();
    settings.identity.dynamic = Some(Dynamic { name: "Name".to_owned(), uri });
    let mut server = server(members);
    server.registration_endpoint = Some("https://as.example/register".to_owned());
    match choose(&settings, &server, None, UNIX_EPOCH).unwrap() {
        Choice::Register(asked) => asked,
        Choice::Known(client) => panic!("{client:?}"),
    }
}

#[test]
fn a_client_says_what_it_is_by_where_browsers_come_back() {
    for (redirect, kind) in [
        ("http://127.0.0.1:4711/cb", "native"),
        ("http://localhost/cb", "native"),
        ("http://[::1]:1/cb", "native"),
        ("https://app.example/cb", "web"),
    ] {
        let asked = asked(redirect, json!({}));
        assert_eq!(asked["application_type"], kind, "{redirect}");
        assert_eq!(asked["redirect_uris"], json!([redirect]));
        assert_eq!(asked["grant_types"], json!(["authorization_code", "refresh_token"]));
        assert_eq!(asked["response_types"], json!(["code"]));
        assert_eq!(
            (&asked["client_name"], &asked["client_uri"]),
            (&"Name".into(), &"https://app.example".into())
        );
    }
}

#[test]
fn it_asks_for_the_least_method_that_the_server_knows() {
    for (methods, expected) in [
        (Value::Null, "none"),
        (json!(["client_secret_basic", "none"]), "none"),
        (json!(["client_secret_post", "client_secret_basic"]), "client_secret_basic"),
        (json!(["client_secret_post"]), "client_secret_post"),
        (json!(["private_key_jwt"]), "none"),
    ] {
        let members = json!({ "token_endpoint_auth_methods_supported": methods });
        let asked = asked("http://127.0.0.1:1/cb", members);
        assert_eq!(asked["token_endpoint_auth_method"], expected, "{methods}");
    }
}

#[test]
fn what_came_of_a_registration_decides_the_method() {
    let listed = |methods: Value| json!({ "token_endpoint_auth_methods_supported": methods });
    for (answer, members, expected) in [
        (json!({}), json!({}), "none"),
        (json!({ "client_secret": "s" }), json!({}), "client_secret_basic"),
        (json!({ "client_secret": "s" }), listed(json!(["none"])), "none"),
        (
            json!({ "client_secret": "s" }),
            listed(json!(["client_secret_post"])),
            "client_secret_post",
        ),
        (json!({ "client_secret": "s", "token_endpoint_auth_method": "none" }), json!({}), "none"),
        (
            json!({ "client_secret": "s", "token_endpoint_auth_method": "client_secret_post" }),
            json!({}),
            "client_secret_post",
        ),
        // A secret that never came, and a method that nobody knows.
        (json!({ "token_endpoint_auth_method": "client_secret_basic" }), json!({}), "none"),
        (
            json!({ "client_secret": "", "token_endpoint_auth_method": "client_secret_basic" }),
            json!({}),
            "none",
        ),
        (
            json!({ "client_secret": "s", "token_endpoint_auth_method": "tls_client_auth" }),
            json!({}),
            "client_secret_basic",
        ),
    ] {
        let mut body = json!({ "client_id": "c" });
        body.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
        let client = read(body.to_string().as_bytes(), &Map::new(), &server(members)).unwrap();
        assert_eq!(client.method, expected, "{body}");
        let auth = authentication(&client, &ClientIdentity::default(), ISSUER);
        assert_eq!(auth.method(), expected, "{body}");
    }
}

#[test]
fn a_secret_that_ends_at_zero_never_does() {
    for (end, expected) in [
        (json!(null), None),
        (json!(0), None),
        (json!(5), Some(UNIX_EPOCH + Duration::from_secs(5))),
        (json!(u64::MAX), None),
    ] {
        let body =
            json!({ "client_id": "c", "client_secret": "s", "client_secret_expires_at": end });
        let client = read(body.to_string().as_bytes(), &Map::new(), &server(json!({}))).unwrap();
        assert_eq!(client.secret_expires, expected, "{end}");
        assert!(client.dynamic);
    }
}

#[test]
fn a_key_signs_for_the_client_that_it_is_of_and_no_other() {
    let identity = ClientIdentity {
        preregistered: Some(Preregistered {
            issuer: None,
            id: "mine".to_owned(),
            credential: Credential::Key(SigningKey::generate()),
        }),
        ..ClientIdentity::default()
    };
    let mut client = Client::new("mine");
    client.method = "private_key_jwt".to_owned();
    let auth = authentication(&client, &identity, ISSUER);
    assert!(matches!(auth, ClientAuth::PrivateKeyJwt { audience, .. } if audience == ISSUER));
    client.id = "other".to_owned();
    client.secret = Some(Secret::new("s"));
    assert!(matches!(authentication(&client, &identity, ISSUER), ClientAuth::None { .. }));
}
