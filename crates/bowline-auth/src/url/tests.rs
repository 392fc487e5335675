//! Which texts are URLs, and what they are made of.

use super::{Scheme, Url, UrlFault};

#[test]
fn a_url_is_kept_as_it_was_given() {
    // text, host, port, path, query, origin
    for (text, host, port, path, query, origin) in [
        ("https://h.example", "h.example", 443, "", None, "https://h.example"),
        ("https://h.example/", "h.example", 443, "/", None, "https://h.example"),
        ("HTTPS://H.Example:443/A", "H.Example", 443, "/A", None, "https://h.example"),
        (
            "https://h.example:8443?q=1",
            "h.example",
            8443,
            "",
            Some("q=1"),
            "https://h.example:8443",
        ),
        ("http://h/a?b?c=%2F", "h", 80, "/a", Some("b?c=%2F"), "http://h"),
        ("https://h/?", "h", 443, "/", Some(""), "https://h"),
        ("http://127.0.0.1:80/x", "127.0.0.1", 80, "/x", None, "http://127.0.0.1"),
        ("http://[::1]:8080/x", "[::1]", 8080, "/x", None, "http://[::1]:8080"),
        ("https://h/a:b@c", "h", 443, "/a:b@c", None, "https://h"),
        (
            "https://xn--bcher-kva.example/",
            "xn--bcher-kva.example",
            443,
            "/",
            None,
            "https://xn--bcher-kva.example",
        ),
    ] {
        let url = Url::parse(text).unwrap();
        assert_eq!(url.as_str(), text);
        assert_eq!(url.to_string(), text);
        assert_eq!((url.host(), url.port(), url.path(), url.query()), (host, port, path, query));
        assert_eq!(url.origin(), origin);
        assert_eq!(format!("{url:?}"), format!("Url({origin})"));
        let uri = url.to_uri();
        assert_eq!(uri.host().unwrap(), host);
        assert_eq!(uri.query(), query);
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_no_url() {
    for (text, fault) in [
        ("", UrlFault::Scheme),
        ("h.example/x", UrlFault::Scheme),
        ("/x", UrlFault::Scheme),
        ("//h.example/x", UrlFault::Scheme),
        ("javascript:alert(1)", UrlFault::Scheme),
        ("javascript://h.example/%0aalert(1)", UrlFault::Scheme),
        ("data:text/html,x", UrlFault::Scheme),
        ("file:///etc/passwd", UrlFault::Scheme),
        ("vbscript:x", UrlFault::Scheme),
        ("https:h.example", UrlFault::Scheme),
        ("https:/h.example", UrlFault::Scheme),
        ("ftp://h.example", UrlFault::Scheme),
        ("https://user@h.example/", UrlFault::UserInfo),
        ("https://h.example:pw@evil.example/", UrlFault::UserInfo),
        ("https://h.example#f", UrlFault::Fragment),
        ("https://h.example/#", UrlFault::Fragment),
        ("https://", UrlFault::Host),
        ("https:///x", UrlFault::Host),
        ("https://?x", UrlFault::Host),
        ("https://.example", UrlFault::Host),
        ("https://h..example", UrlFault::Host),
        ("https://h.example./", UrlFault::Host),
        ("https://h%2eexample/", UrlFault::Host),
        ("https://a!b/", UrlFault::Host),
        ("https://[::1", UrlFault::Host),
        ("https://[::1]x/", UrlFault::Host),
        ("https://[1.2.3.4]/", UrlFault::Host),
        ("https://[fe80::1%25eth0]/", UrlFault::Host),
        ("https://::1/", UrlFault::Host),
        ("https://2130706433/", UrlFault::Number),
        ("https://0x7f000001/", UrlFault::Number),
        ("https://0X7F.1/", UrlFault::Number),
        ("https://127.1/", UrlFault::Number),
        ("https://0177.0.0.1/", UrlFault::Number),
        ("https://1.2.3.4.5/", UrlFault::Number),
        ("https://256.0.0.1/", UrlFault::Number),
        ("https://a.1/", UrlFault::Number),
        ("https://h:/", UrlFault::Port),
        ("https://h:0/", UrlFault::Port),
        ("https://h:65536/", UrlFault::Port),
        ("https://h:+1/", UrlFault::Port),
        ("https://h:1:2/", UrlFault::Port),
        ("https://h/ ", UrlFault::Character(' ')),
        ("https://h/\\x", UrlFault::Character('\\')),
        ("https://h\\@evil.example/", UrlFault::Character('\\')),
        ("https://h/\n", UrlFault::Character('\n')),
        ("https://h/`id`", UrlFault::Character('`')),
        ("https://h/\"x", UrlFault::Character('"')),
        ("https://h/|calc", UrlFault::Character('|')),
        ("https://h/\u{202e}", UrlFault::Character('\u{202e}')),
        ("https://b\u{fc}cher.example/", UrlFault::Character('\u{fc}')),
    ] {
        let found = Url::parse(text).unwrap_err();
        // An octet that begins with a zero is octal to some.
        assert_eq!(found, fault, "{text:?}");
        assert!(found.to_string().chars().all(|c| !c.is_control()), "{found}");
    }
    let longest = format!("https://h/{}", "a".repeat(Url::MAX - 10));
    assert!(Url::parse(&longest).is_ok());
    assert_eq!(Url::parse(&format!("{longest}a")).unwrap_err(), UrlFault::TooLong);
}

#[test]
fn this_machine_is_known_by_name_and_by_address() {
    for (text, expected) in [
        ("http://localhost", true),
        ("http://LOCALHOST:1", true),
        ("http://127.0.0.1", true),
        ("http://127.255.255.254", true),
        ("http://[::1]", true),
        ("http://[0:0:0:0:0:0:0:1]", true),
        ("http://localhost.evil.example", false),
        ("http://127.0.0.1.evil.example", false),
        ("http://evil-localhost", false),
        ("http://10.0.0.1", false),
        ("http://0.0.0.0", false),
        ("http://169.254.169.254", false),
        ("http://[::ffff:127.0.0.1]", true),
        ("http://[::ffff:10.0.0.1]", false),
        ("http://[::]", false),
    ] {
        assert_eq!(Url::parse(text).unwrap().is_loopback(), expected, "{text}");
    }
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    let same = |one: &str, other: &str| {
        let [one, other] = [one, other].map(|text| Url::parse(text).unwrap());
        assert_eq!(one.same_origin(&other), one.origin() == other.origin());
        one.same_origin(&other)
    };
    assert!(same("https://h/a", "HTTPS://H:443/b?c"));
    assert!(!same("https://h", "http://h"));
    assert!(!same("https://h", "http://h:443"));
    assert!(!same("https://h", "https://h:444"));
    assert!(!same("https://h", "https://h.example"));
}

#[test]
fn a_redirect_is_joined_as_rfc_3986_says() {
    let base = Url::parse("https://h:8443/a/b/c?q").unwrap();
    for (location, expected) in [
        ("d", "https://h:8443/a/b/d"),
        ("./d", "https://h:8443/a/b/d"),
        ("../d", "https://h:8443/a/d"),
        ("../../../../d", "https://h:8443/d"),
        ("..", "https://h:8443/a/"),
        (".", "https://h:8443/a/b/"),
        ("/d/./e/../f", "https://h:8443/d/f"),
        ("/", "https://h:8443/"),
        ("?r", "https://h:8443/a/b/c?r"),
        ("", "https://h:8443/a/b/c?q"),
        ("d?x=a/../b", "https://h:8443/a/b/d?x=a/../b"),
        ("//other/x", "https://other/x"),
        ("http://other/x", "http://other/x"),
        ("d/e:f", "https://h:8443/a/b/d/e:f"),
    ] {
        assert_eq!(base.join(location).unwrap().as_str(), expected, "{location:?}");
    }
    let root = Url::parse("https://h").unwrap();
    assert_eq!(root.join("d").unwrap().as_str(), "https://h/d");
    for location in ["javascript:alert(1)", "//u@other/", "mailto:x", "d#f", "\\\\other", "///x"] {
        assert!(base.join(location).is_err(), "{location:?}");
    }
    assert_eq!(base.scheme(), Scheme::Https);
}
