//! Which URLs are connected to, judged without a network.

use super::fake::Fake;
use super::{HERE, NETWORK, PUBLIC, Reach, WORLD, get, guarded, shown};
use expect_test::expect;

/// What becomes of a URL: whom it would be connected to, or why it is not.
async fn verdict(reach: Reach, url: &str) -> String {
    let fake = Fake::default()
        .name("a.test", &[PUBLIC])
        .name("six.test", &["2001:4860:4860::8888"])
        .name("both.test", &["2001:4860:4860::8888", PUBLIC])
        .name("private.test", &["10.0.0.1"])
        .name("mixed.test", &[PUBLIC, "192.168.0.1"])
        .name("loopback.test", &["127.0.0.1"])
        .name("metadata.test", &["169.254.169.254"])
        .name("mapped.test", &["::ffff:169.254.169.254"])
        .name("empty.test", &[])
        .name("x.localhost", &["127.0.0.1"])
        .ready();
    let error = get(&guarded(&fake, reach), url).await.unwrap_err();
    match fake.tried().as_slice() {
        [] => shown(&error),
        tried => format!("-> {}", tried.join(" ")),
    }
}

async fn table(reach: Reach, urls: &[&str]) -> String {
    let mut table = String::new();
    for url in urls {
        table += &format!("{url:42} {}\n", verdict(reach, url).await);
    }
    table
}

