use expect_test::expect;
use http::header::{HOST, HeaderMap, HeaderValue, ORIGIN};
use http::{HeaderName, Uri};

use super::{HostGuard, OriginGuard, Reason, Refusal};

fn headers(name: &HeaderName, values: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    headers
}

fn host(guard: &HostGuard, uri: &str, values: &[&[u8]]) -> Result<(), Refusal> {
    guard.check(&uri.parse::<Uri>().unwrap(), &headers(&HOST, values))
}

fn origin(guard: &OriginGuard, values: &[&[u8]]) -> Result<(), Refusal> {
    guard.check(&headers(&ORIGIN, values))
}

#[test]
fn only_loopback_hosts_are_answered_for_by_default() {
    let guard = HostGuard::default();
    for good in [
        "localhost",
        "LocalHost",
        "localhost:8080",
        "127.0.0.1",
        "127.0.0.1:65535",
        "127.255.255.254:1",
        "[::1]",
        "[::1]:8080",
        "[0:0:0:0:0:0:0:1]:8080",
        "[::ffff:127.0.0.1]",
    ] {
        assert_eq!(host(&guard, "/mcp", &[good.as_bytes()]), Ok(()), "{good}");
    }
    let bad: &[(&[u8], Reason)] = &[
        (b"evil.com", Reason::Foreign),
        (b"evil.com:80", Reason::Foreign),
        (b"127.0.0.1.evil.com", Reason::Foreign),
        (b"localhost.evil.com", Reason::Foreign),
        (b"evil-localhost", Reason::Foreign),
        (b"foo.localhost", Reason::Foreign),
        (b"127.1", Reason::Foreign),
        (b"0x7f000001", Reason::Foreign),
        (b"2130706433", Reason::Foreign),
        (b"0177.0.0.1", Reason::Foreign),
        (b"127.0.0.01", Reason::Foreign),
        (b"0.0.0.0", Reason::Foreign),
        (b"[::]", Reason::Foreign),
        (b"[::ffff:10.0.0.1]", Reason::Foreign),
        (b"169.254.169.254", Reason::Foreign),
        (b"localhost.", Reason::Malformed),
        (b"127.0.0.1.", Reason::Malformed),
        (b"user@localhost", Reason::Malformed),
        (b"localhost@evil.com", Reason::Malformed),
        (b"localhost:8080@evil.com", Reason::Malformed),
        (b"localhost:", Reason::Malformed),
        (b"localhost:65536", Reason::Malformed),
        (b"localhost:+80", Reason::Malformed),
        (b"localhost:80:80", Reason::Malformed),
        (b"localhost:080000", Reason::Malformed),
        (b"localhost/", Reason::Malformed),
        (b"localhost,evil.com", Reason::Malformed),
        (b"localhost evil.com", Reason::Malformed),
        (b"localhost\\", Reason::Malformed),
        (b"localhost%00", Reason::Malformed),
        (b"http://localhost", Reason::Malformed),
        (b"::1", Reason::Malformed),
        (b"[::1", Reason::Malformed),
        (b"[::1]x", Reason::Malformed),
        (b"[::1%25lo]", Reason::Malformed),
        (b"[127.0.0.1]", Reason::Malformed),
        ("ⓛocalhost".as_bytes(), Reason::Malformed),
        (b"\xff", Reason::Malformed),
        (b".localhost", Reason::Malformed),
        (b"", Reason::Malformed),
    ];
    for (value, reason) in bad {
        let refusal = host(&guard, "/mcp", &[value]).expect_err(&String::from_utf8_lossy(value));
        assert_eq!(refusal.reason(), *reason, "{refusal}");
        assert!(refusal.status().is_client_error());
        assert_eq!(refusal.switch().is_some(), *reason == Reason::Foreign, "{refusal}");
    }
}

