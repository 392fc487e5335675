//! What one side makes up, marked on its way to the host and as it was on its way back.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whose own is marked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    /// What the client says to the host.
    Client,
    /// What the upstream says to the host.
    Upstream,
}

/// What is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The id of a request of this side.
    Id,
    /// The token of a request of this side.
    ProgressToken,
    /// `nextCursor`
    Cursor,
    /// `requestState`
    State,
    /// `Mcp-Session-Id`
    Session,
    /// The id of an event of a stream.
    Event,
}

/// The marks of one side.
pub(super) struct Marks {
    side: Side,
    /// What every mark of it begins with; found nowhere else.
    prefix: String,
    known: Mutex<Known>,
}

/// What was marked.
#[derive(Default)]
struct Known {
    marked: BTreeMap<Kind, BTreeSet<String>>,
    /// Those that came back, and were made what they had been.
    returned: BTreeMap<Kind, BTreeSet<String>>,
}

/// How many different values were marked, and how many of them came back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Count {
    pub(super) marked: usize,
    pub(super) returned: usize,
}

impl Marks {
    /// Marks of a side that nobody else makes: `salt` is of this run.
    pub(super) fn new(side: Side, salt: u64) -> Self {
        let word = match side {
            Side::Client => "of-client",
            Side::Upstream => "of-upstream",
        };
        Self { side, prefix: format!("{word}-{salt:x}-"), known: Mutex::default() }
    }

    /// What every mark begins with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// How many of a kind there were.
    pub(super) fn count(&self, kind: Kind) -> Count {
        let known = self.known();
        let of = |all: &BTreeMap<Kind, BTreeSet<String>>| all.get(&kind).map_or(0, BTreeSet::len);
        Count { marked: of(&known.marked), returned: of(&known.returned) }
    }

    /// What was marked of a kind, as it had been.
    pub(super) fn originals(&self, kind: Kind) -> BTreeSet<String> {
        self.known().marked.get(&kind).cloned().unwrap_or_default()
    }

    /// A message on its way to the server, as it goes on.
    pub(super) fn to_server(&self, message: &mut Value) {
        match self.side {
            Side::Client => each(message, &|message| self.mark_of_client(message)),
            Side::Upstream => self.restore(message),
        }
    }

    /// A message on its way to the client, as it goes on.
    pub(super) fn to_client(&self, message: &mut Value) {
        match self.side {
            Side::Client => self.restore(message),
            Side::Upstream => each(message, &|message| self.mark_of_upstream(message)),
        }
    }

    /// A header of this side, or the id of an event, marked.
    pub(super) fn mark_text(&self, kind: Kind, text: &str) -> String {
        self.known().marked.entry(kind).or_default().insert(text.to_owned());
        format!("{}{}:{text}", self.prefix, kind.word())
    }

    /// The same as it was, if it is marked.
    pub(super) fn restore_text(&self, text: &str) -> Option<String> {
        let (kind, text) = self.read(text)?;
        self.known().returned.entry(kind).or_default().insert(text.to_owned());
        Some(text.to_owned())
    }

    /// Whose marks these are.
    pub(super) fn side(&self) -> Side {
        self.side
    }

    fn mark_of_client(&self, message: &mut Value) {
        let Some(method) = message["method"].as_str().map(str::to_owned) else { return };
        self.mark_request(message);
        if method == "notifications/cancelled" {
            self.mark(Kind::Id, message.pointer_mut("/params/requestId"));
        }
    }

    fn mark_of_upstream(&self, message: &mut Value) {
        let Some(method) = message["method"].as_str().map(str::to_owned) else {
            self.mark(Kind::Cursor, message.pointer_mut("/result/nextCursor"));
            self.mark(Kind::State, message.pointer_mut("/result/requestState"));
            return;
        };
        self.mark_request(message);
        if method == "notifications/cancelled" {
            let id = message.pointer_mut("/params/requestId");
            // Else it is a request of the host's that the upstream gives up, such as a subscription.
            let ours =
                id.as_ref().is_some_and(|id| self.originals(Kind::Id).contains(&id.to_string()));
            if ours {
                self.mark(Kind::Id, id);
            }
        }
    }

    /// Marks what a request has of its own. Notifications have neither.
    fn mark_request(&self, message: &mut Value) {
        if message.get("id").is_some() {
            self.mark(Kind::Id, message.get_mut("id"));
            self.mark(Kind::ProgressToken, message.pointer_mut("/params/_meta/progressToken"));
        }
    }