#[tokio::test(start_paused = true)]
async fn a_peer_leads_into_the_world_and_nowhere_else() {
    let urls = [
        "https://a.test/.well-known/x?key=secret",
        "https://a.test:8443/",
        "https://six.test/",
        "https://both.test/",
        "https://93.184.216.34/",
        "https://[2001:4860:4860::8888]/",
        "https://[64:ff9b::5db8:d822]/",
        "http://a.test/?key=secret",
        "http://93.184.216.34/",
        "https://private.test/",
        "https://mixed.test/",
        "https://loopback.test/",
        "https://metadata.test/",
        "https://mapped.test/",
        "https://empty.test/",
        "https://unknown.test/",
        "https://localhost/",
        "https://x.localhost/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://[fd00::1]/",
        "https://169.254.169.254/latest/",
        "https://[fe80::1]/",
        "https://0.0.0.0/",
        "https://[::]/",
        "https://192.0.2.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://0X7F.0.0.0x1/",
        "https://017700000001/",
        "https://0177.0.0.1/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://a.test./",
        "https://localhost./",
        "https://a..test/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://user:secret@a.test/",
        "https://a.test@127.0.0.1/",
        "https://127.0.0.1%2f.a.test/",
        "https://a.test:65536/",
        "ftp://a.test/",
        "/relative",
    ];
    let mut verdicts = String::new();
    for url in urls {
        if url.parse::<http::Uri>().is_err() {
            verdicts += &format!("{url:42} cannot be read as a URL\n");
            continue;
        }
        verdicts += &table(WORLD, &[url]).await;
    }
    expect![[r#"
        https://a.test/.well-known/x?key=secret    -> 93.184.216.34:443
        https://a.test:8443/                       -> 93.184.216.34:8443
        https://six.test/                          -> [2001:4860:4860::8888]:443
        https://both.test/                         -> [2001:4860:4860::8888]:443 93.184.216.34:443
        https://93.184.216.34/                     -> 93.184.216.34:443
        https://[2001:4860:4860::8888]/            -> [2001:4860:4860::8888]:443
        https://[64:ff9b::5db8:d822]/              -> [64:ff9b::5db8:d822]:443
        http://a.test/?key=secret                  http://a.test is not fetched: what a server names has to be https, unless both are on this machine
        http://93.184.216.34/                      http://93.184.216.34 is not fetched: what a server names has to be https, unless both are on this machine
        https://private.test/                      https://private.test is not fetched: 10.0.0.1 is a private address; if it is meant, `dangerously_allow_private_addresses`
        https://mixed.test/                        https://mixed.test is not fetched: 192.168.0.1 is a private address; if it is meant, `dangerously_allow_private_addresses`
        https://loopback.test/                     https://loopback.test is not fetched: 127.0.0.1 is a loopback address, which only a server on this machine may name
        https://metadata.test/                     https://metadata.test is not fetched: 169.254.169.254 is a link-local address, which no server may name
        https://mapped.test/                       https://mapped.test is not fetched: ::ffff:169.254.169.254 is a link-local address, which no server may name
        https://empty.test/                        the host of https://empty.test has no address
        https://unknown.test/                      the host of https://unknown.test is not known: no such name
        https://localhost/                         https://localhost is not fetched: ::1 is a loopback address, which only a server on this machine may name
        https://x.localhost/                       https://x.localhost is not fetched: 127.0.0.1 is a loopback address, which only a server on this machine may name
        https://127.0.0.1/                         https://127.0.0.1 is not fetched: 127.0.0.1 is a loopback address, which only a server on this machine may name
        https://[::1]/                             https://[::1] is not fetched: ::1 is a loopback address, which only a server on this machine may name
        https://[::ffff:127.0.0.1]/                https://[::ffff:127.0.0.1] is not fetched: ::ffff:127.0.0.1 is a loopback address, which only a server on this machine may name
        https://[64:ff9b::7f00:1]/                 https://[64:ff9b::7f00:1] is not fetched: 64:ff9b::7f00:1 is a loopback address, which only a server on this machine may name
        https://10.0.0.1/                          https://10.0.0.1 is not fetched: 10.0.0.1 is a private address; if it is meant, `dangerously_allow_private_addresses`
        https://172.16.0.1/                        https://172.16.0.1 is not fetched: 172.16.0.1 is a private address; if it is meant, `dangerously_allow_private_addresses`
        https://192.168.0.1/                       https://192.168.0.1 is not fetched: 192.168.0.1 is a private address; if it is meant, `dangerously_allow_private_addresses`
        https://100.64.0.1/                        https://100.64.0.1 is not fetched: 100.64.0.1 is a private address; if it is meant, `dangerously_allow_private_addresses`
        https://[fd00::1]/                         https://[fd00::1] is not fetched: fd00::1 is a private address; if it is meant, `dangerously_allow_private_addresses`
        https://169.254.169.254/latest/            https://169.254.169.254 is not fetched: 169.254.169.254 is a link-local address, which no server may name
        https://[fe80::1]/                         https://[fe80::1] is not fetched: fe80::1 is a link-local address, which no server may name
        https://0.0.0.0/                           https://0.0.0.0 is not fetched: 0.0.0.0 is an unspecified address, which no server may name
        https://[::]/                              https://[::] is not fetched: :: is a reserved address, which no server may name
        https://192.0.2.1/                         https://192.0.2.1 is not fetched: 192.0.2.1 is a documentation address, which no server may name
        https://224.0.0.1/                         https://224.0.0.1 is not fetched: 224.0.0.1 is a multicast address, which no server may name
        https://255.255.255.255/                   https://255.255.255.255 is not fetched: 255.255.255.255 is a reserved address, which no server may name
        https://2130706433/                        https://2130706433 is not fetched: its host is an address in disguise; write it as four decimal numbers
        https://0x7f000001/                        https://0x7f000001 is not fetched: its host is an address in disguise; write it as four decimal numbers
        https://0x7f.1/                            https://0x7f.1 is not fetched: its host is an address in disguise; write it as four decimal numbers
        https://0X7F.0.0.0x1/                      https://0x7f.0.0.0x1 is not fetched: its host is an address in disguise; write it as four decimal numbers
        https://017700000001/                      https://017700000001 is not fetched: its host is an address in disguise; write it as four decimal numbers
        https://0177.0.0.1/                        https://0177.0.0.1 is not fetched: its host is an address in disguise; write it as four decimal numbers
        https://127.1/                             https://127.1 is not fetched: its host is an address in disguise; write it as four decimal numbers
        https://127.0.0.1./                        https://127.0.0.1. is not fetched: its host has a dot too many
        https://a.test./                           https://a.test. is not fetched: its host has a dot too many
        https://localhost./                        https://localhost. is not fetched: its host has a dot too many
        https://a..test/                           https://a..test is not fetched: its host has a dot too many
        https://[fe80::1%25eth0]/                  https://[fe80::1%25eth0] is not fetched: its host is neither a name nor an address
        https://[::1/                              cannot be read as a URL
        https://user:secret@a.test/                the URL of https://a.test has a user or a password in it, which ends up in logs; send them in a header, such as `Authorization`
        https://a.test@127.0.0.1/                  the URL of https://127.0.0.1 has a user or a password in it, which ends up in logs; send them in a header, such as `Authorization`
        https://127.0.0.1%2f.a.test/               cannot be read as a URL
        https://a.test:65536/                      the URL of https://a.test has a port above 65535
        ftp://a.test/                              a URL of scheme `ftp` cannot be sent to; it must start with http:// or https://
        /relative                                  a URL to send to must start with http:// or https://
    "#]].assert_eq(&verdicts);
}

#[tokio::test(start_paused = true)]
async fn a_server_on_this_machine_leads_to_this_machine_too() {
    let urls = [
        "http://localhost:8080/",
        "http://LOCALHOST/",
        "http://127.0.0.1:9/",
        "http://127.9.9.9/",
        "http://[::1]:9/",
        "http://[::ffff:127.0.0.1]/",
        "https://localhost/",
        "https://loopback.test/",
        "https://a.test/",
        "http://a.test/",
        "http://loopback.test/",
        "http://x.localhost/",
        "https://x.localhost/",
        "https://private.test/",
        "http://10.0.0.1/",
        "https://169.254.169.254/",
        "http://0.0.0.0/",
    ];
    expect![[r#"
        http://localhost:8080/                     -> [::1]:8080 127.0.0.1:8080
        http://LOCALHOST/                          -> [::1]:80 127.0.0.1:80
        http://127.0.0.1:9/                        -> 127.0.0.1:9
        http://127.9.9.9/                          -> 127.9.9.9:80
        http://[::1]:9/                            -> [::1]:9
        http://[::ffff:127.0.0.1]/                 -> [::ffff:127.0.0.1]:80
        https://localhost/                         -> [::1]:443 127.0.0.1:443
        https://loopback.test/                     -> 127.0.0.1:443
        https://a.test/                            -> 93.184.216.34:443
        http://a.test/                             http://a.test is not fetched: what a server names has to be https, unless both are on this machine
        http://loopback.test/                      http://loopback.test is not fetched: what a server names has to be https, unless both are on this machine
        http://x.localhost/                        http://x.localhost is not fetched: what a server names has to be https, unless both are on this machine
        https://x.localhost/                       -> 127.0.0.1:443
        https://private.test/                      https://private.test is not fetched: 10.0.0.1 is a private address; if it is meant, `dangerously_allow_private_addresses`
        http://10.0.0.1/                           http://10.0.0.1 is not fetched: what a server names has to be https, unless both are on this machine
        https://169.254.169.254/                   https://169.254.169.254 is not fetched: 169.254.169.254 is a link-local address, which no server may name
        http://0.0.0.0/                            http://0.0.0.0 is not fetched: what a server names has to be https, unless both are on this machine
    "#]].assert_eq(&table(HERE, &urls).await);
}

#[tokio::test(start_paused = true)]
async fn the_switch_for_private_networks_opens_those_and_no_more() {
    let urls = [
        "https://private.test/",
        "https://mixed.test/",
        "https://10.0.0.1/",
        "https://100.64.0.1/",
        "https://[fd00::1]/",
        "http://10.0.0.1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/",
        "https://metadata.test/",
    ];
    expect![[r#"
        https://private.test/                      -> 10.0.0.1:443
        https://mixed.test/                        -> 93.184.216.34:443 192.168.0.1:443
        https://10.0.0.1/                          -> 10.0.0.1:443
        https://100.64.0.1/                        -> 100.64.0.1:443
        https://[fd00::1]/                         -> [fd00::1]:443
        http://10.0.0.1/                           http://10.0.0.1 is not fetched: what a server names has to be https, unless both are on this machine
        https://127.0.0.1/                         https://127.0.0.1 is not fetched: 127.0.0.1 is a loopback address, which only a server on this machine may name
        https://169.254.169.254/                   https://169.254.169.254 is not fetched: 169.254.169.254 is a link-local address, which no server may name
        https://metadata.test/                     https://metadata.test is not fetched: 169.254.169.254 is a link-local address, which no server may name
    "#]].assert_eq(&table(NETWORK, &urls).await);
}

/// The server is the user's choice, so only what it is called counts.
#[test]
fn who_is_on_this_machine() {
    let rows = [
        ("http://localhost:3000/mcp", true),
        ("http://127.0.0.1:3000", true),
        ("https://[::1]/mcp", true),
        ("https://localhost.a.test/mcp", false),
        ("https://a.test/mcp", false),
        ("https://10.0.0.1/mcp", false),
    ];
    for (url, here) in rows {
        let reach = Reach::of_server(&url.parse().unwrap());
        assert_eq!(reach, if here { HERE } else { WORLD }, "{url}");
    }
}
