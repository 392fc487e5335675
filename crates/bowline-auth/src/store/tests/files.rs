//! What lies in the folder.

use super::super::{Fault, Store};
use super::{Folder, full, key};
use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn login(folder: &Folder) -> PathBuf {
    let name = files(&folder.logins()).into_iter().find(|name| name.ends_with(".login")).unwrap();
    folder.logins().join(name)
}

#[test]
fn reading_makes_nothing() {
    let folder = Folder::new();
    let store = folder.store();
    assert!(store.load(&key("a")).unwrap().is_none());
    assert!(store.list().unwrap().is_empty());
    assert!(!store.remove(&key("a")).unwrap());
    assert!(!folder.0.join("data").exists());
}

#[test]
fn a_login_is_two_files_whose_names_and_bytes_show_nothing() {
    let folder = Folder::new();
    folder.store().save(&full(key("somebody"))).unwrap();
    folder.store().save(&full(key("somebody"))).unwrap();
    let names = files(&folder.logins());
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(names[1..], ["key", "key.lock"]);
    assert_eq!(names[0].len(), 32 + ".login".len());
    let bytes = fs::read(login(&folder)).unwrap();
    for part in ["access", "token", "example", "somebody", "client"] {
        assert!(!bytes.windows(part.len()).any(|window| window == part.as_bytes()), "{part}");
    }
    assert_eq!(fs::read(folder.logins().join("key")).unwrap().len(), 32);
}

#[cfg(unix)]
#[test]
fn folder_and_files_are_for_their_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let store = folder.store();
    store.save(&full(key("a"))).unwrap();
    drop(store.try_lock(&key("a")).unwrap());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.logins()), 0o700);
    assert_eq!(mode(&folder.0.join("data")), 0o700);
    let names = files(&folder.logins());
    assert_eq!(names.len(), 4, "{names:?}");
    for name in names {
        assert_eq!(mode(&folder.logins().join(&name)), 0o600, "{name}");
    }
}

#[cfg(unix)]
#[test]
fn what_others_may_use_is_refused_and_how_to_close_it_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let chmod =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let folder = Folder::new();
    let store = folder.store();
    store.save(&full(key("a"))).unwrap();
    drop(store.try_lock(&key("a")).unwrap());
    let (path, logins) = (login(&folder), folder.logins());
    let open = |fault: Fault, path: &Path, mode: u32| {
        let shown = path.display();
        let expected = format!(
            "others may use {shown} (mode {mode:o}), so it is not trusted; `chmod go= {shown}` closes it"
        );
        assert_eq!(fault.to_string(), expected);
    };
    for mode in [0o640, 0o604, 0o620, 0o666, 0o601] {
        chmod(&path, mode);
        open(store.load(&key("a")).unwrap_err(), &path, mode);
        open(store.list().unwrap().remove(0).unwrap_err(), &path, mode);
        chmod(&path, 0o600);
        let sealing = logins.join("key");
        chmod(&sealing, mode);
        open(store.load(&key("a")).unwrap_err(), &sealing, mode);
        open(store.save(&full(key("a"))).unwrap_err(), &sealing, mode);
        chmod(&sealing, 0o600);
        let lock = PathBuf::from(path.to_str().unwrap().replace(".login", ".lock"));
        chmod(&lock, mode);
        open(store.try_lock(&key("a")).unwrap_err(), &lock, mode);
        chmod(&lock, 0o600);
    }
    for mode in [0o750, 0o705, 0o720, 0o777, 0o701] {
        chmod(&logins, mode);
        open(store.load(&key("a")).unwrap_err(), &logins, mode);
        open(store.save(&full(key("a"))).unwrap_err(), &logins, mode);
        open(store.remove(&key("a")).unwrap_err(), &logins, mode);
        open(store.list().unwrap_err(), &logins, mode);
        open(store.try_lock(&key("a")).unwrap_err(), &logins, mode);
        chmod(&logins, 0o700);
    }
    assert!(store.load(&key("a")).unwrap().is_some());
}

fn what(fault: &Fault) -> String {
    let text = fault.to_string();
    let (_, what) = text.split_once("cannot be used: ").unwrap();
    what.to_owned()
}