#[test]
fn a_host_is_named_once_and_the_same_everywhere() {
    let guard = HostGuard::default();
    let cases: &[(&str, &[&str], Option<Reason>)] = &[
        ("/mcp", &[], Some(Reason::Missing)),
        ("/mcp", &["localhost", "localhost"], Some(Reason::Repeated)),
        ("/mcp", &["localhost", "evil.com"], Some(Reason::Repeated)),
        ("http://localhost:8080/mcp", &[], None),
        ("http://localhost:8080/mcp", &["LOCALHOST:8080"], None),
        ("http://localhost:8080/mcp", &["localhost"], Some(Reason::Contradicted)),
        ("http://localhost:8080/mcp", &["evil.com"], Some(Reason::Contradicted)),
        ("http://evil.com/mcp", &["localhost"], Some(Reason::Contradicted)),
        ("http://evil.com/mcp", &[], Some(Reason::Foreign)),
        ("http://user@localhost/mcp", &[], Some(Reason::Malformed)),
    ];
    for (uri, values, expected) in cases {
        let values: Vec<_> = values.iter().map(|value| value.as_bytes()).collect();
        let result = host(&guard, uri, &values);
        assert_eq!(result.err().map(|refusal| refusal.reason()), *expected, "{uri} {values:?}");
    }
}

#[test]
fn allowed_hosts_are_exact() {
    let guard = HostGuard::default();
    let guard = guard.allow("Example.com").unwrap().allow("10.0.0.1:8080").unwrap();
    let guard = guard.allow("[2001:db8::1]").unwrap().public_url("https://mcp.test/x?y").unwrap();
    let cases = [
        ("example.com", true),
        ("EXAMPLE.COM:9", true),
        ("www.example.com", false),
        ("example.com.evil.com", false),
        ("10.0.0.1:8080", true),
        ("10.0.0.1", false),
        ("10.0.0.1:8081", false),
        ("[2001:DB8::1]:443", true),
        ("mcp.test", true),
        ("mcp.test:443", true),
        ("x.mcp.test", false),
        ("localhost", true),
    ];
    for (value, allowed) in cases {
        assert_eq!(host(&guard, "/", &[value.as_bytes()]).is_ok(), allowed, "{value}");
    }
}

#[test]
fn pages_of_other_origins_are_refused_by_default() {
    let guard = OriginGuard::default();
    assert_eq!(origin(&guard, &[]), Ok(()));
    for good in [
        "http://localhost",
        "http://localhost:3000",
        "https://LOCALHOST:3000",
        "HTTP://127.0.0.1:8080",
        "http://[::1]:8080",
    ] {
        assert_eq!(origin(&guard, &[good.as_bytes()]), Ok(()), "{good}");
    }
    let bad: &[(&[&[u8]], Reason)] = &[
        (&[b"null"], Reason::Null),
        (&[b"http://evil.com"], Reason::Foreign),
        (&[b"http://localhost.evil.com"], Reason::Foreign),
        (&[b"http://127.0.0.1.evil.com"], Reason::Foreign),
        (&[b"vscode-webview://localhost"], Reason::Foreign),
        (&[b"file://localhost"], Reason::Foreign),
        (&[b"http://localhost", b"http://localhost"], Reason::Repeated),
        (&[b"http://localhost", b"http://evil.com"], Reason::Repeated),
        (&[b"http://localhost http://evil.com"], Reason::Malformed),
        (&[b"http://localhost, http://evil.com"], Reason::Malformed),
        (&[b"http://localhost/"], Reason::Malformed),
        (&[b"http://user@localhost"], Reason::Malformed),
        (&[b"http://localhost@evil.com"], Reason::Malformed),
        (&[b"http://localhost."], Reason::Malformed),
        (&[b"localhost"], Reason::Malformed),
        (&[b"http:localhost"], Reason::Malformed),
        (&[b"://localhost"], Reason::Malformed),
        (&[b"1http://localhost"], Reason::Malformed),
        (&[b"http://"], Reason::Malformed),
        (&[b"NULL"], Reason::Malformed),
        (&[b"*"], Reason::Malformed),
        (&[b""], Reason::Malformed),
        (&[b"http://localhost\xff"], Reason::Malformed),
    ];
    for (values, reason) in bad {
        let refusal = origin(&guard, values).expect_err(&format!("{values:?}"));
        assert_eq!((refusal.reason(), refusal.status().as_u16()), (*reason, 403), "{refusal}");
    }
}

