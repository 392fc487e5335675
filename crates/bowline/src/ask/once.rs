//! Effects that happen at most once in a chain of rounds.
//!
//! In the first run of a chain nobody else can know the chain, so what happened needs no place but the state that is
//! sealed when the run asks. From then on two requests can come with the same state, and the ledger decides which of
//! them goes first.

use super::asks::{Begun, Effect, Inside};
use super::desk::Desk;
use super::ledger::{Slot, Term};
use crate::context::Context;
use crate::error::{Error, Result};
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::{Future, poll_fn};
use std::pin::pin;

pub(super) async fn once<T, F>(cx: &Context, key: &str, effect: F) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    F: Future<Output = T>,
{
    let (busy, resumed) = match cx.asks().begin_effect(key)? {
        Begun::Before(effect) => return ended(key, effect),
        Begun::Now { busy, resumed } => (busy, resumed),
    };
    let claimed = match cx.server().filter(|_| resumed) {
        None => None,
        Some(server) => match Claim::new(server.desk(), cx, key).await? {
            Ok(claim) => Some(claim),
            Err(effect) => {
                busy.end(effect.clone());
                return ended(key, effect);
            }
        },
    };
    let value = inside(effect).await;
    let text = serde_json::to_value(&value).map_err(|error| {
        Error::codec(format!("value of `{key}` cannot be encoded as JSON")).because(error)
    })?;
    let done = Effect::Done(text);
    if let Some(claim) = claimed {
        claim.done(&done).await?;
    }
    busy.end(done);
    Ok(value)
}

/// Runs an effect so that questions know that they are inside of one.
async fn inside<F: Future>(effect: F) -> F::Output {
    let mut effect = pin!(effect);
    poll_fn(|task| {
        let _inside = Inside::enter();
        effect.as_mut().poll(task)
    })
    .await
}

fn ended<T: DeserializeOwned>(key: &str, effect: Effect) -> Result<T> {
    match effect {
        Effect::Done(value) => serde_json::from_value(value).map_err(|error| {
            Error::codec(format!("value of `{key}` cannot be decoded")).because(error)
        }),
        Effect::Running => Err(Error::interrupted(format!(
            "another request of the same call is at `{key}` or stopped in it; whether it happened is unknown"
        ))),
        Effect::Unknown => Err(Error::interrupted(format!(
            "`{key}` was begun and did not end; whether it happened is unknown"
        ))),
    }
}

/// A claim on an effect in the ledger. Dropped before its end it says so there.
struct Claim {
    desk: Desk,
    slot: Option<Slot>,
    term: Term,
}

impl Claim {
    /// Claims an effect, unless somebody has.
    async fn new(desk: Desk, cx: &Context, key: &str) -> Result<Result<Self, Effect>> {
        let slot = Slot::new(cx.principal(), cx.asks().chain().0, format!("once {key}"));
        let now = desk.now();
        // Every state that leads here without knowing of the effect is over by then.
        let term = Term::new(now, now + cx.limits().request_state_ttl);
        let before = desk.ledger.claim(slot.clone(), encoded(&Effect::Running), term).await?;
        Ok(match before {
            None => Ok(Self { desk, slot: Some(slot), term }),
            Some(text) => Err(serde_json::from_slice(&text).unwrap_or(Effect::Unknown)),
        })
    }

    async fn done(mut self, effect: &Effect) -> Result<()> {
        if let Some(slot) = self.slot.clone() {
            self.desk.ledger.put(slot, encoded(effect), self.term).await?;
        }
        self.slot = None;
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.desk.ledger.leave(slot, encoded(&Effect::Unknown), self.term);
        }
    }
}

fn encoded(effect: &Effect) -> Bytes {
    serde_json::to_vec(effect).unwrap_or_default().into()
}
