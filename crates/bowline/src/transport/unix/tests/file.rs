//! What is at the path already, and what somebody puts there meanwhile.

use super::Place;
use crate::transport::unix::file::SocketFile;
use expect_test::expect;
use std::collections::VecDeque;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener as Foreign;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

/// A socket that nobody listens on any more.
fn dead(path: &Path) {
    drop(Foreign::bind(path).unwrap());
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Listens, or what is said instead, with the directory written as `DIR`.
async fn listen(place: &Place, path: &Path) -> Result<SocketFile, String> {
    let (file, _) = listening(place, path).await?;
    Ok(file)
}

async fn listening(
    place: &Place,
    path: &Path,
) -> Result<(SocketFile, tokio::net::UnixListener), String> {
    SocketFile::listen(path, 0o600).await.map_err(|error| {
        let mut text = error.to_string();
        if let Some(source) = std::error::Error::source(&error) {
            text += &format!(": {source}");
        }
        text.replace(place.0.to_str().unwrap(), "DIR")
    })
}

#[tokio::test]
async fn a_socket_is_made_used_and_removed_and_nothing_else_is_left() {
    let place = Place::new();
    let path = place.at("s");
    let (file, listener) = listening(&place, &path).await.unwrap();
    assert_eq!((mode(&path), place.names()), (0o600, vec!["s".to_owned()]));
    assert_eq!(fs::symlink_metadata(&path).unwrap().nlink(), 1);
    UnixStream::connect(&path).await.unwrap();
    drop(file);
    assert!(place.names().is_empty());
    drop(listener);
}

#[tokio::test]
async fn a_dead_socket_is_replaced() {
    let place = Place::new();
    let path = place.at("s");
    dead(&path);
    fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
    let _listening = listening(&place, &path).await.unwrap();
    assert_eq!((mode(&path), place.names()), (0o600, vec!["s".to_owned()]));
    UnixStream::connect(&path).await.unwrap();
}

#[tokio::test]
async fn what_is_no_dead_socket_stays_and_is_named() {
    let place = Place::new();
    let _alive = Foreign::bind(place.at("alive")).unwrap();
    fs::write(place.at("file"), "precious").unwrap();
    fs::create_dir(place.at("dir")).unwrap();
    dead(&place.at("dead"));
    symlink("dead", place.at("link")).unwrap();
    symlink("nowhere", place.at("dangling")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        place.at("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let datagrams = std::os::unix::net::UnixDatagram::bind(place.at("datagrams")).unwrap();
    let before = place.names();
    let inodes = |names: &[String]| -> Vec<u64> {
        names.iter().map(|name| fs::symlink_metadata(place.at(name)).unwrap().ino()).collect()
    };
    let inodes_before = inodes(&before);

    let mut table = String::new();
    for name in ["alive", "file", "dir", "dir/", "link", "dangling", "fifo", "datagrams"] {
        let said = listen(&place, &place.at(name)).await.unwrap_err();
        table += &format!("{said}\n");
    }
    expect![[r#"
        cannot listen on DIR/alive: a process listens on it already; end that, or use another path
        cannot listen on DIR/file: something that is no socket is there; remove it, or use another path
        cannot listen on DIR/dir: something that is no socket is there; remove it, or use another path
        cannot listen on DIR/dir/: a directory cannot be a socket; add a name
        cannot listen on DIR/link: something that is no socket is there; remove it, or use another path
        cannot listen on DIR/dangling: something that is no socket is there; remove it, or use another path
        cannot listen on DIR/fifo: something that is no socket is there; remove it, or use another path
        cannot listen on DIR/datagrams: it is unclear whether a process listens on it; use another path: Protocol wrong type for socket (os error 91)
    "#]]
    .assert_eq(&table);
    assert_eq!((place.names(), inodes(&before)), (before.clone(), inodes_before));
    assert_eq!(fs::read_to_string(place.at("file")).unwrap(), "precious");
    drop(datagrams);
}

#[tokio::test]
async fn paths_that_cannot_be_sockets_are_refused() {
    let place = Place::new();
    fs::create_dir(place.at("open")).unwrap();
    fs::set_permissions(place.at("open"), Permissions::from_mode(0o777)).unwrap();
    let mut table = String::new();
    for path in [
        "\0name",
        "@name",
        "",
        "/",
        "DIR/..",
        "DIR/a\0b",
        "DIR/missing/s",
        "DIR/open/s",
        "/dev/null/s",
        &format!("/{}", "x".repeat(107)),
    ] {
        let path = path.replace("DIR", place.0.to_str().unwrap());
        let said = listen(&place, Path::new(&path)).await.unwrap_err();
        table += &format!("{said:?}\n");
    }
    expect![[r#"
        "cannot listen on \0name: a socket without a file would be open to every user; write ./ in front if it is a file"
        "cannot listen on @name: a socket without a file would be open to every user; write ./ in front if it is a file"
        "cannot listen on : not a path: cannot make an empty path absolute"
        "cannot listen on /: a directory cannot be a socket; add a name"
        "cannot listen on DIR/..: a directory cannot be a socket; add a name"
        "cannot listen on DIR/a\0b: holds a NUL, which no name can"
        "cannot listen on DIR/missing/s: its directory cannot be used: No such file or directory (os error 2)"
        "cannot listen on DIR/open/s: everybody may replace what is in its directory; use one that only you can write to"
        "cannot listen on /dev/null/s: everybody may replace what is in its directory; use one that only you can write to"
        "cannot listen on /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: 108 bytes are too many for a socket; use a path of 90 at most"
    "#]]
    .assert_eq(&table);
    assert_eq!(place.names(), ["open"]);
    // What is sticky, only the owner of an entry may replace.
    fs::set_permissions(place.at("open"), Permissions::from_mode(0o1777)).unwrap();
    listen(&place, &place.at("open/s")).await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_longest_path_is_one_that_clients_can_use() {
    let place = Place::new();
    let path = |length: usize| {
        let before = place.at("").as_os_str().len();
        place.at(&"x".repeat(length - before))
    };
    let _listening = listening(&place, &path(107)).await.unwrap();
    UnixStream::connect(path(107)).await.unwrap();
    let said = listen(&place, &path(108)).await.unwrap_err();
    assert!(
        said.ends_with("108 bytes are too many for a socket; use a path of 90 at most"),
        "{said}"
    );
    // The directory and 12 bytes more must do too.
    let deep = place.at(&"d".repeat(95 - place.0.as_os_str().len() - 1));
    fs::create_dir(&deep).unwrap();
    let _also = listening(&place, &deep.join("s")).await.unwrap();
}

#[tokio::test]
async fn what_took_our_place_is_not_removed() {
    let place = Place::new();
    let path = place.at("s");
    let replacements: [fn(&Path); 3] = [
        |path| fs::write(path, "precious").unwrap(),
        |path| std::mem::forget(Foreign::bind(path).unwrap()),
        dead,
    ];
    for replace in replacements {
        let (file, _listener) = listening(&place, &path).await.unwrap();
        fs::remove_file(&path).unwrap();
        replace(&path);
        let theirs = fs::symlink_metadata(&path).unwrap().ino();
        drop(file);
        assert_eq!(fs::symlink_metadata(&path).unwrap().ino(), theirs);
        fs::remove_file(&path).unwrap();
    }
}

/// As if what is there had been dead when it was looked at, and something else a moment later.
#[tokio::test]
async fn what_comes_between_looking_and_replacing_is_put_back() {
    let place = Place::new();
    let path = place.at("s");
    fs::create_dir(place.at("room")).unwrap();
    let puts: [fn(&Path); 4] = [
        |path| fs::write(path, "precious").unwrap(),
        |path| fs::create_dir(path).unwrap(),
        |path| symlink("elsewhere", path).unwrap(),
        |path| std::mem::forget(Foreign::bind(path).unwrap()),
    ];
    for put in puts {
        put(&path);
        let theirs = fs::symlink_metadata(&path).unwrap().ino();
        let (mut file, _listener) = listening(&place, &place.at("room/s")).await.unwrap();
        let ours = fs::symlink_metadata(place.at("room/s")).unwrap().ino();
        assert!(!file.replace_dead(&path).await.unwrap());
        assert_eq!(fs::symlink_metadata(&path).unwrap().ino(), theirs);
        assert_eq!(fs::symlink_metadata(place.at("room/s")).unwrap().ino(), ours);
        drop(file);
        assert!(!place.at("room/s").exists());
        fs::rename(&path, place.at("room/theirs")).unwrap();
        fs::remove_dir_all(place.at("room")).unwrap();
        fs::create_dir(place.at("room")).unwrap();
    }
    // What is gone by then is no reason to give up.
    let (mut file, _listener) = listening(&place, &place.at("room/s")).await.unwrap();
    assert!(!file.replace_dead(&path).await.unwrap());
    dead(&path);
    assert!(file.replace_dead(&path).await.unwrap());
    assert_eq!(file.path(), path);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_somebody_keeps_makes_nobody_wait_for_ever() {
    let place = Place::new();
    let path = place.at("s");
    dead(&path);
    let lock = fs::File::open(&place.0).unwrap();
    lock.lock().unwrap();
    let said = listen(&place, &path).await.unwrap_err();
    assert!(said.contains("its directory cannot be locked; remove it"), "{said}");
    assert_eq!(place.names(), ["s"]);
    // What needs no lock is not kept from listening.
    let _other = listening(&place, &place.at("other")).await.unwrap();
    lock.unlock().unwrap();
    let _listening = listening(&place, &path).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_replace_one_dead_socket_one_listens() {
    let place = Arc::new(Place::new());
    let path = place.at("s");
    for round in 0..100 {
        dead(&path);
        let mut all = JoinSet::new();
        for _ in 0..16 {
            let (place, path) = (place.clone(), path.clone());
            all.spawn(async move { listening(&place, &path).await });
        }
        // Owned until all are done: the first must not end before the last has tried.
        let (mut won, mut lost) = (Vec::new(), Vec::new());
        for outcome in all.join_all().await {
            match outcome {
                Ok(listening) => won.push(listening),
                Err(said) => lost.push(said),
            }
        }
        assert_eq!((won.len(), lost.len()), (1, 15), "round {round}: {lost:?}");
        assert!(
            lost.iter().all(|said| said.contains("a process listens on it already")),
            "{lost:?}"
        );
        let (file, listener) = won.remove(0);
        let client = UnixStream::connect(&path);
        let (client, accepted) = tokio::join!(client, listener.accept());
        client.unwrap();
        accepted.unwrap();
        assert_eq!(place.names(), ["s"]);
        drop(file);
        assert!(place.names().is_empty());
    }
}

#[tokio::test]
async fn there_is_no_moment_at_which_it_is_open_to_others_or_deaf() {
    let place = Arc::new(Place::new());
    let path = place.at("s");
    let stop = Arc::new(AtomicBool::new(false));
    let seen = Arc::new(AtomicU32::new(0));
    let watcher = std::thread::spawn({
        let (path, stop, seen) = (path.clone(), stop.clone(), seen.clone());
        move || {
            while !stop.load(Ordering::Relaxed) {
                let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
                assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
                seen.fetch_add(1, Ordering::Relaxed);
                match std::os::unix::net::UnixStream::connect(&path) {
                    Ok(_) => {}
                    // It was removed meanwhile; as long as it is there, it listens.
                    Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
                }
            }
        }
    });
    // They stay open for a while, so that a client whom removing the file overtook is not refused.
    let mut listeners = VecDeque::new();
    // However busy the machine is: until it was really looked at.
    while seen.load(Ordering::Relaxed) < 100 && !watcher.is_finished() {
        let (file, listener) = listening(&place, &path).await.unwrap();
        drop(file);
        listeners.push_back(listener);
        if listeners.len() > 500 {
            listeners.pop_front();
        }
    }
    stop.store(true, Ordering::Relaxed);
    watcher.join().unwrap();
}
