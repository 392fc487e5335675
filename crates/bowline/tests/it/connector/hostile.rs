//! Servers that break off, flood, dawdle, or speak something else.

use super::peers::{Peer, Step, connector, ok, send, text, trusting, wait};
use bowline::protocol::limits::Limits;
use std::time::Duration;

#[tokio::test]
async fn a_response_that_breaks_off_anywhere_is_an_error_and_no_answer() {
    let whole = [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n",
    ];
    for whole in whole {
        for end in 0..whole.len() {
            let peer = Peer::new([Step::Close(whole[..end].to_owned())]).await;
            peer.go.add_permits(1);
            let result = match send(&connector(trusting()), &peer.url()).await {
                Ok(response) => text(response).await,
                Err(error) => Err(error),
            };
            let error = result.expect_err(&whole[..end]);
            assert!(error.is_closed(), "{:?}: {error:?}", &whole[..end]);
        }
    }
}

#[tokio::test]
async fn heads_are_bounded_in_bytes_and_lines() {
    let limits = Limits::local();
    let (bytes, lines) = (limits.headers_bytes, limits.headers);
    let head = |lines: usize, each: usize| {
        let lines: String =
            (0..lines).map(|n| format!("x-{n}: {}\r\n", "a".repeat(each))).collect();
        format!("HTTP/1.1 200 OK\r\n{lines}content-length: 2\r\n\r\nok")
    };
    let rows = [
        (head(lines - 1, 1), true),
        (head(lines, 1), false),
        (head(10, bytes / 11), true),
        (head(10, bytes / 9), false),
        (head(1, bytes * 2), false),
        // No end of a head at all.
        (format!("HTTP/1.1 200 OK\r\nx: {}", "a".repeat(bytes * 8)), false),
    ];
    for (head, fits) in rows {
        let peer = Peer::new([Step::Hold(head)]).await;
        let result = send(&connector(trusting()), &peer.url()).await;
        match result {
            Ok(response) => {
                assert!(fits);
                assert_eq!(text(response).await.unwrap(), "ok");
            }
            Err(error) => {
                assert!(!fits, "{error:?}");
                assert!(error.is_overloaded(), "{error:?}");
                wait(&peer.ended).await;
            }
        }
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_in_time_is_given_up() {
    let peer = Peer::new([Step::Hold("HTTP/1.1 200 OK\r\nx-slow: a".to_owned())]).await;
    let (connector, url) =
        (connector(trusting().head_timeout(Duration::from_secs(30))), peer.url());
    let sending = tokio::spawn(async move { send(&connector, &url).await });
    wait(&peer.answered).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(29)).await;
    assert!(!sending.is_finished());
    tokio::time::advance(Duration::from_secs(1)).await;
    let error = sending.await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    tokio::time::resume();
    wait(&peer.ended).await;
}

#[tokio::test]
async fn what_is_not_a_response_is_named() {
    let rows = [
        "SSH-2.0-OpenSSH_9.6\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "{\"jsonrpc\":\"2.0\"}\r\n\r\n",
    ];
    for text in rows {
        let peer = Peer::new([Step::Hold(text.to_owned())]).await;
        let error = send(&connector(trusting()), &peer.url()).await.unwrap_err();
        let address = peer.address;
        let expected = format!("http://{address}: what came is not HTTP; check the URL");
        assert!(error.is_bad_answer());
        assert_eq!(error.to_string(), expected, "{text:?}");
    }
}

#[tokio::test]
async fn a_compressed_response_is_refused() {
    for (encoding, fits) in [("gzip", false), ("identity, br", false), ("Identity", true)] {
        let text =
            ok("{}").replace("\r\n\r\n", &format!("\r\ncontent-encoding: {encoding}\r\n\r\n"));
        let peer = Peer::new([Step::Answer(text)]).await;
        let result = send(&connector(trusting()), &peer.url()).await;
        assert_eq!(result.is_ok(), fits, "{encoding}");
        if let Err(error) = result {
            let expected = format!(
                "http://{}: the response is compressed, which was not asked for; let the server send it as it is",
                peer.address
            );
            assert_eq!((error.is_bad_answer(), error.to_string()), (true, expected));
        }
    }
}
