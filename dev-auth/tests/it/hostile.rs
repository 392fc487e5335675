//! Each way to misbehave does what it says, and nothing else.

use crate::peer::{Peer, settings};
use dev_auth::{Hostile, Iss, Metadata, Settings, Token};
use serde_json::json;
use std::time::Duration;

const METADATA: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn the_issuer_in_the_redirect() {
    let other = "https://other.example".to_owned();
    for (iss, said, advertised) in [
        (Iss::Missing, None, true),
        (Iss::Wrong(other.clone()), Some(other), true),
        (Iss::NotAdvertised, None, false),
    ] {
        let peer = Peer::new(settings()).await;
        peer.server.misbehave(Hostile { iss, ..Hostile::default() });
        assert_eq!(peer.authorize(&[]).await.located("iss"), said);
        let metadata = peer.get(METADATA).await.json();
        assert_eq!(metadata["authorization_response_iss_parameter_supported"], advertised);
    }
}

#[tokio::test]
async fn the_metadata() {
    let elsewhere = "http://169.254.169.254/".to_owned();
    let rows = [
        Metadata::Issuer("https://other.example".to_owned()),
        Metadata::WithoutPkce,
        Metadata::Replaced(vec![("token_endpoint".to_owned(), elsewhere.clone())]),
        Metadata::Elsewhere(elsewhere.clone()),
        Metadata::Slow(Duration::from_millis(1)),
        Metadata::Huge(1_000_000),
        Metadata::Garbage,
        Metadata::Missing,
    ];
    for metadata in rows {
        let hostile = Hostile { metadata: metadata.clone(), ..Hostile::default() };
        let peer = Peer::new(Settings { hostile, ..settings() }).await;
        let answer = peer.get(METADATA).await;
        match metadata {
            Metadata::Right => unreachable!("it is no way to misbehave"),
            Metadata::Issuer(issuer) => assert_eq!(answer.json()["issuer"], issuer),
            Metadata::WithoutPkce => {
                assert_eq!(answer.json().get("code_challenge_methods_supported"), None);
            }
            Metadata::Replaced(_) => assert_eq!(answer.json()["token_endpoint"], elsewhere),
            Metadata::Elsewhere(url) => {
                assert_eq!((answer.status, answer.header("location")), (307, Some(url.as_str())));
            }
            Metadata::Slow(_) => assert_eq!(answer.json()["issuer"], peer.issuer()),
            Metadata::Huge(spaces) => assert!(answer.body.len() > spaces),
            Metadata::Garbage => {
                assert!(serde_json::from_str::<serde_json::Value>(&answer.body).is_err());
            }
            Metadata::Missing => assert_eq!(answer.status, 404),
        }
    }
}

#[tokio::test]
async fn the_token_endpoint() {
    let rows = [
        (Token::Slow(Duration::from_millis(1)), 200),
        (Token::Lost, 502),
        (Token::Huge(1_000_000), 200),
        (Token::Elsewhere("http://10.0.0.1/".to_owned()), 307),
        (Token::Refused("invalid_grant".to_owned()), 400),
    ];
    for (token, status) in rows {
        let peer = Peer::new(settings()).await;
        let code = peer.code(&[]).await;
        peer.server.misbehave(Hostile { token: token.clone(), ..Hostile::default() });
        let answer = peer.redeem(&code).await;
        assert_eq!(answer.status, status, "{token:?}");
        match token {
            Token::Huge(spaces) => assert!(answer.body.len() > spaces),
            Token::Elsewhere(url) => assert_eq!(answer.header("location"), Some(url.as_str())),
            Token::Refused(error) => assert_eq!(answer.json(), json!({ "error": error })),
            Token::Right | Token::Slow(_) | Token::Lost => {}
        }
    }
}

/// The answer is lost, but not what it would have said.
#[tokio::test]
async fn a_lost_answer_uses_the_refresh_token_up() {
    let peer = Peer::new(settings()).await;
    let tokens = peer.login(&[]).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    peer.server.misbehave(Hostile { token: Token::Lost, ..Hostile::default() });
    assert_eq!(peer.refresh(refresh).await.status, 502);
    peer.server.misbehave(Hostile::default());
    assert_eq!(peer.refresh(refresh).await.refused(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn the_state() {
    let hostile = Hostile { state: Some("of somebody else".to_owned()), ..Hostile::default() };
    let peer = Peer::new(Settings { hostile, ..settings() }).await;
    let answer = peer.authorize(&[]).await;
    assert_eq!(answer.located("state").as_deref(), Some("of somebody else"));
}

#[tokio::test]
async fn a_server_that_is_closed_answers_nothing_more() {
    let peer = Peer::new(settings()).await;
    let address = peer.server.address();
    peer.server.close().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
