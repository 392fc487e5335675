//! Static bearer tokens.
//!
//! Only digests of tokens are kept, and every digest is compared whole, so that neither memory nor time tells how
//! much of a token was right. A token never reaches a log, an error or a handler.

use super::watched::{self, Watched};
use crate::error::{Error, Result};
use crate::principal::Principal;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The tokens that let in.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    given: Option<Token>,
    file: Option<Arc<Watched<Vec<Token>>>>,
}

/// One token, by its digest. All calls that present it share its principal, so that they are counted together.
#[derive(Clone)]
struct Token {
    digest: [u8; SHA256_OUTPUT_LEN],
    principal: Principal,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Token").field(&self.principal.name()).finish()
    }
}

/// A token of 256 random bits has at least so many characters.
const STRONG: usize = 43;

impl Tokens {
    /// Also lets in the tokens of a file.
    pub(super) fn file(mut self, path: &Path) -> Result<Self> {
        self.file = Some(Arc::new(Watched::new([path.to_owned()], load)?));
        Ok(self)
    }

    /// Also lets in this token.
    pub(super) fn secret(mut self, secret: &str) -> Result<Self> {
        if !is_token68(secret.as_bytes()) {
            return Err(Error::invalid(
                "bearer token must be letters, digits and -._~+/ with = at its end",
            ));
        }
        if secret.len() < STRONG {
            tracing::warn!(
                "bearer token is short; take 256 random bits, as `openssl rand -hex 32` prints"
            );
        }
        let digest = sha256(secret.as_bytes());
        self.given = Some(Token { digest, principal: Principal::token("token", []) });
        Ok(self)
    }

    /// The principal of a token.
    pub(super) fn find(&self, presented: &[u8]) -> Option<Principal> {
        let presented = sha256(presented);
        let file = self.file.as_ref().map(|file| file.current());
        let mut found = None;
        for token in self.given.iter().chain(file.iter().flat_map(|tokens| tokens.iter())) {
            // No early end: the time is that of looking at all.
            if equal(&token.digest, &presented) {
                found = Some(&token.principal);
            }
        }
        found.cloned()
    }
}

/// The token of an `Authorization: Bearer` header; `None` when it is something else.
pub(super) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = value.split_at_checked(b"Bearer ".len())?;
    let token = rest.trim_ascii_start();
    (scheme.eq_ignore_ascii_case(b"Bearer ") && is_token68(token)).then_some(token)
}

/// `token68` of RFC 9110 §11.2, as RFC 6750 has it for bearer tokens.
fn is_token68(token: &[u8]) -> bool {
    let end = token.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    end > 0
        && token[..end].iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
}

fn sha256(text: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut out = [0; SHA256_OUTPUT_LEN];
    out.copy_from_slice(digest(&SHA256, text).as_ref());
    out
}

/// Compares in a time that does not depend on where two digests differ.
fn equal(a: &[u8; SHA256_OUTPUT_LEN], b: &[u8; SHA256_OUTPUT_LEN]) -> bool {
    let difference = a.iter().zip(b).fold(0, |difference, (a, b)| black_box(difference | (a ^ b)));
    difference == 0
}

#[allow(clippy::ptr_arg, reason = "the type that `Watched` keeps")]
fn load(paths: &[PathBuf], before: Option<&Vec<Token>>) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    for path in paths {
        private(path)?;
        let text = watched::read(path)?;
        let wrong = |line: usize, what: &str| {
            Error::invalid(format!("{}, line {line}: {what}", path.display()))
        };
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = std::str::from_utf8(line).map_err(|_| wrong(at + 1, "not UTF-8"))?.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let token = parse(line, &tokens, before).map_err(|what| wrong(at + 1, what))?;
            tokens.push(token);
        }
    }
    Ok(tokens)
}

fn parse(line: &str, others: &[Token], before: Option<&Vec<Token>>) -> Result<Token, &'static str> {
    const FORM: &str = "expected `name:digest:scopes`";
    let (name, rest) = line.split_once(':').ok_or(FORM)?;
    let (hex, scopes) = rest.split_once(':').ok_or(FORM)?;
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err("the name is empty or has control characters");
    }
    let digest =
        parse_hex(hex.trim()).ok_or("the digest must be a SHA-256 in 64 hexadecimal digits")?;
    if others.iter().any(|other| other.digest == digest) {
        return Err("the same token stands in a line above");
    }
    let principal = Principal::token(name, scopes.split_whitespace());
    let same_name = |token: &&Token| token.principal == principal;
    let same = |token: &Token| token.principal.scopes().eq(principal.scopes());
    if let Some(other) = others.iter().find(same_name) {
        // Two tokens for one name are how a token is replaced without a gap.
        return if same(other) {
            Ok(Token { digest, principal: other.principal.clone() })
        } else {
            Err("the same name stands above with other scopes")
        };
    }
    // What a principal has running goes on counting when the file is read again.
    let kept = before.and_then(|tokens| tokens.iter().find(same_name).filter(|token| same(token)));
    let principal = kept.map_or_else(|| principal.clone(), |token| token.principal.clone());
    Ok(Token { digest, principal })
}

fn parse_hex(text: &str) -> Option<[u8; SHA256_OUTPUT_LEN]> {
    let mut out = [0; SHA256_OUTPUT_LEN];
    if text.len() != 2 * out.len() {
        return None;
    }
    for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let high = char::from(digits[0]).to_digit(16)?;
        let low = char::from(digits[1]).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    Some(out)
}

/// Refuses a file that other users of the system can read.
#[cfg(unix)]
fn private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path)
        .map_err(|error| Error::io(format!("cannot read {}", path.display()), error))?;
    if metadata.permissions().mode() & 0o007 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Error::invalid(format!("{path} is open to other users; run `chmod 600 {path}`")))
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Tokens, bearer, equal, load, sha256};
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
        let tokens = Tokens {
            given: None,
            file: Some(Arc::new(Watched::new([file.0.clone()], load).unwrap())),
        };
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
        let cases: &[(&str, Option<&str>)] = &[
            ("Bearer abc", Some("abc")),
            ("bEARER  abc==", Some("abc==")),
            ("Bearer", None),
            ("Bearer ", None),
            ("Bearer a b", None),
            ("Bearer a,b", None),
            ("Bearerabc", None),
            ("Basic YTpi", None),
            ("", None),
        ];
        for (value, token) in cases {
            assert_eq!(bearer(value.as_bytes()), token.map(str::as_bytes), "{value}");
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
}
