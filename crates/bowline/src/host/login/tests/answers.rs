//! What comes back and is not the answer that is waited for.

use super::{BASE, Browser, World, back, typed};
use http::StatusCode;

#[tokio::test]
async fn an_answer_of_another_issuer_or_without_its_state_brings_no_login() {
    type Change = fn(&str) -> String;
    let rows: [(&str, Change); 6] = [
        ("no state", |back| drop_member(back, "state")),
        ("an empty state", |back| drop_member(back, "state") + "&state="),
        ("another state", |back| drop_member(back, "state") + "&state=" + &"A".repeat(43)),
        ("two states", |back| back.to_owned() + "&state=x"),
        ("another issuer", |back| drop_member(back, "iss") + "&iss=https%3A%2F%2Fevil.example"),
        // This one says of itself that it always names itself.
        ("no issuer", |back| drop_member(back, "iss")),
    ];
    for (what, change) in rows {
        let world = World::new(BASE, typed());
        let mut alice = Browser::default();
        let away = alice.go(&world, &world.link("alice"), "token-of-alice").await;
        let answer = alice.get(&world, &change(&back(&away, "1"))).await;
        assert_ne!(answer.status, StatusCode::OK, "{what}: {}", answer.text);
        assert!(!answer.text.contains("evil.example/"), "{what}: {}", answer.text);
        assert_eq!(world.kept(), Vec::<String>::new(), "{what}");
        let asked = world.peers.asked.lock().unwrap().clone();
        assert!(asked.iter().all(|line| !line.contains("/token")), "{what}: {asked:?}");
    }
}

/// A URL without one member of its query.
fn drop_member(url: &str, name: &str) -> String {
    let (path, query) = url.split_once('?').unwrap();
    let left = query.split('&').filter(|pair| pair.split('=').next() != Some(name));
    format!("{path}?{}", left.collect::<Vec<_>>().join("&"))
}
