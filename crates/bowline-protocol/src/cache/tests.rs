//! What is found, and what is not found any more.

use super::{Cache, Fresh, Key};
use crate::limits::Limits;
use crate::outcome::Body;
use crate::scan::{MAX_DEPTH, Message, Raw, Scanned, scan};
use bowline_types::method::CacheHint;
use bowline_types::revision::Revision;
use core::time::Duration;
use serde_json::{Value, json};

const S: Duration = Duration::from_secs(1);

fn cache() -> Cache {
    Cache::new(&Limits::local())
}

fn small(entries: usize, bytes: usize) -> Cache {
    let mut limits = Limits::local();
    (limits.cache_entries, limits.cache_bytes) = (entries, bytes);
    Cache::new(&limits)
}

fn key(cache: &Cache, context: &str, method: &str, params: &Value) -> Key {
    cache.key(context, method, &Body::of(params).unwrap()).unwrap()
}

fn put(
    cache: &mut Cache,
    now: Duration,
    context: &str,
    asked: (&str, &Value),
    hint: CacheHint,
    text: &str,
) {
    let key = key(cache, context, asked.0, asked.1);
    let text = Raw::encode(&json!({ "text": text })).unwrap();
    cache.insert(now, key, hint, &text);
}

fn get(
    cache: &mut Cache,
    now: Duration,
    context: &str,
    method: &str,
    params: &Value,
) -> Option<String> {
    let key = key(cache, context, method, params);
    cache
        .get(now, &key)
        .map(|fresh| fresh.text.decode::<Value>().unwrap()["text"].as_str().unwrap().to_owned())
}

fn note(method: &str, params: &Value) -> Message {
    let text = json!({ "jsonrpc": "2.0", "method": method, "params": params });
    match scan(text.to_string().into(), MAX_DEPTH).unwrap() {
        Scanned::Message(message) => message,
        Scanned::Batch(_) => panic!("one message"),
    }
}

#[test]
fn a_result_is_fresh_for_its_time_and_no_longer() {
    let mut cache = cache();
    let asked = ("tools/list", &json!({}));
    put(&mut cache, 10 * S, "", asked, CacheHint::public(5000), "a");
    let key = key(&cache, "", "tools/list", &json!({}));
    let Some(Fresh { cache: hint, .. }) = cache.get(12 * S, &key) else { panic!("it is fresh") };
    assert_eq!(hint, CacheHint::public(3000));
    assert!(cache.get(15 * S - Duration::from_millis(1), &key).is_some());
    assert!(cache.get(15 * S, &key).is_none());
    assert!(cache.is_empty(), "what is stale and was looked for is gone");
    assert_eq!(cache.bytes(), 0);
}

#[test]
fn a_result_without_time_is_not_kept_and_one_for_ever_is_kept_for_the_longest() {
    let mut cache = cache();
    let asked = ("tools/list", &json!({}));
    put(&mut cache, S, "", asked, CacheHint::public(0), "a");
    assert!(cache.is_empty());
    put(&mut cache, S, "", asked, CacheHint::public(u64::MAX), "a");
    let longest = Limits::local().cache_ttl;
    assert!(get(&mut cache, longest, "", "tools/list", &json!({})).is_some());
    assert!(get(&mut cache, longest + S, "", "tools/list", &json!({})).is_none());
}

#[test]
fn what_is_private_is_found_in_its_context_only() {
    let mut cache = cache();
    let asked = ("resources/read", &json!({ "uri": "a:b" }));
    put(&mut cache, S, "alice", asked, CacheHint::private(5000), "hers");
    assert_eq!(get(&mut cache, S, "bob", asked.0, asked.1), None);
    assert_eq!(get(&mut cache, S, "", asked.0, asked.1), None);
    put(&mut cache, S, "bob", asked, CacheHint::public(5000), "of all");
    assert_eq!(get(&mut cache, S, "carol", asked.0, asked.1).unwrap(), "of all");
    assert_eq!(get(&mut cache, S, "alice", asked.0, asked.1).unwrap(), "hers");
    // What is shared now was private before.
    put(&mut cache, S, "alice", asked, CacheHint::public(5000), "of all, newer");
    assert_eq!(get(&mut cache, S, "alice", asked.0, asked.1).unwrap(), "of all, newer");
    assert_eq!(cache.len(), 1);
}

