//! Assertions that fail a row, and not the driver.

use serde_json::{Map, Value};
use std::error::Error;
use std::future::Future;
use std::time::{Duration, Instant};

/// Why a row is red, in words.
pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// What a row ends with when there is nothing to add.
pub(crate) fn fine() -> Result<String, Failure> {
    Ok(String::new())
}

/// Whether two values are the same JSON: numbers by value, members in any order, without those that say nothing.
pub(crate) fn same(what: &str, got: Value, want: Value) -> Result<(), Failure> {
    let (got, want) = (canonical(got), canonical(want));
    holds(got == want, || format!("{what}: got {}, want {}", short(&got), short(&want)))
}

pub(crate) fn holds(condition: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if condition { Ok(()) } else { Err(otherwise().into()) }
}

/// Whether the server refused with this code, and with what it said about it.
pub(crate) fn refused<T>(
    what: &str,
    outcome: bowline::Result<T>,
    code: i64,
) -> Result<Option<Value>, Failure> {
    let error = outcome.err().ok_or_else(|| format!("{what}: was answered, not refused"))?;
    let said = error.rpc().ok_or_else(|| format!("{what}: no answer of the server: {error}"))?;
    holds(said.code.0 == code, || format!("{what}: refused with {}, not {code}", said.code.0))?;
    Ok(said.data.clone())
}

/// Looks until it is so.
pub(crate) async fn until<F>(what: &str, mut look: impl FnMut() -> F) -> Result<(), Failure>
where
    F: Future<Output = Result<Option<String>, Failure>>,
{
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        let Some(still) = look().await? else { return Ok(()) };
        holds(Instant::now() < end, || format!("{what}: not within 5 s, but {still}"))?;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A failure with all of its causes.
pub(crate) fn whole(failure: &(dyn Error + 'static)) -> String {
    let mut said = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        said.push_str(": ");
        said.push_str(&error.to_string());
        cause = error.source();
    }
    said
}

fn canonical(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(members) => {
            let said = |(key, value): &(String, Value)| {
                !(value.is_null()
                    || value.as_bool() == Some(false)
                    || (key == "arguments" && value.as_array().is_some_and(Vec::is_empty)))
            };
            let members = members.into_iter().filter(said);
            Value::Object(
                members.map(|(key, value)| (key, canonical(value))).collect::<Map<_, _>>(),
            )
        }
        other => other,
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(400).collect()
}