#[test]
fn a_damaged_file_is_an_error_for_its_login_and_no_other() {
    let folder = Folder::new();
    let store = folder.store();
    store.save(&full(key("a"))).unwrap();
    let path = login(&folder);
    store.save(&full(key("b"))).unwrap();
    let good = fs::read(&path).unwrap();
    let mut changed = good.clone();
    changed[60] ^= 1;
    let long = vec![0; 1024 * 1024 + 1];
    let none = "it is not a sealed login; log in again";
    let other = "it was changed, or sealed with another key; log in again";
    let cases: [(&[u8], &str); 6] = [
        (b"", none),
        (b"{}", none),
        (&good[..20], other),
        (&good[..good.len() - 1], other),
        (&changed, other),
        (&long, "it is not a file of at most 1 MiB; log in again"),
    ];
    for (content, expected) in cases {
        fs::write(&path, content).unwrap();
        assert_eq!(what(&store.load(&key("a")).unwrap_err()), expected);
        assert!(store.load(&key("b")).unwrap().is_some());
        let listed = store.list().unwrap();
        assert_eq!(listed[0].as_ref().unwrap().key, key("b"));
        assert_eq!(what(listed[1].as_ref().unwrap_err()), expected);
    }
    // It can be written over, or forgotten.
    store.save(&full(key("a"))).unwrap();
    assert!(store.load(&key("a")).unwrap().is_some());
    fs::write(&path, "").unwrap();
    assert!(store.remove(&key("a")).unwrap());
}

#[test]
fn a_login_that_was_copied_over_another_one_is_none() {
    let folder = Folder::new();
    let store = folder.store();
    store.save(&full(key("a"))).unwrap();
    let path = login(&folder);
    let content = fs::read(&path).unwrap();
    store.remove(&key("a")).unwrap();
    store.save(&full(key("b"))).unwrap();
    fs::write(login(&folder), content).unwrap();
    assert_eq!(
        what(&store.load(&key("b")).unwrap_err()),
        "it was changed, or sealed with another key; log in again"
    );
}

#[test]
fn a_login_without_its_key_says_so() {
    let folder = Folder::new();
    let store = folder.store();
    store.save(&full(key("a"))).unwrap();
    let sealing = folder.logins().join("key");
    fs::remove_file(&sealing).unwrap();
    let fault = store.load(&key("a")).unwrap_err();
    assert_eq!(what(&fault), "the key that it was sealed with is gone; log in again");
    store.save(&full(key("b"))).unwrap();
    let fault = store.load(&key("a")).unwrap_err();
    assert_eq!(what(&fault), "it was changed, or sealed with another key; log in again");
    fs::write(&sealing, "short").unwrap();
    assert_eq!(
        what(&store.load(&key("b")).unwrap_err()),
        "it is not a key of 32 bytes; log in again"
    );
}

#[test]
fn what_a_crash_left_is_swept_with_the_login() {
    let folder = Folder::new();
    let store = folder.store();
    store.save(&full(key("a"))).unwrap();
    let path = login(&folder);
    let left = PathBuf::from(format!("{}.abc.new", path.display()));
    fs::write(&left, "half").unwrap();
    assert_eq!(store.list().unwrap().len(), 1);
    store.remove(&key("a")).unwrap();
    assert!(!left.exists() && !path.exists());
    assert_eq!(files(&folder.logins()), ["key", "key.lock"]);
}

#[test]
fn a_folder_that_is_none_is_named() {
    let folder = Folder::new();
    fs::write(folder.0.join("data"), "").unwrap();
    let store = super::FileStore::new(folder.0.join("data"));
    for fault in [store.load(&key("a")).unwrap_err(), store.save(&full(key("a"))).unwrap_err()] {
        let path = folder.0.join("data");
        let expected = [
            format!("cannot use the folder {}", path.display()),
            format!("cannot make the folder {}", path.display()),
        ];
        assert!(expected.contains(&fault.to_string()), "{fault}");
        assert!(std::error::Error::source(&fault).is_some());
    }
}

#[test]
fn first_logins_at_the_same_time_share_one_key() {
    let folder = Folder::new();
    std::thread::scope(|scope| {
        for name in 0..8 {
            let folder = &folder;
            scope.spawn(move || folder.store().save(&full(key(&name.to_string()))).unwrap());
        }
    });
    let listed = folder.store().list().unwrap();
    assert_eq!(listed.len(), 8);
    assert!(listed.iter().all(Result::is_ok), "{listed:?}");
}
