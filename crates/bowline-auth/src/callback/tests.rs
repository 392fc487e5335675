//! Each row of the table of RFC 9207, and everything else that may come back.

use super::{CallbackFault, Expected, code};
use crate::Url;

const ISSUER: &str = "https://as.example/tenant";
const REDIRECT: &str = "http://127.0.0.1:4711/callback";

fn read(returned: &str, names_itself: bool) -> Result<String, CallbackFault> {
    let expected = Expected {
        redirect: Url::parse(REDIRECT).unwrap(),
        state: "st4te".into(),
        issuer: ISSUER.to_owned(),
        names_itself,
    };
    code(returned, &expected).map(|code| code.expose().to_owned())
}

fn encoded(issuer: &str) -> String {
    let mut query = crate::form::Query::default();
    query.add("code", "c0de").add("state", "st4te").add("iss", issuer);
    format!("/callback?{}", query.as_str())
}

#[test]
fn the_issuer_is_compared_as_the_table_says() {
    let without = "/callback?code=c0de&state=st4te";
    assert_eq!(read(&encoded(ISSUER), true).unwrap(), "c0de");
    assert_eq!(read(without, true).unwrap_err(), CallbackFault::NoIssuer);
    assert_eq!(read(&encoded(ISSUER), false).unwrap(), "c0de");
    assert_eq!(read(without, false).unwrap(), "c0de");
}

#[test]
fn nothing_is_normalized_before_issuers_are_compared() {
    for other in [
        "https://as.example/tenant/",
        "https://AS.example/tenant",
        "HTTPS://as.example/tenant",
        "https://as.example:443/tenant",
        "https://as.example/%74enant",
        "https://as.example/x/../tenant",
        "https://evil.example",
        "",
    ] {
        for names_itself in [true, false] {
            let fault = read(&encoded(other), names_itself).unwrap_err();
            assert!(matches!(fault, CallbackFault::Issuer { .. }), "{other}: {fault}");
        }
    }
}

#[test]
fn of_another_issuer_no_error_is_shown() {
    let returned = "/callback?state=st4te&iss=https%3A%2F%2Fevil.example&error=phish&error_description=call+me&error_uri=x";
    for names_itself in [true, false] {
        let shown = format!("{0} {0:?}", read(returned, names_itself).unwrap_err());
        assert!(!shown.contains("phish") && !shown.contains("call"), "{shown}");
    }
    let unnamed = "/callback?state=st4te&error=phish";
    assert_eq!(read(unnamed, true).unwrap_err(), CallbackFault::NoIssuer);
}

#[test]
fn without_the_right_state_nothing_is_looked_at() {
    for returned in [
        "/callback?code=c0de",
        "/callback?code=c0de&state=",
        "/callback?code=c0de&state=st4te2",
        "/callback?code=c0de&state=St4te",
        "/callback?code=c0de&state=st4te&state=st4te",
        "/callback?error=access_denied",
        "/callback?code=c0de&state=other&iss=https%3A%2F%2Fevil.example",
        "/callback?",
    ] {
        let fault = read(returned, false).unwrap_err();
        assert_eq!(fault, CallbackFault::State, "{returned}");
        assert!(fault.is_stray());
    }
}

#[test]
fn what_came_to_another_place_is_foreign() {
    for returned in [
        "",
        "/callback",
        "/other?code=c0de&state=st4te",
        "/callback/?code=c0de&state=st4te",
        "//callback?code=c0de&state=st4te",
        "http://127.0.0.1:4712/callback?code=c0de&state=st4te",
        "https://127.0.0.1:4711/callback?code=c0de&state=st4te",
        "http://127.0.0.1:4711@evil.example/callback?code=c0de&state=st4te",
        "javascript:alert(1)?code=c0de&state=st4te",
        "/callback?code=%ff&state=st4te",
        "/callback?code=%&state=st4te",
        &format!("/callback?state=st4te&code={}", "c".repeat(3 * Url::MAX)),
    ] {
        let fault = read(returned, false).unwrap_err();
        assert_eq!(fault, CallbackFault::Foreign, "{returned}");
        assert!(fault.is_stray());
    }
}

#[test]
fn a_pasted_url_counts_as_much_as_what_a_listener_saw() {
    for returned in [
        "http://127.0.0.1:4711/callback?code=c0de&state=st4te",
        "  http://127.0.0.1:4711/callback?state=st4te&code=c0de\n",
        "http://127.0.0.1:4711/callback?code=c0de&state=st4te#_=_",
        "/callback?code=c%30de&state=st4t%65&session_state=x&session_state=y",
    ] {
        assert_eq!(read(returned, false).unwrap(), "c0de", "{returned}");
    }
}

#[test]
fn a_refusal_is_told_fit_to_be_shown() {
    let denied = "/callback?state=st4te&error=access_denied&error_description=not%1B%5B31m+today";
    let fault = read(denied, false).unwrap_err();
    assert!(matches!(&fault, CallbackFault::Denied { error, .. } if error == "access_denied"));
    assert!(!fault.to_string().contains('\u{1b}') && !fault.is_stray(), "{fault}");
    for (returned, expected) in [
        ("/callback?state=st4te", CallbackFault::NoCode),
        ("/callback?state=st4te&code=", CallbackFault::NoCode),
        ("/callback?state=st4te&code=1&code=2", CallbackFault::Twice("code")),
        ("/callback?state=st4te&code=1&iss=a&iss=b", CallbackFault::Twice("iss")),
        ("/callback?state=st4te&error=1&error=2", CallbackFault::Twice("error")),
    ] {
        assert_eq!(read(returned, false).unwrap_err(), expected, "{returned}");
    }
}