#[test]
fn requests_are_the_same_by_what_their_result_depends_on() {
    let cache = cache();
    let with_meta = |params: Value, meta: Value| {
        let body = Body::of(&params).unwrap().with_meta(&meta).unwrap();
        cache.key("", "resources/read", &body).unwrap().asked
    };
    let same = [
        with_meta(json!({ "uri": "a", "x": { "b": 1, "a": [1, {}] } }), json!({})),
        with_meta(
            json!({ "x": { "a": [1, {}], "b": 1 }, "uri": "a" }),
            json!({ "progressToken": 5 }),
        ),
        with_meta(
            json!({ "uri": "a", "x": { "a": [1, {}], "b": 1 }, "cursor": null }),
            json!({ "traceparent": "t" }),
        ),
    ];
    let others = [
        with_meta(json!({ "uri": "a", "x": { "b": 1, "a": [{}, 1] } }), json!({})),
        with_meta(json!({ "uri": "b", "x": { "b": 1, "a": [1, {}] } }), json!({})),
        with_meta(json!({ "uri": "a", "x": { "b": "1", "a": [1, {}] } }), json!({})),
        with_meta(
            json!({ "uri": "a", "x": { "b": 1, "a": [1, {}] } }),
            json!({ "com.example/a": 1 }),
        ),
        with_meta(json!({ "uri": "a" }), json!({})),
    ];
    assert!(same.iter().all(|one| *one == same[0]), "{same:?}");
    assert!(others.iter().all(|one| *one != same[0]), "{others:?}");
}

#[test]
fn what_must_not_be_kept_has_no_key() {
    let cache = cache();
    let rows = [
        ("tools/list", json!({}), true),
        ("prompts/list", json!({ "cursor": "c" }), true),
        ("resources/list", json!({}), true),
        ("resources/templates/list", json!({}), true),
        ("server/discover", json!({}), true),
        ("resources/read", json!({ "uri": "a" }), true),
        ("resources/read", json!({}), false),
        ("resources/read", json!({ "uri": "a", "inputResponses": {} }), false),
        ("resources/read", json!({ "uri": "a", "requestState": "s" }), false),
        ("tools/call", json!({ "name": "t" }), false),
        ("prompts/get", json!({ "name": "p" }), false),
        ("example/mine", json!({}), false),
    ];
    for (method, params, expected) in rows {
        let key = cache.key("", method, &Body::of(&params).unwrap());
        assert_eq!(key.is_some(), expected, "{method} {params}");
    }
    for row in crate::table::rows() {
        let key = cache.key("", row.name, &Body::of(&json!({ "uri": "a" })).unwrap());
        assert_eq!(key.is_some(), row.cacheable, "{}", row.name);
    }
}

#[test]
fn a_notification_ends_what_it_is_about_in_every_context() {
    let kept: [(&str, Value); 9] = [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("tools/list", json!({ "cursor": "2" })),
        ("prompts/list", json!({})),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "file:///a" })),
        ("resources/read", json!({ "uri": "file:///a/b" })),
        ("resources/read", json!({ "uri": "file:///ab" })),
    ];
    let rows: [(&str, Value, &[usize]); 8] = [
        ("notifications/tools/list_changed", json!({}), &[1, 2]),
        ("notifications/prompts/list_changed", json!({}), &[3]),
        ("notifications/resources/list_changed", json!({}), &[4, 5]),
        ("notifications/resources/updated", json!({ "uri": "file:///a/b" }), &[6, 7]),
        ("notifications/resources/updated", json!({ "uri": "file:///a" }), &[6]),
        ("notifications/resources/updated", json!({ "uri": "file:///ab?x" }), &[8]),
        ("notifications/resources/updated", json!({}), &[]),
        ("notifications/message", json!({ "uri": "file:///a" }), &[]),
    ];
    for (method, params, ended) in rows {
        let mut cache = cache();
        for context in ["a", "b"] {
            for (asked, of) in &kept {
                put(&mut cache, S, context, (asked, of), CacheHint::private(5000), "x");
            }
        }
        cache.notified(&note(method, &params));
        for context in ["a", "b"] {
            let gone: Vec<usize> = (0..kept.len())
                .filter(|&at| get(&mut cache, S, context, kept[at].0, &kept[at].1).is_none())
                .collect();
            assert_eq!(gone, ended, "{method} {params}");
        }
    }
}

