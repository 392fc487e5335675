use super::{Callback, Told, WAITING};
use expect_test::expect;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

fn address(callback: &Callback) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], callback.redirect().port()))
}

/// Sends what is no more than these lines, and reads all that comes.
async fn say(address: SocketAddr, head: &str) -> String {
    let head = head.replace("HOST", &address.to_string());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{}\r\n\r\n", head.replace('\n', "\r\n")).as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn visit(address: SocketAddr, target: &'static str) -> JoinHandle<String> {
    tokio::spawn(async move { say(address, &format!("GET {target} HTTP/1.1\nHost: HOST")).await })
}

fn first_line(answer: &str) -> &str {
    answer.lines().next().unwrap_or_default()
}

#[tokio::test]
async fn a_visitor_is_handed_on_and_shown_a_page_without_anything_of_theirs() {
    let mut callback = Callback::listen(None).await.unwrap();
    let page = visit(address(&callback), "/callback?code=secret&state=%3Cscript%3E");
    let visitor = callback.next().await;
    assert_eq!(visitor.target(), "/callback?code=secret&state=%3Cscript%3E");
    visitor.tell(Told::Received);
    let page = page.await.unwrap();
    assert!(!page.contains("secret") && !page.contains("script"));
    let page: Vec<_> = page.lines().filter(|line| !line.starts_with("date:")).collect();
    expect![[r#"
        HTTP/1.1 200 OK
        content-type: text/html; charset=utf-8
        cache-control: no-store
        content-security-policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'
        x-frame-options: DENY
        x-content-type-options: nosniff
        referrer-policy: no-referrer
        connection: close
        content-length: 167

        <!doctype html>
        <html lang="en">
        <meta charset="utf-8">
        <title>Bowline</title>
        <p>That was it. You can close this page and go back to where you came from.</p>
        </html>"#]]
    .assert_eq(&page.join("\n"));
}

#[tokio::test]
async fn a_stranger_is_turned_away_and_the_wait_goes_on() {
    let mut callback = Callback::listen(None).await.unwrap();
    for _ in 0..3 {
        let page = visit(address(&callback), "/callback?code=x&state=another");
        callback.next().await.tell(Told::Stranger);
        assert_eq!(first_line(&page.await.unwrap()), "HTTP/1.1 400 Bad Request");
    }
    let page = visit(address(&callback), "/callback?code=x&state=ours");
    callback.next().await.tell(Told::Received);
    assert_eq!(first_line(&page.await.unwrap()), "HTTP/1.1 200 OK");
}

/// A page of the world can have its name resolved to this machine, or guess the port.
#[tokio::test]
async fn what_was_not_sent_here_on_purpose_is_no_visitor() {
    let mut callback = Callback::listen(None).await.unwrap();
    let rows = [
        "GET /callback?code=x HTTP/1.1\nHost: evil.test",
        "GET /callback?code=x HTTP/1.1\nHost: localhost",
        "GET /callback?code=x HTTP/1.1\nHost: 127.0.0.1",
        "GET /callback?code=x HTTP/1.1\nHost: HOST.evil.test",
        "GET /callback?code=x HTTP/1.1\nHost: evil.test\nHost: HOST",
        "GET /callback?code=x HTTP/1.0",
        "GET / HTTP/1.1\nHost: HOST",
        "GET /callback/ HTTP/1.1\nHost: HOST",
        "GET /CALLBACK?code=x HTTP/1.1\nHost: HOST",
        "GET /callback/../callback?code=x HTTP/1.1\nHost: HOST",
        "GET http://evil.test/callback?code=x HTTP/1.1\nHost: HOST",
        "POST /callback?code=x HTTP/1.1\nHost: HOST\nContent-Length: 0",
        "OPTIONS /callback HTTP/1.1\nHost: HOST",
        "nonsense",
    ];
    let mut table = String::new();
    for row in rows {
        let answer = say(address(&callback), row).await;
        table += &format!("{} -> {}\n", row.replace('\n', " | "), first_line(&answer));
    }
    assert!(callback.visitors.try_recv().is_err());
    expect![[r#"
        GET /callback?code=x HTTP/1.1 | Host: evil.test -> HTTP/1.1 421 Misdirected Request
        GET /callback?code=x HTTP/1.1 | Host: localhost -> HTTP/1.1 421 Misdirected Request
        GET /callback?code=x HTTP/1.1 | Host: 127.0.0.1 -> HTTP/1.1 421 Misdirected Request
        GET /callback?code=x HTTP/1.1 | Host: HOST.evil.test -> HTTP/1.1 421 Misdirected Request
        GET /callback?code=x HTTP/1.1 | Host: evil.test | Host: HOST -> HTTP/1.1 421 Misdirected Request
        GET /callback?code=x HTTP/1.0 -> HTTP/1.0 421 Misdirected Request
        GET / HTTP/1.1 | Host: HOST -> HTTP/1.1 404 Not Found
        GET /callback/ HTTP/1.1 | Host: HOST -> HTTP/1.1 404 Not Found
        GET /CALLBACK?code=x HTTP/1.1 | Host: HOST -> HTTP/1.1 404 Not Found
        GET /callback/../callback?code=x HTTP/1.1 | Host: HOST -> HTTP/1.1 404 Not Found
        GET http://evil.test/callback?code=x HTTP/1.1 | Host: HOST -> HTTP/1.1 404 Not Found
        POST /callback?code=x HTTP/1.1 | Host: HOST | Content-Length: 0 -> HTTP/1.1 405 Method Not Allowed
        OPTIONS /callback HTTP/1.1 | Host: HOST -> HTTP/1.1 405 Method Not Allowed
        nonsense -> HTTP/1.1 400 Bad Request
    "#]]
    .assert_eq(&table);
}

/// Whoever comes while the login is given up is told so, and nobody is let in afterwards.
#[tokio::test]
async fn it_ends_with_the_login_but_finishes_what_it_says() {
    let mut callback = Callback::listen(None).await.unwrap();
    let address = address(&callback);
    let first = visit(address, "/callback?code=one");
    let visitor = callback.next().await;
    let second = visit(address, "/callback?code=two");
    // It waits behind the first.
    while callback.visitors.is_empty() {
        tokio::task::yield_now().await;
    }
    visitor.tell(Told::Received);
    drop(callback);
    assert_eq!(first_line(&first.await.unwrap()), "HTTP/1.1 200 OK");
    assert_eq!(first_line(&second.await.unwrap()), "HTTP/1.1 410 Gone");
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn more_visitors_than_can_wait_do_not_keep_out_the_one_who_is_waited_for() {
    let mut callback = Callback::listen(None).await.unwrap();
    let address = address(&callback);
    let crowd: Vec<_> = (0..WAITING + 6).map(|_| visit(address, "/callback?state=x")).collect();
    let ours = visit(address, "/callback?state=ours");
    loop {
        let visitor = callback.next().await;
        if visitor.target().ends_with("ours") {
            visitor.tell(Told::Received);
            break;
        }
        visitor.tell(Told::Stranger);
    }
    assert_eq!(first_line(&ours.await.unwrap()), "HTTP/1.1 200 OK");
    drop(callback);
    for page in crowd {
        let page = page.await.unwrap();
        assert!(["400", "410"].iter().any(|status| first_line(&page).contains(status)), "{page}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let callback = Callback::listen(None).await.unwrap();
    let address = address(&callback);
    let error = Callback::listen(Some(address.port())).await.unwrap_err();
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert_eq!(callback.redirect().as_str(), format!("http://{address}/callback"));
}
