//! What servers send as `WWW-Authenticate`, and what of it counts.

use super::Challenge;
use crate::token::Scheme;
use http::HeaderValue;

fn parse(values: &[&str]) -> Vec<Challenge> {
    let values: Vec<_> =
        values.iter().map(|value| HeaderValue::from_bytes(value.as_bytes()).unwrap()).collect();
    Challenge::parse(&values)
}

/// One challenge, by the texts of its parameters.
fn challenge(scheme: Scheme, parameters: &[(&str, &str)]) -> Challenge {
    let mut challenge = Challenge::new(scheme);
    for &(name, value) in parameters {
        let words = || Some(value.split(' ').map(str::to_owned).collect());
        match name {
            "realm" => challenge.realm = Some(value.to_owned()),
            "scope" => challenge.scopes = words(),
            "error" => challenge.error = Some(value.to_owned()),
            "error_description" => challenge.error_description = Some(value.to_owned()),
            "resource_metadata" => challenge.resource_metadata = Some(value.to_owned()),
            "algs" => challenge.algs = words(),
            name => panic!("no parameter {name}"),
        }
    }
    challenge
}

const METADATA: &str = "https://h.example/.well-known/oauth-protected-resource/mcp";

#[test]
fn challenges_are_read_as_servers_write_them() {
    use Scheme::{Bearer, Dpop};
    for (values, expected) in [
        (&["Bearer"][..], vec![challenge(Bearer, &[])]),
        (&["bearer"], vec![challenge(Bearer, &[])]),
        (&["BEARER realm=x"], vec![challenge(Bearer, &[("realm", "x")])]),
        (
            &[
                r#"Bearer resource_metadata="https://h.example/.well-known/oauth-protected-resource/mcp", scope="a b""#,
            ],
            vec![challenge(Bearer, &[("resource_metadata", METADATA), ("scope", "a b")])],
        ),
        // Without quotes, though a URL is no token.
        (
            &[
                "Bearer resource_metadata=https://h.example/.well-known/oauth-protected-resource/mcp,scope=a",
            ],
            vec![challenge(Bearer, &[("resource_metadata", METADATA), ("scope", "a")])],
        ),
        // Both lists have the same comma.
        (
            &[
                r#"Basic realm="b", Bearer realm="m", error="invalid_token", DPoP algs="ES256 EdDSA""#,
            ],
            vec![
                challenge(Bearer, &[("realm", "m"), ("error", "invalid_token")]),
                challenge(Dpop, &[("algs", "ES256 EdDSA")]),
            ],
        ),
        (
            &["Negotiate abc+/==, Bearer scope=a", "DPoP error=\"use_dpop_nonce\""],
            vec![
                challenge(Bearer, &[("scope", "a")]),
                challenge(Dpop, &[("error", "use_dpop_nonce")]),
            ],
        ),
        (&["Negotiate , Bearer"], vec![challenge(Bearer, &[])]),
        (&[" ,, Bearer  scope = \"a\" ,, "], vec![challenge(Bearer, &[("scope", "a")])]),
        // Escapes, and a comma, an equals sign and another challenge inside of quotes.
        (
            &[r#"Bearer error_description="a \"b\\\" c, DPoP scope=\"x\"", scope="s""#],
            vec![challenge(
                Bearer,
                &[("error_description", r#"a "b\" c, DPoP scope="x""#), ("scope", "s")],
            )],
        ),
        // The first of two counts; names have no case.
        (&[r#"Bearer SCOPE="a", scope="b""#], vec![challenge(Bearer, &[("scope", "a")])]),
        (&[r#"Bearer scope="", realm="""#], vec![challenge(Bearer, &[("realm", "")])]),
        (&["Bearer unknown=1, scope=a"], vec![challenge(Bearer, &[("scope", "a")])]),
        (&["Basic realm=x"], vec![]),
        (&["", ",", " "], vec![]),
    ] {
        assert_eq!(parse(values), expected, "{values:?}");
    }
}

#[test]
fn what_cannot_be_read_ends_its_value_and_nothing_else() {
    use Scheme::Bearer;
    for (values, expected) in [
        (&["scope=a, Bearer"][..], vec![]),
        (&["\"Bearer\"", "Bearer"], vec![challenge(Bearer, &[])]),
        (&["Bearer realm=x, scope=\"a"], vec![challenge(Bearer, &[("realm", "x")])]),
        (&["Bearer realm=x, scope=\"a\\"], vec![challenge(Bearer, &[("realm", "x")])]),
        (&["Bearer realm=x, scope="], vec![challenge(Bearer, &[("realm", "x")])]),
        (&["Bearer realm=x, (scope=a"], vec![challenge(Bearer, &[("realm", "x")])]),
    ] {
        assert_eq!(parse(values), expected, "{values:?}");
    }
}

#[test]
fn no_header_makes_more_of_itself_than_is_allowed() {
    assert_eq!(parse(&["Bearer,".repeat(1000).as_str(); 3]).len(), Challenge::MAX);
    let scopes = parse(&[&format!("Bearer scope=\"{}\"", "s ".repeat(5000))]);
    assert_eq!(scopes[0].scopes.as_ref().unwrap().len(), crate::scope::MAX);
    assert!(parse(&[&format!("Bearer realm=\"{}\"", "r".repeat(1 << 20))])[0].realm.is_none());
    for byte in 0..=255_u8 {
        for head in
            ["", "Bearer ", "Bearer scope", "Bearer scope=", "Bearer scope=\"", "Bearer scope=\"\\"]
        {
            let text = [head.as_bytes(), &[byte]].concat();
            if let Ok(value) = HeaderValue::from_bytes(&text) {
                assert!(Challenge::parse([&value]).len() <= 2);
            }
        }
    }
}

#[test]
fn what_is_written_is_read_again() {
    let parameters = [
        ("realm", r#"the "files\" of h"#),
        ("error", "insufficient_scope"),
        ("error_description", "a, b = c"),
        ("scope", "files:read files:write"),
        ("resource_metadata", METADATA),
        ("algs", "ES256"),
    ];
    for scheme in [Scheme::Bearer, Scheme::Dpop] {
        for count in 0..=parameters.len() {
            let written = challenge(scheme, &parameters[..count]);
            assert_eq!(Challenge::parse([&written.to_header()]), [written]);
        }
    }
    let strange = challenge(Scheme::Bearer, &[("realm", "a\r\nset-cookie: b\u{fc}")]);
    assert_eq!(strange.to_header(), "Bearer realm=\"a??set-cookie: b?\"");
}
