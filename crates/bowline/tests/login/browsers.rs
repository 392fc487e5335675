//! The browser of the system.

use crate::world::World;
use bowline::auth::store::MemoryStore;
use bowline::client::auth::{Authorization, SystemBrowser};
use std::error::Error;

/// The program says how it went, and its failure ends the login instead of leaving it waiting.
#[tokio::test]
async fn a_login_without_a_browser_fails_at_once() {
    let world = World::start().await;
    let browser = SystemBrowser::program("/no/such/browser", [""; 0]);
    let authorization = Authorization::new(MemoryStore::default()).browser(browser);
    let error = world.connect(authorization).await.unwrap_err();
    let cause = error.source().unwrap().to_string();
    assert!(error.is_unauthorized() && cause.contains("/no/such/browser"), "{error:?}");
}
