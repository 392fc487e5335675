use super::{Presented, Tokens, equal, load, sha256};
use crate::principal::Principal;
use crate::transport::http::watched::Watched;
use expect_test::expect;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const ALPHA: &str = "alpha-0123456789abcdefghijklmnopqrstuvwxyz-A";
const BETA: &str = "beta-0123456789abcdefghijklmnopqrstuvwxyz-BB";

/// A file of its own for each test, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("bowline-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Self(dir.join("tokens"))
    }

    fn write(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
        self.mode(0o600);
    }

    #[cfg(unix)]
    fn mode(&self, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&self.0, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[cfg(not(unix))]
    fn mode(&self, _: u32) {}
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

fn hex(token: &str) -> String {
    sha256(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn principal(tokens: &Tokens, token: &str) -> Option<(String, Vec<String>)> {
    let found = tokens.find(token.as_bytes())?;
    Some((found.name().to_owned(), found.scopes().map(str::to_owned).collect()))
}

#[test]
fn a_line_is_name_digest_and_scopes() {
    let file = Scratch::new("line");
    let (alpha, beta) = (hex(ALPHA), hex(BETA).to_uppercase());
    file.write(&format!("# who may\n\n ada:{alpha}:read a:b  write\r\nbob : {beta} :\n"));
    let tokens = Tokens::default().file(&file.0).unwrap();
    let scopes = ["read", "a:b", "write"].map(str::to_owned).to_vec();
    assert_eq!(principal(&tokens, ALPHA), Some(("ada".to_owned(), scopes)));
    assert_eq!(principal(&tokens, BETA), Some(("bob".to_owned(), vec![])));
    for wrong in ["", "alpha", &ALPHA[1..], &format!("{ALPHA}="), &alpha] {
        assert_eq!(principal(&tokens, wrong), None, "{wrong}");
    }
}

#[test]
fn a_wrong_line_is_named() {
    let file = Scratch::new("wrong");
    let (alpha, beta) = (hex(ALPHA), hex(BETA));
    let texts = [
        "\n\nada".to_owned(),
        format!("ada:{alpha}"),
        format!(":{alpha}:"),
        "ada:abc:".to_owned(),
        format!("ada:{}g:", &alpha[1..]),
        format!("ada:{alpha}:\nbob:{alpha}:"),
        format!("ada:{alpha}:a\nada:{beta}:b"),
    ];
    let mut errors = String::new();
    for text in texts {
        file.write(&text);
        let error = Tokens::default().file(&file.0).unwrap_err().to_string();
        assert!(!error.contains(&alpha), "{error}");
        errors += error.strip_prefix(&*file.0.to_string_lossy()).unwrap();
        errors += "\n";
    }
    expect![[r#"
        , line 3: expected `name:digest:scopes`
        , line 1: expected `name:digest:scopes`
        , line 1: the name is empty or has control characters
        , line 1: the digest must be a SHA-256 in 64 hexadecimal digits
        , line 1: the digest must be a SHA-256 in 64 hexadecimal digits
        , line 2: the same token stands in a line above
        , line 2: the same name stands above with other scopes
    "#]]
    .assert_eq(&errors);
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_refused() {
    let file = Scratch::new("open");
    file.write(&format!("ada:{}:", hex(ALPHA)));
    for (mode, good) in [(0o600, true), (0o640, true), (0o644, false), (0o602, false)] {
        file.mode(mode);
        assert_eq!(Tokens::default().file(&file.0).is_ok(), good, "{mode:o}");
    }
    assert!(Tokens::default().file(&file.0.join("none")).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_is_read_again_and_a_broken_one_changes_nothing() {
    let file = Scratch::new("changed");
    file.write(&format!("ada:{}:x\n", hex(ALPHA)));
    let tokens =
        Tokens { given: None, file: Some(Arc::new(Watched::new([file.0.clone()], load).unwrap())) };
    let second = Duration::from_secs(1);
    let ada = tokens.find(ALPHA.as_bytes()).unwrap();
    let running = ada.enter(1).unwrap();

    file.write(&format!("ada:{}:x\nada:{}:x\n", hex(ALPHA), hex(BETA)));
    assert_eq!(tokens.find(BETA.as_bytes()), None, "looked at before a second was over");
    tokio::time::advance(second).await;
    let again = tokens.find(BETA.as_bytes()).unwrap();
    assert!(again.enter(1).is_none(), "what runs no longer counts");
    drop(running);
    assert!(again.enter(1).is_some());

    file.write("broken");
    tokio::time::advance(second).await;
    assert_eq!(tokens.find(ALPHA.as_bytes()), Some(ada.clone()));
    fs::remove_file(&file.0).unwrap();
    tokio::time::advance(second).await;
    assert_eq!(tokens.find(ALPHA.as_bytes()), Some(ada));

    file.write(&format!("bob:{}:\n", hex(BETA)));
    tokio::time::advance(second).await;
    assert_eq!(tokens.find(ALPHA.as_bytes()), None);
    assert_eq!(tokens.find(BETA.as_bytes()), Some(Principal::token("bob", [])));
}

#[test]
fn a_given_token_makes_a_principal() {
    let tokens = Tokens::default().secret(ALPHA).unwrap();
    assert_eq!(principal(&tokens, ALPHA), Some(("token".to_owned(), vec![])));
    assert_eq!(principal(&tokens, BETA), None);
    for wrong in ["", "=", "a b", "a\n", "ä", "a=b"] {
        assert!(Tokens::default().secret(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn credentials_are_read_strictly() {
    let cases: &[(&str, Option<(bool, &str)>)] = &[
        ("Bearer abc", Some((false, "abc"))),
        ("bEARER  abc==", Some((false, "abc=="))),
        ("DPoP abc", Some((true, "abc"))),
        ("dpop  abc", Some((true, "abc"))),
        ("DPoP", None),
        ("DPoPabc", None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Bearer a b", None),
        ("Bearer a,b", None),
        ("Bearerabc", None),
        ("Basic YTpi", None),
        ("", None),
    ];
    for (value, token) in cases {
        let read = Presented::read(value.as_bytes()).map(|read| (read.proved, read.token));
        assert_eq!(read, *token, "{value}");
    }
}

#[test]
fn digests_differ_in_any_byte() {
    let digest = sha256(b"x");
    assert!(equal(&digest, &digest));
    for at in 0..digest.len() {
        let mut other = digest;
        other[at] ^= 1;
        assert!(!equal(&digest, &other), "{at}");
    }
}
