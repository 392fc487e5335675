//! Planted secrets, and everything that is shown anywhere in this crate.

use super::super::{FileStore, Store};
use super::{Folder, full, key};
use crate::dpop::{self, Proof};
use crate::jose::SigningKey;
use crate::token::{ClientAuth, Grant, Subject, TokenRequest, Tokens};
use crate::{Secret, jose};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::HeaderMap;
use serde_json::{Map, json};
use std::error::Error;
use std::fmt::{Debug, Write};
use std::fs;
use std::time::UNIX_EPOCH;

const CANARY: &str = "Canary/S3cret+Feathers==";

/// All that was shown.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn debug(&mut self, value: &impl Debug) {
        let _ = writeln!(self.0, "{value:?}\n{value:#?}");
    }

    fn error(&mut self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            let _ = writeln!(self.0, "{error}\n{error:?}\n{error:#?}");
            next = error.source();
        }
    }
}

/// A secret as it may turn up.
fn forms(secret: &str) -> Vec<String> {
    let percent: String = secret
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    vec![
        secret.to_owned(),
        percent,
        STANDARD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        secret.chars().take(8).collect(),
    ]
}

fn nowhere(secret: &str, shown: &str) {
    for form in forms(secret) {
        assert!(!shown.contains(&form), "{form} is in {shown}");
    }
}

#[test]
fn the_search_finds_every_form() {
    for form in forms(CANARY) {
        let found = std::panic::catch_unwind(|| nowhere(CANARY, &format!("… {form} …")));
        assert!(found.is_err(), "{form}");
    }
}

#[test]
fn no_secret_is_shown_by_anything() {
    let secret = || Secret::new(CANARY);
    let mut shown = Shown::default();
    shown.debug(&secret());

    let key = SigningKey::generate();
    shown.debug(&key);
    shown.debug(key.public());
    let clients = [
        ClientAuth::Basic { id: "app".to_owned(), secret: secret() },
        ClientAuth::Post { id: "app".to_owned(), secret: secret() },
        ClientAuth::PrivateKeyJwt {
            id: "app".to_owned(),
            key: key.clone(),
            audience: String::new(),
        },
    ];
    let grants = [
        Grant::AuthorizationCode {
            code: secret(),
            redirect_uri: String::new(),
            verifier: secret(),
        },
        Grant::Refresh { token: secret() },
        Grant::JwtBearer { assertion: secret() },
        Grant::Exchange { subject: secret(), kind: Subject::IdToken, audience: String::new() },
    ];
    let answers = [
        json!({"access_token": CANARY, "token_type": "Bearer", "refresh_token": CANARY, "id_token": CANARY}),
        json!({"access_token": CANARY, "token_type": "Bearer", "refresh_token": CANARY, "expires_in": CANARY}),
        json!({"access_token": format!("{CANARY}\n"), "token_type": "Bearer"}),
        json!({"access_token": CANARY, "token_type": CANARY}),
        json!({"error": "invalid_grant", "error_description": format!("{CANARY} is too old")}),
        json!({"error": CANARY}),
        json!({"issued_token_type": "urn:ietf:params:oauth:token-type:id-jag", "access_token": CANARY, "token_type": "N_A"}),
        json!([CANARY]),
    ];
    for client in &clients {
        for grant in &grants {
            let request = TokenRequest {
                grant: grant.clone(),
                client: client.clone(),
                resource: None,
                scopes: Vec::new(),
            };
            shown.debug(&request);
            shown.debug(&request.form(UNIX_EPOCH));
            for answer in &answers {
                let answer = answer.to_string();
                match request.tokens(200, &HeaderMap::new(), answer.as_bytes(), UNIX_EPOCH) {
                    Ok(tokens) => {
                        shown.debug(&tokens);
                        shown.debug(&tokens.authorization());
                    }
                    Err(fault) => shown.error(&fault),
                }
                match request.exchanged(400, &HeaderMap::new(), answer.as_bytes(), UNIX_EPOCH) {
                    Ok(exchanged) => shown.debug(&exchanged),
                    Err(fault) => shown.error(&fault),
                }
            }
        }
    }

    let proving = dpop::Key::generate();
    shown.debug(&proving);
    let proof = Proof {
        method: "GET",
        url: "https://a/",
        token: Some(&secret()),
        nonce: None,
        now: UNIX_EPOCH,
    };
    shown.debug(&proof);
    shown.debug(&proving.prove(&proof));

    // A token that is taken for something else, as by a mistake in a configuration.
    for text in [
        CANARY.to_owned(),
        format!("{CANARY}.{CANARY}.{CANARY}"),
        json!({"kty": CANARY}).to_string(),
    ] {
        if let Err(fault) = jose::verify(&text, &jose::Jwks::default(), &jose::Algorithm::ALL) {
            shown.error(&fault);
        }
        if let Err(fault) = SigningKey::from_pem(&Secret::new(text.clone())) {
            shown.error(&fault);
        }
    }
    let claims = Map::from_iter([("secret".to_owned(), CANARY.into())]);
    let token = key.sign(Map::new(), &claims);
    let verified = jose::verify(
        token.expose(),
        &jose::Jwks::new([key.public().clone()]),
        &jose::Algorithm::ALL,
    );
    shown.debug(&verified.unwrap());

    nowhere(CANARY, &shown.0);
    // Half a signature or key is as bad as a canary.
    let pem = key.to_pem();
    for line in pem.expose().lines().filter(|line| !line.starts_with('-')) {
        assert!(!shown.0.contains(&line[..16]));
    }
    assert!(!shown.0.contains(token.expose().rsplit_once('.').unwrap().1));
}

