//! The method table: one row per method of any protocol version, and everything the protocol itself knows of it.
//!
//! What a row does not allow does not exist: outside its range of protocol versions a method is not found.

use NamedBy::{Name, TaskId, Uri};
use Sender::{Both, Client, Server};
use bowline_types::revision::Revision;

/// What the protocol knows of a method.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Row {
    /// The method's name on the wire.
    pub name: &'static str,
    /// Who sends it.
    pub sender: Sender,
    /// Whether an answer is due.
    pub kind: RowKind,
    /// The first protocol version that has it.
    pub since: Revision,
    /// The last protocol version that has it.
    pub until: Revision,
    /// The member of `params` that HTTP repeats in `Mcp-Name`.
    pub named_by: NamedBy,
    /// Whether its result carries `ttlMs` and `cacheScope`.
    pub cacheable: bool,
    /// Whether it may be answered with questions (`input_required`).
    pub may_ask: bool,
}

/// Who sends a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The client.
    Client,
    /// The server.
    Server,
    /// Either.
    Both,
}

/// Whether a message is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// It is.
    Request,
    /// It is not.
    Notification,
}

/// Where the name of the thing a request is about stands.
///
/// See [Standard request headers](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#standard-request-headers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedBy {
    /// It is about nothing that has a name.
    Nothing,
    /// `params.name`
    Name,
    /// `params.uri`
    Uri,
    /// `params.taskId`
    TaskId,
}

impl Row {
    /// Whether the method exists in this protocol version.
    #[must_use]
    pub fn exists_in(&self, revision: Revision) -> bool {
        self.since <= revision && revision <= self.until
    }
}

/// The row of a method, if any protocol version ever had it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Row> {
    // The most frequent methods stand first.
    TABLE.iter().find(|row| row.name == name)
}

/// All rows.
#[must_use]
pub fn rows() -> &'static [Row] {
    TABLE
}

/// The row of a method that no protocol version defines: an extension's, or a user's own.
pub static CUSTOM: Row = request("", Both, FIRST, LAST);

const FIRST: Revision = Revision::V2024_11_05;
const LAST: Revision = Revision::LATEST;
const LAST_LEGACY: Revision = Revision::V2025_11_25;
const FIRST_MODERN: Revision = Revision::V2026_07_28;

const fn request(name: &'static str, sender: Sender, since: Revision, until: Revision) -> Row {
    Row {
        name,
        sender,
        kind: RowKind::Request,
        since,
        until,
        named_by: NamedBy::Nothing,
        cacheable: false,
        may_ask: false,
    }
}

const fn notification(name: &'static str, sender: Sender, since: Revision, until: Revision) -> Row {
    Row {
        name,
        sender,
        kind: RowKind::Notification,
        since,
        until,
        named_by: NamedBy::Nothing,
        cacheable: false,
        may_ask: false,
    }
}

const fn named(row: Row, named_by: NamedBy) -> Row {
    Row { named_by, ..row }
}

const fn cacheable(row: Row) -> Row {
    Row { cacheable: true, ..row }
}

const fn asking(row: Row) -> Row {
    Row { may_ask: true, ..row }
}

#[rustfmt::skip]
static TABLE: &[Row] = &[
    // Requests of the client.
    asking(named(request("tools/call", Client, FIRST, LAST), Name)),
    cacheable(request("tools/list", Client, FIRST, LAST)),
    cacheable(asking(named(request("resources/read", Client, FIRST, LAST), Uri))),
    asking(named(request("prompts/get", Client, FIRST, LAST), Name)),
    cacheable(request("server/discover", Client, FIRST_MODERN, LAST)),
    cacheable(request("resources/list", Client, FIRST, LAST)),
    cacheable(request("resources/templates/list", Client, FIRST, LAST)),
    cacheable(request("prompts/list", Client, FIRST, LAST)),
    request("completion/complete", Client, FIRST, LAST),
    request("subscriptions/listen", Client, FIRST_MODERN, LAST),
    request("initialize", Client, FIRST, LAST_LEGACY),
    request("logging/setLevel", Client, FIRST, LAST_LEGACY),
    request("resources/subscribe", Client, FIRST, LAST_LEGACY),
    request("resources/unsubscribe", Client, FIRST, LAST_LEGACY),
    request("ping", Both, FIRST, LAST_LEGACY),
    // Tasks: of both peers in the one version that had them in its core, of the client in the extension.
    named(request("tasks/get", Both, LAST_LEGACY, LAST), TaskId),
    named(request("tasks/cancel", Both, LAST_LEGACY, LAST), TaskId),
    named(request("tasks/update", Client, FIRST_MODERN, LAST), TaskId),
    request("tasks/result", Both, LAST_LEGACY, LAST_LEGACY),
    request("tasks/list", Both, LAST_LEGACY, LAST_LEGACY),
    // Requests of the server; from 2026-07-28 on they travel as questions inside results.
    request("elicitation/create", Server, Revision::V2025_06_18, LAST_LEGACY),
    request("sampling/createMessage", Server, FIRST, LAST_LEGACY),
    request("roots/list", Server, FIRST, LAST_LEGACY),
    // Notifications.
    notification("notifications/cancelled", Both, FIRST, LAST),
    notification("notifications/progress", Both, FIRST, LAST),
    notification("notifications/message", Server, FIRST, LAST),
    notification("notifications/tools/list_changed", Server, FIRST, LAST),
    notification("notifications/prompts/list_changed", Server, FIRST, LAST),
    notification("notifications/resources/list_changed", Server, FIRST, LAST),
    notification("notifications/resources/updated", Server, FIRST, LAST),
    notification("notifications/subscriptions/acknowledged", Server, FIRST_MODERN, LAST),
    notification("notifications/initialized", Client, FIRST, LAST_LEGACY),
    notification("notifications/roots/list_changed", Client, FIRST, LAST_LEGACY),
    notification("notifications/elicitation/complete", Server, LAST_LEGACY, LAST_LEGACY),
    notification("notifications/tasks/status", Both, LAST_LEGACY, LAST_LEGACY),
    notification("notifications/tasks", Server, FIRST_MODERN, LAST),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for (at, row) in rows().iter().enumerate() {
            let found = find(row.name).expect("a row is found by its name");
            assert!(std::ptr::eq(found, row), "{} stands twice", row.name);
            assert!(row.since <= row.until, "{} at {at} never exists", row.name);
        }
        assert!(find("tools/steal").is_none());
    }

    #[test]
    fn notifications_are_named_as_such() {
        for row in rows() {
            assert_eq!(
                row.name.starts_with("notifications/"),
                row.kind == RowKind::Notification,
                "{}",
                row.name
            );
        }
    }

    #[test]
    fn only_requests_of_the_newest_version_may_ask() {
        let asking: Vec<_> = rows().iter().filter(|row| row.may_ask).map(|row| row.name).collect();
        assert_eq!(asking, ["tools/call", "resources/read", "prompts/get"]);
        let cacheable: Vec<_> =
            rows().iter().filter(|row| row.cacheable).map(|row| row.name).collect();
        assert_eq!(
            cacheable,
            [
                "tools/list",
                "resources/read",
                "server/discover",
                "resources/list",
                "resources/templates/list",
                "prompts/list"
            ]
        );
    }
}
