//! TLS: whom we trust, who we are, and what is spoken inside.

use super::peers::{
    Peer, Step, chain, connector, fixture, mutual_tls, ok, send, text, tls, trusting, wait,
};
use super::server::{Seen, serve};
use bowline::transport::http::client::{Connector, Options};
use expect_test::expect;
use http::Version;
use std::sync::Arc;

#[tokio::test]
async fn a_server_of_a_named_root_is_trusted() {
    for host in ["localhost", "127.0.0.1"] {
        let peer = Peer::with_tls([Step::Answer(ok("safe"))], tls("server", &["http/1.1"])).await;
        let url = format!("https://{host}:{}/", peer.address.port());
        assert_eq!(text(send(&connector(trusting()), &url).await.unwrap()).await.unwrap(), "safe");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_acceptable_is_explained() {
    let unknown = Options::default().proxy_from_env(false);
    let rows = [("server", unknown), ("other", trusting()), ("expired", trusting())];
    let mut table = String::new();
    for (name, options) in rows {
        let peer = Peer::with_tls([Step::Answer(ok("caught"))], tls(name, &[])).await;
        let url = format!("https://localhost:{}/", peer.address.port());
        let error = send(&connector(options), &url).await.unwrap_err();
        assert!(error.is_unreachable(), "{error:?}");
        assert!(peer.seen().is_empty());
        let shown = chain(&error).replace(&peer.address.port().to_string(), "PORT");
        // The exact times stand in the last level.
        let shown = shown.lines().map(|line| line.split(": verification time").next().unwrap());
        table += &format!("{name}: {}\n", shown.collect::<Vec<_>>().join("\n"));
    }
    expect![[r#"
        server: the certificate of https://localhost:PORT is not trusted; if it should be, name the file of its root with `--cacert`
          invalid peer certificate: UnknownIssuer
        other: the certificate of https://localhost:PORT is for another host; use the name that it is for
          invalid peer certificate: certificate not valid for name "localhost"; certificate is only valid for DnsName("other.test")
        expired: the certificate of https://localhost:PORT is not valid today; its owner has to renew it, unless the clock of this machine is wrong
          invalid peer certificate: certificate expired
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn a_server_without_tls_is_explained() {
    let plain = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap();
    let answering = tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad\r\n\r\n")
            .await
            .unwrap();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut Vec::new()).await;
    });
    let error = send(&connector(trusting()), &format!("https://{address}/")).await.unwrap_err();
    let expected = format!("no TLS with https://{address}; check that its port speaks https");
    assert_eq!((error.to_string(), error.is_unreachable()), (expected, true));
    answering.await.unwrap();
}

#[tokio::test]
async fn a_client_shows_its_certificate_to_who_asks() {
    let identity = |name: &str| {
        let file = |kind| fixture(&format!("{name}.{kind}.pem"));
        trusting().identity(file("cert"), file("key"))
    };
    for version in rustls::ALL_VERSIONS {
        let config = || mutual_tls(std::slice::from_ref(version));
        let peer = Peer::with_tls([Step::Answer(ok("known"))], config()).await;
        let url = format!("https://{}/", peer.address);
        assert_eq!(
            text(send(&connector(identity("client")), &url).await.unwrap()).await.unwrap(),
            "known"
        );

        for (options, expected) in [
            (trusting(), ["wants a certificate of its clients", "`--cert` and `--key`"]),
            (identity("expired"), ["does not accept our certificate", "`--cert` and `--key`"]),
        ] {
            let peer = Peer::with_tls([Step::Answer(ok("caught"))], config()).await;
            let url = format!("https://{}/", peer.address);
            let error = send(&connector(options), &url).await.unwrap_err();
            assert!(peer.seen().is_empty());
            let text = chain(&error);
            assert!(expected.iter().all(|part| text.contains(part)), "{version:?}: {text}");
            assert!(error.is_unreachable(), "{version:?}: {error:?}");
        }
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let cert = fixture("client.cert.pem");
    let key = fixture("client.key.pem");
    let none = fixture("none.pem");
    let rows = [
        (Options::default().cacert(&none), "cannot read ", &none),
        (Options::default().cacert(&key), "has no PEM certificates", &key),
        (Options::default().identity(&none, &key), "cannot read ", &none),
        (Options::default().identity(&cert, &none), "cannot read ", &none),
        (Options::default().identity(&key, &key), "has no PEM certificates", &key),
        (Options::default().identity(&cert, &cert), "has no PEM private key", &cert),
        (
            Options::default().identity(&cert, fixture("server.key.pem")),
            "make no certificate to show",
            &cert,
        ),
    ];
    for (options, expected, file) in rows {
        let text = Connector::new(&options).unwrap_err().to_string();
        assert!(text.contains(expected) && text.contains(&*file.to_string_lossy()), "{text}");
    }
}

#[tokio::test]
async fn http2_is_spoken_where_the_server_can_and_one_connection_carries_all() {
    for (protocols, version) in [
        (&["h2", "http/1.1"][..], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let seen = Arc::new(Seen::default());
        let (address, _serving) = serve(tls("server", protocols), &seen).await;
        let connector = connector(trusting());
        let url = |path: &str| format!("https://{address}/{path}");
        text(send(&connector, &url("first")).await.unwrap()).await.unwrap();
        // All at once, while one of them streams.
        let mut held = send(&connector, &url("hold")).await.unwrap().into_body();
        held.next_chunk().await.unwrap().unwrap();
        let mut sending = tokio::task::JoinSet::new();
        for n in 0..20 {
            let (connector, url) = (connector.clone(), url(&n.to_string()));
            sending.spawn(async move {
                let answer = text(send(&connector, &url).await.unwrap()).await.unwrap();
                assert_eq!(answer, format!("/{n}"));
            });
        }
        while let Some(done) = sending.join_next().await {
            done.unwrap();
        }
        let requests = seen.requests.lock().unwrap();
        assert!(requests.iter().all(|(used, _)| *used == version), "{protocols:?}");
        let connections = seen.connections.available_permits();
        assert_eq!(connections == 1, version == Version::HTTP_2, "{connections}");
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_in_http2_too() {
    let seen = Arc::new(Seen::default());
    let (address, _serving) = serve(tls("server", &["h2"]), &seen).await;
    let connector = connector(trusting());
    let error = send(&connector, &format!("https://{address}/big")).await.unwrap_err();
    assert!(!error.is_unreachable(), "{error:?}");
    // The connection goes on.
    let response = send(&connector, &format!("https://{address}/next")).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "/next");
}

#[tokio::test]
async fn a_stream_that_the_server_refuses_was_not_processed() {
    let (client, server) = super::server::refusing(tls("server", &["h2"])).await;
    let error = send(&connector(trusting()), &format!("https://{client}/")).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    server.abort();
}

#[tokio::test]
async fn a_body_that_ends_without_a_word_of_tls_is_cut_off() {
    // No length: only TLS can say that the end is the end.
    let peer = Peer::with_tls(
        [Step::Hold("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nsome".to_owned())],
        tls("server", &["http/1.1"]),
    )
    .await;
    let mut body = send(&connector(trusting()), &format!("https://{}/", peer.address))
        .await
        .unwrap()
        .into_body();
    assert_eq!(body.next_chunk().await.unwrap().unwrap(), "some");
    wait(&peer.answered).await;
    drop(peer);
    assert!(body.next_chunk().await.unwrap().unwrap_err().is_closed());
    assert!(body.next_chunk().await.is_none());
}
