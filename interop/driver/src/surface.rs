//! What the servers of `interop/servers` are, whichever SDK serves them.

use crate::expect::Failure;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::LazyLock;

static SURFACE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../servers/surface.json")).unwrap_or_default()
});

/// One member of `surface.json`.
pub(crate) fn of(member: &str) -> &'static Value {
    &SURFACE[member]
}

/// What the user, the model or the host answers a question.
pub(crate) fn answer<T: DeserializeOwned>(question: &str) -> Result<T, Failure> {
    let answer = of("answers")[question].clone();
    serde_json::from_value(answer).map_err(|fault| format!("answers.{question}: {fault}").into())
}

/// What the server asks, without what protocol versions differ in.
pub(crate) fn question(name: &str) -> Value {
    plain(of("questions")[name]["params"].clone())
}

/// A question without what protocol versions and SDKs differ in.
pub(crate) fn plain(mut params: Value) -> Value {
    if let Some(members) = params.as_object_mut() {
        for differing in ["_meta", "task", "mode", "elicitationId"] {
            members.remove(differing);
        }
    }
    params
}
