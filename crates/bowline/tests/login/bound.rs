//! Tokens that are bound to a key.

use crate::world::{World, obedient};
use bowline::auth::settings::Dpop;
use bowline::auth::store::MemoryStore;
use bowline::client::auth::Authorization;
use serde_json::json;

#[tokio::test]
async fn a_proof_comes_with_every_request_and_has_the_nonce_that_is_wanted() {
    let world = World::start().await;
    world.state().nonce = Some("n-1");
    let store = MemoryStore::default();
    let authorization =
        || Authorization::new(store.clone()).browser(obedient()).dpop(Dpop::Required);
    let client = world.connect(authorization()).await.unwrap();
    client.call_tool("read", json!({})).await.unwrap();
    let shown: Vec<_> = world.state().shown.drain(..).filter_map(|(_, shown)| shown).collect();
    assert!(shown.iter().all(|shown| shown.starts_with("DPoP access-")), "{shown:?}");
    // A new nonce costs each request one more attempt at most, and nobody a login.
    world.state().nonce = Some("n-2");
    client.call_tool("read", json!({})).await.unwrap();
    assert_eq!(world.state().shown.len(), 2);
    assert_eq!((world.asked("authorize"), world.asked("refresh")), (1, 0));
    // The key is kept with the token.
    let other = world.connect(authorization()).await.unwrap();
    other.call_tool("read", json!({})).await.unwrap();
    assert_eq!(world.asked("authorize"), 0);
}