#[test]
fn allowed_origins_are_exact_up_to_the_default_port() {
    let guard = OriginGuard::default().allow("https://Example.com").unwrap();
    let guard = guard.allow("http://10.0.0.1:8080").unwrap();
    let guard = guard.allow("vscode-webview://abc").unwrap();
    let guard = guard.public_url("https://mcp.test:8443/mcp").unwrap();
    let cases = [
        ("https://example.com", true),
        ("https://example.com:443", true),
        ("HTTPS://EXAMPLE.COM", true),
        ("http://example.com", false),
        ("http://example.com:443", false),
        ("https://example.com:444", false),
        ("https://www.example.com", false),
        ("http://10.0.0.1:8080", true),
        ("http://10.0.0.1", false),
        ("vscode-webview://abc", true),
        ("vscode-webview://abcd", false),
        ("https://mcp.test:8443", true),
        ("https://mcp.test", false),
    ];
    for (value, allowed) in cases {
        let headers = headers(&ORIGIN, &[value.as_bytes()]);
        let echo = guard.check_and_echo(&headers);
        assert_eq!(echo.ok(), allowed.then_some(Some(value)), "{value}");
    }
    assert_eq!(guard.check_and_echo(&headers(&ORIGIN, &[b"http://localhost"])), Ok(None));
}

#[test]
fn allow_lists_take_no_patterns() {
    for value in ["", "*", "*.example.com", "https://example.com", "example.com/", "a b", "a:b"] {
        assert!(HostGuard::default().allow(value).is_err(), "{value}");
    }
    for value in ["", "*", "null", "example.com", "https://example.com/", "https://*.example.com"] {
        assert!(OriginGuard::default().allow(value).is_err(), "{value}");
    }
    for value in ["", "example.com", "ftp://example.com", "https://", "https://a@b"] {
        assert!(HostGuard::default().public_url(value).is_err(), "{value}");
        assert!(OriginGuard::default().public_url(value).is_err(), "{value}");
    }
    expect![[
        r#""*" is not a host name or address, with or without a port, such as `example.com:8080`"#
    ]]
    .assert_eq(&HostGuard::default().allow("*").unwrap_err().to_string());
}

#[test]
fn refusals_say_what_and_which_switch() {
    let show = |refusal: Refusal| {
        format!("{} {refusal}; {:?}", refusal.status().as_u16(), refusal.switch())
    };
    let guard = HostGuard::default();
    let lines = [
        show(host(&guard, "/", &[]).unwrap_err()),
        show(host(&guard, "/", &[b"a", b"b"]).unwrap_err()),
        show(host(&guard, "http://a/", &[b"b"]).unwrap_err()),
        show(host(&guard, "/", &[b"evil.com:80"]).unwrap_err()),
        show(host(&guard, "/", &[b"evil\t\xe2\x80\xae.com"]).unwrap_err()),
        show(host(&guard, "/", &["e".repeat(200).as_bytes()]).unwrap_err()),
        show(origin(&OriginGuard::default(), &[b"null"]).unwrap_err()),
        show(origin(&OriginGuard::default(), &[b"https://evil.com"]).unwrap_err()),
    ];
    expect![[r#"
        400 request names no host; None
        400 request has more than one host header; None
        400 host header `b` differs from the host of the request URI; None
        403 host `evil.com:80` is not allowed; Some("--allow-host evil.com:80")
        400 host `evil\u{9}\u{e2}\u{80}\u{ae}.com` is malformed; None
        403 host `eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee…` is not allowed; None
        403 origin `null` is never allowed; None
        403 origin `https://evil.com` is not allowed; Some("--allow-origin https://evil.com")"#]].assert_eq(&lines.join("\n"));
}
