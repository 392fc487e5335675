//! Ending sessions whose time is over: one task for all of them, while there are any.

use super::live::Live;
use super::sessions::Sessions;
use super::table::Table;
use crate::transport::http::exchange::patience;
use bowline_protocol::limits::Limits;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Sweeps once a second until there are no sessions.
pub(super) async fn run(sessions: Weak<Sessions>) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let Some(sessions) = sessions.upgrade() else {
            return;
        };
        sessions.events.sweep();
        let patience = patience(&sessions.limits);
        let all: Vec<_> = sessions.table().all().cloned().collect();
        for live in &all {
            live.drop_stalled(patience);
        }
        drop(all);
        let over = over(&mut sessions.table(), &sessions.limits);
        for live in over {
            sessions.bury(&live).await;
        }
        let mut table = sessions.table();
        if table.len() == 0 {
            table.swept = false;
            return;
        }
    }
}

/// Takes the sessions out whose time is over. Whoever looks for one meanwhile finds it before, and keeps it, or after.
fn over(table: &mut Table, limits: &Limits) -> Vec<Arc<Live>> {
    let over: Vec<_> =
        table.all().filter(|live| live.is_over(limits)).map(|live| live.key).collect();
    over.iter().filter_map(|key| table.remove(key)).collect()
}
