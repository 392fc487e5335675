//! What went over one side of the host, as the host saw it.

use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Everything that a recorder wrote down.
#[derive(Default)]
pub(super) struct Tape {
    /// Heads, bodies and lines of events, in their order.
    texts: Mutex<Vec<String>>,
    /// The bodies of requests whose connection was closed by whoever had sent them, before the end of the response.
    given_up: Mutex<Vec<String>>,
}

impl Tape {
    /// Writes one more down.
    pub(super) fn write(&self, text: impl Into<String>) {
        self.texts().push(text.into());
    }

    /// Those in which `what` stands.
    pub(super) fn with(&self, what: &str) -> Vec<String> {
        self.texts().iter().filter(|text| text.contains(what)).cloned().collect()
    }

    /// The texts in members of this name, wherever they stand in a message.
    pub(super) fn members(&self, name: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for text in self.texts().iter() {
            if let Some(message) = message(text) {
                collect(&message, name, &mut found);
            }
        }
        found
    }

    /// The values of a header, whose name is in lower case.
    pub(super) fn headers(&self, name: &str) -> BTreeSet<String> {
        let before = format!("\n{name}: ");
        let texts = self.texts();
        let values = texts.iter().filter_map(|text| text.split_once(before.as_str()));
        values.filter_map(|(_, value)| value.lines().next()).map(str::to_owned).collect()
    }

    /// Writes a request down that was given up.
    pub(super) fn give_up(&self, request: String) {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    }

    /// The messages that were sent, that have this method, either way.
    pub(super) fn messages(&self, method: &str) -> Vec<Value> {
        let messages = self.texts().iter().filter_map(|text| message(text)).collect::<Vec<_>>();
        messages.into_iter().filter(|message| message["method"] == method).collect()
    }

    /// The requests that were given up by closing their connection.
    pub(super) fn given_up(&self) -> Vec<Value> {
        let given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.iter().filter_map(|text| message(text)).collect()
    }

    fn texts(&self) -> MutexGuard<'_, Vec<String>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn message(text: &str) -> Option<Value> {
    serde_json::from_str(text.strip_prefix("data:").unwrap_or(text)).ok()
}

fn collect(value: &Value, name: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, name, found)),
        Value::Object(members) => {
            found.extend(members.get(name).and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|value| collect(value, name, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Tape;

    #[test]
    fn headers_and_members_are_found() {
        let tape = Tape::default();
        tape.write("HTTP/1.1 200 OK\nmcp-session-id: abc\ndate: now");
        tape.write(r#"data: {"result":{"nextCursor":"a\"b","tools":[]}}"#);
        tape.write(r#"[{"params":{"nextCursor":"c"}}]"#);
        tape.write("id: nextCursor");
        let texts = |set: std::collections::BTreeSet<String>| set.into_iter().collect::<Vec<_>>();
        assert_eq!(texts(tape.headers("mcp-session-id")), ["abc"]);
        assert_eq!(texts(tape.members("nextCursor")), ["a\"b", "c"]);
        assert_eq!(tape.with("nextCursor").len(), 3);
    }
}