    /// Marks a text or an integer; of anything else it is left to the host to find that it is wrong.
    fn mark(&self, kind: Kind, value: Option<&mut Value>) {
        if let Some(value) =
            value.filter(|value| value.is_string() || value.is_i64() || value.is_u64())
        {
            *value = Value::from(self.mark_text(kind, &value.to_string()));
        }
    }

    /// Makes every marked text what it was.
    fn restore(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(original) = self.restore_text(text) {
                    *value = serde_json::from_str(&original).unwrap_or(Value::String(original));
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.restore(value)),
            Value::Object(members) => members.values_mut().for_each(|value| self.restore(value)),
            _ => {}
        }
    }

    fn read<'a>(&self, text: &'a str) -> Option<(Kind, &'a str)> {
        let (word, original) = text.strip_prefix(&self.prefix)?.split_once(':')?;
        Some((Kind::ALL.into_iter().find(|kind| kind.word() == word)?, original))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kind {
    pub(super) const ALL: [Self; 6] =
        [Self::Id, Self::ProgressToken, Self::Cursor, Self::State, Self::Session, Self::Event];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::ProgressToken => "token",
            Self::Cursor => "cursor",
            Self::State => "state",
            Self::Session => "session",
            Self::Event => "event",
        }
    }
}

/// Every message of a batch, or the one that is none.
fn each(message: &mut Value, change: &dyn Fn(&mut Value)) {
    match message {
        Value::Array(messages) => messages.iter_mut().for_each(change),
        message => change(message),
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Kind, Marks, Side};
    use serde_json::{Value, json};

    #[test]
    fn what_the_client_makes_up_comes_back_as_it_was() {
        let marks = Marks::new(Side::Client, 0xbeef);
        let mut call = json!({
            "jsonrpc": "2.0", "id": 7, "method": "tools/call",
            "params": {"name": "t", "_meta": {"progressToken": "p"}},
        });
        marks.to_server(&mut call);
        assert_eq!(call["id"], "of-client-beef-id:7");
        let token = call["params"]["_meta"]["progressToken"].clone();
        assert_eq!(token, "of-client-beef-token:\"p\"");
        let mut cancel = json!({"method": "notifications/cancelled", "params": {"requestId": 7}});
        marks.to_server(&mut cancel);
        assert_eq!(cancel["params"]["requestId"], call["id"]);
        let mut back = json!([
            {"method": "notifications/progress", "params": {"progressToken": token}},
            {"id": call["id"], "result": {}},
        ]);
        marks.to_client(&mut back);
        assert_eq!(back[0]["params"]["progressToken"], "p");
        assert_eq!(back[1]["id"], 7);
        assert_eq!(marks.count(Kind::Id), Count { marked: 1, returned: 1 });
        let mut answer = json!({"id": 3, "result": {}});
        marks.to_server(&mut answer);
        assert_eq!(answer["id"], 3, "the id of a question is not the client's");
    }

    #[test]
    fn what_the_upstream_makes_up_comes_back_as_it_was() {
        let marks = Marks::new(Side::Upstream, 1);
        let mut question = json!({"id": 1, "method": "elicitation/create", "params": {}});
        marks.to_client(&mut question);
        let mut answer = json!({"id": question["id"], "result": {}});
        marks.to_server(&mut answer);
        assert_eq!(answer["id"], 1);
        let mut page = json!({"id": 5, "result": {"nextCursor": "c", "requestState": "s"}});
        marks.to_client(&mut page);
        assert_eq!(page["id"], 5, "the id of a response is the host's");
        let mut next = json!({"id": 6, "params": {
            "cursor": page["result"]["nextCursor"], "requestState": page["result"]["requestState"],
        }});
        marks.to_server(&mut next);
        assert_eq!(next["params"], json!({"cursor": "c", "requestState": "s"}));
        let mut ended = json!({"method": "notifications/cancelled", "params": {"requestId": 9}});
        marks.to_client(&mut ended);
        assert_eq!(ended["params"]["requestId"], 9, "nothing that the upstream asked");
        let session = marks.mark_text(Kind::Session, "abc");
        assert_eq!(marks.restore_text(&session).as_deref(), Some("abc"));
        assert_eq!(marks.restore_text("abc"), None);
    }

    #[test]
    fn what_is_neither_text_nor_integer_is_left_alone() {
        let marks = Marks::new(Side::Client, 1);
        for id in [Value::Null, json!(1.5), json!({})] {
            let mut message = json!({"id": id, "method": "ping"});
            marks.to_server(&mut message);
            assert_eq!(message["id"], id);
        }
    }
}
