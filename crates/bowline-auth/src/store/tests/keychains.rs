//! Logins whose key is in a keychain, which may come and go.

use super::super::keys::{Keychain, Unavailable};
use super::super::{FileStore, Store};
use super::{Folder, full, key};
use std::sync::{Arc, Mutex};
use zeroize::Zeroizing;

#[derive(Debug, Default)]
struct Played {
    key: Mutex<Option<Vec<u8>>>,
    gone: Mutex<Option<&'static str>>,
}

impl Keychain for Played {
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Unavailable> {
        self.here()?;
        Ok(self.key.lock().unwrap().clone().map(Zeroizing::new))
    }

    fn write(&self, key: &[u8]) -> Result<(), Unavailable> {
        self.here()?;
        *self.key.lock().unwrap() = Some(key.to_vec());
        Ok(())
    }
}

impl Played {
    fn here(&self) -> Result<(), Unavailable> {
        self.gone.lock().unwrap().map_or(Ok(()), |why| Err(Unavailable(why)))
    }

    fn leave(&self, why: Option<&'static str>) {
        *self.gone.lock().unwrap() = why;
    }
}

fn store(folder: &Folder) -> (FileStore, Arc<Played>) {
    let keychain = Arc::new(Played::default());
    (FileStore::with(folder.logins(), keychain.clone()), keychain)
}

#[test]
fn the_keychain_holds_the_key_and_no_file_does() {
    let folder = Folder::new();
    let (store, keychain) = store(&folder);
    store.save(&full(key("a"))).unwrap();
    store.save(&full(key("b"))).unwrap();
    assert!(!folder.logins().join("key").exists());
    assert_eq!(keychain.key.lock().unwrap().as_ref().unwrap().len(), 32);
    assert_eq!(store.load(&key("a")).unwrap().unwrap().issuer, "https://auth.example");
    assert_eq!(store.list().unwrap().len(), 2);
    let fault = folder.store().load(&key("a")).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the keychain of the system cannot be used: it was not asked for; unlock it, or log in again"
    );
}

#[test]
fn a_keychain_that_is_gone_is_an_error_for_old_logins_and_a_file_does_for_new_ones() {
    let folder = Folder::new();
    let (store, keychain) = store(&folder);
    store.save(&full(key("old"))).unwrap();
    keychain.leave(Some("it is locked"));
    let again = FileStore::with(folder.logins(), keychain.clone());
    let fault = again.load(&key("old")).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the keychain of the system cannot be used: it is locked; unlock it, or log in again"
    );
    store.save(&full(key("new"))).unwrap();
    assert!(folder.logins().join("key").exists());
    assert!(store.load(&key("new")).unwrap().is_some());
    let listed = again.list().unwrap();
    assert_eq!(listed.iter().filter(|kept| kept.is_ok()).count(), 1);
    keychain.leave(None);
    assert!(store.load(&key("old")).unwrap().is_some());
    assert!(store.load(&key("new")).unwrap().is_some());
    // What is saved again moves into the keychain's care.
    store.save(&full(key("new"))).unwrap();
    std::fs::remove_file(folder.logins().join("key")).unwrap();
    assert!(store.load(&key("new")).unwrap().is_some());
}

#[test]
fn what_the_keychain_said_once_opens_logins_but_seals_none() {
    let folder = Folder::new();
    let (store, keychain) = store(&folder);
    store.save(&full(key("a"))).unwrap();
    assert!(store.load(&key("a")).unwrap().is_some());
    keychain.leave(Some("it is locked"));
    assert!(store.load(&key("a")).unwrap().is_some());
    keychain.leave(None);
    // Somebody emptied it, and another process made a new key.
    *keychain.key.lock().unwrap() = Some(vec![7; 32]);
    store.save(&full(key("b"))).unwrap();
    let again = FileStore::with(folder.logins(), keychain);
    assert!(again.load(&key("b")).unwrap().is_some());
    assert!(store.load(&key("b")).unwrap().is_some());
}

#[test]
fn logins_of_before_there_was_a_keychain_stay() {
    let folder = Folder::new();
    folder.store().save(&full(key("a"))).unwrap();
    let (store, keychain) = store(&folder);
    assert!(store.load(&key("a")).unwrap().is_some());
    assert!(keychain.key.lock().unwrap().is_none());
}

#[test]
fn a_keychain_that_was_emptied_or_holds_something_else_says_so() {
    let folder = Folder::new();
    let (store, keychain) = store(&folder);
    store.save(&full(key("a"))).unwrap();
    *keychain.key.lock().unwrap() = None;
    let store = FileStore::with(folder.logins(), keychain.clone());
    let fault = store.load(&key("a")).unwrap_err().to_string();
    assert!(
        fault.ends_with("cannot be used: the key that it was sealed with is gone; log in again"),
        "{fault}"
    );
    *keychain.key.lock().unwrap() = Some(vec![1; 31]);
    let fault = store.load(&key("a")).unwrap_err().to_string();
    assert!(fault.contains("it has something else instead of the key"), "{fault}");
}