#[test]
fn no_secret_is_shown_by_a_store_or_lies_in_its_folder() {
    let folder = Folder::new();
    let store = folder.store();
    let mut kept = full(key("a"));
    kept.client.secret = Some(CANARY.into());
    let tokens = kept.tokens.as_mut().unwrap();
    tokens.access = CANARY.into();
    tokens.refresh = Some(CANARY.into());
    tokens.id = Some(CANARY.into());
    kept.extra.0.insert("new".to_owned(), CANARY.into());
    store.save(&kept).unwrap();
    let memory = super::MemoryStore::default();
    memory.save(&kept).unwrap();

    let mut shown = Shown::default();
    shown.debug(&kept);
    shown.debug(&store);
    shown.debug(&memory);
    shown.debug(&store.load(&key("a")).unwrap());
    shown.debug(&store.list().unwrap());
    shown.debug(&store.try_lock(&key("a")).unwrap());
    let files: Vec<_> =
        fs::read_dir(folder.logins()).unwrap().map(|entry| entry.unwrap().path()).collect();
    for file in &files {
        shown.0.push_str(&String::from_utf8_lossy(&fs::read(file).unwrap()));
        shown.0.push_str(file.to_str().unwrap());
    }
    // Whatever happens to a file, its error shows the name and not the content.
    for file in &files {
        fs::write(file, CANARY).unwrap();
        for result in [store.load(&key("a")).err(), store.save(&kept).err()].into_iter().flatten() {
            shown.error(&result);
        }
        for fault in store.list().unwrap().into_iter().filter_map(Result::err) {
            shown.error(&fault);
        }
    }
    let no_folder = folder.0.join("file");
    fs::write(&no_folder, "").unwrap();
    shown.error(&FileStore::new(no_folder).save(&kept).unwrap_err());
    nowhere(CANARY, &shown.0);
    assert!(shown.0.contains("cannot be used"), "no fault was shown");
}

/// What `Tokens` are made of stays hidden when one of its fields is added to.
#[test]
fn every_text_of_tokens_is_hidden() {
    let body = json!({
        "access_token": CANARY, "token_type": "DPoP", "refresh_token": CANARY, "id_token": CANARY, "more": CANARY,
    });
    let tokens =
        Tokens::read(200, &HeaderMap::new(), body.to_string().as_bytes(), UNIX_EPOCH).unwrap();
    nowhere(CANARY, &format!("{tokens:?}"));
}
