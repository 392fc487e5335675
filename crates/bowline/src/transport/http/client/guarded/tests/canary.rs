//! Listeners of this machine that nobody may come to.

use super::fake::Fake;
use super::{HERE, PUBLIC, WORLD, get, guarded, options, shown};
use crate::transport::http::client::guarded::Guarded;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// Whether anybody has come. A connection that was made is in the queue of the listener.
async fn was_visited(canary: &TcpListener) -> bool {
    timeout(Duration::from_millis(20), canary.accept()).await.is_ok()
}

#[tokio::test]
async fn nobody_is_led_to_this_machine_however_it_is_called() {
    let canary = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let six = TcpListener::bind(("::1", port)).await;
    let guarded = Guarded::new(&options(), WORLD).unwrap();
    let hosts = [
        "127.0.0.1",
        "127.255.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "0.0.0.0",
        "[::]",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "localhost.",
        "user@127.0.0.1",
    ];
    for host in hosts {
        for scheme in ["http", "https"] {
            let error = get(&guarded, &format!("{scheme}://{host}:{port}/secret")).await;
            let error = error.unwrap_err();
            assert!(error.is_invalid(), "{scheme} {host}: {}", shown(&error));
        }
    }
    assert!(!was_visited(&canary).await);
    if let Ok(six) = six {
        assert!(!was_visited(&six).await);
    }
}

/// A name leads into the world when it is checked, and to this machine ever after.
#[tokio::test]
async fn a_name_that_turns_leads_where_it_was_checked() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let fake = Fake::default().name("a.test", &[PUBLIC]).name("a.test", &["127.0.0.1"]).ready();
    let guarded = guarded(&fake, WORLD);
    let url = format!("https://a.test:{}/", canary.local_addr().unwrap().port());
    // Nobody answers there.
    assert!(get(&guarded, &url).await.unwrap_err().is_unreachable());
    assert_eq!(fake.asked(), ["a.test"]);
    assert_eq!(fake.tried(), [format!("{PUBLIC}:{}", canary.local_addr().unwrap().port())]);
    // From now on it is asked for again, and refused.
    assert!(get(&guarded, &url).await.unwrap_err().is_invalid());
    assert_eq!((fake.asked(), fake.tried()), (vec!["a.test".to_owned()], vec![]));
    assert!(!was_visited(&canary).await);
}

/// The second address of a name is checked before the first is connected to.
#[tokio::test]
async fn a_name_with_one_forbidden_address_is_not_connected_to_at_all() {
    let fake = Fake::default().name("a.test", &[PUBLIC, "::1"]).ready();
    assert!(get(&guarded(&fake, WORLD), "https://a.test/").await.unwrap_err().is_invalid());
    assert!(fake.tried().is_empty());
}

#[tokio::test]
async fn somebody_else_at_the_other_end_is_sent_nothing() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    for peer in ["127.0.0.1", "10.0.0.1", "1.1.1.1"] {
        let fake = Fake::default().name("a.test", &[PUBLIC]);
        let fake = fake.to(canary.local_addr().unwrap()).peer(peer).ready();
        let error = get(&guarded(&fake, WORLD), "https://a.test/").await.unwrap_err();
        assert!(error.is_invalid(), "{}", shown(&error));
        let (mut caught, _) = canary.accept().await.unwrap();
        let mut text = Vec::new();
        caught.read_to_end(&mut text).await.unwrap();
        assert_eq!(text, b"", "{peer}");
    }
}

/// A server on this machine may lead to this machine, but not out of its origin by a redirect.
#[tokio::test]
async fn a_redirect_leads_to_no_other_port_scheme_or_host() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let from = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, own) = (canary.local_addr().unwrap().port(), from.local_addr().unwrap());
    let locations = [
        format!("http://127.0.0.1:{port}/"),
        format!("http://localhost:{}/", own.port()),
        format!("https://127.0.0.1:{}/", own.port()),
        format!("//127.0.0.1:{port}/"),
        format!("http://169.254.169.254:{port}/"),
        format!("http://x@127.0.0.1:{}/", own.port()),
        "file:///etc/passwd".to_owned(),
    ];
    let guarded = Guarded::new(&options(), HERE).unwrap();
    for location in locations {
        let answering = answer_once(&from, &location);
        let url = format!("http://{own}/");
        let (error, ()) = tokio::join!(get(&guarded, &url), answering);
        assert!(error.unwrap_err().is_invalid(), "{location}");
    }
    assert!(!was_visited(&canary).await);
    assert!(!was_visited(&from).await);
}

async fn answer_once(from: &TcpListener, location: &str) {
    let (mut peer, _): (_, SocketAddr) = from.accept().await.unwrap();
    let mut request = [0; 1024];
    let _ = peer.read(&mut request).await.unwrap();
    let head = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    peer.write_all(head.as_bytes()).await.unwrap();
}