#[test]
fn what_was_asked_before_a_change_is_not_kept_after_it() {
    let mut cache = cache();
    let text = Raw::encode(&json!({})).unwrap();
    let hint = CacheHint::public(5000);
    let under_way = key(&cache, "", "tools/list", &json!({}));
    let of_prompts = key(&cache, "", "prompts/list", &json!({}));
    cache.notified(&note("notifications/tools/list_changed", &json!({})));
    cache.insert(S, under_way, hint, &text);
    assert!(cache.is_empty());
    cache.insert(S, of_prompts, hint, &text);
    assert_eq!(cache.len(), 1);
    let under_way = key(&cache, "", "tools/list", &json!({}));
    cache.clear();
    cache.insert(S, under_way, hint, &text);
    assert!(cache.is_empty());
}

#[test]
fn the_pages_of_a_listing_go_together() {
    let mut cache = cache();
    let first = json!({});
    let second = json!({ "cursor": "2" });
    let hint = CacheHint::private(5000);
    for context in ["a", "b"] {
        put(&mut cache, S, context, ("tools/list", &first), hint, "1");
        put(&mut cache, S, context, ("tools/list", &second), hint, "2");
    }
    put(&mut cache, S, "a", ("prompts/list", &second), hint, "p");
    // A listing that begins anew has other cursors.
    put(&mut cache, S, "a", ("tools/list", &first), hint, "1, newer");
    assert_eq!(get(&mut cache, S, "a", "tools/list", &second), None);
    assert_eq!(get(&mut cache, S, "a", "tools/list", &first).unwrap(), "1, newer");
    assert_eq!(get(&mut cache, S, "b", "tools/list", &second).unwrap(), "2");
    cache.forget_listing("b", "tools/list");
    assert_eq!(get(&mut cache, S, "b", "tools/list", &first), None);
    assert_eq!(get(&mut cache, S, "b", "tools/list", &second), None);
    assert_eq!(get(&mut cache, S, "a", "tools/list", &first).unwrap(), "1, newer");
    assert_eq!(get(&mut cache, S, "a", "prompts/list", &second).unwrap(), "p");
}

#[test]
fn room_is_made_by_what_is_stale_and_then_by_what_is_unused() {
    let read = |n: usize| json!({ "uri": format!("a:{n}") });
    let mut cache = small(3, 1 << 20);
    put(&mut cache, S, "", ("resources/read", &read(0)), CacheHint::public(500), "stale soon");
    put(&mut cache, S, "", ("resources/read", &read(1)), CacheHint::public(90_000), "1");
    put(&mut cache, S, "", ("resources/read", &read(2)), CacheHint::public(90_000), "2");
    put(&mut cache, 2 * S, "", ("resources/read", &read(3)), CacheHint::public(90_000), "3");
    assert!(get(&mut cache, 2 * S, "", "resources/read", &read(1)).is_some());
    put(&mut cache, 2 * S, "", ("resources/read", &read(4)), CacheHint::public(90_000), "4");
    let there: Vec<usize> = (0..5)
        .filter(|&n| get(&mut cache, 2 * S, "", "resources/read", &read(n)).is_some())
        .collect();
    assert_eq!(there, [1, 3, 4]);
}

#[test]
fn the_bytes_are_bounded_whatever_is_put_in() {
    let mut cache = small(1000, 4096);
    for n in 0..200_usize {
        let asked = json!({ "uri": format!("a:{}", n % 37) });
        let text = "x".repeat(n * 31 % 1500);
        put(&mut cache, S, "ctx", ("resources/read", &asked), CacheHint::private(5000), &text);
        assert!(cache.bytes() <= 4096 && cache.used.len() == cache.len(), "{n}");
        let counted: usize =
            cache.entries.iter().map(|(place, entry)| super::size_of(place, entry)).sum();
        assert_eq!(cache.bytes(), counted);
    }
    let giant = "x".repeat(5000);
    let before = cache.len();
    put(&mut cache, S, "ctx", ("tools/list", &json!({})), CacheHint::private(5000), &giant);
    assert_eq!(cache.len(), before, "what is too large pushes nothing out");
}

#[test]
fn another_protocol_version_has_other_results() {
    let mut cache = cache();
    cache.settle(Revision::LATEST);
    put(&mut cache, S, "", ("tools/list", &json!({})), CacheHint::public(5000), "a");
    cache.settle(Revision::LATEST);
    assert_eq!(cache.len(), 1);
    cache.settle(Revision::ALL[0]);
    assert!(cache.is_empty());
}
