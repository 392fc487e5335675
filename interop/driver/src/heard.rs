//! What the client was asked and told.

use bowline::types::input::{ElicitAction, ElicitResult};
use serde::Serialize;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// What the client was asked and told, by all connections of the driver.
#[derive(Default)]
pub(crate) struct Heard {
    questions: Mutex<Vec<(String, Value)>>,
    logs: Mutex<Vec<Value>>,
    faults: Mutex<Vec<String>>,
    declining: AtomicBool,
}

impl Heard {
    pub(crate) fn question(&self, name: &str, params: &impl Serialize) {
        let params = serde_json::to_value(params).unwrap_or_default();
        lock(&self.questions).push((name.to_owned(), params));
    }

    /// The questions since the last time, by their names in `surface.json`.
    pub(crate) fn questions(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut lock(&self.questions))
    }

    pub(crate) fn log(&self, entry: &impl Serialize) {
        lock(&self.logs).push(serde_json::to_value(entry).unwrap_or_default());
    }

    /// The log messages since they were last forgotten.
    pub(crate) fn logs(&self) -> Vec<Value> {
        lock(&self.logs).clone()
    }

    pub(crate) fn forget_logs(&self) {
        lock(&self.logs).clear();
    }

    pub(crate) fn fault(&self, fault: &bowline::Error) {
        lock(&self.faults).push(fault.to_string());
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        lock(&self.faults).clone()
    }

    /// From now on the user says no, or yes again.
    pub(crate) fn decline(&self, declining: bool) {
        self.declining.store(declining, Ordering::Relaxed);
    }

    /// What the user does with a question whose answer this would be.
    pub(crate) fn decide(&self, answer: ElicitResult) -> ElicitResult {
        match self.declining.load(Ordering::Relaxed) {
            true => ElicitResult::new(ElicitAction::Decline),
            false => answer,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
