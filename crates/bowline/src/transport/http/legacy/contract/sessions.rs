//! What every store of sessions must do.

use super::{Broken, must, works};
use crate::transport::http::legacy::{SessionKey, SessionRecord, SessionStore};
use std::time::Duration;

/// Tests a store of sessions; it should be empty, and have room for a hundred.
///
/// # Errors
/// The first rule that the store breaks.
pub async fn sessions<S: SessionStore + ?Sized>(store: &S) -> Result<(), Broken> {
    finds_what_was_saved(store).await?;
    finds_the_newest(store).await?;
    keeps_keys_apart(store).await?;
    forgets(store).await?;
    forgets_in_time(store).await?;
    keeps_many(store).await
}

const LONG: Duration = Duration::from_secs(3600);

async fn finds_what_was_saved<S: SessionStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let key = key(1);
    let found = works(store.load(&key).await)?;
    must(found.is_none(), "a key that nothing was saved under finds nothing")?;
    for (level, opened) in [(None, false), (Some("warning"), true)] {
        let saved = record("\u{2028}\u{1f600}\"\\", level, opened)?;
        works(store.save(&key, &saved, LONG).await)?;
        let found = works(store.load(&key).await)?;
        must(found.as_ref() == Some(&saved), "what is found is what was saved, to the last field")?;
        let found = works(store.load(&key).await)?;
        must(found.as_ref() == Some(&saved), "finding a record does not take it away")?;
    }
    Ok(())
}

async fn finds_the_newest<S: SessionStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let key = key(2);
    works(store.save(&key, &record("before", Some("debug"), false)?, LONG).await)?;
    let newest = record("after", None, true)?;
    works(store.save(&key, &newest, LONG).await)?;
    let found = works(store.load(&key).await)?;
    must(found == Some(newest), "the record saved last takes the place of the one before it, whole")
}

async fn keeps_keys_apart<S: SessionStore + ?Sized>(store: &S) -> Result<(), Broken> {
    // They differ in their first and in their last byte only.
    let (mut first, mut last) = ([9; 32], [9; 32]);
    (first[0], last[31]) = (8, 8);
    let keys = [[9; 32], first, last].map(SessionKey::from);
    for (key, name) in keys.iter().zip(["one", "two", "three"]) {
        works(store.save(key, &record(name, None, true)?, LONG).await)?;
    }
    works(store.remove(&keys[0]).await)?;
    for (key, expected) in keys.iter().zip([None, Some("two"), Some("three")]) {
        let found = works(store.load(key).await)?;
        let expected = expected.map(|name| record(name, None, true)).transpose()?;
        must(found == expected, "a key finds its own record and no other's")?;
    }
    Ok(())
}

async fn forgets<S: SessionStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let key = key(3);
    works(store.remove(&key).await)?;
    works(store.save(&key, &record("gone", None, true)?, LONG).await)?;
    works(store.remove(&key).await)?;
    let found = works(store.load(&key).await)?;
    must(found.is_none(), "a record that was removed is found no more")?;
    works(store.remove(&key).await)?;
    let again = record("again", None, true)?;
    works(store.save(&key, &again, LONG).await)?;
    let found = works(store.load(&key).await)?;
    must(found == Some(again), "a key can be used again after its record was removed")
}

async fn forgets_in_time<S: SessionStore + ?Sized>(store: &S) -> Result<(), Broken> {
    let key = key(4);
    works(store.save(&key, &record("over", None, true)?, Duration::ZERO).await)?;
    let found = works(store.load(&key).await)?;
    must(found.is_none(), "a record whose time is over is found no more")?;
    works(store.save(&key, &record("short", None, true)?, Duration::ZERO).await)?;
    let long = record("long", None, true)?;
    works(store.save(&key, &long, LONG).await)?;
    let found = works(store.load(&key).await)?;
    must(found == Some(long), "the time of a record is the one it was saved with last")
}

async fn keeps_many<S: SessionStore + ?Sized>(store: &S) -> Result<(), Broken> {
    for at in 100..164 {
        works(store.save(&key(at), &record(&format!("many {at}"), None, true)?, LONG).await)?;
    }
    for at in 100..164 {
        let found = works(store.load(&key(at)).await)?;
        let expected = record(&format!("many {at}"), None, true)?;
        must(found == Some(expected), "a record stays while others come")?;
    }
    for at in 100..164 {
        works(store.remove(&key(at)).await)?;
    }
    Ok(())
}

fn key(at: u8) -> SessionKey {
    SessionKey::from([at; 32])
}

fn record(name: &str, level: Option<&str>, opened: bool) -> Result<SessionRecord, Broken> {
    let text = serde_json::json!({
        "principal": { "kind": "token", "name": name },
        "protocolVersion": "2025-06-18",
        "clientInfo": { "name": name, "version": "1" },
        "clientCapabilities": { "elicitation": { "form": {} } },
        "logLevel": level,
        "subscriptions": ["test://a", format!("test://{name}")],
        "opened": opened,
        "created": 1_700_000_000_123_u64,
    });
    SessionRecord::from_json(text.to_string().as_bytes()).map_err(|error| Broken {
        rule: "a record can be made",
        source: Some(std::io::Error::other(error)),
    })
}
